"""A new version of the protocol: what it would change for the open procedures, without writing, and then making it so."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, Purpose, ReminderState, VisitState
from server import clock
from server.clinics import service as clinics
from server.followup import comparison
from server.followup.comparison import FALLBACK, LADDER, WAITING, Facts
from server.followup.models import ProtocolVersion, Reminder, Visit
from server.followup.planning import PlannedVisit
from server.followup.protocol import DEFAULT_VERSION, Protocol, from_content, to_content
from server.followup.service import protocol_moves, protocols, schedule
from server.followup.service.reach import best_channel
from server.patients.models import Patient
from server.problems import Problem
from server.procedures.models import Procedure

_FIRST = 2
"""The built-in default counts as version 1."""


@dataclass
class Difference:
    """What a version changes for the open procedures. A message is moved when the same one goes out at another time."""

    procedures: int = 0
    visits_added: int = 0
    visits_moved: int = 0
    visits_cancelled: int = 0
    messages_added: int = 0
    messages_moved: int = 0
    messages_cancelled: int = 0
    messages_other_channel: int = 0

    def __add__(self, other: "Difference") -> "Difference":
        """Both together."""
        return Difference(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"sentence": self.sentence}

    @property
    def sentence(self) -> str:
        """`moves 14 visits, cancels 3 messages`."""
        said = [
            f"{verb} {_counted(number, noun)}{more}"
            for noun, verb, number, more in (
                ("visit", "adds", self.visits_added, ""),
                ("visit", "moves", self.visits_moved, ""),
                ("visit", "cancels", self.visits_cancelled, ""),
                ("message", "adds", self.messages_added, ""),
                ("message", "moves", self.messages_moved, ""),
                ("message", "cancels", self.messages_cancelled, ""),
                ("message", "sends", self.messages_other_channel, " over another channel"),
            )
            if number
        ]
        return ", ".join(said) or "changes nothing for open procedures"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(slots=True)
class _Message:
    """A stored message, as far as it is compared."""

    visit_id: uuid.UUID
    rung: int
    purpose: Purpose
    due_at: datetime
    expires_at: datetime
    about_on: date | None
    state: ReminderState
    reason: str | None
    channel: Channel


@dataclass
class _Visit:
    """A stored visit, or one that would be."""

    step: str
    title: str
    protocol_version: str
    target_date: date
    opens_on: date
    closes_on: date
    state: VisitState
    reason: str | None = None
    booked_for: datetime | None = None
    generation: int = 1
    id: uuid.UUID | None = None

    @property
    def dates(self) -> tuple[date, date, date]:
        """Of the visit and its window."""
        return self.target_date, self.opens_on, self.closes_on


@dataclass
class _Followed:
    """An open procedure with all that its follow-up follows from."""

    procedure: Any
    patient: Patient
    later: datetime | None
    visits: list[_Visit] = field(default_factory=list)


def preview(session: Session, protocol: Protocol) -> Difference:
    """What moving all open procedures to `protocol` would change now. Reads all of them in a handful of queries, writes nothing."""
    clinic, now = clinics.zone_of(session), clock.now()
    messages: dict[uuid.UUID | None, list[_Message]] = defaultdict(list)
    for row in session.execute(_columns(_Message, Reminder).where(Reminder.visit_id.in_(_undecided_ids(session)))):
        message = _Message(*row)
        messages[message.visit_id].append(message)
    total = Difference()
    for one in _followed(session):
        row = one.procedure
        facts = schedule.facts_from(one.patient, protocol, clinic, state=row.state, ended_at=row.ended_at, later=one.later)
        total += _change_of(one, messages, facts, now)
    return total


def _undecided_ids(session: Session) -> sa.Select[uuid.UUID]:
    """Visits about which somebody may still be told something."""
    undecided = Visit.state.in_(comparison.CHASED | {VisitState.CANCELLED})
    return sa.select(Visit.id).where(
        Visit.clinic_id == session.info["clinic_id"], undecided, Visit.procedure_id.in_(protocol_moves.open_ids(session))
    )


def _columns(shape: Any, model: Any) -> sa.Select[Any]:
    return sa.select(*(getattr(model, name) for name in shape.__annotations__))


def _followed(session: Session) -> Iterator[_Followed]:
    open_ids = protocol_moves.open_ids(session)
    procedures = session.execute(
        sa.select(Procedure.id, Procedure.patient_id, Procedure.state, Procedure.ended_at).where(Procedure.id.in_(open_ids))
    ).all()
    patients_of = sa.select(Procedure.patient_id).where(Procedure.id.in_(open_ids))
    patients = {one.id: one for one in session.scalars(sa.select(Patient).where(Patient.id.in_(patients_of)))}
    ends: dict[uuid.UUID, list[datetime]] = defaultdict(list)
    treated = sa.select(Procedure.patient_id, Procedure.ended_at).where(
        Procedure.patient_id.in_(patients_of), Procedure.state.in_(schedule.FOLLOWED), Procedure.ended_at.is_not(None)
    )
    for patient_id, ended_at in session.execute(treated):
        ends[patient_id].append(ended_at)  # type: ignore[arg-type]  # reason: none is null, as the query says
    visits: dict[uuid.UUID, list[_Visit]] = defaultdict(list)
    for *columns, procedure_id in session.execute(
        _columns(_Visit, Visit).add_columns(Visit.procedure_id).where(Visit.procedure_id.in_(open_ids))
    ):
        visits[procedure_id].append(_Visit(*columns))
    for row in procedures:
        later = min((one for one in ends[row.patient_id] if one > row.ended_at), default=None)
        yield _Followed(row, patients[row.patient_id], later, visits[row.id])


def _change_of(one: _Followed, messages: Mapping[uuid.UUID | None, list[_Message]], facts: Facts, now: datetime) -> Difference:
    """What `schedule.replan` would do to one procedure."""
    steps, _ = comparison.wanted(facts)
    by_step = comparison.newest_of_each_step(one.visits)
    today = now.astimezone(facts.clinic).date()
    channel = best_channel(one.patient, facts.protocol.channels)
    found = Difference()
    for step, planned in steps.items():
        visit = by_step.get(step)
        stored = messages.get(visit.id, []) if visit else []
        after = _settled(visit, planned, facts, today)
        found.visits_added += visit is None or comparison.may_return(visit)
        found.visits_moved += visit is not None and not comparison.may_return(visit) and visit.dates != after.dates
        _count_messages(found, stored, comparison.difference(after, stored, facts, now, fresh=visit is None), channel)
    for step, visit in by_step.items():
        if step not in steps and comparison.may_move(visit):
            found.visits_cancelled += 1
            found.messages_cancelled += sum(row.state in WAITING for row in messages.get(visit.id, []))
    found.procedures = int(found != Difference())
    return found


def _settled(visit: _Visit | None, planned: PlannedVisit, facts: Facts, today: date) -> _Visit:
    """The visit as it would stand."""
    if visit is not None:
        return replace(visit, **comparison.change_of(visit, planned, facts, today))
    version = facts.protocol.version
    return _Visit(planned.step, planned.title, version, planned.target_date, planned.opens_on, planned.closes_on, VisitState.PLANNED)


def _count_messages(found: Difference, stored: Sequence[_Message], todo: comparison.Difference, channel: Channel) -> None:
    added = {(one.purpose, one.rung) for one in todo.add}
    dropped = {(one.purpose, one.rung) for one in todo.drop}
    found.messages_added += len(added - dropped)
    found.messages_moved += len(added & dropped)
    found.messages_cancelled += len(todo.drop) - len(added & dropped)
    gone = {id(one) for one in todo.drop}
    found.messages_other_channel += sum(
        one.state in WAITING and one.purpose in LADDER and one.reason != FALLBACK and one.channel != channel and id(one) not in gone
        for one in stored
    )


def next_version(session: Session) -> str:
    """The label that the next version will have."""
    row = protocols.newest(session)
    return str(row.number + 1 if row else _FIRST)


def normal(content: Mapping[str, Any]) -> dict[str, Any]:
    """A checked content in the one form in which it is stored and compared."""
    return to_content(from_content(content, DEFAULT_VERSION))


def try_out(session: Session, content: Mapping[str, Any], *, open_too: bool) -> Difference:
    """What activating `content` would change now."""
    return preview(session, _version_of(session, content)) if open_too else Difference()


def _version_of(session: Session, content: Mapping[str, Any]) -> Protocol:
    standing = protocols.in_force(session)
    return standing if to_content(standing) == normal(content) else from_content(normal(content), next_version(session))


def activate(
    session: Session, content: Mapping[str, Any], *, standing: str, note: str | None, open_too: bool, by: uuid.UUID | None
) -> Difference:
    """Put a checked content in force for new procedures, and with `open_too` plan the open ones again: many of them by the workers, later.

    What is in force already gets no new version. Raises `stale` when version `standing`, which the change was made to, no longer stands.
    """
    if open_too:
        protocol_moves.hold(session)  # or a batch of an earlier move would come between what is said and what is done
    difference = try_out(session, content, open_too=open_too)
    protocols.lock(session)  # only now: a completion waits for it, and counting takes seconds where thousands are open
    if protocols.in_force(session).version != standing:
        raise Problem("stale", "Somebody else has changed the protocol meanwhile. Read it again, then change it.")
    protocol = _version_of(session, content)
    if protocol.version != standing:
        session.add(ProtocolVersion(number=int(protocol.version), content=normal(content), note=note, created_by=by))
        session.flush()
    if open_too:
        protocol_moves.begin(session, protocol, by=by)
    return difference
