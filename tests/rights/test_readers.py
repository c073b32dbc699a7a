"""The access log: every reading of a patient leaves a row before its answer leaves, and the patient's report tells all of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server import clock, reads
from server.app import App
from server.db import Database
from server.journal.access import AccessRow
from tests import make
from tests.api import Api
from tests.procedures.case import Case
from tests.web.browser import Browser, faults


def rows(db: Database, of: make.Clinic) -> list[AccessRow]:
    """The clinic's access log, oldest first."""
    with db.transaction(of.id, write=False) as session:
        return list(session.scalars(sa.select(AccessRow).order_by(AccessRow.id)))


def report(vera: Api, patient_id: str) -> list[tuple[str, str, str]]:
    """(person, what, outcome) of each reading, oldest first."""
    items = vera.get(f"/patients/{patient_id}/access?limit=200")["items"]
    return [(one["person"], one["reading"], one["outcome"]) for one in reversed(items)]


def test_who_reads_a_patient_is_in_her_report(clinic: make.Clinic, db: Database, vera: Api, as_: Callable[[make.Person], Api]) -> None:
    anna, eva = make.patient(db, clinic)["id"], make.patient(db, clinic, family_name="Kiss", given_name="Éva")["id"]
    as_(clinic.nurse).get(f"/patients/{anna}")
    vera.get("/patients")
    vera.get(f"/patients/{eva}")
    assert report(vera, anna) == [("Nóra Szabó", "record", "given"), ("Dr Vera Kovács", "list", "given")]
    assert report(vera, anna)[-1] == ("Dr Vera Kovács", "access", "given"), "the report itself is a reading"


def test_a_page_names_only_whom_it_showed(clinic: make.Clinic, db: Database, vera: Api) -> None:
    for name in ("Antal", "Balogh", "Czinege"):
        make.patient(db, clinic, family_name=name)
    vera.get("/patients?limit=2")
    assert len(rows(db, clinic)) == 2
    vera.get("/patients?q=nobody-has-this-name")
    assert len(rows(db, clinic)) == 2


def test_the_log_holds_links_and_no_word_of_the_record(clinic: make.Clinic, db: Database, vera: Api) -> None:
    make.patient(db, clinic, family_name="Canaryová")
    vera.get("/patients?q=Canaryov%C3%A1")
    with db.engine.connect() as connection:
        said = str(connection.execute(sa.select(AccessRow.__table__).where(AccessRow.clinic_id == clinic.id)).all())
    assert "anary" not in said
    assert "list" in said.casefold()


def test_a_reading_refused_is_kept_too(clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api], vera: Api) -> None:
    anna = make.patient(db, clinic)["id"]
    as_(clinic.admin).get(f"/patients/{anna}", 403)
    assert report(vera, anna) == [("Ádám Varga", "record", "not_allowed")]


def test_asking_for_another_clinics_patient_is_kept_where_it_was_asked(
    clinic: make.Clinic, other_clinic: make.Clinic, db: Database, vera: Api
) -> None:
    theirs = make.patient(db, other_clinic)["id"]
    vera.get(f"/patients/{theirs}", 404)
    (row,) = rows(db, clinic)
    assert (row.outcome, row.patient_id, str(row.record_id)) == ("not_found", None, theirs)
    assert rows(db, other_clinic) == []


def test_an_answer_whose_row_cannot_be_stored_is_not_given(
    clinic: make.Clinic, db: Database, vera: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = make.patient(db, clinic)["id"]

    def fails(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, RuntimeError("disk full"))

    monkeypatch.setattr(reads, "write", fails)
    refused = vera.get(f"/patients/{anna}", 503)
    assert "Anna" not in str(refused)


def test_a_copy_already_held_is_not_read_again(clinic: make.Clinic, db: Database, vera: Api) -> None:
    anna = make.patient(db, clinic)["id"]
    tag = vera.call("GET", f"/patients/{anna}").headers["ETag"]
    assert vera.call("GET", f"/patients/{anna}", headers={"If-None-Match": tag}).status_code == 304
    assert len(rows(db, clinic)) == 1


def test_the_log_cannot_be_changed(clinic: make.Clinic, db: Database, vera: Api) -> None:
    vera.get(f"/patients/{make.patient(db, clinic)['id']}")
    for statement in (sa.delete(AccessRow), sa.update(AccessRow).values(user_id=None)):
        with pytest.raises(sa.exc.DatabaseError, match=r"append-only|permission denied"), db.transaction(clinic.id) as session:
            session.execute(statement)


def test_a_tablet_that_synchronises_is_named_once_in_ten_minutes(clinic: make.Clinic, db: Database, app: App, vera: Api) -> None:
    anna, theatre = make.patient(db, clinic)["id"], make.tablet(db, clinic, name="Theatre 1")
    tablet = Api(app.test_client(), make.token(db, replace(clinic.nurse, device_id=theatre.device_id)))
    for _ in range(3):
        tablet.get("/sync/patients/pull?limit=10")
    (row,) = rows(db, clinic)
    assert (row.reading, row.patient_id, row.device_id) == ("sync", None, theatre.device_id)
    with clock.at(clock.now() + reads.SYNC_EVERY + timedelta(seconds=1)):
        tablet.get("/sync/patients/pull?limit=10")
    assert len(rows(db, clinic)) == 2
    holding = vera.get(f"/patients/{anna}/access")["tablets"]
    assert [(one["name"], one["state"]) for one in holding] == [("Theatre 1", "paired")]


def test_a_sync_whose_row_was_not_stored_is_said_at_the_next_pull(
    clinic: make.Clinic, db: Database, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre = make.tablet(db, clinic)
    tablet = Api(app.test_client(), make.token(db, replace(clinic.nurse, device_id=theatre.device_id)))

    def fails(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, RuntimeError("disk full"))

    with monkeypatch.context() as full:
        full.setattr(reads, "write", fails)
        tablet.get("/sync/patients/pull?limit=10", 503)
    tablet.get("/sync/patients/pull?limit=10")
    assert [row.reading for row in rows(db, clinic)] == ["sync"]


def test_the_note_as_a_file_is_a_disclosure_and_on_the_screen_is_none(signed_case: Case, vera: Api) -> None:
    note = f"{signed_case.path}/note"
    vera.call("GET", note, headers={"Accept": "text/html"})
    assert vera.get(f"/patients/{signed_case.patient_id}/disclosures")["items"] == []
    vera.call("GET", note, headers={"Accept": "application/pdf"})
    (one,) = vera.get(f"/patients/{signed_case.patient_id}/disclosures")["items"]
    assert (one["kind"], one["person"], one["record_id"]) == ("note_file", "Dr Vera Kovács", signed_case.id)


def test_page_after_page_the_report_is_whole(clinic: make.Clinic, db: Database, vera: Api) -> None:
    anna = make.patient(db, clinic)["id"]
    for _ in range(5):
        vera.get(f"/patients/{anna}")
    found, cursor = [], ""
    for _ in range(3):
        page = vera.get(f"/patients/{anna}/access?limit=2{cursor}")
        found += [one["id"] for one in page["items"] if one["reading"] == "record"]
        cursor = f"&cursor={page['next_cursor']}"
    assert len(set(found)) == 5


def test_nora_reads_no_access_report(clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]) -> None:
    as_(clinic.nurse).get(f"/patients/{make.patient(db, clinic)['id']}/access", 403)


def test_the_report_is_a_page(signed_case: Case, clinic: make.Clinic, app: App) -> None:
    desk = Browser(app.test_client()).sign_in(clinic.surgeon)
    assert f"/patients/{signed_case.patient_id}/access" in desk.open(signed_case.path).hrefs
    desk.client.get(f"{signed_case.path}/note.pdf")
    page = desk.open(f"/patients/{signed_case.patient_id}/access")
    assert faults(page) == []
    assert "Operation note as a file" in page.part("read-title")
    assert "fetched by Dr Vera Kovács" in page.part("gone-title")
    assert "No tablet has synchronised" in page.part("tablets-title")
