"""The cohort's page: the way to a report, its figures, what is taken along, and who may."""

import csv
import gzip
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from schemas.outcome_words import ReportState
from server import clock
from server.db import Database, table_of
from server.journal.access import AccessRow
from server.reports.models import Report
from server.reports.service import asking, running
from server.reports.service.steps import GATHERING
from server.reports.shape import Cohort
from server.web import cohort_example
from server.web.cohort_words import FIGURES
from tests import make
from tests.web.browser import Browser, Page, faults


def address(clinic: make.Clinic, more: str = "") -> str:
    """Vera's own cohort, in its one written form."""
    return f"/cohort?surgeon={clinic.surgeon.user_id}{more}"


def put(db: Database, clinic: make.Clinic, cohort: Cohort) -> None:
    """Have what Vera asked for computed to be this."""
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = table_of(Report)
        done = {"state": ReportState.DONE, "result": cohort, "finished_at": clock.now()}
        session.connection().execute(sa.update(row).where(row.c.clinic_id == clinic.id).values(done))


@pytest.fixture
def study(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> Page:
    """The page of the study of 52."""
    vera_at_desk.open("/cohort")
    put(db, clinic, cohort_example.study())
    return vera_at_desk.open("/cohort")


def test_the_first_visit_asks_for_the_report_and_says_how_far_it_is(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    page = vera_at_desk.open("/cohort")
    assert page.response.request.full_path.rstrip("?") == address(clinic)
    assert "Waiting for a worker." in page.text
    assert page.response.headers["Refresh"] == "2"
    assert faults(page) == []
    by_hand = vera_at_desk.open(address(clinic, "&by_hand=yes"))
    assert "Refresh" not in by_hand.response.headers
    assert "Look again" in by_hand.text
    assert running.run_waiting(db) >= 1
    page = vera_at_desk.open("/cohort")
    assert "Refresh" not in page.response.headers
    assert "No procedure matches" in page.text
    assert "A signed procedure counts" in page.text
    assert faults(page) == []


def test_a_clinics_first_report_says_how_many_procedures_are_gathered(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    """Between two turns of the worker too: the bar does not go back to a queue that nobody knows the length of."""
    vera_at_desk.open("/cohort")
    row = table_of(Report)
    for state in (ReportState.RUNNING, ReportState.QUEUED):
        with db.transaction(clinic.id, actor=clinic.surgeon) as session:
            far = {"state": state, "step": GATHERING, "done": 1200, "total": 4000, "lease_until": clock.now() + running.LEASE}
            session.connection().execute(sa.update(row).where(row.c.clinic_id == clinic.id).values(far))
        page = vera_at_desk.open("/cohort")
        assert "1200 of 4000 procedures gathered, which is done once for a clinic; then they are counted." in page.text
        assert faults(page) == []


def test_seven_figures_with_their_sentences_tables_and_files(study: Page) -> None:
    assert faults(study) == []
    assert "52 patients · 104 scars · 3 surgeons" in study.text
    assert "44 of 52 patients answered (84.6 %, 72.5 to 92.0); 8 did not." in study.part("flow")
    assert "Patients who answered 44 of 52 84.6 %, 72.5 to 92.0" in study.text
    assert "Serious complications 0 of 44 up to 8.0 %; 8 missing" in study.text
    for name, (question, _) in FIGURES.items():
        part = study.part(name)
        assert part.startswith(question)
        assert "The same as a table" in part
        assert part.endswith("CSV SVG for paper")


def test_of_few_the_boxes_count_and_redness_has_its_table_and_file(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    vera_at_desk.open("/cohort")
    put(db, clinic, cohort_example.few())
    page = vera_at_desk.open("/cohort")
    assert "Patients who answered 6 of 7 too few for a per cent" in page.text
    assert not re.search(r"\d %, \d|up to \d|[.]\d %", page.text.partition("Methods")[0])
    assert "The same as a table" in page.part("redness")
    assert page.part("redness").endswith("CSV SVG for paper")
    assert faults(page) == []


def test_the_eight_who_are_missing_are_named(study: Page) -> None:
    part = study.part("missing")
    assert part.startswith("Who has not answered 8 patients due for a visit and of whom no questionnaire is complete")
    assert len(re.findall(r"RPS-20\d\d", part)) == 8


def test_a_point_and_its_row_lead_to_the_case(study: Page) -> None:
    case = cohort_example.study()["volume"]["per_scar"][-1]["procedure_id"]
    assert study.hrefs.count(f"/procedures/{case}") == 2


def test_definitions_lock_and_hash_stand_below(study: Page) -> None:
    part = study.part("methods")
    assert "Where somebody is missing, the share is given twice more" in part
    assert "journal row 4711" in part
    assert "5f" * 32 in part


def test_a_page_of_the_largest_figures_is_small_when_it_travels(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    vera_at_desk.open("/cohort")
    put(db, clinic, cohort_example.large())
    sent = vera_at_desk.client.get(address(clinic), headers={"Accept-Encoding": "gzip"})
    assert sent.headers["Content-Encoding"] == "gzip"
    assert len(sent.data) < 100_000
    assert gzip.decompress(sent.data).count(b"<a href=") > 1500


def test_a_file_for_print_says_of_how_many_and_leads_to_nobody(study: Page, vera_at_desk: Browser, clinic: make.Clinic) -> None:
    assert study.status == 200
    for name, (question, _) in FIGURES.items():
        sent = vera_at_desk.client.get(address(clinic).replace("/cohort", f"/cohort/{name}.svg"))
        assert sent.status_code == 200
        assert sent.headers["Content-Disposition"] == f'attachment; filename="cohort-4711-{name}.svg"'
        drawn = sent.get_data(as_text=True)
        assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
        assert question in drawn
        assert "n = 52 patients, 52 procedures, 104 scars; data-lock at journal row 4711" in drawn.replace("</text>", " ")
        assert "/procedures/" not in drawn
        assert "var(" not in drawn


def test_the_rows_of_a_figure_are_a_file(study: Page, vera_at_desk: Browser, clinic: make.Clinic) -> None:
    assert study.status == 200
    sent = vera_at_desk.client.get(address(clinic).replace("/cohort", "/cohort/volume.csv"))
    rows = list(csv.DictReader(io.StringIO(sent.get_data(as_text=True))))
    cohort = cohort_example.study()
    assert [one["Procedure"] for one in rows if one["Table"] == "Scars by mL per scar"] == [
        one["procedure_id"] for one in cohort["volume"]["per_scar"]
    ]


@pytest.mark.parametrize(("ending", "begins"), [("csv", b"figure,"), ("xlsx", b"PK"), ("zip", b"PK")])
def test_the_whole_is_taken_along(study: Page, vera_at_desk: Browser, clinic: make.Clinic, ending: str, begins: bytes) -> None:
    assert any(one.startswith(f"/cohort.{ending}?") for one in study.hrefs)
    sent = vera_at_desk.client.get(address(clinic).replace("/cohort", f"/cohort.{ending}"))
    assert sent.status_code == 200
    assert sent.data.startswith(begins)
    assert f".{ending}" in sent.headers["Content-Disposition"]
    sent.close()


def test_what_has_changed_since_is_counted_and_computed_again(
    study: Page, vera_at_desk: Browser, db: Database, clinic: make.Clinic
) -> None:
    assert study.status == 200
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = table_of(Report)
        session.connection().execute(sa.update(row).where(row.c.clinic_id == clinic.id).values(seq=0))
    make.patient(db, clinic)
    page = vera_at_desk.open("/cohort")
    assert re.search(r"As of journal row 4711, .*; \d+ changes? since", page.text)
    sent = vera_at_desk.send(page, address(clinic))
    assert "report=" in sent.headers["Location"]
    assert "Waiting for a worker." in vera_at_desk.open(sent.headers["Location"]).text
    assert running.run_waiting(db) >= 1
    assert "nothing has changed since" in vera_at_desk.open(sent.headers["Location"]).text


LOCKED = ("/cohort.csv?", "/cohort.xlsx?", *(f"/cohort/{name}.{ending}?" for name in FIGURES for ending in ("csv", "svg")))


def test_what_is_taken_along_is_of_the_lock_that_is_shown(study: Page, vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    """From a page that Vera left open, and from one that she opened for its lock, while a newer report is there."""
    (shown,) = re.findall(r"cohort[.]csv[?][^\"]*lock=(\d+)", study.html)
    links = [html.unescape(one) for one in study.hrefs if one.startswith(LOCKED)]
    assert len(links) == len(LOCKED)
    assert all(f"lock={shown}" in one for one in links)
    make.patient(db, clinic)
    vera_at_desk.open(vera_at_desk.send(vera_at_desk.open("/cohort"), address(clinic)).headers["Location"])
    assert running.run_waiting(db) >= 1
    newest = vera_at_desk.open("/cohort")
    assert "No procedure matches" in newest.text
    assert "older data-lock" not in newest.text
    names = [vera_at_desk.client.get(one).headers["Content-Disposition"] for one in links if one.startswith("/cohort/")]
    assert [one for one in names if "cohort-4711-" not in one] == []
    (whole,) = (one for one in links if one.startswith("/cohort.csv"))
    assert "counts,,patients,,,,52," in vera_at_desk.client.get(whole).text
    older = vera_at_desk.open(address(clinic, f"&lock={shown}"))
    assert "52 patients" in older.text
    assert re.search(r"This is an older data-lock, .* Show the newest, at journal row \d+", older.text)
    assert [html.unescape(one) for one in older.hrefs if one.startswith(LOCKED)] == links
    assert faults(older) == []
    assert any(html.unescape(one) == address(clinic) for one in older.hrefs)
    assert "of the record as it is now" in older.part("along")
    assert not any("lock=" in one for one in older.hrefs if one.startswith("/cohort.zip"))


def test_a_lock_without_a_report_names_the_nearest(study: Page, vera_at_desk: Browser, clinic: make.Clinic) -> None:
    (shown,) = re.findall(r"cohort[.]csv[?][^\"]*lock=(\d+)", study.html)
    page = vera_at_desk.open(address(clinic, "&lock=99999"), 404)
    assert f"The nearest lock that was is {shown}." in page.text
    assert f"Show the newest, at journal row {shown}" in page.text
    assert faults(page) == []


def test_a_failed_report_says_so_and_can_be_tried_again(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    vera_at_desk.open("/cohort")
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = table_of(Report)
        failed = {"state": ReportState.FAILED, "problem": "Three workers gave up.", "finished_at": clock.now()}
        session.connection().execute(sa.update(row).where(row.c.clinic_id == clinic.id).values(failed))
    page = vera_at_desk.open("/cohort")
    assert "The report could not be computed Three workers gave up. Nothing in the record has changed." in page.text
    assert faults(page) == []
    with clock.at(clock.now() + asking.AGAIN_AFTER):
        sent = vera_at_desk.send(page, address(clinic))
        assert "Waiting for a worker." in vera_at_desk.open(sent.headers["Location"]).text


def test_a_period_that_ends_before_it_begins_is_refused_with_what_was_typed(vera_at_desk: Browser, clinic: make.Clinic) -> None:
    page = vera_at_desk.open(address(clinic, "&from=2026-03-02&to=2026-03-01"), 422)
    assert "Lies before the first day; name a later one." in page.text
    assert 'value="2026-03-02"' in page.html
    assert faults(page) == []


def test_somebody_who_is_no_surgeon_here_has_no_cohort(vera_at_desk: Browser, clinic: make.Clinic) -> None:
    assert "Choose a surgeon from the list" in vera_at_desk.open(f"/cohort?surgeon={clinic.nurse.user_id}", 422).text


def test_the_form_s_address_becomes_its_one_written_form(vera_at_desk: Browser, clinic: make.Clinic) -> None:
    page = vera_at_desk.open("/cohort?surgeon=me&from=2026-01-01&to=&aetiology=acne&subunit=&protocol=&sessions=any")
    assert page.response.request.full_path == address(clinic, "&from=2026-01-01&aetiology=acne")
    assert '<option value="acne" selected>Acne</option>' in page.html


def test_a_figure_that_there_is_not_and_one_not_computed_yet_are_not_found(vera_at_desk: Browser, clinic: make.Clinic) -> None:
    for name in ("banana.svg", "flow.svg", "flow.csv"):
        assert vera_at_desk.open(address(clinic).replace("/cohort", f"/cohort/{name}"), 404).status == 404


def test_a_name_in_the_record_never_becomes_markup(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    vera_at_desk.open("/cohort")
    cohort = cohort_example.study()
    cohort["physicians"]["raters"][0]["label"] = "<script>alert(1)</script>"
    cohort["flow"]["steps"][0]["title"] = '"><img src=x>'
    put(db, clinic, cohort)
    page = vera_at_desk.open("/cohort")
    assert "<script>alert" not in page.html
    assert "<img" not in page.html
    assert faults(page) == []


def test_who_may_not_report_sees_neither_page_nor_entry(
    vera_at_desk: Browser, at_desk: Callable[[make.Person], Browser], clinic: make.Clinic
) -> None:
    assert any(one == "/cohort" for one in vera_at_desk.open("/procedures").hrefs)
    nora = at_desk(clinic.nurse)
    assert not any(one == "/cohort" for one in nora.open("/procedures").hrefs)
    assert nora.open("/cohort", 403).status == 403


def test_each_download_is_in_the_access_log_and_names_no_patient(
    study: Page, vera_at_desk: Browser, db: Database, clinic: make.Clinic
) -> None:
    assert study.status == 200
    vera_at_desk.client.get(address(clinic).replace("/cohort", "/cohort/flow.svg"))
    with db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(AccessRow).order_by(AccessRow.id)).all()
    assert [(str(one.reading), one.patient_id) for one in rows][-2:] == [("list", None), ("export", None)]
