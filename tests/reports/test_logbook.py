"""Vera's own logbook: what she signed, and nothing else."""

import csv
import io
import uuid
from collections.abc import Callable
from typing import cast

import pytest
import sqlalchemy as sa

from schemas.reading_words import Reading
from schemas.vocabulary import Role
from server.app import App
from server.clinics.models import User
from server.db import Database
from server.journal.access import AccessRow
from server.procedures.models import Procedure
from server.reports.files import sheets
from tests import make
from tests.api import Api
from tests.outcomes.result import finding, look
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.procedures.test_kinds import FULL
from tests.web.browser import Browser, faults


@pytest.fixture
def desk(app: App, clinic: make.Clinic) -> Browser:
    """Vera's window."""
    return Browser(app.test_client()).sign_in(clinic.surgeon)


def test_a_row_tells_what_was_signed_and_what_was_found_since(vera: Api, clinic: make.Clinic) -> None:
    case = stages.completed(vera, clinic, assistant="Nóra Szabó")
    slip = make.entry("injection", scar_id=case.scar_ids[0], volume_ml=4, plane="intradermal")
    case.record(slip, make.entry("retraction", retracts=slip["id"], reason="typed 4 for 0.4"), make.entry("incident", **FULL["incident"]))
    case.sign()
    vera.post(f"{case.path}/assessments", look("2026-01-10", finding("oil_cyst", clavien_dindo="I", ctcae=2)))
    (row,) = vera.get("/reports/logbook")["items"]
    assert (row["done_on"], row["mrn"], row["role"], row["session_number"]) == ("2025-11-24", "RPS-00017", "operating_surgeon", 1)
    assert (row["scars"], row["subunits"], row["harvest_sites"]) == (3, ["cheek_medial"], ["lower_abdomen"])
    assert (row["injected_ml"], row["passes"], row["apertures_um"], row["anaesthesia"]) == (3.8, 60, [500], ["tumescent"])
    assert [one["incident"] for one in row["incidents"]] == [FULL["incident"]["incident"]]
    assert row["complications"] == [{"complication": "oil_cyst", "clavien_dindo": "I", "disability": False, "ctcae": 2, "ongoing": True}]
    assert (row["assessments"], "family_name" in row) == (1, False)


def test_a_disability_keeps_its_suffix_on_the_page_and_in_the_file(vera: Api, clinic: make.Clinic, desk: Browser) -> None:
    case = stages.signed(vera, clinic)
    vera.post(f"{case.path}/assessments", look("2026-01-10", finding("oil_cyst", clavien_dindo="IIIa", disability=True, ctcae=3)))
    (row,) = vera.get("/reports/logbook")["items"]
    assert [(one["clavien_dindo"], one["disability"]) for one in row["complications"]] == [("IIIa", True)]
    assert "Oil cyst: Clavien-Dindo IIIa d, CTCAE 3, ongoing" in desk.open("/logbook").text
    assert "Clavien-Dindo IIIa d, CTCAE 3, ongoing" in desk.client.get("/logbook.csv").text


def test_only_signed_notes_count(vera: Api, clinic: make.Clinic) -> None:
    case = stages.completed(vera, clinic)
    assert vera.get("/reports/logbook")["items"] == []
    case.sign()
    assert len(vera.get("/reports/logbook")["items"]) == 1
    case.move("withdrawal", reason="wrong patient")
    assert vera.get("/reports/logbook")["items"] == []


def _again(case: Case, clinic: make.Clinic) -> Case:
    body = {"patient_id": case.patient_id, "surgeon_id": str(clinic.surgeon.user_id), "planned_for": stages.at(30)}
    later = Case(case.tablet, case.patient_id, case.scar_ids, case.tablet.post("/procedures", body)["id"])
    later.move("start", at="2026-03-02T09:00:00+01:00")
    moved = [one | {"recorded_at": "2026-03-02T09:30:00+01:00"} for one in stages.entries(later)]
    later.record(*({name: value for name, value in one.items() if name not in {"started_at", "ended_at"}} for one in moved))
    later.move("completion", at="2026-03-02T10:30:00+01:00")
    later.sign()
    return later


def test_sessions_are_counted_and_years_told_apart(vera: Api, clinic: make.Clinic) -> None:
    first = stages.signed(vera, clinic)
    _again(first, clinic)
    book = vera.get("/reports/logbook")
    assert [(one["done_on"], one["session_number"]) for one in book["items"]] == [("2026-03-02", 2), ("2025-11-24", 1)]
    assert book["totals"] == [
        {"year": 2026, "role": "operating_surgeon", "procedures": 1},
        {"year": 2025, "role": "operating_surgeon", "procedures": 1},
    ]
    filtered = vera.get("/reports/logbook?done_from=2025-11-24&done_to=2025-11-24")["items"]
    assert [one["session_number"] for one in filtered] == [1]
    assert vera.get("/reports/logbook?done_from=2026-03-03")["items"] == []
    assert vera.get("/reports/logbook?done_to=2199-12-31")["items"] == book["items"]


def test_each_surgeon_sees_her_own_and_the_assistant_what_she_assisted(
    vera: Api, clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    case = stages.completed(vera, clinic, assistant="dr réka nagy ")
    case.sign()
    reka = as_(make.also(db, clinic.rater, Role.SURGEON))
    with db.transaction(clinic.id) as session:
        session.get_one(User, (clinic.id, clinic.rater.user_id)).name = "dr réka nagy"
        assert session.scalars(sa.select(Procedure.assistant).where(Procedure.id == uuid.UUID(case.id))).one() == "dr réka nagy"
    reka = as_(make.also(db, clinic.rater, Role.SURGEON))
    assert [one["role"] for one in reka.get("/reports/logbook")["items"]] == ["assistant"]
    other = as_(make.also(db, clinic.coordinator, Role.SURGEON))
    assert other.get("/reports/logbook")["items"] == []
    assert as_(clinic.nurse).get("/reports/logbook", 403)["code"] == "not_allowed"


def test_the_page_and_its_file_say_the_same_and_the_file_is_a_disclosure(
    vera: Api, clinic: make.Clinic, db: Database, desk: Browser
) -> None:
    case = stages.completed(vera, clinic, title="=HYPERLINK(1)")
    case.sign()
    page = desk.open("/logbook")
    assert faults(page) == []
    assert "3 scars: cheek medial" in page.text
    assert "nobody has assessed" in page.text
    answer = desk.client.get("/logbook.csv")
    assert (answer.mimetype, "attachment" in answer.headers["Content-Disposition"]) == ("text/csv", True)
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert row["Procedure"] == "'=HYPERLINK(1)"
    assert (row["Date"], row["Nanofat injected (mL)"], row["Filter aperture (µm)"]) == ("2025-11-24", "3.8", "500")
    assert "Petrauskienė" not in page.text + answer.text
    with db.transaction(clinic.id, write=False) as session:
        newest = session.scalars(sa.select(AccessRow).order_by(AccessRow.id.desc())).first()
    assert newest is not None
    assert (newest.reading, str(newest.patient_id)) == (Reading.EXPORT, case.patient_id)


def test_an_empty_book_and_a_day_that_is_none(desk: Browser) -> None:
    assert "A procedure stands here once its note is signed." in desk.open("/logbook").text
    assert "in these days" in desk.open("/logbook?done_from=2026-01-01").text
    desk.open("/logbook?done_from=yesterday", 422)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\t=1", " =1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert cast("str", sheets.guarded(cell)).startswith("'")
    assert sheets.guarded(-1) == -1
    assert sheets.guarded("plain - text") == "plain - text"
