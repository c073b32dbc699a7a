"""Writing what became of many messages at once: rows, attempts and journal in a handful of statements, without building objects."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ReminderState
from server import clock
from server.db import insert_many, table_of, update_many
from server.followup.models import Attempt, Outcome, Reminder
from server.followup.models.visits import reminder_document
from server.ids import uuid7
from server.journal import service as journal

R = table_of(Reminder)
_SETTLED = (
    "state",
    "reason",
    "next_at",
    "attempts",
    "last_error",
    "sent_at",
    "message_id",
    "lease_until",
    "lease_token",
    "write_id",
    "updated_at",
)
Row = sa.RowMapping


@dataclass(frozen=True)
class Settled:
    """What a message becomes: `changes` of columns among those that the engine may change, and the word for the journal."""

    row: Row
    state: ReminderState
    action: str
    reason: str | None = None
    changes: Mapping[str, Any] | None = None


def held(session: Session, ids: Sequence[uuid.UUID], token: uuid.UUID, *states: ReminderState) -> list[Row]:
    """Those of the messages that are still ours, locked in the order of their ids."""
    query = (
        sa.select(R)
        .where(R.c.clinic_id == session.info["clinic_id"], R.c.id.in_(ids), R.c.lease_token == token, R.c.state.in_(states))
        .order_by(R.c.id)
        .with_for_update()
    )
    return list(session.connection().execute(query).mappings())


def settle(session: Session, settled: Sequence[Settled]) -> None:
    """Write the new states and journal those whose document has changed. The lease ends; an uncertain one keeps its token."""
    if not settled:
        return
    now = clock.now()
    rows, documents = [], []
    for one in settled:
        row = dict(one.row) | {"state": one.state, "reason": one.reason, "lease_until": None, **(one.changes or {})}
        if one.state != ReminderState.UNCERTAIN:
            row["lease_token"] = None
        row["write_id"], row["updated_at"] = uuid7(), now
        rows.append(row)
        documents.append((row["id"], row["write_id"], reminder_document(row), one.action))
    update_many(session, R, rows, _SETTLED)
    journal.changed(session, Reminder, documents)


def postpone(session: Session, later: Sequence[tuple[Row, datetime]]) -> None:
    """Look at these again at their moment. Bookkeeping: the promise itself does not move."""
    free = {"state": ReminderState.PENDING, "lease_until": None, "lease_token": None}
    if later:
        rows = [{"clinic_id": row["clinic_id"], "id": row["id"], "next_at": moment} | free for row, moment in later]
        update_many(session, R, rows, ("next_at", *free))


def attempts(session: Session, rows: Iterable[tuple[Row, Outcome, str | None, str | None]]) -> None:
    """Append one attempt for each (message, outcome, error, provider's id)."""
    now = clock.now()
    made = [_attempt(row, outcome, error, message_id, now) for row, outcome, error, message_id in rows]
    if made:
        insert_many(session, table_of(Attempt), made)


def _attempt(row: Row, outcome: Outcome, error: str | None, message_id: str | None, now: datetime) -> dict[str, Any]:
    return {
        "clinic_id": row["clinic_id"],
        "id": uuid7(),
        "reminder_id": row["id"],
        "number": row["attempts"],
        "lease_token": row["lease_token"],
        "started_at": row["begun_at"],
        "ended_at": now,
        "outcome": outcome,
        "error": error,
        "message_id": message_id,
    }
