"""The journal: every change, in commit order, in a chain that shows any tampering."""

import json
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import Database
from server.ids import uuid7
from server.journal import verifier
from server.journal.models import JournalHead, JournalRow
from server.journal.reading import verify
from server.journal.service import UnjournaledWrite, say, seal, version_named
from server.patients.models import Patient
from tests import make
from tests.api import Api
from tests.tampering import tampered

WRITERS, EACH = 8, 12


def seqs(db: Database, clinic: make.Clinic, after: int = 0) -> list[int]:
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(JournalRow.seq).where(JournalRow.clinic_id == clinic.id, JournalRow.seq > after).order_by(JournalRow.seq)
        return list(session.scalars(query))


def check(db: Database, clinic: make.Clinic) -> tuple[int, tuple[int, str] | None]:
    with db.transaction(clinic.id, write=False) as session:
        return verify(session, clinic.id)


def test_each_change_is_one_row_with_the_record_as_the_api_shows_it(db: Database, clinic: make.Clinic, vera: Api) -> None:
    before = seqs(db, clinic)
    anna = vera.post("/patients", {"mrn": "7", "family_name": "Petrauskienė", "given_name": "Anna"})
    with db.transaction(clinic.id, write=False) as session:
        row = session.scalars(sa.select(JournalRow).where(JournalRow.seq == len(before) + 1, JournalRow.clinic_id == clinic.id)).one()
    assert json.loads(row.body or "") == anna
    assert (row.action, row.collection, str(row.record_id)) == ("create", "patients", anna["id"])
    assert row.actor_id == clinic.surgeon.user_id
    assert str(row.write_id) == anna["write_id"]


def test_a_refused_change_leaves_no_row_and_no_gap(db: Database, clinic: make.Clinic, vera: Api) -> None:
    vera.post("/patients", {"mrn": "7", "family_name": "Petrauskienė", "given_name": "Anna"})
    before = seqs(db, clinic)
    vera.post("/patients", {"mrn": "7", "family_name": "Kiss", "given_name": "Bence"}, expect=409)
    assert seqs(db, clinic) == before
    vera.post("/patients", {"mrn": "8", "family_name": "Kiss", "given_name": "Bence"})
    assert seqs(db, clinic) == [*before, len(before) + 1]


def test_a_change_that_changes_nothing_is_no_change(db: Database, clinic: make.Clinic, vera: Api) -> None:
    anna = vera.post("/patients", {"mrn": "7", "family_name": "Petrauskienė", "given_name": "Anna"})
    before = seqs(db, clinic)
    again = vera.patch(f"/patients/{anna['id']}", {"given_name": "Anna"}, anna["write_id"])
    assert again["write_id"] == anna["write_id"]
    assert seqs(db, clinic) == before


def test_eight_writers_leave_no_gap_and_a_reader_who_follows_skips_nothing(db: Database, clinic: make.Clinic) -> None:
    start = threading.Barrier(WRITERS + 1)
    done = threading.Event()
    failures: list[BaseException] = []
    read: list[int] = []

    def writer(number: int) -> None:
        start.wait()
        try:
            for turn in range(EACH):
                make.patient(db, clinic, mrn=f"W{number}-{turn}")
        except BaseException as error:  # noqa: BLE001  reason: shown by the assertion below
            failures.append(error)

    def reader() -> None:
        start.wait()
        while True:
            finished = done.is_set()
            read.extend(seqs(db, clinic, after=read[-1] if read else 0))
            if finished:
                return

    writers = [threading.Thread(target=writer, args=(number,)) for number in range(WRITERS)]
    following = threading.Thread(target=reader)
    for thread in (*writers, following):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    following.join()
    assert not failures
    assert read == list(range(1, len(read) + 1))
    assert len(read) >= WRITERS * EACH
    assert check(db, clinic) == (len(read), None)


def test_other_clinics_never_wait(db: Database, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    if db.is_sqlite:
        return  # one writer in all: everybody waits, by design
    with db.transaction(clinic.id) as session:
        session.execute(sa.select(JournalHead).where(JournalHead.clinic_id == clinic.id).with_for_update())
        make.patient(db, other_clinic)


TAMPERINGS = {
    "a body": "UPDATE journal SET body = replace(body, 'Anna', 'Anne') WHERE clinic_id = :clinic AND seq = 6",
    "an action": "UPDATE journal SET action = 'change' WHERE clinic_id = :clinic AND seq = 6",
    "who did it": "UPDATE journal SET actor_id = NULL WHERE clinic_id = :clinic AND seq = 6",
    "a salt": "UPDATE journal SET salt = hash WHERE clinic_id = :clinic AND seq = 6",
    "a hash": "UPDATE journal SET hash = prev_hash WHERE clinic_id = :clinic AND seq = 6",
    "a row in the middle": "DELETE FROM journal WHERE clinic_id = :clinic AND seq = 6",
    "the first row": "DELETE FROM journal WHERE clinic_id = :clinic AND seq = 1",
    "the last row": "DELETE FROM journal WHERE clinic_id = :clinic AND seq = 7",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_named_by_its_row(lonely_db: Database, what: str) -> None:
    clinic = make.clinic(lonely_db)
    make.patient(lonely_db, clinic, given_name="Anna")
    make.patient(lonely_db, clinic, given_name="Bence")
    assert check(lonely_db, clinic) == (7, None)
    tampered(lonely_db, TAMPERINGS[what], clinic=clinic.id)
    _, fault = check(lonely_db, clinic)
    assert fault is not None
    assert fault[0] == {"the first row": 1, "the last row": 7}.get(what, 6)


def test_nobody_writes_past_the_journal(db: Database, clinic: make.Clinic) -> None:
    anna = make.patient(db, clinic)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session, pytest.raises(UnjournaledWrite):
        session.execute(sa.update(Patient).values(given_name="Anne"))
    with pytest.raises(UnjournaledWrite), db.transaction(clinic.id, actor=clinic.surgeon) as session:
        session.delete(session.scalars(sa.select(Patient).where(Patient.mrn == anna["mrn"])).one())


def test_the_chain_is_checked_with_nothing_but_its_rows() -> None:
    header = dict.fromkeys(verifier.HEADER_FIELDS) | {
        "clinic_id": "c",
        "seq": 1,
        "at": "t",
        "action": "create",
        "collection": "x",
        "record_id": "r",
    }
    salt, body = b"s" * 32, "{}"
    header["detail_hash"] = verifier.detail_hash(salt, body).hex()
    row = header | {"salt": salt, "body": body, "prev_hash": verifier.GENESIS, "hash": verifier.link(verifier.GENESIS, header)}
    assert verifier.row_fault(row, 1, verifier.GENESIS) is None
    assert verifier.row_fault(row | {"body": "{ }"}, 1, verifier.GENESIS) == (1, "the body was changed")


def test_eight_clients_of_the_api_at_once_lose_nothing(as_: Callable[[make.Person], Api], db: Database, clinic: make.Clinic) -> None:
    answers: list[int] = []

    def client(number: int) -> None:
        api = as_(clinic.nurse)
        for turn in range(5):
            body = {"mrn": f"C{number}-{turn}", "family_name": "Kiss", "given_name": "Bence"}
            answers.append(api.call("POST", "/patients", json=body).status_code)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * (WRITERS * 5)
    assert check(db, clinic)[1] is None


def test_a_part_that_was_rolled_back_leaves_no_row(db: Database, clinic: make.Clinic) -> None:
    anna, before = make.patient(db, clinic), seqs(db, clinic)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = session.scalars(sa.select(Patient).where(Patient.mrn == anna["mrn"])).one()
        row.given_name = "Anne"
        part = session.begin_nested()
        row.given_name = "Hanna"
        session.add(patient_named("Bence"))
        say(session, row, "rename")
        session.flush()
        part.rollback()
        with session.begin_nested():
            session.add(patient_named("Csaba"))
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            add_now(session, patient_named("Csaba"))
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(JournalRow).where(JournalRow.clinic_id == clinic.id, JournalRow.seq > len(before)).order_by(JournalRow.seq)
        rows = [(one.action, json.loads(one.body or "")["given_name"]) for one in session.scalars(query)]
    assert rows == [("change", "Anne"), ("create", "Csaba")]
    assert check(db, clinic)[1] is None


def add_now(session: Session, patient: Patient) -> None:
    """Insert at once, not at the end."""
    session.add(patient)
    session.flush()


def patient_named(given_name: str) -> Patient:
    """Somebody whose number is the name."""
    return Patient(mrn=given_name, family_name="Kiss", given_name=given_name, search=given_name, content_hash="")


def test_a_named_version_is_the_one_that_is_stored(db: Database, clinic: make.Clinic) -> None:
    anna, version = make.patient(db, clinic), uuid7()
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = session.scalars(sa.select(Patient).where(Patient.mrn == anna["mrn"])).one()
        with version_named(session, Patient, row.id, version):
            row.given_name = "Anne"
            session.flush()
            row.given_name = "Hanna"
            session.flush()
        assert row.write_id == version
        row.given_name = "Anne"
        session.flush()
        assert row.write_id != version


def test_sealing_early_tells_the_numbers_and_seals_once(db: Database, clinic: make.Clinic) -> None:
    before = len(seqs(db, clinic))
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        bence = patient_named("Bence")
        session.add(bence)
        assert seal(session) == {("patients", bence.id): before + 1}
        assert seal(session) == {}
    assert len(seqs(db, clinic)) == before + 1
    assert check(db, clinic)[1] is None
