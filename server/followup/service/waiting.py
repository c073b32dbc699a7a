"""Who stands on the work list, as conditions on alerts and visits, made so that each is a walk along an index.

They are written once; `moments` is what they are asked with.
"""

import uuid
from datetime import date, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from schemas.vocabulary import AlertKind, ReminderState, VisitKind, VisitState
from schemas.work import WorkKind
from server import clock
from server.column_types import UtcDateTime
from server.followup.models import Alert, Reminder, Visit
from server.followup.service.alerts import WISHES
from server.followup.service.listing import NOT_YET
from server.indexes import unsearched
from server.patients.models import Patient

DUE_WITHIN = timedelta(days=7)
"""A visit whose window is open stands on the list when its day is at most this far away: until then the messages do the work."""
RECORDED_WITHIN = timedelta(days=1)
"""So long after the time agreed on somebody should have said whether the patient came."""
ALERTS = {
    WorkKind.RED_FLAG: (AlertKind.RED_FLAG,),
    WorkKind.CONCERNING: (AlertKind.CONCERNING_ANSWER,),
    WorkKind.ASKING: WISHES,
    WorkKind.BAD_CONTACT: (AlertKind.BAD_CONTACT,),
}
_NOBODY_KNOWS = (ReminderState.EXPIRED, ReminderState.UNCERTAIN)
_ARRIVED = (ReminderState.ACCEPTED, ReminderState.DELIVERED)
_NOT_COME_YET = (VisitState.PLANNED, VisitState.CANCELLED)
_OTHER, _LATER_MESSAGE, _LATER_VISIT = aliased(Alert), aliased(Reminder), aliased(Visit)
"""A new alias looks for each of its columns again, which took two fifths of the page's work."""
_TODAY, _SOON = sa.bindparam("today", type_=sa.Date()), sa.bindparam("soon", type_=sa.Date())
_RECORDED = sa.bindparam("recorded", type_=UtcDateTime())


def moments(today: date) -> dict[str, date | datetime]:
    """The day and the times that the conditions speak of."""
    return {"today": today, "soon": today + DUE_WITHIN, "recorded": clock.now() - RECORDED_WITHIN}


@cache
def alerts(kind: WorkKind) -> sa.Select[Alert, Patient, Visit]:
    """Open alerts of a section; of two wishes about the same visit the newer one. What cannot wait is never put off by a call."""
    other = _OTHER
    same = sa.and_(other.patient_id == Alert.patient_id, sa.func.coalesce(other.visit_id, other.patient_id) == _about())
    newer = sa.exists().where(
        other.closed_at.is_(None), other.kind.in_(ALERTS[kind]), other.clinic_id == Alert.clinic_id, same, unsearched(other.id) > Alert.id
    )
    query = (
        sa.select(Alert, Patient, Visit)
        .select_from(Alert)
        .join(Patient, sa.and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .outerjoin(Visit, sa.and_(Visit.clinic_id == Alert.clinic_id, Visit.id == Alert.visit_id))
        .where(Alert.closed_at.is_(None), Alert.kind.in_(ALERTS[kind]), ~newer)
    )
    return query if kind in {WorkKind.RED_FLAG, WorkKind.CONCERNING} else query.where(_not_put_off())


def _about() -> sa.ColumnElement[uuid.UUID]:
    return sa.func.coalesce(Alert.visit_id, Alert.patient_id)


def _not_put_off() -> sa.ColumnElement[bool]:
    return sa.or_(Visit.call_after.is_(None), Visit.call_after <= _TODAY)


@cache
def ways(kind: WorkKind) -> list[sa.ColumnElement[bool]]:
    """How a visit comes into this section, one state each, so that each is a walk along the index by state and date."""
    due = Visit.state == VisitState.DUE
    found = [(near(), due, silent().is_(None))] if kind == WorkKind.DUE else [*known_overdue(), (due, silent().is_not(None))]
    return [sa.and_(*way, *unspoken_for()) for way in found]


def known_overdue() -> list[tuple[sa.ColumnElement[bool], ...]]:
    """Overdue whatever became of the messages. A check-in without an answer is nobody's work, one that may not have arrived is."""
    in_person = Visit.kind == VisitKind.VISIT
    unrecorded = sa.or_(Visit.booked_for < _RECORDED, sa.and_(Visit.booked_for.is_(None), Visit.closes_on < _TODAY))
    return [
        (in_person, Visit.state == VisitState.MISSED, _next().is_(None), _message(Reminder.state.in_(NOT_YET)).is_(None)),
        (in_person, Visit.state == VisitState.BOOKED, unrecorded),
    ]


def near() -> sa.ColumnElement[bool]:
    """A visit in person, so soon that nobody waits any longer for the patient to book."""
    return sa.and_(Visit.kind == VisitKind.VISIT, Visit.target_date < _SOON)


def silent() -> sa.ScalarSelect[int]:
    """A message about the day of the visit of which nobody knows whether it arrived, and no later one that did."""
    return _message(Reminder.about_on == Visit.target_date, Reminder.state.in_(_NOBODY_KNOWS), ~_told_later())


def unspoken_for() -> tuple[sa.ColumnElement[bool], ...]:
    """A visit with an open alert stands where its alert does, and one put off nowhere until its day."""
    alerted = sa.select(Alert.visit_id).where(Alert.closed_at.is_(None), Alert.visit_id.is_not(None))
    return Visit.id.not_in(alerted), _not_put_off()


def _told_later() -> sa.ColumnElement[bool]:
    """Whether a later message about the same day went out: then the patient knows."""
    later = _LATER_MESSAGE
    same = (later.clinic_id == Reminder.clinic_id, later.visit_id == Reminder.visit_id, later.about_on == Reminder.about_on)
    return sa.exists().where(*same, unsearched(later.due_at) > Reminder.due_at, later.state.in_(_ARRIVED))


def _next() -> sa.ScalarSelect[int]:
    """A missed visit gives way to the next one of its procedure as soon as that one's window is open."""
    later = _LATER_VISIT
    return _one(
        later.clinic_id == Visit.clinic_id,
        later.procedure_id == Visit.procedure_id,
        later.kind == VisitKind.VISIT,
        unsearched(later.target_date) > Visit.target_date,
        later.state.not_in(_NOT_COME_YET),
    )


def _message(*about: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return _one(Reminder.clinic_id == Visit.clinic_id, Reminder.visit_id == Visit.id, *about)


def _one(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """1 or nothing, asked visit by visit: EXISTS would be joined, which reads the whole clinic before the first row is known."""
    return sa.select(sa.literal(1)).where(*where).limit(1).scalar_subquery()
