"""A signed record is closed: in the service, and in the database for whoever comes past the service."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.db import Database, table_of
from server.ids import uuid7
from server.migrations import guards
from server.procedures.models import Entry, Procedure
from server.procedures.service import record, signing
from tests import make
from tests.databases import as_owner
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.tampering import unguard

PLAN_ONE_MORE = (
    "INSERT INTO planned_injections (clinic_id, procedure_id, scar_id, position, volume_ul) "
    "SELECT clinic_id, :id, id, 9, 1 FROM scars WHERE label = 'Left cheek'"
)


class Undo(Exception):
    """Ends a transaction that must not be committed."""


@contextmanager
def never_committed(db: Database, clinic: make.Clinic) -> Iterator[Session]:
    """A session of the tables' owner, whom only triggers keep from changing what is there; its work is rolled back."""
    with suppress(Undo), as_owner(db) as owned, owned.transaction(clinic.id) as session:
        yield session
        raise Undo


def refused(db: Database, clinic: make.Clinic, statement: str, **values: Any) -> str:
    """What the database says against raw SQL."""
    with never_committed(db, clinic) as session:
        typed = sa.text(statement).bindparams(*(sa.bindparam(name, type_=sa.Uuid()) for name in values))
        with pytest.raises(IntegrityError) as caught:
            session.execute(typed, values)
        return str(caught.value.orig)


def test_the_service_takes_nothing_more(signed_case: Case) -> None:
    assert signed_case.record(make.entry("note", text="late"), expect=409)["code"] == "closed"
    refusal = signed_case.tablet.patch(signed_case.path, {"title": "Another"}, signed_case.read()["write_id"], 409)
    assert (refusal["code"], refusal["detail"]) == ("closed", "The procedure is signed. Add an addendum.")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET volume_ul = 1 WHERE procedure_id = :id",
        "UPDATE entries SET reason = reason WHERE procedure_id = :id",
        "DELETE FROM entries WHERE procedure_id = :id",
        "UPDATE signatures SET signer_name = 'Nobody' WHERE procedure_id = :id",
        "DELETE FROM signatures WHERE procedure_id = :id",
        "UPDATE addenda SET text = 'x' WHERE procedure_id = :id",
        "DELETE FROM addenda WHERE procedure_id = :id",
        "UPDATE journal SET action = 'x' WHERE record_id = :id",
        "UPDATE journal SET body = NULL, salt = NULL WHERE record_id = :id",
        "DELETE FROM journal WHERE record_id = :id",
        "DELETE FROM procedures WHERE id = :id",
    ],
)
def test_what_is_recorded_is_append_only(statement: str, signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    signed_case.tablet.post(f"{signed_case.path}/addenda", {"text": "Redness.", **make.proof(1)})
    assert "append-only" in refused(db, clinic, statement, id=uuid.UUID(signed_case.id))


@pytest.mark.parametrize("table", ["patients", "scars", "users", "clinics"])
@pytest.mark.usefixtures("case")
def test_no_person_and_no_scar_is_ever_deleted(table: str, db: Database, clinic: make.Clinic) -> None:
    column = "id" if table == "clinics" else "clinic_id"
    assert "append-only" in refused(db, clinic, f"DELETE FROM {table} WHERE {column} = :id", id=uuid.UUID(str(clinic.id)))


@pytest.mark.parametrize("kept", ["title = 'x'", "weight_g = 1", "state = 'completed'", "started_at = NULL", "planned_passes = 1"])
def test_the_header_of_a_signed_procedure_stays(kept: str, signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    statement = f"UPDATE procedures SET {kept} WHERE id = :id"
    assert "closed" in refused(db, clinic, statement, id=uuid.UUID(signed_case.id))


def test_a_withdrawn_procedure_does_not_come_back(signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    signed_case.move("withdrawal", reason="wrong patient")
    assert "closed" in refused(db, clinic, "UPDATE procedures SET state = 'signed' WHERE id = :id", id=uuid.UUID(signed_case.id))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE planned_injections SET volume_ul = 1 WHERE procedure_id = :id",
        "DELETE FROM planned_injections WHERE procedure_id = :id",
        PLAN_ONE_MORE,
    ],
)
def test_the_plan_of_a_signed_procedure_stays(statement: str, signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    assert "closed" in refused(db, clinic, statement, id=uuid.UUID(signed_case.id))


def copy_of_an_entry(session: Session, procedure_id: str, **changes: Any) -> dict[str, Any]:
    """The columns of a signed entry, changed."""
    table = table_of(Entry)
    row = session.execute(sa.select(table).where(table.c.procedure_id == uuid.UUID(procedure_id)).limit(1)).mappings().one()
    return dict(row) | changes


def test_an_entry_slipped_in_after_signing_is_refused(signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    with never_committed(db, clinic) as session:
        row = copy_of_an_entry(session, signed_case.id, id=uuid7())
        with pytest.raises(IntegrityError, match="closed"), session.begin_nested():
            session.connection().execute(sa.insert(table_of(Entry)), row)
        session.connection().execute(sa.insert(table_of(Entry)), row | {"late": True})


def test_sqlites_replace_is_no_way_round(signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL has no REPLACE")
    with never_committed(db, clinic) as session:
        row = copy_of_an_entry(session, signed_case.id, late=True)
        with pytest.raises(IntegrityError, match="append-only"):
            session.connection().execute(sa.insert(table_of(Entry)).prefix_with("OR REPLACE"), row)


def test_nothing_is_truncated(db: Database, clinic: make.Clinic) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    for table in (*guards.APPEND_ONLY, *guards.NEVER_DELETED):
        with never_committed(db, clinic) as session, pytest.raises(IntegrityError, match="append-only"):
            session.execute(sa.text(f"TRUNCATE {table} CASCADE"))


def faults(session: Session, procedure_id: str) -> list[str]:
    """What a check of the signature finds."""
    procedure = session.scalars(sa.select(Procedure).where(Procedure.id == uuid.UUID(procedure_id))).one()
    return signing.faults(session, record.load(session, procedure))


@pytest.mark.parametrize(
    ("table", "tampering", "found"),
    [
        ("entries", "UPDATE entries SET volume_ul = 2500 WHERE procedure_id = :id AND volume_ul = 2400", "differs from what was signed"),
        ("entries", "UPDATE entries SET details = '{{}}' WHERE procedure_id = :id AND kind = 'checklist'", "differs from what was signed"),
        ("entries", "DELETE FROM entries WHERE procedure_id = :id AND kind = 'discard'", "was signed and is missing"),
        ("signatures", "UPDATE signatures SET manifest = replace(manifest, 'author', 'verified') WHERE procedure_id = :id", "does not fit"),
        ("signatures", "UPDATE signatures SET public_key = signature WHERE procedure_id = :id", "key is not the clinic's"),
        ("planned_injections", "UPDATE planned_injections SET volume_ul = 1 WHERE procedure_id = :id", "plan differs"),
        ("addenda", "UPDATE addenda SET text = 'No redness.' WHERE procedure_id = :id", "differs from its manifest"),
        ("addenda", "UPDATE addenda SET manifest = replace(manifest, 'Redness', 'Nothing') WHERE procedure_id = :id", "does not fit"),
        ("signatures", "UPDATE signatures SET signer_name = 'Dr Who' WHERE procedure_id = :id", "differs from its manifest"),
    ],
)
def test_what_is_tampered_with_is_found(
    table: str, tampering: str, found: str, signed_case: Case, db: Database, clinic: make.Clinic
) -> None:
    signed_case.tablet.post(f"{signed_case.path}/addenda", {"text": "Redness.", **make.proof(1)})
    with never_committed(db, clinic) as session:
        assert faults(session, signed_case.id) == []
        unguard(session, table)
        statement = sa.text(tampering.replace("{{}}", "{}")).bindparams(sa.bindparam("id", type_=sa.Uuid()))
        session.connection().execute(statement, {"id": uuid.UUID(signed_case.id)})
        session.expire_all()
        assert any(found in one for one in faults(session, signed_case.id))


def test_an_entry_added_behind_our_back_is_found(signed_case: Case, db: Database, clinic: make.Clinic) -> None:
    with never_committed(db, clinic) as session:
        row = copy_of_an_entry(session, signed_case.id, id=uuid7())
        unguard(session, "entries")
        session.connection().execute(sa.insert(table_of(Entry)), row)
        assert faults(session, signed_case.id) == [f"Entry {row['id']} was added after signing."]


def test_an_unsigned_procedure_has_no_faults(case: Case, db: Database, clinic: make.Clinic) -> None:
    case.record(*stages.entries(case))
    with never_committed(db, clinic) as session:
        assert faults(session, case.id) == []
