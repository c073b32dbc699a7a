"""The work list: every patient for whom a message is not enough, once in each section, with what is known and what to do."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind, VisitState
from schemas.work import WorkKind
from server.canonical import instant
from server.clinics import service as clinics
from server.clinics.models import User
from server.followup.models import Alert, Call, Reminder, Visit
from server.followup.service import waiting
from server.followup.service.alarms import URGENT
from server.followup.service.listing import position
from server.patients.models import Patient
from server.problems import bad_cursor

ALL = "all"
SHOWS = (ALL, *WorkKind)


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
    asked = waiting.moments(clinics.today(session))

    def number(query: sa.Select[int]) -> int:
        return session.scalar(query, asked) or 0

    all_near, overdue, of_alerts = _counting()
    silent, silent_near = session.execute(_silent_ones(), asked).one()
    found = {kind: number(query) for kind, query in of_alerts.items()}
    found |= {WorkKind.DUE: number(all_near) - silent_near, WorkKind.OVERDUE: silent + sum(number(one) for one in overdue)}
    return {kind: found[kind] for kind in WorkKind}


@cache
def _counting() -> tuple[sa.Select[int], list[sa.Select[int]], dict[WorkKind, sa.Select[int]]]:
    """(visits due that are near, silent ones too; those overdue whatever became of the messages, each way; alerts of each kind)."""
    due = sa.and_(Visit.state == VisitState.DUE, waiting.near(), *waiting.unspoken_for())
    overdue = [_counted(sa.and_(*way, *waiting.unspoken_for())) for way in waiting.known_overdue()]
    return _counted(due), overdue, {kind: waiting.alerts(kind).with_only_columns(sa.func.count()) for kind in waiting.ALERTS}


@cache
def _silent_ones() -> sa.Select[int, int]:
    """How many due visits are overdue because nobody knows whether the last message arrived, and how many of them are near.

    That is dear to ask, so it is asked once: the section of those due has all that are near but these.
    """
    silent = sa.and_(Visit.state == VisitState.DUE, *waiting.unspoken_for(), waiting.silent().is_not(None))
    return _counted(silent).add_columns(sa.func.count(sa.case((waiting.near(), 1))))


def _counted(way: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(Visit).where(way)


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
    if kind in waiting.ALERTS:
        query = waiting.alerts(kind).order_by(Alert.id).limit(limit)
        if after:
            query = query.where(Alert.id > position((today.isoformat(), after[2]), date.fromisoformat)[1])
        rows = session.execute(query, waiting.moments(today))
        return [Item(kind, patient, visit, alert, _late(visit, today)) for alert, patient, visit in rows]
    asked, some = waiting.moments(today), sa.select(Visit).order_by(Visit.target_date, Visit.id).limit(limit)
    if after:
        some = some.where(sa.tuple_(Visit.target_date, Visit.id) > position(after[1:], date.fromisoformat))
    visits = [visit for way in waiting.ways(kind) for visit in session.scalars(some.where(way), asked)]
    visits = sorted(visits, key=lambda one: (one.target_date, one.id))[:limit]
    if not visits:
        return []
    patients = {one.id: one for one in session.scalars(sa.select(Patient).where(Patient.id.in_({visit.patient_id for visit in visits})))}
    return [Item(kind, patients[visit.patient_id], visit, None, _late(visit, today)) for visit in visits]


def _late(visit: Visit | None, today: date) -> int:
    if visit is None or visit.state not in {VisitState.DUE, VisitState.BOOKED, VisitState.MISSED}:
        return 0
    return max(0, (today - visit.closes_on).days)


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
