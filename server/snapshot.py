"""One look at a clinic's whole record: everything that is asked inside stands as it was at one moment, however long the asking takes."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from server.db import Database, table_of
from server.journal.models import JournalHead

_HEADS = table_of(JournalHead)
_FOR_LONG_LOOKS = (
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL jit = off",
    "SET LOCAL enable_nestloop = off",
    "SET LOCAL enable_sort = off",
)
"""A look over everything sorts and joins more than a request does, and compiling its statements takes longer than they do. Where statistics
are old or missing, a loop within a loop over a whole clinic would take hours; a hash of it takes a second at worst. How many groups an
expression makes PostgreSQL cannot know: it fears one for each row and sorts them all, where they are a few dozen."""


@contextmanager
def snapshot(db: Database, clinic_id: uuid.UUID) -> Iterator[Session]:
    """A session that reads only, and sees no commit made after its first statement. SQLite's readers are so by themselves."""
    with several(db, clinic_id, 1) as sessions:
        yield sessions[0]


@contextmanager
def several(db: Database, clinic_id: uuid.UUID, number: int) -> Iterator[list[Session]]:
    """So many such sessions that all see the same moment, to ask several things at once. Of SQLite one: it lends its moment to nobody."""
    with ExitStack() as open_ones:
        first = open_ones.enter_context(_reader(db, clinic_id))
        sessions = [first]
        if number > 1 and not db.is_sqlite:
            moment = first.connection().exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            sessions += [open_ones.enter_context(_reader(db, clinic_id, moment)) for _ in range(number - 1)]
        yield sessions


@contextmanager
def _reader(db: Database, clinic_id: uuid.UUID, moment: str | None = None) -> Iterator[Session]:
    with db.transaction(clinic_id, write=False, moment=moment) as session:
        if not db.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            for statement in _FOR_LONG_LOOKS:
                session.connection().exec_driver_sql(statement)
        yield session


@event.listens_for(Session, "after_begin", insert=True)
def _look_at_the_same(session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
    """PostgreSQL lets a moment be chosen only before the first statement: before the wall is told for whom this is."""
    if (moment := session.info.get("moment")) is not None:
        connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{moment}'")


def head(session: Session) -> int:
    """The `seq` of the newest row in the clinic's journal: what this session sees is the record as of this row."""
    return session.connection().scalar(sa.select(_HEADS.c.seq).where(_HEADS.c.clinic_id == session.info["clinic_id"])) or 0
