"""The cohort over HTTP: waited for, read, and taken along as table, workbook and the statistician's zip."""

import csv
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from io import BytesIO, StringIO

import pytest
import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy
from schemas.reading_words import Reading
from schemas.vocabulary import VisitState
from server.clinics.models import User
from server.db import Database
from server.journal.access import AccessRow
from server.outcomes.models import RatingQueue
from server.reports.files.sheets import guarded
from server.reports.models import Report
from server.reports.service import running
from server.reports.service.study_tables import TABLES
from server.web.cohort_figures import figure
from tests import make
from tests.api import Api
from tests.reports.lives import Lives, noon, raters

SECRET = ("Petrauskienė", "Anna", "RPS-", "1991-04-17", "anna@example.org")


@pytest.fixture
def treated(db: Database, clinic: make.Clinic) -> None:
    """Twelve patients, each with a procedure, an answer and a rated pair."""
    lives, panel = Lives(clinic), raters(db, clinic)
    for number in range(12):
        patient = lives.patient()
        done = lives.procedure(patient, noon(date(2024, 3, 1 + number)))
        lives.processing(done)
        lives.injection(done, lives.scar(patient), 1000 + 100 * number)
        lives.response(done, date(2025, 6, 1), {"satisfaction": 1000 * number})
        lives.redness(done, 7, red=True)
        lives.pair(done, dict.fromkeys(panel, 1))
    lives.store(db)


def test_it_is_waited_for_at_its_own_address(db: Database, vera: Api, treated: None) -> None:  # noqa: ARG001  reason: the cohort
    waiting = vera.call("GET", "/reports/cohort?surgeon=me")
    assert (waiting.status_code, waiting.get_json()["state"]) == (202, "queued")
    assert waiting.headers["Retry-After"] == "1"
    running.run_waiting(db)
    there = vera.get(waiting.headers["Location"].removeprefix("/api/v1"))
    assert there["counts"]["procedures"] == 12
    assert vera.get("/reports/cohort?surgeon=me") == there
    assert vera.get(f"/reports/cohort?surgeon=me&lock={there['seq']}") == there
    assert "nearest" in vera.get("/reports/cohort?surgeon=me&lock=1", 404)["detail"]


def test_while_a_newer_one_is_computed_the_kept_one_is_named(db: Database, clinic: make.Clinic, vera: Api) -> None:
    vera.get("/reports/cohort", 202)
    running.run_waiting(db)
    seq = vera.get("/reports/cohort")["seq"]
    make.patient(db, clinic)
    newer = vera.get("/reports/cohort", 202)
    assert (newer["kept_seq"], newer["changes_since"]) == (seq, 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("surgeon=vera", "surgeon"),
        ("from=yesterday", "from"),
        ("from=2024-02-01&to=2024-01-31", "to"),
        ("subunit=nose", "subunit"),
        ("aetiology=luck", "aetiology"),
        ("sessions=3", "sessions"),
        ("lock=now", "lock"),
        ("colour=red", "colour"),
    ],
)
def test_a_filter_that_means_nothing_is_named(query: str, field: str, vera: Api) -> None:
    assert [one["pointer"] for one in vera.get(f"/reports/cohort?{query}", 422)["errors"]] == [f"/{field}"]


def test_several_sessions_may_be_asked_for_as_the_address_line_writes_it(vera: Api) -> None:
    assert vera.get("/reports/cohort?sessions=2+", 202)["id"] == vera.get("/reports/cohort?sessions=2%2B", 202)["id"]


def test_a_nurse_may_not(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    assert as_(clinic.nurse).get("/reports/cohort", 403)["code"] == "not_allowed"


@pytest.fixture
def computed(db: Database, vera: Api, treated: None) -> Api:  # noqa: ARG001  reason: the cohort
    """Vera, whose report of everybody is kept."""
    vera.get("/reports/cohort", 202)
    running.run_waiting(db)
    return vera


def test_the_table_has_every_number_with_its_parts(computed: Api) -> None:
    got = computed.call("GET", "/reports/cohort.csv")
    rows = list(csv.DictReader(StringIO(got.text)))
    (responded,) = [row for row in rows if row["measure"] == "responded"]
    assert [responded[name] for name in ("numerator", "denominator", "missing", "value", "unit")] == ["12", "12", "0", "1.0", "share"]
    assert {row["figure"] for row in rows} >= {
        "counts",
        "flow",
        "redness",
        "physicians",
        "satisfaction",
        "volume",
        "process",
        "where",
        "about",
    }
    assert "attachment" in got.headers["Content-Disposition"]


def test_no_cell_is_a_formula() -> None:
    assert [guarded(one) for one in ("=1+1", "+1", "-1", "@x", "\t=1", -1, "a=1")] == ["'=1+1", "'+1", "'-1", "'@x", "'\t=1", -1, "a=1"]


def test_the_workbook_has_a_sheet_for_each_figure_its_methods_and_its_lock(computed: Api) -> None:
    book = zipfile.ZipFile(BytesIO(computed.call("GET", "/reports/cohort.xlsx").data))
    names = re.findall('<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names[0] == "Counts"
    assert names[-2:] == ["Methods", "Filters and lock"]
    assert not any(b"<f>" in book.read(name) for name in book.namelist() if "worksheets" in name)


def test_the_statistician_gets_every_table_and_what_each_column_means(computed: Api) -> None:
    archive = zipfile.ZipFile(BytesIO(computed.call("GET", "/reports/cohort.zip").data))
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, _, name = line.partition("  ")
        assert sha256(archive.read(name)).hexdigest() == digest, name
    dictionary = {(row["table"], row["column"]) for row in csv.DictReader(StringIO(archive.read("data-dictionary.csv").decode()))}
    found = {}
    for table in TABLES:
        rows = list(csv.DictReader(StringIO(archive.read(f"{table.name}.csv").decode())))
        assert {(table.name, column) for column in (rows[0] if rows else ())} <= dictionary
        found[table.name] = rows
    assert {name: len(rows) for name, rows in found.items() if rows} == {
        **dict.fromkeys(("patients", "procedures", "scars", "sessions", "responses", "scores", "redness"), 12),
        **dict.fromkeys(("harvests", "emulsifications", "filtrations", "injections"), 12),
        "ratings": 36,
    }
    assert [row["volume_ml"] for row in found["sessions"]] == [str(1 + number / 10) for number in range(12)]
    assert {row["patient_no"] for row in found["procedures"]} == {row["patient_no"] for row in found["patients"]}


@pytest.fixture
def both_ways(db: Database, clinic: make.Clinic) -> None:
    """Twelve patients answer here, of 10 to 21 points; for twelve others somebody else hands over 0 to 100."""
    lives = Lives(clinic)
    for number in range(24):
        done = lives.procedure(lives.patient(), noon(date(2024, 3, 1 + number)))
        visit = lives.visit(done, "3m", 90, VisitState.ATTENDED)
        here = number < 12
        score, via = (10 + number, AnsweredBy.LINK) if here else (60 + number, AnsweredBy.SCORE)
        lives.response(done, date(2024, 8, 1), {"satisfaction": 1000 * score}, visit=visit, via=via)
    lives.store(db)


def test_what_is_computed_here_and_what_was_scored_elsewhere_are_two_scales(
    db: Database,
    vera: Api,
    both_ways: None,  # noqa: ARG001  reason: the cohort
) -> None:
    vera.get("/reports/cohort", 202)
    running.run_waiting(db)
    report = vera.get("/reports/cohort")
    computed, entered = report["satisfaction"]["scales"]
    assert [(one["scored"], one["visits"][0]["n"], one["visits"][0]["median"]) for one in (computed, entered)] == [
        ("computed", 12, 15.5),
        ("entered", 12, 77.5),
    ]
    assert entered["title"] == f"{computed['title']}, scored elsewhere"
    assert (entered["low"], entered["high"]) == (0, 100)
    drawn = [(piece.sentence, str(piece.drawing)) for piece in figure(report, "scales").pieces]
    assert [(entered["title"] in sentence, entered["title"] in drawing) for sentence, drawing in drawn] == [(False, False), (True, True)]
    rows = list(csv.DictReader(StringIO(vera.call("GET", "/reports/cohort.csv").text)))
    groups = {row["group"]: row["value"] for row in rows if row["measure"].startswith("median, ")}
    assert groups == {
        "graftlog-satisfaction: satisfaction, computed here": "15.5",
        "graftlog-satisfaction: satisfaction, scored elsewhere": "77.5",
    }
    book = zipfile.ZipFile(BytesIO(vera.call("GET", "/reports/cohort.xlsx").data))
    assert "satisfaction, scored elsewhere" in "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    archive = zipfile.ZipFile(BytesIO(vera.call("GET", "/reports/cohort.zip").data))
    scores = list(csv.DictReader(StringIO(archive.read("scores.csv").decode())))
    assert {(float(row["score"]) > 50, row["scored"]) for row in scores} == {(False, "computed"), (True, "entered")}
    assert "scores,scored,entered" in archive.read("codebook.csv").decode()


def test_nobody_is_named_in_the_zip(computed: Api) -> None:
    archive = zipfile.ZipFile(BytesIO(computed.call("GET", "/reports/cohort.zip").data))
    text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert [one for one in SECRET if one in text] == []


def test_no_file_names_a_rater_and_a_number_stays_hers_whoever_else_begins(db: Database, clinic: make.Clinic, computed: Api) -> None:
    on_screen = {one["label"]: one["number"] for one in computed.get("/reports/cohort")["physicians"]["raters"]}
    assert len(on_screen) == 3
    files = {ending: computed.call("GET", f"/reports/cohort.{ending}").data for ending in ("csv", "xlsx", "zip")}
    for ending in ("xlsx", "zip"):
        archive = zipfile.ZipFile(BytesIO(files[ending]))
        files[ending] = b"".join(archive.read(name) for name in archive.namelist())
    named = [(ending, name) for ending, text in files.items() for name in on_screen if name.encode() in text]
    assert named == []
    assert sorted(set(re.findall(r"Rater \d", files["csv"].decode()))) == ["Rater 1", "Rater 2", "Rater 3"]
    begun = sorted(on_screen, key=lambda name: on_screen[name], reverse=True)
    with db.transaction(clinic.id, actor=clinic.admin) as session:
        people = {one.name: one.id for one in session.scalars(sa.select(User))}
        for place, name in enumerate([*begun, clinic.surgeon.name]):
            session.add(RatingQueue(rater_id=people[name], seed=str(place), created_at=noon(date(2024, 1, 1 + place))))
            session.flush()
    computed.get("/reports/cohort", 202)
    running.run_waiting(db)
    assert {one["label"]: one["number"] for one in computed.get("/reports/cohort")["physicians"]["raters"]} == {
        name: place for place, name in enumerate(begun, 1)
    }


def test_the_row_of_a_zip_says_which_filters_which_lock_and_of_how_many(db: Database, clinic: make.Clinic, computed: Api) -> None:
    asked = "/reports/cohort.zip?surgeon=me&from=2024-03-05"
    for _ in range(2):
        about = json.loads(zipfile.ZipFile(BytesIO(computed.call("GET", asked).data)).read("about.json"))
    computed.call("GET", "/reports/cohort.zip")
    with db.transaction(clinic.id, write=False) as session:
        first, again, other = session.scalars(sa.select(AccessRow).order_by(AccessRow.id)).all()
        report = session.scalars(sa.select(Report).where(Report.id == first.record_id)).one()
    assert first.record_id == again.record_id != other.record_id
    assert (report.seq, report.asked_by) == (about["seq"], clinic.surgeon.user_id)
    assert report.filters["surgeon"] == str(clinic.surgeon.user_id)
    assert report.filters["from"] == "2024-03-05"
    assert report.result is not None
    assert report.result["rows"]["patients"] == 8
    assert computed.get(f"/reports/cohort/{report.id}", 404)["code"] == "not_found"
    assert computed.get("/reports/cohort?surgeon=me&from=2024-03-05", 202)["state"] == "queued"


def test_each_reading_and_each_file_leaves_one_row_that_names_the_report(db: Database, clinic: make.Clinic, computed: Api) -> None:
    computed.get("/reports/cohort")
    computed.call("GET", "/reports/cohort.csv")
    computed.call("GET", "/reports/cohort.zip")
    with db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(AccessRow).order_by(AccessRow.id)).all()
    assert [(row.reading, row.patient_id) for row in rows] == [(Reading.LIST, None), (Reading.EXPORT, None), (Reading.EXPORT, None)]
    assert rows[0].record_id == rows[1].record_id is not None
