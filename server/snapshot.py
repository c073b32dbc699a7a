"""One look at a clinic's whole record: everything that is asked inside stands as it was at one moment, however long the asking takes."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
def moment(db: Database, clinic_id: uuid.UUID) -> Iterator[Session]:
    """A session that reads only, and sees no commit made after its first statement. SQLite's readers are so by themselves."""
    with db.transaction(clinic_id, write=False) as session:
        if not db.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


@contextmanager
def snapshot(db: Database, clinic_id: uuid.UUID) -> Iterator[Session]:
    """The same, for walking through whole tables."""
    with moment(db, clinic_id) as session:
        if not db.is_sqlite:
            for statement in _FOR_LONG_LOOKS:
                session.connection().exec_driver_sql(statement)
        yield session


def head(session: Session) -> int:
    """The `seq` of the newest row in the clinic's journal: what this session sees is the record as of this row."""
    return session.connection().scalar(sa.select(_HEADS.c.seq).where(_HEADS.c.clinic_id == session.info["clinic_id"])) or 0
