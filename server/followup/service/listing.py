"""Finding visits and messages, by page."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ReminderState, VisitKind, VisitState
from server.db import table_of
from server.followup.models import Reminder, Visit
from server.problems import bad_cursor

When = TypeVar("When", date, datetime)
NOT_YET = (ReminderState.PENDING, ReminderState.CLAIMED, ReminderState.SENDING)
"""What reads as pending."""


def find_visits(
    session: Session, *, state: VisitState | None, due_before: date | None, after: Sequence[str] | None, limit: int
) -> list[Visit]:
    """Up to `limit` visits of the clinic by target date; `due_before` itself is not included."""
    query = sa.select(Visit).order_by(Visit.target_date, Visit.id).limit(limit)
    if state:
        query = query.where(Visit.state == state)
    if due_before:
        query = query.where(Visit.target_date < due_before)
    if after:
        query = query.where(sa.tuple_(Visit.target_date, Visit.id) > position(after, date.fromisoformat))
    return list(session.scalars(query))


def find_reminders(
    session: Session, *, state: ReminderState | None, visit_id: uuid.UUID | None, after: Sequence[str] | None, limit: int
) -> list[Reminder]:
    """Up to `limit` messages of the clinic by due time."""
    query = sa.select(Reminder).order_by(Reminder.due_at, Reminder.id).limit(limit)
    if state:
        query = query.where(Reminder.state.in_(NOT_YET) if state == ReminderState.PENDING else Reminder.state == state)
    if visit_id:
        query = query.where(Reminder.visit_id == visit_id)
    if after:
        query = query.where(sa.tuple_(Reminder.due_at, Reminder.id) > position(after, aware))
    return list(session.scalars(query))


class Brief(NamedTuple):
    """Of a visit what a list shows."""

    id: uuid.UUID
    procedure_id: uuid.UUID
    step: str
    title: str
    state: VisitState
    opens_on: date
    closes_on: date
    booked_for: datetime | None


_BRIEF = [table_of(Visit).c[name] for name in Brief._fields]


def visits_of_many(session: Session, procedure_ids: Sequence[uuid.UUID]) -> list[Brief]:
    """Visits in person of some procedures, a repeated step after what it repeats."""
    query = sa.select(*_BRIEF).where(
        Visit.clinic_id == session.info["clinic_id"], Visit.procedure_id.in_(procedure_ids), Visit.kind == VisitKind.VISIT
    )
    rows = session.connection().execute(query.order_by(Visit.target_date, Visit.generation))
    return [Brief(*row) for row in rows]


def reminders_of(session: Session, procedure_id: uuid.UUID, limit: int) -> Sequence[Reminder]:
    """Up to `limit` messages about the visits of one procedure, by due time."""
    query = sa.select(Reminder).where(Reminder.procedure_id == procedure_id, Reminder.visit_id.is_not(None))
    return session.scalars(query.order_by(Reminder.due_at, Reminder.id).limit(limit)).all()


def reminded(session: Session, procedure_ids: Sequence[uuid.UUID], states: Sequence[ReminderState]) -> frozenset[uuid.UUID]:
    """Which visits of these procedures have a message in one of these states."""
    query = sa.select(Reminder.visit_id).where(Reminder.procedure_id.in_(procedure_ids), Reminder.state.in_(states))
    return frozenset(found for found in session.scalars(query.distinct()) if found)


def position(after: Sequence[str], read: Callable[[str], When]) -> tuple[When, uuid.UUID]:
    """What a cursor's two parts say. Raises 422 for anything else."""
    try:
        return read(after[0]), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def aware(text: str) -> datetime:
    """An instant in UTC. Raises ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment.astimezone(UTC)
