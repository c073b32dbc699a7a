"""The journal for people: its newest rows first, by collection, person and record."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.journal.models import JournalRow


@dataclass(frozen=True)
class Wanted:
    """Which rows; None: of any."""

    collection: str | None = None
    actor_id: uuid.UUID | None = None
    record_id: uuid.UUID | None = None


def newest_first(session: Session, wanted: Wanted, *, before: int | None, limit: int) -> Sequence[JournalRow]:
    """Up to `limit` rows of the session's clinic that were written before the row `before`."""
    query = sa.select(JournalRow).where(JournalRow.clinic_id == session.info["clinic_id"])
    named = ((JournalRow.collection, wanted.collection), (JournalRow.actor_id, wanted.actor_id), (JournalRow.record_id, wanted.record_id))
    for column, value in named:
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(JournalRow.seq < before)
    return session.scalars(query.order_by(JournalRow.seq.desc()).limit(limit)).all()
