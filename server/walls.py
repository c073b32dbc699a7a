"""The second tenant wall: a transaction tells PostgreSQL for whom it acts, and row level security shows it nothing else. None in SQLite."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler

_TELL = "SELECT set_config('app.clinic_id', %s, true), set_config('app.scope', %s, true)"
"""For this transaction only: a connection that goes back to the pool remembers nothing."""


@event.listens_for(Session, "after_begin")
def _begin(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    """Who says neither a clinic nor `everywhere` sees no clinic's rows."""
    if not transaction.nested:
        session.info["begun"] = transaction
        _tell(connection, session)


def _tell(connection: sa.Connection, session: Session) -> None:
    if connection.dialect.name == "postgresql":
        clinic_id, all_clinics = _said(session)
        connection.exec_driver_sql(_TELL, (str(clinic_id or ""), "system" if all_clinics else ""))


def _said(session: Session) -> tuple[uuid.UUID | None, bool]:
    return session.info.get("clinic_id"), session.info.get("everywhere", False)


def enter(session: Session, clinic_id: uuid.UUID | None, *, all_clinics: bool = False) -> None:
    """From here on the session acts for this clinic; `all_clinics`, which few may need, opens the second wall as `everywhere` does.

    Not for good within a savepoint: PostgreSQL forgets it when that is rolled back.
    """
    if _said(session) == (clinic_id, all_clinics):
        return
    if session.in_nested_transaction():
        session.connection()  # so that what was said before stands before the savepoint
    session.info.update(clinic_id=clinic_id, everywhere=all_clinics)
    if session.info.get("begun") is session.get_transaction() is not None:  # else it is told when it begins
        _tell(session.connection(), session)


class entering(sa.sql.functions.FunctionElement[str | None]):  # noqa: N801  reason: written like a function of SQL
    """A column of the one row that names the clinic: the statement itself then tells it, which spares the call of `enter`."""

    name, inherit_cache = "entering", True
    type: sa.types.TypeEngine[str | None] = sa.Text()  # type: ignore[assignment]  # reason: NULL where nothing is told


@compiles(entering)
def _nothing(_element: Any, _compiler: SQLCompiler, **_: Any) -> str:
    return "NULL"


@compiles(entering, "postgresql")
def _set(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    clinic_id = compiler.process(element.clauses, **kw)
    return f"set_config('app.clinic_id', CAST({clinic_id} AS text), true) || set_config('app.scope', '', true)"


def entered(session: Session, clinic_id: uuid.UUID) -> None:
    """As `enter`, where a statement with `entering` has just told PostgreSQL."""
    session.info.update(clinic_id=clinic_id, everywhere=False)


@contextmanager
def inside(session: Session, clinic_id: uuid.UUID | None, *, all_clinics: bool = False) -> Iterator[None]:
    """Act for this clinic for a while, then as before; unless the block has entered a clinic for good."""
    before, was_open = _said(session)
    enter(session, clinic_id, all_clinics=all_clinics)
    lost = False
    try:
        yield
    except sa.exc.DBAPIError:
        lost = True  # nothing more can be said in this transaction
        raise
    finally:
        if not lost and _said(session) == (clinic_id, all_clinics):
            enter(session, before, all_clinics=was_open)


_ROLE = sa.text(
    "SELECT rolsuper OR rolbypassrls, COALESCE(pg_has_role(relowner, 'MEMBER'), false) FROM pg_roles "
    "LEFT JOIN pg_class ON pg_class.oid = to_regclass('journal') WHERE rolname = current_user"
)


def weakness(session: Session) -> str | None:
    """Why the second wall holds less than it could, and what to do about it; None where it holds, and in SQLite, which has none."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    passes, owns = session.execute(_ROLE).one()
    if passes:
        return "DATABASE_URL's role passes row level security by: the second wall between clinics is down. Run `graftlog db setup`."
    if owns:
        return "DATABASE_URL's role owns the tables: it could lift the second wall and the journal's guards. Run `graftlog db setup`."
    return None


@contextmanager
def everywhere(session: Session) -> Iterator[None]:
    """Look at all clinics for a while, whatever the session's own is; a whole transaction: `database.transaction(everywhere=True)`.

    For what is asked before a clinic is known (a token, a code, a number) and for workers' and operators' looks over all. The first wall
    stays: statements of the ORM say `all_clinics` besides.
    """
    with inside(session, session.info.get("clinic_id"), all_clinics=True):
        yield
