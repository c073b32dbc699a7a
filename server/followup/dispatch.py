"""Sending what is due: claim, begin, call, finish. The row decides; whoever calls may be lost or doubled and nothing happens.

`claimed` and the lease are bookkeeping between workers: no document shows them (a claimed reminder reads as pending), so these
bulk updates pass the journal by. Everything a person could see, from `sending` on, is changed as an object and journaled.
"""

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState, ReminderState, VisitState
from server import clock
from server.clinics.models import Clinic
from server.config import Config
from server.db import Database
from server.followup import channels
from server.followup.messages import BadAddress, Letter, compose
from server.followup.models import IS_LEASED, IS_PENDING, Attempt, Outcome, Reminder, Visit
from server.ids import uuid7
from server.patients.models import Patient
from server.procedures.models import Procedure

log = logging.getLogger("graftlog.followup")

BATCH = 20
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


def run_due(
    db: Database,
    config: Config,
    *,
    limit: int = BATCH,
    clinic_id: uuid.UUID | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Counter[str]:
    """One round: at most `limit` reminders of every clinic that has some due, or of `clinic_id` alone. Counts by resulting state.

    `go_on` is asked before every message; what is then left over goes back to pending.
    """
    counts: Counter[str] = Counter()
    with db.transaction(write=False) as session:
        clinics = clinics_with_work(session)
    for one in clinics:
        if go_on() and clinic_id in {None, one}:
            counts += _run_clinic(db, config, one, limit, go_on)
    return counts


def _run_clinic(db: Database, config: Config, clinic_id: uuid.UUID, limit: int, go_on: Callable[[], bool]) -> Counter[str]:
    with db.transaction(clinic_id) as session:
        counts = Counter({ReminderState.UNCERTAIN.value: reap(session), ReminderState.EXPIRED.value: expire(session)})
        token, claimed = claim_due(session, limit=limit)
    for reminder_id in claimed:
        if not go_on():
            with db.transaction(clinic_id) as session:
                release(session, token)
            break
        with db.transaction(clinic_id) as session:
            letter = begin(session, reminder_id, token)
        if isinstance(letter, Letter):
            outcome, error = _send(letter, config, clinic_id, reminder_id)
            with db.transaction(clinic_id) as session:
                state = finish(session, reminder_id, token, outcome, error)
        else:
            state = letter
        if state:
            counts[state.value] += 1
    return +counts


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


def _unclaim(session: Session, *where: sa.ColumnElement[bool]) -> None:
    free = {"state": ReminderState.PENDING, "lease_until": None, "lease_token": None}
    query = sa.update(Reminder).where(Reminder.state == ReminderState.CLAIMED, *where).values(free)
    session.execute(query, execution_options=_BOOKKEEPING)


def reap(session: Session) -> int:
    """Settle lapsed leases: claimed is pending again; sending is uncertain, because SMTP cannot be asked and must not send twice."""
    now = clock.now()
    _unclaim(session, IS_LEASED, Reminder.lease_until <= now)
    lapsed = (
        sa.select(Reminder)
        .where(IS_LEASED, Reminder.lease_until <= now, Reminder.state == ReminderState.SENDING)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(lapsed).all()
    for reminder in rows:
        _record(session, reminder, Outcome.UNCERTAIN, "lease_lapsed")
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


def _send(letter: Letter, config: Config, clinic_id: uuid.UUID, reminder_id: uuid.UUID) -> tuple[Outcome, str | None]:
    """Outside any transaction. Whatever is not understood is uncertain, never repeated."""
    try:
        mail = compose(letter, config.mail_from)
    except BadAddress:
        return Outcome.REJECTED, "bad_address"
    except Exception as error:
        log.exception("reminder %s cannot be written", reminder_id)
        return Outcome.NOT_SENT, type(error).__name__
    try:
        channels.deliver(mail, config, clinic_id=clinic_id, reminder_id=reminder_id)
    except channels.NotSent as error:
        return _OUTCOMES[type(error)], error.error
    except Exception as error:
        log.exception("reminder %s: sending failed in an unknown way", reminder_id)
        return Outcome.UNCERTAIN, type(error).__name__
    return Outcome.ACCEPTED, None


_OUTCOMES = {
    channels.NotSent: Outcome.NOT_SENT,
    channels.Rejected: Outcome.REJECTED,
    channels.MaybeSent: Outcome.UNCERTAIN,
}


def finish(
    session: Session, reminder_id: uuid.UUID, token: uuid.UUID, outcome: Outcome, error: str | None = None
) -> ReminderState | None:
    """Record how the call ended; None when the reminder is not ours. An answer later than the lease still settles the uncertain."""
    reminder = _held(session, reminder_id, token, ReminderState.SENDING, ReminderState.UNCERTAIN)
    if reminder is None:
        return None
    _record(session, reminder, outcome, error)
    if outcome == Outcome.ACCEPTED:
        reminder.sent_at = clock.now()
        _settle(reminder, ReminderState.ACCEPTED)
    elif outcome == Outcome.UNCERTAIN:
        _settle(reminder, ReminderState.UNCERTAIN, "no_answer")
    elif outcome == Outcome.REJECTED:
        _settle(reminder, ReminderState.DEAD, "rejected")
    elif reminder.attempts >= MOST_ATTEMPTS:
        _settle(reminder, ReminderState.DEAD, "too_many_attempts")
    else:
        reminder.next_attempt_at = clock.now() + _wait(reminder.attempts)
        _settle(reminder, ReminderState.PENDING)
    return reminder.state


def _record(session: Session, reminder: Reminder, outcome: Outcome, error: str | None) -> None:
    reminder.last_error = error
    session.add(
        Attempt(
            id=uuid7(),
            reminder_id=reminder.id,
            number=reminder.attempts,
            lease_token=reminder.lease_token,
            started_at=reminder.begun_at,
            ended_at=clock.now(),
            outcome=outcome,
            error=error,
        )
    )


def _settle(reminder: Reminder, state: ReminderState, reason: str | None = None) -> None:
    """Leave the engine's hands. An uncertain one keeps its token: the answer may still come."""
    reminder.state, reminder.reason, reminder.lease_until = state, reason, None
    if state != ReminderState.UNCERTAIN:
        reminder.lease_token = None


def _wait(attempts: int) -> timedelta:
    """2 min, 6 min, 18 min … 4 h, each a quarter more or less, so that not all come back at once; 8 attempts take half a day."""
    return min(_FIRST_WAIT * 3 ** (attempts - 1), _LONGEST_WAIT) * _dice.uniform(0.75, 1.25)
