"""What pages ask of the database beyond the features' services: reading only, joined and ordered for people."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ReminderState
from server import clock
from server.canonical import instant
from server.followup.models import Reminder, Visit
from server.patients.models import Patient
from server.problems import bad_cursor

Row = tuple[Reminder, Visit | None, Patient | None]
WAITING = (ReminderState.PENDING, ReminderState.CLAIMED, ReminderState.SENDING)


def _reminders() -> sa.Select[Reminder, Visit, Patient]:
    return (
        sa.select(Reminder, Visit, Patient)
        .outerjoin(Visit, sa.and_(Visit.clinic_id == Reminder.clinic_id, Visit.id == Reminder.visit_id))
        .outerjoin(Patient, sa.and_(Patient.clinic_id == Reminder.clinic_id, Patient.id == Reminder.patient_id))
    )


def reminders(session: Session, *, to_come: bool, after: Sequence[str] | None, limit: int) -> tuple[list[Row], tuple[str, str] | None]:
    """(rows, cursor parts or None): those still waiting, soonest first; or all whose time has come or that were settled, newest first."""
    still_to_come = sa.and_(Reminder.state.in_(WAITING), Reminder.due_at > clock.now())
    place = sa.tuple_(Reminder.due_at, Reminder.id)
    query = _reminders().limit(limit + 1)
    if to_come:
        query = query.where(still_to_come).order_by(Reminder.due_at, Reminder.id)
    else:
        query = query.where(~still_to_come).order_by(Reminder.due_at.desc(), Reminder.id.desc())
    if after:
        position = _position(after)
        query = query.where(place > position if to_come else place < position)
    found: list[Row] = [(one, visit, patient) for one, visit, patient in session.execute(query)]
    last = found[limit - 1][0] if len(found) > limit else None
    return found[:limit], (instant(last.due_at), str(last.id)) if last else None


def _position(after: Sequence[str]) -> tuple[datetime, uuid.UUID]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def reminder(session: Session, reminder_id: uuid.UUID) -> Row | None:
    """One reminder with its visit and patient, or None."""
    found = session.execute(_reminders().where(Reminder.id == reminder_id)).one_or_none()
    return (found[0], found[1], found[2]) if found else None
