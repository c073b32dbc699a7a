"""Anna asks the clinic to forget her: what can go goes, what must stay stays, and the journal still proves itself."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.app import App
from server.db import Database
from server.ids import uuid7
from server.journal import reading, verifier
from server.journal.models import JournalRow
from server.photos.models import PatientKey
from server.procedures.service import record, signing
from server.rights import erasure
from tests import databases, make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, sent
from tests.procedures.case import Case
from tests.sync.tablet import anna, issues, row, statuses
from tests.tampering import tampered
from tests.web.browser import Browser

PHONE, MAIL = "+36 30 123 4567", "anna@example.com"


def reachable(vera: Api, patient_id: str) -> None:
    """Anna has told how she can be reached."""
    anna = vera.get(f"/patients/{patient_id}")
    vera.patch(f"/patients/{patient_id}", {"phone": PHONE, "email": MAIL}, anna["write_id"])


def erased(app: App, clinic: make.Clinic, patient_id: str) -> erasure.Erased:
    """What the command does."""
    done = make.erasure(app.db, clinic, patient_id)
    assert erasure.drop(app.settings, done.objects) == 0
    return done


def faults(app: App, clinic: make.Clinic, case: Case) -> list[str]:
    """What does not agree with the signature."""
    with app.db.transaction(clinic.id, write=False) as session:
        return signing.faults(session, record.load(session, record.get(session, uuid.UUID(case.id))))


def everything(db: Database, clinic: make.Clinic) -> str:
    """All bodies that the journal of the clinic still has."""
    with db.transaction(clinic.id, write=False) as session:
        bodies = session.scalars(sa.select(JournalRow.body).where(JournalRow.clinic_id == clinic.id)).all()
    return "\n".join(body for body in bodies if body)


def test_nobody_can_reach_her_any_more_and_the_record_stays(
    signed_case: Case, vera: Api, app: App, clinic: make.Clinic, db: Database
) -> None:
    reachable(vera, signed_case.patient_id)
    assert PHONE in everything(db, clinic)
    done = erased(app, clinic, signed_case.patient_id)
    anna = vera.get(f"/patients/{signed_case.patient_id}")
    assert (anna["phone"], anna["email"], anna["reminder_consent"]) == (None, None, False)
    assert anna["family_name"]
    assert PHONE not in everything(db, clinic)
    assert MAIL not in everything(db, clinic)
    assert done.decision.bodies >= 2
    assert set(done.decision.contact) >= {"phone", "email"}
    assert vera.get(f"/procedures/{signed_case.id}")["state"] == "signed"


def test_what_waited_to_be_sent_is_not_sent(signed_case: Case, vera: Api, app: App, clinic: make.Clinic) -> None:
    reachable(vera, signed_case.patient_id)
    assert vera.get("/reminders?state=pending")["items"]
    erased(app, clinic, signed_case.patient_id)
    assert vera.get("/reminders?state=pending")["items"] == []


def test_chain_and_signature_stay_verifiable(signed_case: Case, vera: Api, app: App, clinic: make.Clinic, db: Database) -> None:
    sent(vera, signed_case.patient_id, cheek())
    erased(app, clinic, signed_case.patient_id)
    with db.transaction(clinic.id, write=False) as session:
        _, fault = reading.verify(session, clinic.id)
        keys: list[str] = []
        exported = list(reading.export(session, clinic.id))
    assert fault is None
    assert verifier.read(exported, keys, {}).fault is None
    assert faults(app, clinic, signed_case) == []


def test_her_photographs_are_gone(signed_case: Case, vera: Api, app: App, clinic: make.Clinic, db: Database) -> None:
    photo = sent(vera, signed_case.patient_id, cheek())
    done = erased(app, clinic, signed_case.patient_id)
    assert done.decision.photos == 1
    answer = vera.call("GET", f"/photos/{photo['id']}/content")
    assert (answer.status_code, answer.get_json()["code"]) == (410, "gone")
    assert vera.get(f"/photos/{photo['id']}")["state"] == "erased"
    assert not [path for path in (Path(app.settings.photo_store) / "photos" / str(clinic.id)).rglob("*") if path.is_file()]
    with db.transaction(clinic.id, write=False) as session:
        assert session.get(PatientKey, (clinic.id, uuid.UUID(signed_case.patient_id))) is None


def test_a_photograph_on_its_way_never_arrives(signed_case: Case, vera: Api, app: App, clinic: make.Clinic) -> None:
    photo = announced(vera, signed_case.patient_id, cheek())
    upload = begun(vera, photo)
    erased(app, clinic, signed_case.patient_id)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    late = vera.call("PATCH", upload, data=cheek(), content_type="application/offset+octet-stream", headers=headers)
    assert late.status_code == 410
    assert vera.get(f"/photos/{photo['id']}")["state"] == "erased"


def test_a_signed_photograph_that_was_erased_is_no_fault_of_the_signature(
    complete_case: Case, vera: Api, app: App, clinic: make.Clinic
) -> None:
    sent(vera, complete_case.patient_id, cheek(), procedure_id=complete_case.id)
    complete_case.sign()
    erased(app, clinic, complete_case.patient_id)
    assert faults(app, clinic, complete_case) == []
    note = json.dumps(vera.get(f"/procedures/{complete_case.id}/note"))
    assert "1 photograph was erased on the patient's request." in note


def test_what_a_tablet_had_sent_of_her_is_emptied(vera: Api, app: App, clinic: make.Clinic, db: Database) -> None:
    known = vera.post("/patients", anna())
    refused = row({**known, "phone": PHONE, "fitzpatrick": 99, "write_id": str(uuid7())}, known)
    assert statuses(vera.post("/sync/patients/push", [refused], 200)) == ["quarantined"]
    assert PHONE in everything(db, clinic)
    erased(app, clinic, known["id"])
    assert PHONE not in everything(db, clinic)
    assert issues(vera, state="open") == []
    assert [one["sent"] for one in issues(vera, state="resolved")] == [None]


def test_a_body_goes_only_where_that_was_decided(db: Database, clinic: make.Clinic) -> None:
    make.patient(db, clinic)
    gone = "UPDATE journal SET body = NULL, salt = NULL WHERE collection = 'patients'"
    with pytest.raises(sa.exc.DBAPIError), db.transaction(clinic.id) as session:
        session.execute(sa.text(gone))


def test_a_body_that_goes_without_a_decision_is_named(lonely_db: Database) -> None:
    clinic = make.clinic(lonely_db)
    make.patient(lonely_db, clinic)
    tampered(lonely_db, "UPDATE journal SET body = NULL, salt = NULL WHERE clinic_id = :clinic AND seq = 6", clinic=clinic.id)
    with lonely_db.transaction(clinic.id, write=False) as session:
        assert reading.verify(session, clinic.id)[1] == (6, "the body is gone, and no decision to erase it is recorded")


@pytest.mark.skipif(not databases.WANTED, reason="SQLite has no functions of its own")
def test_another_clinics_decision_erases_nothing_here(db: Database, app: App, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    anna = make.patient(db, clinic)
    done = erased(app, clinic, anna["id"])
    with db.transaction(other_clinic.id) as session:
        assert session.scalar(sa.text("SELECT erase_from_journal(:decision)"), {"decision": done.decision.id}) == 0


def test_the_access_report_tells_of_it(signed_case: Case, vera: Api, app: App, clinic: make.Clinic) -> None:
    erased(app, clinic, signed_case.patient_id)
    page = Browser(app.test_client()).sign_in(clinic.surgeon).open(f"/patients/{signed_case.patient_id}/access")
    assert f"decided by {clinic.admin.name}" in page.part("erased-title")
    assert "Her letter of 3 March." in page.part("erased-title")
    (told,) = vera.get(f"/patients/{signed_case.patient_id}/erasures")["items"]
    assert (told["decided_by"], told["reason"]) == (str(clinic.admin.user_id), "Her letter of 3 March.")


def test_asked_again_there_is_nothing_left(signed_case: Case, vera: Api, app: App, clinic: make.Clinic, db: Database) -> None:
    reachable(vera, signed_case.patient_id)
    erased(app, clinic, signed_case.patient_id)
    again = erased(app, clinic, signed_case.patient_id)
    assert (again.decision.contact, again.decision.photos) == ([], 0)
    with db.transaction(clinic.id, write=False) as session:
        assert reading.verify(session, clinic.id)[1] is None


def test_a_store_that_cannot_be_reached_is_told(app: App) -> None:
    elsewhere = replace(app.settings, photo_store="s3://nobody", photo_store_endpoint="http://127.0.0.1:9", photo_store_region="x")
    assert erasure.drop(elsewhere, ["photos/x/y"]) == 1
