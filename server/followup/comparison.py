"""What stands against what should stand: the one comparison behind scheduling, corrections, dry runs and the nightly proof. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from typing import Protocol as Shape
from zoneinfo import ZoneInfo

from schemas.vocabulary import Purpose, ReminderState, VisitState
from server.followup.planning import Message, PlannedVisit, messages_for, visits_for
from server.followup.protocol import Protocol

OPEN = frozenset({VisitState.PLANNED, VisitState.DUE, VisitState.BOOKED})
CHASED = OPEN | {VisitState.MISSED}
WAITING = frozenset({ReminderState.PENDING, ReminderState.CLAIMED})
TOLD = frozenset({ReminderState.SENDING, ReminderState.ACCEPTED, ReminderState.DELIVERED, ReminderState.UNCERTAIN})
LADDER = frozenset({Purpose.BOOK, Purpose.NEAR, Purpose.CHASE, Purpose.CHECK_IN})
"""Purposes of messages that follow from the protocol; the others are sent because somebody asked."""
_NOT_BOOKED = frozenset({Purpose.BOOK, Purpose.CHASE})
"""Said only while no time is agreed on. Chases come back when a person says that the patient did not come."""
WINDOW_CLOSED = "window_closed"
SUPERSEDED = "superseded"
NO_CONSENT = "no_consent"
ALREADY_TOLD = "already_told"
FALLBACK = "fallback"
REPLAYED = "replayed"
"""Sent again because a person asked for it: no plan drops it."""
NOT_IN_PROTOCOL = "not_in_protocol"
REVERSIBLE = ("re_treatment", "patient_died", "procedure_", NOT_IN_PROTOCOL)
"""Beginnings of reasons for which a visit was cancelled by a rule, so that the rule may bring it back."""


class VisitRow(Shape):
    """What is compared of a stored visit."""

    step: str
    title: str
    protocol_version: str
    target_date: date
    opens_on: date
    closes_on: date
    state: VisitState
    reason: str | None
    booked_for: datetime | None


class Window(Shape):
    """The days on which a visit may take place, both included."""

    @property
    def opens_on(self) -> date:
        """First."""

    @property
    def closes_on(self) -> date:
        """Last."""


class Numbered(Shape):
    """What tells apart the visits of one step."""

    step: str
    generation: int


AnyVisit = TypeVar("AnyVisit", bound=Numbered)


class ReminderRow(Shape):
    """What is compared of a stored message."""

    rung: int
    purpose: Purpose
    due_at: datetime
    expires_at: datetime
    about_on: date | None
    state: ReminderState
    reason: str | None


@dataclass(frozen=True)
class Facts:
    """Everything that a procedure's follow-up follows from. `unfollowed` says why there is none, `retreated_on` when the next one was.

    `clinic` and `patient` are the zones of the calendar and of the sending hours.
    """

    ended_on: date | None
    protocol: Protocol
    clinic: ZoneInfo
    patient: ZoneInfo
    unfollowed: str | None = None
    retreated_on: date | None = None
    consent: bool = True


def wanted(facts: Facts) -> tuple[dict[str, PlannedVisit], dict[str, str]]:
    """(visits by step that should stand, reason by step of those that should not)."""
    if facts.ended_on is None:
        return {}, {}
    visits = visits_for(facts.ended_on, facts.protocol)
    refused = {one.step: why for one in visits if (why := _refusal(one, facts))}
    return {one.step: one for one in visits if one.step not in refused}, refused


def _refusal(visit: PlannedVisit, facts: Facts) -> str | None:
    if facts.unfollowed:
        return facts.unfollowed
    if facts.retreated_on and visit.target_date >= facts.retreated_on:
        return "re_treatment"
    return None


def newest_of_each_step(visits: Iterable[AnyVisit]) -> dict[str, AnyVisit]:
    """Of the visits of one procedure, by step, the one of the latest generation."""
    return {visit.step: visit for visit in sorted(visits, key=lambda one: one.generation)}


def change_of(visit: VisitRow, planned: PlannedVisit, facts: Facts, today: date) -> dict[str, Any]:
    """What must change of a stored visit, by column, so that it is as planned; empty where it is, or where a person has spoken."""
    as_planned = {
        "title": planned.title,
        "protocol_version": facts.protocol.version,
        "target_date": planned.target_date,
        "opens_on": planned.opens_on,
        "closes_on": planned.closes_on,
    }
    differs = any(getattr(visit, name) != value for name, value in as_planned.items())
    if not may_return(visit) and not (may_move(visit) and differs):
        return {}
    state = state_on(today, planned, standing(visit))
    return as_planned | {"state": state, "reason": WINDOW_CLOSED if state == VisitState.MISSED else None}


def may_move(visit: VisitRow) -> bool:
    """Whether rules still decide about this visit; what a person said about it stands."""
    return visit.state in OPEN or (visit.state == VisitState.MISSED and visit.reason == WINDOW_CLOSED)


def may_return(visit: VisitRow) -> bool:
    """Whether a cancelled visit comes back when it is wanted again."""
    return visit.state == VisitState.CANCELLED and (visit.reason or "").startswith(REVERSIBLE)


def standing(visit: VisitRow) -> VisitState:
    """What a visit that moves or comes back starts from, before the calendar is asked. An appointment that was agreed on stands."""
    if may_return(visit):
        return VisitState.BOOKED if visit.booked_for else VisitState.PLANNED
    return VisitState.PLANNED if visit.state == VisitState.MISSED else visit.state


def state_on(day: date, window: Window, state: VisitState) -> VisitState:
    """Where an open visit stands by the calendar; a booked one stays booked until its window is over, then a person says."""
    if state == VisitState.BOOKED:
        return state
    if day > window.closes_on:
        return VisitState.MISSED
    return VisitState.DUE if day >= window.opens_on else VisitState.PLANNED


def about(visit: VisitRow, zone: ZoneInfo) -> date:
    """The day of the visit: of the time agreed on, else the target date."""
    return visit.booked_for.astimezone(zone).date() if visit.booked_for else visit.target_date


def messages_of(visit: VisitRow, facts: Facts) -> list[Message]:
    """The messages that a visit should have, sent ones included; none without consent or when it is settled."""
    step = facts.protocol.step(visit.step)
    if step is None or not facts.consent or visit.state not in CHASED:
        return []
    day = about(visit, facts.clinic)
    found = messages_for(step, day, max(visit.closes_on, day), facts.protocol, facts.patient)
    if visit.state == VisitState.MISSED:
        return [one for one in found if one.purpose == Purpose.CHASE]
    if visit.state == VisitState.BOOKED:
        return [before for one in found if one.purpose not in _NOT_BOOKED and (before := _before(one, visit.booked_for))]
    return found


def _before(message: Message, booked_for: datetime | None) -> Message | None:
    """Nothing reminds of a visit once it has begun, however far the patient's clock is behind the clinic's."""
    if booked_for is None or message.expires_at <= booked_for:
        return message
    if message.due_at >= booked_for:
        return None
    return Message(message.rung, message.purpose, message.wall, message.zone, message.due_at, booked_for)


@dataclass(frozen=True)
class Difference:
    """What must happen to the messages of one visit; `told` are those whose news the patient has already had."""

    add: tuple[Message, ...]
    told: tuple[Message, ...]
    drop: tuple[ReminderRow, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.add or self.told or self.drop)


def difference(visit: VisitRow, reminders: Sequence[ReminderRow], facts: Facts, now: datetime, *, fresh: bool = False) -> Difference:
    """Between the stored messages of a visit (all generations) and those it should have. `fresh`: a new visit also has what is past."""
    ladder = [one for one in reminders if one.purpose in LADDER]
    day = about(visit, facts.clinic)
    should = messages_of(visit, facts)
    keys = {_key(one): one for one in should}
    waiting = [one for one in ladder if one.state in WAITING and one.reason != REPLAYED]
    fits = {id(one) for one in waiting if one.about_on == day and _key(one) in keys}
    kept = {_key(one) for one in waiting if id(one) in fits}
    settled = {(one.purpose, one.rung) for one in ladder if one.about_on == day and _is_settled(one)}
    missing = [one for key, one in keys.items() if key not in kept and (fresh or one.expires_at > now)]
    already = {(one.purpose, one.rung) for one in ladder if one.about_on == day and one.state in TOLD}
    return Difference(
        add=tuple(one for one in missing if (one.purpose, one.rung) not in settled),
        told=tuple(one for one in missing if (one.purpose, one.rung) in already and not _noted(one, ladder, day)),
        drop=tuple(one for one in waiting if id(one) not in fits),
    )


def _is_settled(row: ReminderRow) -> bool:
    """Sent, or tried and given up, or already written down as told: the same news is not planned again for the same day."""
    if row.state == ReminderState.SUPPRESSED:
        return row.reason != NO_CONSENT  # consent given again brings them back
    return row.state in TOLD or row.state in {ReminderState.UNDELIVERED, ReminderState.DEAD, ReminderState.EXPIRED}


def _noted(message: Message, ladder: Iterable[ReminderRow], day: date) -> bool:
    """Whether the one that was sent is the very one that is wanted, or it is written down that she knows."""
    return any(
        (one.purpose, one.rung, one.about_on) == (message.purpose, message.rung, day)
        and (one.due_at == message.due_at or (one.state == ReminderState.SUPPRESSED and one.reason == ALREADY_TOLD))
        for one in ladder
    )


def _key(one: Message | ReminderRow) -> tuple[Purpose, int, datetime, datetime]:
    return one.purpose, one.rung, one.due_at, one.expires_at
