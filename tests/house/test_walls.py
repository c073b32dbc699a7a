"""The second wall between clinics: what PostgreSQL shows, takes and lets be changed, whatever the application forgets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

import server
from schemas.vocabulary import Role
from server import clock, tables
from server import db as server_db
from server.app import App, create_app
from server.clinics.models import KeptAnswer
from server.config import Config
from server.db import Database, table_of
from server.ids import uuid7
from server.migrations import guards
from server.patients.models import Patient
from server.walls import enter, everywhere, inside, weakness
from tests import databases, make
from tests.api import Api
from tests.house.test_tenants import ids_of, told_apart
from tests.procedures import case as stages

pytestmark = pytest.mark.skipif(not databases.WANTED, reason="SQLite has no row level security")
OF_NO_CLINIC = {"alembic_version", "chores", "receipts", "senders", "stopped_addresses", "wrong_codes", "credential_tries"}
MRNS = sa.text("SELECT mrn FROM patients ORDER BY mrn")
_WALLS = sa.text("""
    SELECT relname, relrowsecurity AND relforcerowsecurity, array_agg(polpermissive AND polcmd = '*' AND polroles = '{0}')
      FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') GROUP BY 1, 2
""")


@pytest.fixture
def theirs(db: Database, clinic: make.Clinic, other_clinic: make.Clinic) -> str:
    """The number of Hillside's patient; Riverside has one too."""
    make.patient(db, clinic, mrn=f"R-{clinic.id}")
    return str(make.patient(db, other_clinic, mrn=f"H-{other_clinic.id}")["mrn"])


def test_every_table_of_a_clinic_has_a_forced_wall(db: Database) -> None:
    with db.engine.connect() as connection:
        found = {name: (forced, policies) for name, forced, policies in connection.execute(_WALLS)}
    walled = {name for name, state in found.items() if state == (True, [True])}
    assert walled == {one.name for one in tables.metadata.sorted_tables if "clinic_id" in one.c} | {"clinics"}
    assert set(found) - walled == OF_NO_CLINIC
    assert walled - {"clinics"} == {*guards.WALLED_12, *guards.WALLED_13, *guards.WALLED_14, *guards.WALLED_15, *guards.WALLED_17}


def test_these_stories_are_told_by_a_role_that_the_wall_holds(db: Database) -> None:
    with db.transaction(write=False) as session:
        assert session.scalar(sa.text("SELECT current_user")) == databases.APPLICATION
        assert weakness(session) is None


def test_a_role_that_could_lift_the_wall_is_told_so(db: Database) -> None:
    almighty = databases.server_url().set(database=db.url.database).render_as_string(hide_password=False)
    for url, why in ((databases.owners(almighty), "owns the tables"), (almighty, "the second wall between clinics is down")):
        opened = Database(url, pool_size=1)
        with opened.transaction(write=False) as session:
            assert why in str(weakness(session))
        opened.close()


def test_raw_statements_see_ones_own_clinic(db: Database, clinic: make.Clinic, other_clinic: make.Clinic, theirs: str) -> None:
    with db.transaction(clinic.id, write=False) as session:
        assert session.execute(MRNS).scalars().all() == [f"R-{clinic.id}"]
        assert session.execute(sa.text("SELECT id FROM clinics")).scalars().all() == [clinic.id]
        with everywhere(session):
            assert {f"R-{clinic.id}", theirs} <= set(session.execute(MRNS).scalars())
        assert session.execute(MRNS).scalars().all() == [f"R-{clinic.id}"]
        with inside(session, other_clinic.id):
            assert session.execute(MRNS).scalars().all() == [theirs]
        enter(session, other_clinic.id)
        assert session.execute(MRNS).scalars().all() == [theirs]


def test_who_says_no_clinic_sees_nothing(db: Database, theirs: str) -> None:
    assert theirs
    with db.transaction(write=False) as session:
        assert session.execute(MRNS).all() == []
    silent = Database(db.url.difference_update_query(["options"]).render_as_string(hide_password=False), pool_size=1)
    with silent.engine.connect() as connection:  # not even an empty setting
        assert connection.execute(MRNS).all() == []
    silent.close()


def test_nothing_is_put_or_moved_into_another_clinic(db: Database, clinic: make.Clinic, other_clinic: make.Clinic, theirs: str) -> None:
    row = {"clinic_id": other_clinic.id, "user_id": other_clinic.surgeon.user_id, "key": "k", "fingerprint": "f"}
    put = sa.insert(table_of(KeptAnswer)).values(created_at=clock.now())
    move = sa.text("UPDATE patients SET clinic_id = :clinic_id")
    for statement in (put, move):
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), db.transaction(clinic.id) as session:
            session.execute(statement, row)
    with db.transaction(clinic.id) as session:
        changed: Any = session.execute(sa.text("UPDATE patients SET weight_g = 1 WHERE mrn = :mrn"), {"mrn": theirs})
        assert changed.rowcount == 0


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_the_next_borrower_of_a_connection_inherits_nothing(db: Database, clinic: make.Clinic, theirs: str, end: str) -> None:
    """Two transactions on one connection, as its process number shows."""
    assert theirs
    alone = Database(db.url.difference_update_query(["options"]).render_as_string(hide_password=False), pool_size=1)
    pid = sa.text("SELECT pg_backend_pid()")
    for said in ({"clinic_id": clinic.id}, {"everywhere": True}):
        with alone.transaction(**said) as session:
            first = session.scalar(pid)
            assert session.execute(MRNS).all()
            getattr(session, end)()
        with alone.engine.connect() as connection:
            assert connection.scalar(pid) == first
            assert connection.execute(MRNS).all() == []
    alone.close()


def test_a_savepoint_that_is_rolled_back_leaves_the_clinic_as_it_was(db: Database, clinic: make.Clinic, theirs: str) -> None:
    assert theirs
    with db.transaction(clinic.id) as session:
        nested = session.begin_nested()
        with everywhere(session):
            assert len(session.execute(MRNS).all()) > 1
        nested.rollback()
        assert session.execute(MRNS).scalars().all() == [f"R-{clinic.id}"]


def test_an_error_inside_is_told_as_it_is(db: Database, clinic: make.Clinic) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="no_such_table"), db.transaction(clinic.id) as session, everywhere(session):
        session.execute(sa.text("SELECT 1 FROM no_such_table"))
    with db.transaction(clinic.id) as session:
        with pytest.raises(LookupError), everywhere(session):
            raise LookupError
        assert session.execute(sa.text("SELECT id FROM clinics")).scalars().all() == [clinic.id]


FORBIDDEN = (
    *(f"{verb} {table}" for table in guards.APPEND_ONLY for verb in ("DELETE FROM", "TRUNCATE")),
    *(f"UPDATE {table} SET clinic_id = clinic_id" for table in guards.APPEND_ONLY if table != "receipts"),
    *(f"DELETE FROM {table}" for table in guards.NEVER_DELETED),
    "ALTER TABLE journal DISABLE TRIGGER USER",
    "ALTER TABLE journal DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE journal NO FORCE ROW LEVEL SECURITY",
    "DROP TRIGGER journal_no_change ON journal",
    "DROP POLICY journal_wall ON journal",
    "CREATE POLICY mine ON journal USING (true)",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE RULE mine AS ON INSERT TO journal DO INSTEAD NOTHING",
    "ALTER TABLE journal RENAME TO was",
    "DROP TABLE journal CASCADE",
    "CREATE TABLE public.mine (id int)",
    "ALTER SCHEMA public RENAME TO was",
    "SET session_replication_role = replica",
    f"SET ROLE {databases.OWNER}",
    f"ALTER ROLE {databases.APPLICATION} BYPASSRLS",
    "UPDATE alembic_version SET version_num = '0000'",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_applications_role_can_change_neither_what_is_recorded_nor_its_guards(
    db: Database, clinic: make.Clinic, statement: str
) -> None:
    refusal = pytest.raises(sa.exc.DBAPIError, match=r"permission denied|must be (owner|superuser)")
    with refusal, db.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with db.transaction(clinic.id) as session:  # it may still add to it
        session.add(Patient(mrn=str(uuid7()), family_name="Kiss", given_name="Bence", search="kiss", content_hash=""))


def test_statements_past_a_session_are_made_where_clinics_are_not_the_question() -> None:
    """A session says for whom it acts; a bare connection does not, and would be shown nothing."""
    folder = Path(server.__file__).parent
    bare = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"\.(engine|reader)\.(connect|begin)\(", path.read_text())
    }
    assert bare == {
        *("backup/postgresql.py", "backup/service.py"),
        *("migrations/draft.py", "migrations/env.py", "migrations/roles.py", "migrations/upgrade.py"),
    }


@contextmanager
def without_the_first_wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No statement of the ORM names the clinic by itself, nor does the way by which single rows are found."""

    def found(model: Any, *, lock: bool) -> sa.Select[Any]:
        query = sa.select(model).where(model.id == sa.bindparam("record", type_=sa.Uuid()))
        return (query.with_for_update(of=model) if lock else query).execution_options(all_clinics=True)

    event.remove(Session, "do_orm_execute", server_db._tenant_wall)
    with monkeypatch.context() as patch:
        patch.setattr(server_db, "_finding", found)
        try:
            yield
        finally:
            event.listen(Session, "do_orm_execute", server_db._tenant_wall)


def lift(db: Database) -> None:
    """Take the second wall away, as its owner can."""
    with databases.as_owner(db) as owned, owned.engine.begin() as connection:
        for table in (*guards.WALLED_12, *guards.WALLED_13, *guards.WALLED_14, *guards.WALLED_15, *guards.WALLED_17, "clinics"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


def _administering(app: App, db: Database, of: make.Clinic) -> Api:
    """A surgeon who administers too: every route is open to her, in her own clinic."""
    return Api(app.test_client(), make.token(db, make.also(db, of.surgeon, Role.ADMIN)))


def test_each_wall_holds_alone(lonely_db: Database, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix of routes with one wall, then with the other. With none, it finds that the ids of others are known: it can fail."""
    app = create_app(config, lonely_db)
    riverside, hillside = make.clinic(lonely_db), make.clinic(lonely_db, name="Hillside Clinic")
    vera, ieva = (_administering(app, lonely_db, one) for one in (riverside, hillside))
    known = ids_of(stages.signed(ieva, hillside), hillside)
    with without_the_first_wall(monkeypatch):
        assert told_apart(app, vera, known) == []
        assert vera.get("/patients")["items"] == []
    lift(lonely_db)
    assert told_apart(app, vera, known) == []
    with without_the_first_wall(monkeypatch):
        assert "GET /patients/{patient_id}" in told_apart(app, vera, known)
        assert len(vera.get("/patients")["items"]) == 1
