"""Visits and reminders as people see them: scheduled with the procedure, cancelled with it, marked, listed."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.clinics import service as clinics
from server.followup.models import PATIENT, Reminder, Visit
from server.followup.protocol import PROTOCOL_VERSION, Message, PlannedVisit, Purpose, message, visits_for
from server.ids import uuid7
from server.problems import Problem, bad_cursor, invalid
from server.procedures import changes
from server.procedures.models import Procedure

When = TypeVar("When", date, datetime)
OPEN_VISITS = frozenset({VisitState.PLANNED, VisitState.DUE, VisitState.BOOKED})
UNSENT = (ReminderState.PENDING, ReminderState.CLAIMED)
WITHOUT_FOLLOW_UP = frozenset({ProcedureState.CANCELLED, ProcedureState.ABANDONED, ProcedureState.ENTERED_IN_ERROR})
_KEYS = uuid.UUID("5b0c0c66-9a0d-5f5e-9d67-0d3b5c1f7a10")
_BY_A_MARK = tuple(f"visit_{state}" for state in (VisitState.ATTENDED, VisitState.MISSED, VisitState.DECLINED))


def schedule_follow_up(session: Session, procedure: Procedure) -> list[Visit]:
    """The visits of a completed procedure with their reminders, in the caller's transaction. Called again it changes nothing."""
    if procedure.ended_at is None:
        raise ValueError("a procedure without an end has no follow-up")
    known = visits_of(session, procedure.id)
    standing = [visit for visit in known if visit.state != VisitState.CANCELLED]
    if standing:
        return standing
    generation = max((visit.generation for visit in known), default=0) + 1
    planned = visits_for(procedure.ended_at, clinics.zone_of(session))
    visits = [_visit(procedure, one, generation) for one in planned]
    session.add_all(visits)
    session.flush()  # the reminders' foreign keys need the visits
    for visit, one in zip(visits, planned, strict=True):
        session.add_all(_reminder(visit, each) for each in one.messages)
    session.flush()
    return visits


def _visit(procedure: Procedure, planned: PlannedVisit, generation: int) -> Visit:
    return Visit(
        id=uuid7(),
        clinic_id=procedure.clinic_id,
        procedure_id=procedure.id,
        patient_id=procedure.patient_id,
        step=planned.step,
        protocol_version=PROTOCOL_VERSION,
        target_date=planned.target_date,
        opens_on=planned.opens_on,
        closes_on=planned.closes_on,
        state=VisitState.PLANNED,
        generation=generation,
    )


def _reminder(visit: Visit, planned: Message) -> Reminder:
    reminder = Reminder(
        id=uuid7(),
        clinic_id=visit.clinic_id,
        visit_id=visit.id,
        procedure_id=visit.procedure_id,
        patient_id=visit.patient_id,
        rung=planned.rung,
        purpose=planned.purpose,
        recipient=PATIENT,
        channel=Channel.EMAIL,
        generation=visit.generation,
        idempotency_key=_key(visit, planned.rung, Channel.EMAIL),
        state=ReminderState.PENDING,
    )
    _set_time(reminder, planned)
    return reminder


def _key(visit: Visit, rung: int, channel: Channel) -> uuid.UUID:
    """The same message always has the same key, so planning twice cannot store it twice, nor a provider take it twice."""
    parts = (visit.clinic_id, visit.procedure_id, visit.step, rung, PATIENT, channel, visit.generation)
    return uuid.uuid5(_KEYS, "|".join(str(part) for part in parts))


def _set_time(reminder: Reminder, planned: Message) -> None:
    reminder.wall, reminder.zone = planned.wall, planned.zone
    reminder.due_at, reminder.expires_at = planned.due_at, planned.expires_at


def cancel_follow_up(session: Session, procedure: Procedure, reason: str) -> None:
    """Cancel a procedure's open visits and unsent reminders; what was sent or attended stays as history."""
    for visit in visits_of(session, procedure.id, lock=True):
        if visit.state in OPEN_VISITS:
            visit.state = VisitState.CANCELLED
    _cancel(_locked(session, Reminder.procedure_id == procedure.id, Reminder.state.in_(UNSENT)), reason)
    session.flush()


def _locked(session: Session, *where: sa.ColumnElement[bool]) -> Sequence[Reminder]:
    query = sa.select(Reminder).where(*where).order_by(Reminder.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def _cancel(reminders: Sequence[Reminder], reason: str) -> None:
    for reminder in reminders:
        reminder.state, reminder.reason = ReminderState.CANCELLED, reason
        reminder.lease_until = reminder.lease_token = None  # a worker that has claimed it finds its token gone


def mark_visit(session: Session, visit: Visit, state: VisitState, *, booked_for: datetime | None = None) -> Visit:
    """What a person says about a visit, corrections included. Raises `conflict` for a cancelled visit, 422 for a time without booking.

    Marked attended, missed or declined, its unsent reminders are cancelled; booked, they follow the time agreed on.
    """
    if visit.state == VisitState.CANCELLED:
        raise Problem("conflict", "This visit was cancelled together with its procedure.")
    if booked_for and state != VisitState.BOOKED:
        raise invalid("/booked_for", "Only with state booked.")
    if state == VisitState.BOOKED:
        visit.booked_for = booked_for or (visit.booked_for if visit.state == VisitState.BOOKED else None)
        _follow_booking(session, visit, clinics.zone_of(session))
    else:
        _cancel(_locked(session, Reminder.visit_id == visit.id, Reminder.state.in_(UNSENT)), f"visit_{state}")
    visit.state = state
    session.flush()
    return visit


def _follow_booking(session: Session, visit: Visit, zone: ZoneInfo) -> None:
    """Nobody is asked to book any more; what is still to come moves to the booked day, also if a wrong mark had cancelled it."""
    unsent = Reminder.state.in_(UNSENT) | ((Reminder.state == ReminderState.CANCELLED) & Reminder.reason.in_(_BY_A_MARK))
    reminders = _locked(session, Reminder.visit_id == visit.id, unsent)
    _cancel([one for one in reminders if one.purpose == Purpose.BOOK], f"visit_{VisitState.BOOKED}")
    day = visit.booked_for.astimezone(zone).date() if visit.booked_for else visit.target_date
    for reminder in reminders:
        planned = message(day, reminder.rung, reminder.purpose, zone)
        if reminder.purpose == Purpose.NEAR and planned.expires_at > clock.now():
            _set_time(reminder, planned)
            if visit.booked_for:
                reminder.expires_at = min(reminder.expires_at, visit.booked_for)
            reminder.state, reminder.reason = ReminderState.PENDING, None
            reminder.lease_until = reminder.lease_token = reminder.next_attempt_at = None
        elif reminder.purpose == Purpose.NEAR:
            _cancel([reminder], f"visit_{VisitState.BOOKED}")


def visits_of(session: Session, procedure_id: uuid.UUID, *, lock: bool = False) -> list[Visit]:
    """A procedure's visits by date, cancelled ones included."""
    query = sa.select(Visit).where(Visit.procedure_id == procedure_id).order_by(Visit.target_date, Visit.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))


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
        query = query.where(sa.tuple_(Visit.target_date, Visit.id) > _position(after, date.fromisoformat))
    return list(session.scalars(query))


def find_reminders(
    session: Session, *, state: ReminderState | None, visit_id: uuid.UUID | None, after: Sequence[str] | None, limit: int
) -> list[Reminder]:
    """Up to `limit` reminders of the clinic by due time."""
    query = sa.select(Reminder).order_by(Reminder.due_at, Reminder.id).limit(limit)
    if state:
        query = query.where(Reminder.state.in_(UNSENT) if state == ReminderState.PENDING else Reminder.state == state)
    if visit_id:
        query = query.where(Reminder.visit_id == visit_id)
    if after:
        query = query.where(sa.tuple_(Reminder.due_at, Reminder.id) > _position(after, _aware))
    return list(session.scalars(query))


def _position(after: Sequence[str], read: Callable[[str], When]) -> tuple[When, uuid.UUID]:
    try:
        return read(after[0]), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment.astimezone(UTC)


def _procedure_changed(session: Session, procedure: Procedure, _before: ProcedureState) -> None:
    if procedure.state == ProcedureState.COMPLETED:
        schedule_follow_up(session, procedure)
    elif procedure.state in WITHOUT_FOLLOW_UP:
        cancel_follow_up(session, procedure, f"procedure_{procedure.state}")


if _procedure_changed not in changes.listeners:
    changes.listeners.append(_procedure_changed)
