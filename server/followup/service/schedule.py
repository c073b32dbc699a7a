"""Keeping visits and messages what they should be: every fact that changes them calls `replan` in its own transaction."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.clinics import service as clinics
from server.db import find
from server.followup import comparison
from server.followup.comparison import ALREADY_TOLD, FALLBACK, LADDER, NO_CONSENT, SUPERSEDED, WAITING, Facts
from server.followup.models import PATIENT, Reminder, Visit, to_patient
from server.followup.planning import Message, PlannedVisit
from server.followup.protocol import Protocol
from server.followup.service import protocols, redness
from server.followup.service.reach import best_channel, zone_of
from server.ids import uuid7
from server.journal.service import say
from server.patients import changes as patient_changes
from server.patients.models import Patient
from server.procedures import changes as procedure_changes
from server.procedures.models import Procedure

FOLLOWED = frozenset({ProcedureState.COMPLETED, ProcedureState.SIGNED})
_KEYS = uuid.UUID("5b0c0c66-9a0d-5f5e-9d67-0d3b5c1f7a10")


def replan(session: Session, procedure: Procedure, protocol: Protocol | None = None) -> int:
    """Make a procedure's visits and unsent messages what its facts say; how many rows that took. What was sent stays as history.

    `protocol` moves it to another version; otherwise the one that it was scheduled under stays.
    """
    patient = _lock_patient(session, procedure.patient_id)
    visits = visits_of(session, procedure.id, lock=True)
    facts = facts_of(session, procedure, patient, visits, protocol)
    steps, refused = comparison.wanted(facts)
    by_step = comparison.newest_of_each_step(visits)
    stored = _by_visit(_locked(session, Reminder.procedure_id == procedure.id) if visits else [])
    fresh = {step: _made(session, procedure, planned, facts) for step, planned in steps.items() if step not in by_step}
    standing = {step: visit for step, visit in by_step.items() if step in steps}
    changed = len(fresh) + sum(_settle_visit(visit, steps[step], facts) for step, visit in standing.items())
    session.flush()  # the messages' foreign key needs the visits
    for visit in fresh.values():
        changed += sync_messages(session, visit, [], patient, facts, fresh=True)
    for visit in standing.values():
        changed += sync_messages(session, visit, stored[visit.id], patient, facts)
    for step, visit in by_step.items():
        if step not in steps and comparison.may_move(visit):
            visit.state, visit.reason = VisitState.CANCELLED, refused.get(step) or facts.unfollowed or comparison.NOT_IN_PROTOCOL
            changed += 1 + _silence(session, stored[visit.id], visit.reason)
        elif facts.unfollowed:
            changed += _silence(session, stored[visit.id], facts.unfollowed)
    session.flush()
    return changed


def _lock_patient(session: Session, patient_id: uuid.UUID) -> Patient:
    """One at a time for each patient: corrections of two procedures would each plan without the other."""
    patient = find(session, Patient, patient_id, lock=True)
    if patient is None:
        raise LookupError("a procedure without its patient")
    return patient


def facts_of(session: Session, procedure: Procedure, patient: Patient, visits: Sequence[Visit], protocol: Protocol | None = None) -> Facts:
    """Everything that the follow-up of a procedure follows from, as it stands in this transaction."""
    clinic = clinics.zone_of(session)
    known = max((visit.protocol_version for visit in visits), key=_age, default=None)  # cancelled ones too: they come back as planned
    later = session.scalar(
        sa.select(sa.func.min(Procedure.ended_at)).where(
            Procedure.patient_id == patient.id,
            Procedure.id != procedure.id,
            Procedure.state.in_(FOLLOWED),
            Procedure.ended_at > procedure.ended_at,
        )
    )
    standing = protocol or (protocols.of_version(session, known) if known else protocols.in_force(session))
    return facts_from(patient, standing, clinic, state=procedure.state, ended_at=procedure.ended_at, later=later)


def facts_from(
    patient: Patient, protocol: Protocol, clinic: ZoneInfo, *, state: ProcedureState, ended_at: datetime | None, later: datetime | None
) -> Facts:
    """The same from what is known already; `later` is when the patient's next procedure ended."""
    return Facts(
        ended_on=ended_at.astimezone(clinic).date() if ended_at else None,
        protocol=protocol,
        clinic=clinic,
        patient=zone_of(patient, clinic),
        unfollowed="patient_died" if patient.died_on else None if state in FOLLOWED else f"procedure_{state}",
        retreated_on=later.astimezone(clinic).date() if later else None,
        consent=patient.reminder_consent,
    )


def _age(version: str) -> int:
    """Versions count up from the built-in one; the newest that a follow-up was moved to is its own."""
    return int(version) if version.isdigit() else 0


def _made(session: Session, procedure: Procedure, planned: PlannedVisit, facts: Facts) -> Visit:
    visit = Visit(
        id=uuid7(),
        clinic_id=procedure.clinic_id,
        procedure_id=procedure.id,
        patient_id=procedure.patient_id,
        step=planned.step,
        title=planned.title,
        kind=planned.kind,
        protocol_version=facts.protocol.version,
        target_date=planned.target_date,
        opens_on=planned.opens_on,
        closes_on=planned.closes_on,
        state=VisitState.PLANNED,
        generation=1,
    )
    session.add(visit)
    return visit


def _settle_visit(visit: Visit, planned: PlannedVisit, facts: Facts) -> int:
    """Move a standing visit, or bring a cancelled one back; 1 when that changed it."""
    change = comparison.change_of(visit, planned, facts, clock.now().astimezone(facts.clinic).date())
    for name, value in change.items():
        setattr(visit, name, value)
    return int(bool(change))


def sync_messages(
    session: Session,
    visit: Visit,
    stored: Sequence[Reminder],
    patient: Patient,
    facts: Facts,
    *,
    fresh: bool = False,
    reason: str = SUPERSEDED,
) -> int:
    """Make a visit's unsent messages what they should be: a new generation where anything differs. How many rows that took.

    `stored` are all messages of the visit, locked. The caller flushes.
    """
    todo = comparison.difference(visit, stored, facts, clock.now(), fresh=fresh)
    for row in todo.drop:
        _drop(session, row, NO_CONSENT if not facts.consent else reason)  # type: ignore[arg-type]  # reason: the rows are Reminders
    channel = best_channel(patient, facts.protocol.channels)
    moved = _rechannel(visit, [row for row in stored if row.state in WAITING and row.channel != channel], channel)
    if not todo:
        return moved
    if not fresh:
        visit.generation += 1
    session.add_all(_reminder(visit, one, channel, facts) for one in todo.add)
    for one in todo.told:
        told = _reminder(visit, one, channel, facts)
        told.state, told.reason = ReminderState.SUPPRESSED, ALREADY_TOLD
        session.add(told)
    return len(todo.add) + len(todo.told) + len(todo.drop) + moved


def _rechannel(visit: Visit, rows: Sequence[Reminder], channel: Channel) -> int:
    """Unsent messages follow a new address or wish; one that is already the second way after a failed one stays."""
    changed = [row for row in rows if row.purpose in LADDER and row.reason != FALLBACK]
    for row in changed:
        row.channel = channel
        row.idempotency_key = key_of(visit, row.purpose, row.rung, channel, row.generation)
        row.lease_until = row.lease_token = None
        row.state = ReminderState.PENDING
    return len(changed)


def _drop(session: Session, reminder: Reminder, reason: str) -> None:
    reminder.state = ReminderState.SUPPRESSED if reason == NO_CONSENT else ReminderState.CANCELLED
    reminder.reason = reason
    reminder.lease_until = reminder.lease_token = None  # a worker that has claimed it finds its token gone
    say(session, reminder, "suppress" if reason == NO_CONSENT else "cancel")


def messages_about(session: Session, visit_id: uuid.UUID) -> list[Reminder]:
    """All messages of a visit, locked."""
    return _locked(session, Reminder.visit_id == visit_id)


def _locked(session: Session, where: sa.ColumnElement[bool]) -> list[Reminder]:
    """In the order of their ids, which is the order in which everybody locks them."""
    query = sa.select(Reminder).where(where).order_by(Reminder.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _by_visit(reminders: Iterable[Reminder]) -> dict[uuid.UUID | None, list[Reminder]]:
    found: dict[uuid.UUID | None, list[Reminder]] = defaultdict(list)
    for one in reminders:
        found[one.visit_id].append(one)
    return found


def _reminder(visit: Visit, planned: Message, channel: Channel, facts: Facts) -> Reminder:
    about = comparison.about(visit, facts.clinic)
    return Reminder(
        **to_patient(visit),
        id=uuid7(),
        rung=planned.rung,
        purpose=planned.purpose,
        channel=channel,
        generation=visit.generation,
        about_on=about,
        idempotency_key=key_of(visit, planned.purpose, planned.rung, channel, visit.generation),
        state=ReminderState.PENDING,
        wall=planned.wall,
        zone=planned.zone,
        due_at=planned.due_at,
        next_at=max(planned.due_at, clock.now()),  # nobody is late with what was only just written down
        expires_at=planned.expires_at,
    )


def key_of(visit: Visit, purpose: str, rung: int, channel: Channel, generation: int) -> uuid.UUID:
    """The same message always has the same key, so planning twice cannot store it twice, nor a provider take it twice."""
    parts = (visit.clinic_id, visit.procedure_id, visit.step, purpose, rung, PATIENT, channel, generation)
    return uuid.uuid5(_KEYS, "|".join(str(part) for part in parts))


def _silence(session: Session, stored: Iterable[Reminder], reason: str) -> int:
    """Cancel all that waits about a visit, the chases of one that a person has marked missed, too; how many those are."""
    waiting = [one for one in stored if one.state in WAITING]
    for reminder in waiting:
        _drop(session, reminder, reason)
    return len(waiting)


def visits_of(session: Session, procedure_id: uuid.UUID, *, lock: bool = False) -> list[Visit]:
    """A procedure's visits and check-ins by date, cancelled ones included."""
    query = sa.select(Visit).where(Visit.procedure_id == procedure_id).order_by(Visit.target_date, Visit.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))


def replan_patient(session: Session, patient: Patient) -> int:
    """Replan all procedures of a patient that have or should have a follow-up; how many rows that took."""
    query = sa.select(Procedure).where(Procedure.patient_id == patient.id, Procedure.ended_at.is_not(None)).order_by(Procedure.ended_at)
    return sum(replan(session, one) for one in _with_follow_up(session, session.scalars(query).all()))


def _with_follow_up(session: Session, procedures: Sequence[Procedure]) -> Iterable[Procedure]:
    known = set(session.scalars(sa.select(Visit.procedure_id).where(Visit.procedure_id.in_([one.id for one in procedures]))))
    return (one for one in procedures if one.state in FOLLOWED or one.id in known)


def _procedure_changed(session: Session, procedure: Procedure, before: ProcedureState) -> None:
    """Planned again with its neighbours: a re-treatment ends an earlier follow-up, and its withdrawal brings that back."""
    if procedure.ended_at is None:
        return
    if procedure.state in FOLLOWED and before not in FOLLOWED:
        protocols.keep_in_force(session)  # before its patient is locked, which is the order of a change of the protocol
    patient = _lock_patient(session, procedure.patient_id)
    replan_patient(session, patient)
    redness.recount(session, procedure)


def _patient_changed(session: Session, patient: Patient) -> None:
    replan_patient(session, patient)


if _procedure_changed not in procedure_changes.listeners:
    procedure_changes.listeners.append(_procedure_changed)
    patient_changes.listeners.append(_patient_changed)
