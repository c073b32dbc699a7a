"""The life of a reminder between workers: claim, begin, finish; lapsed leases and what came too late. Every step asks state and token.

`claimed` and the lease are bookkeeping between workers: no document shows them (a claimed reminder reads as pending), so these
bulk updates pass the journal by. Everything a person could see, from `sending` on, is changed as an object and journaled.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState, ReminderState, VisitState
from server import clock
from server.clinics.models import Clinic
from server.followup.messages import Letter
from server.followup.models import IS_LEASED, IS_PENDING, Attempt, Outcome, Reminder, Visit
from server.ids import uuid7
from server.patients.models import Patient
from server.procedures.models import Procedure

MOST_EXPIRED_AT_ONCE = 200
MOST_ATTEMPTS = 8
CLAIM_LEASE = timedelta(seconds=60)
SEND_LEASE = timedelta(minutes=3)
"""Longer than any conversation with a mail server whose every step may take ten seconds."""
_FIRST_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=4)
_BOOKKEEPING = {"journaled": True, "synchronize_session": False}
_FOLLOWED = frozenset({ProcedureState.COMPLETED, ProcedureState.SIGNED})
_EXPECTED = frozenset({VisitState.PLANNED, VisitState.DUE, VisitState.BOOKED})
_dice = random.SystemRandom()


@dataclass(frozen=True)
class Result:
    """How a call ended; `error` is a class of error, `message_id` what the message was sent under."""

    outcome: Outcome
    error: str | None = None
    message_id: str | None = None


def clinics_with_work(session: Session) -> list[uuid.UUID]:
    """Clinics with a reminder to send or a lapsed lease to settle; the session needs no clinic. Two index probes when there are none."""
    now = clock.now()
    due = sa.select(Reminder.clinic_id).where(IS_PENDING, Reminder.due_at <= now, _not_waiting(now))
    lapsed = sa.select(Reminder.clinic_id).where(IS_LEASED, Reminder.lease_until <= now)
    return list(session.scalars(sa.union(due, lapsed), execution_options={"all_clinics": True}))


def _not_waiting(now: datetime) -> sa.ColumnElement[bool]:
    return Reminder.next_attempt_at.is_(None) | (Reminder.next_attempt_at <= now)


def claim_due(session: Session, *, limit: int) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """(token, ids) of due reminders of the session's clinic, oldest first, that are this caller's alone until the lease ends."""
    now, token = clock.now(), uuid.uuid4()
    due = (
        sa.select(Reminder.id)
        .where(IS_PENDING, Reminder.due_at <= now, Reminder.expires_at > now, _not_waiting(now))
        .order_by(Reminder.due_at, Reminder.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(due))
    if ids:
        leased = {"state": ReminderState.CLAIMED, "lease_until": now + CLAIM_LEASE, "lease_token": token}
        session.execute(sa.update(Reminder).where(Reminder.id.in_(ids), IS_PENDING).values(leased), execution_options=_BOOKKEEPING)
    return token, ids


def release(session: Session, token: uuid.UUID) -> None:
    """Give back what was claimed under `token` and not begun."""
    _unclaim(session, Reminder.lease_token == token)


def _unclaim(session: Session, where: sa.ColumnElement[bool]) -> None:
    mine = sa.select(Reminder.id).where(IS_LEASED, Reminder.state == ReminderState.CLAIMED, where).with_for_update(skip_locked=True)
    ids = list(session.scalars(mine))  # skipping what is locked, so this never waits for a person's change
    if ids:
        free = {"state": ReminderState.PENDING, "lease_until": None, "lease_token": None}
        session.execute(sa.update(Reminder).where(Reminder.id.in_(ids)).values(free), execution_options=_BOOKKEEPING)


def reap(session: Session) -> int:
    """Settle lapsed leases: claimed is pending again; sending is uncertain, because SMTP cannot be asked and must not send twice."""
    now = clock.now()
    _unclaim(session, Reminder.lease_until <= now)
    lapsed = (
        sa.select(Reminder)
        .where(IS_LEASED, Reminder.lease_until <= now, Reminder.state == ReminderState.SENDING)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(lapsed).all()
    for reminder in rows:
        _record(session, reminder, Result(Outcome.UNCERTAIN, "lease_lapsed"))
        _settle(reminder, ReminderState.UNCERTAIN, "worker_lost")
    return len(rows)


def expire(session: Session) -> int:
    """Late is late: what may no longer be said is not said."""
    now = clock.now()
    late = (
        sa.select(Reminder)
        .where(IS_PENDING, Reminder.due_at <= now, Reminder.expires_at <= now)
        .order_by(Reminder.due_at)
        .limit(MOST_EXPIRED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(late).all()
    for reminder in rows:
        _settle(reminder, ReminderState.EXPIRED, "too_late")
    return len(rows)


def begin(session: Session, reminder_id: uuid.UUID, token: uuid.UUID) -> Letter | ReminderState | None:
    """Check everything once more and say `sending`; commit before calling anybody. The final state where nothing may be sent.

    None when the lease is no longer ours.
    """
    reminder = _held(session, reminder_id, token, ReminderState.CLAIMED)
    if reminder is None:
        return None
    facts = _Facts.of(session, reminder)
    refusal = _refusal(reminder, facts)
    if refusal:
        _settle(reminder, *refusal)
        return refusal[0]
    now = clock.now()
    reminder.state, reminder.begun_at, reminder.lease_until = ReminderState.SENDING, now, now + SEND_LEASE
    reminder.attempts += 1
    return _letter(reminder, facts)


def _held(session: Session, reminder_id: uuid.UUID, token: uuid.UUID, *states: ReminderState) -> Reminder | None:
    query = sa.select(Reminder).where(Reminder.id == reminder_id, Reminder.lease_token == token, Reminder.state.in_(states))
    return session.scalar(query.with_for_update())


@dataclass(frozen=True)
class _Facts:
    clinic: Clinic
    patient: Patient
    procedure: Procedure
    visit: Visit

    @classmethod
    def of(cls, session: Session, reminder: Reminder) -> "_Facts":
        clinic_id = reminder.clinic_id
        return cls(
            clinic=session.get_one(Clinic, clinic_id),
            patient=session.get_one(Patient, (clinic_id, reminder.patient_id)),
            procedure=session.get_one(Procedure, (clinic_id, reminder.procedure_id)),
            visit=session.get_one(Visit, (clinic_id, reminder.visit_id)),
        )


def _refusal(reminder: Reminder, facts: _Facts) -> tuple[ReminderState, str] | None:
    """Why this may not be sent now."""
    if facts.procedure.state not in _FOLLOWED:
        return ReminderState.CANCELLED, f"procedure_{facts.procedure.state}"
    if facts.visit.state not in _EXPECTED:
        return ReminderState.CANCELLED, f"visit_{facts.visit.state}"
    if not facts.patient.reminder_consent:
        return ReminderState.SUPPRESSED, "no_consent"
    if not facts.patient.email:
        return ReminderState.SUPPRESSED, "no_address"
    if reminder.expires_at <= clock.now():
        return ReminderState.EXPIRED, "too_late"
    return None


def _letter(reminder: Reminder, facts: _Facts) -> Letter:
    zone = ZoneInfo(facts.clinic.time_zone)
    visit, patient = facts.visit, facts.patient
    return Letter(
        key=reminder.idempotency_key,
        clinic=facts.clinic.name,
        phone=facts.clinic.phone,
        address=patient.email or "",
        given_name=patient.given_name,
        family_name=patient.family_name,
        purpose=reminder.purpose,
        visit_on=visit.target_date,
        opens_on=visit.opens_on,
        closes_on=visit.closes_on,
        booked=visit.state == VisitState.BOOKED,
        booked_for=visit.booked_for.astimezone(zone) if visit.booked_for else None,
        written_at=clock.now().astimezone(zone),
    )


def finish(session: Session, reminder_id: uuid.UUID, token: uuid.UUID, result: Result) -> ReminderState | None:
    """Record how the call ended; None when the reminder is not ours. An answer later than the lease still settles the uncertain."""
    reminder = _held(session, reminder_id, token, ReminderState.SENDING, ReminderState.UNCERTAIN)
    if reminder is None:
        return None
    _record(session, reminder, result)
    if result.outcome == Outcome.ACCEPTED:
        reminder.sent_at, reminder.message_id = clock.now(), result.message_id
        _settle(reminder, ReminderState.ACCEPTED)
    elif result.outcome == Outcome.UNCERTAIN:
        _settle(reminder, ReminderState.UNCERTAIN, "no_answer")
    elif result.outcome == Outcome.REJECTED:
        _settle(reminder, ReminderState.DEAD, "rejected")
    elif reminder.attempts >= MOST_ATTEMPTS:
        _settle(reminder, ReminderState.DEAD, "too_many_attempts")
    else:
        reminder.next_attempt_at = clock.now() + _wait(reminder.attempts)
        _settle(reminder, ReminderState.PENDING)
    return reminder.state


def _record(session: Session, reminder: Reminder, result: Result) -> None:
    reminder.last_error = result.error
    session.add(
        Attempt(
            id=uuid7(),
            reminder_id=reminder.id,
            number=reminder.attempts,
            lease_token=reminder.lease_token,
            started_at=reminder.begun_at,
            ended_at=clock.now(),
            outcome=result.outcome,
            error=result.error,
        )
    )


def _settle(reminder: Reminder, state: ReminderState, reason: str | None = None) -> None:
    """Leave the engine's hands. An uncertain one keeps its token: the answer may still come."""
    reminder.state, reminder.reason, reminder.lease_until = state, reason, None
    if state != ReminderState.UNCERTAIN:
        reminder.lease_token = None


def _wait(attempts: int) -> timedelta:
    """2 min, 6 min, 18 min … 4 h, each a quarter more or less, so that not all come back at once; 8 attempts take half a day."""
    wait: timedelta = min(_FIRST_WAIT * 3 ** (attempts - 1), _LONGEST_WAIT)
    return wait * _dice.uniform(0.75, 1.25)
