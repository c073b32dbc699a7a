"""The work list: every patient for whom a message is not enough, once in each section, with what is known and what to do."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from schemas.vocabulary import AlertKind, ReminderState, VisitKind, VisitState
from schemas.work import WorkKind
from server import clock
from server.canonical import instant
from server.clinics import service as clinics
from server.clinics.models import User
from server.followup.models import Alert, Call, Reminder, Visit
from server.followup.service.alarms import URGENT
from server.followup.service.alerts import WISHES
from server.followup.service.listing import NOT_YET, position
from server.patients.models import Patient
from server.problems import bad_cursor

ALL = "all"
SHOWS = (ALL, *WorkKind)
DUE_WITHIN = timedelta(days=7)
"""A visit whose window is open stands on the list when its day is at most this far away: until then the messages do the work."""
RECORDED_WITHIN = timedelta(days=1)
"""So long after the time agreed on somebody should have said whether the patient came."""
_ALERTS = {
    WorkKind.RED_FLAG: (AlertKind.RED_FLAG,),
    WorkKind.CONCERNING: (AlertKind.CONCERNING_ANSWER,),
    WorkKind.ASKING: WISHES,
    WorkKind.BAD_CONTACT: (AlertKind.BAD_CONTACT,),
}
_NOBODY_KNOWS = (ReminderState.EXPIRED, ReminderState.UNCERTAIN)
_ARRIVED = (ReminderState.ACCEPTED, ReminderState.DELIVERED)
_NOT_COME_YET = (VisitState.PLANNED, VisitState.CANCELLED)


@dataclass(frozen=True)
class Item:
    """One row of the list. `visit` is None for an alert about a patient in general; days late count from the end of the window."""

    kind: WorkKind
    patient: Patient
    visit: Visit | None
    alert: Alert | None
    days_late: int
    last_contact: Reminder | None = None
    last_call: Call | None = None
    caller: str | None = None
    taken_by: str | None = None
    """Name of who has said to be on the alert."""

    def document(self) -> dict[str, Any]:
        """Wire form."""
        contact, call = self.last_contact, self.last_call
        return {
            "kind": str(self.kind),
            "visit": self.visit.document() if self.visit else None,
            "patient": {
                "id": str(self.patient.id),
                "name": self.patient.name,
                "mrn": self.patient.mrn,
                "phone": self.patient.phone,
                "language": self.patient.language,
            },
            "alert": self.alert.document() if self.alert else None,
            "days_late": self.days_late,
            "last_contact": {
                "channel": str(contact.channel),
                "state": str(contact.state),
                "at": instant(contact.sent_at),
                "purpose": str(contact.purpose),
            }
            if contact and contact.sent_at
            else None,
            "last_call": call.document() if call else None,
            "next_step": next_step(self.kind, self.visit, self.alert),
        }


def next_step(kind: WorkKind, visit: Visit | None, alert: Alert | None) -> str:
    """What somebody should do now, in a sentence."""
    if alert:
        return _AFTER[alert.kind]
    if visit and visit.state == VisitState.BOOKED:
        return "The time agreed on has passed. Mark whether the patient came."
    if kind == WorkKind.OVERDUE:
        missed = visit is not None and visit.state == VisitState.MISSED
        return "No message is left to send. Call." if missed else "The last reminder may not have arrived. Call."
    return "No time is arranged yet. Call."


_AFTER = {
    AlertKind.RED_FLAG: "Call now. Then write down what was found.",
    AlertKind.CONCERNING_ANSWER: "Call now. Then write down what was found.",
    AlertKind.WANTS_A_CALL: "Call back.",
    AlertKind.WANTS_ANOTHER_TIME: "Call to arrange another time.",
    AlertKind.BAD_CONTACT: "Find out the right address, correct it in the patient's record, then close this.",
}


def counts(session: Session) -> dict[WorkKind, int]:
    """How many rows each section has now."""
    today = clinics.today(session)
    found = {}
    for kind in WorkKind:
        if kind in _ALERTS:
            found[kind] = session.scalar(sa.select(sa.func.count()).select_from(_alerts(kind, today).subquery())) or 0
        else:
            visits = sa.select(sa.func.count()).select_from(Visit)
            found[kind] = sum(session.scalar(visits.where(way)) or 0 for way in _ways(kind, today))
    return found


def items(session: Session, *, show: str, after: Sequence[str] | None, limit: int) -> tuple[list[Item], tuple[str, str, str] | None]:
    """(rows, cursor's parts or None): the sections in order, alerts oldest first, visits by target date."""
    kinds = list(WorkKind) if show == ALL else [WorkKind(show)]
    today = clinics.today(session)
    if after:
        if after[0] not in kinds:
            raise bad_cursor()
        kinds = kinds[kinds.index(WorkKind(after[0])) :]
    found: list[Item] = []
    for kind in kinds:
        begin = after if after and after[0] == kind else None
        found += _of_kind(session, kind, today, begin, limit + 1 - len(found))
        if len(found) > limit:
            break
    shown = found[:limit]
    return _with_contacts(session, shown), _cursor(shown[-1]) if len(found) > limit else None


def of_visit(session: Session, visit: Visit) -> Item | None:
    """A visit as the list would show it, whether or not it stands there; for correcting what was just said about it."""
    patient = session.get(Patient, (visit.clinic_id, visit.patient_id))
    return _with_contacts(session, [Item(WorkKind.DUE, patient, visit, None, _late(visit, clinics.today(session)))])[0] if patient else None


def worries(session: Session, visit: Visit) -> bool:
    """Whether a red flag or a concerning answer about the visit is not dealt with."""
    open_ones = sa.select(Alert.id).where(Alert.closed_at.is_(None), Alert.kind.in_(URGENT), Alert.visit_id == visit.id)
    return session.scalar(open_ones.limit(1)) is not None


def _cursor(item: Item) -> tuple[str, str, str]:
    if item.alert:
        return str(item.kind), "", str(item.alert.id)
    return str(item.kind), item.visit.target_date.isoformat() if item.visit else "", str(item.visit.id if item.visit else "")


def _of_kind(session: Session, kind: WorkKind, today: date, after: Sequence[str] | None, limit: int) -> list[Item]:
    if kind in _ALERTS:
        query = _alerts(kind, today).order_by(Alert.id).limit(limit)
        if after:
            query = query.where(Alert.id > position((today.isoformat(), after[2]), date.fromisoformat)[1])
        rows = session.execute(query)
        return [Item(kind, patient, visit, alert, _late(visit, today)) for alert, patient, visit in rows]
    some = sa.select(Visit).order_by(Visit.target_date, Visit.id).limit(limit)
    if after:
        some = some.where(sa.tuple_(Visit.target_date, Visit.id) > position(after[1:], date.fromisoformat))
    visits = [visit for way in _ways(kind, today) for visit in session.scalars(some.where(way))]
    visits = sorted(visits, key=lambda one: (one.target_date, one.id))[:limit]
    patients = {one.id: one for one in session.scalars(sa.select(Patient).where(Patient.id.in_({visit.patient_id for visit in visits})))}
    return [Item(kind, patients[visit.patient_id], visit, None, _late(visit, today)) for visit in visits]


def _late(visit: Visit | None, today: date) -> int:
    if visit is None or visit.state not in {VisitState.DUE, VisitState.BOOKED, VisitState.MISSED}:
        return 0
    return max(0, (today - visit.closes_on).days)


def _alerts(kind: WorkKind, today: date) -> sa.Select[Alert, Patient, Visit]:
    """Open alerts of a section; of two wishes about the same visit the newer one. What cannot wait is never put off by a call."""
    other = aliased(Alert)
    same = sa.and_(other.patient_id == Alert.patient_id, sa.func.coalesce(other.visit_id, other.patient_id) == _about())
    newer = sa.exists().where(
        other.closed_at.is_(None), other.kind.in_(_ALERTS[kind]), other.clinic_id == Alert.clinic_id, same, _unsearched(other.id) > Alert.id
    )
    query = (
        sa.select(Alert, Patient, Visit)
        .join(Patient, sa.and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .outerjoin(Visit, sa.and_(Visit.clinic_id == Alert.clinic_id, Visit.id == Alert.visit_id))
        .where(Alert.closed_at.is_(None), Alert.kind.in_(_ALERTS[kind]), ~newer)
    )
    return query if kind in {WorkKind.RED_FLAG, WorkKind.CONCERNING} else query.where(_not_put_off(today))


def _about() -> sa.ColumnElement[uuid.UUID]:
    return sa.func.coalesce(Alert.visit_id, Alert.patient_id)


def _not_put_off(today: date) -> sa.ColumnElement[bool]:
    return sa.or_(Visit.call_after.is_(None), Visit.call_after <= today)


def _ways(kind: WorkKind, today: date) -> list[sa.ColumnElement[bool]]:
    """How a visit comes into this section, one state each, so that each is a walk along the index by state and date.

    A visit with an open alert stands where its alert does.
    """
    alerted = sa.select(Alert.visit_id).where(Alert.closed_at.is_(None), Alert.visit_id.is_not(None))
    silent = (Reminder.about_on == Visit.target_date, Reminder.state.in_(_NOBODY_KNOWS), ~_told_later())
    in_person = Visit.kind == VisitKind.VISIT  # a check-in without an answer is nobody's work, one that may not have arrived is
    ways: list[tuple[sa.ColumnElement[bool], ...]]
    if kind == WorkKind.DUE:
        ways = [(in_person, Visit.state == VisitState.DUE, Visit.target_date < today + DUE_WITHIN, _message(*silent).is_(None))]
    else:
        unrecorded = sa.or_(Visit.booked_for < clock.now() - RECORDED_WITHIN, sa.and_(Visit.booked_for.is_(None), Visit.closes_on < today))
        ways = [
            (in_person, Visit.state == VisitState.MISSED, _next().is_(None), _message(Reminder.state.in_(NOT_YET)).is_(None)),
            (in_person, Visit.state == VisitState.BOOKED, unrecorded),
            (Visit.state == VisitState.DUE, _message(*silent).is_not(None)),
        ]
    return [sa.and_(*way, Visit.id.not_in(alerted), _not_put_off(today)) for way in ways]


def _unsearched(column: sa.ColumnElement[Any] | Any) -> sa.ColumnElement[Any]:
    """The same value, where an index on it must not be taken: SQLite would read half the clinic for the few rows of one visit."""
    return sa.func.coalesce(column, column)


def _told_later() -> sa.ColumnElement[bool]:
    """Whether a later message about the same day went out: then the patient knows."""
    later = aliased(Reminder)
    same = (later.clinic_id == Reminder.clinic_id, later.visit_id == Reminder.visit_id, later.about_on == Reminder.about_on)
    return sa.exists().where(*same, _unsearched(later.due_at) > Reminder.due_at, later.state.in_(_ARRIVED))


def _next() -> sa.ScalarSelect[int]:
    """A missed visit gives way to the next one of its procedure as soon as that one's window is open."""
    later = aliased(Visit)
    return _one(
        later.clinic_id == Visit.clinic_id,
        later.procedure_id == Visit.procedure_id,
        later.kind == VisitKind.VISIT,
        _unsearched(later.target_date) > Visit.target_date,
        later.state.not_in(_NOT_COME_YET),
    )


def _message(*about: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return _one(Reminder.clinic_id == Visit.clinic_id, Reminder.visit_id == Visit.id, *about)


def _one(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """1 or nothing, asked visit by visit: EXISTS would be joined, which reads the whole clinic before the first row is known."""
    return sa.select(sa.literal(1)).where(*where).limit(1).scalar_subquery()


def _with_contacts(session: Session, found: Sequence[Item]) -> list[Item]:
    """The same rows with the last message and the last call about each visit, and who is on it, in three queries for all."""
    ids = [item.visit.id for item in found if item.visit]
    on_it = {item.alert.acknowledged_by for item in found if item.alert and item.alert.acknowledged_by}
    if not ids and not on_it:
        return list(found)
    sent = sa.select(Reminder).where(Reminder.visit_id.in_(ids), Reminder.sent_at.is_not(None)).order_by(Reminder.sent_at, Reminder.id)
    contacts: Mapping[uuid.UUID | None, Reminder] = {one.visit_id: one for one in session.scalars(sent)}
    calls = {one.visit_id: one for one in session.scalars(sa.select(Call).where(Call.visit_id.in_(ids)).order_by(Call.called_at, Call.id))}
    callers = on_it | {one.called_by for one in calls.values() if one.called_by}
    people = session.execute(sa.select(User.id, User.name).where(User.id.in_(callers))) if callers else ()
    names = {one.id: one.name for one in people}
    return [_filled(item, contacts, calls, names) for item in found]


def _filled(
    item: Item, contacts: Mapping[uuid.UUID | None, Reminder], calls: Mapping[uuid.UUID, Call], names: Mapping[uuid.UUID, str]
) -> Item:
    call = calls.get(item.visit.id) if item.visit else None
    return replace(
        item,
        last_contact=contacts.get(item.visit.id) if item.visit else None,
        last_call=call,
        caller=names.get(call.called_by) if call and call.called_by else None,
        taken_by=names.get(item.alert.acknowledged_by) if item.alert and item.alert.acknowledged_by else None,
    )
