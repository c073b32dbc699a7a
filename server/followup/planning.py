"""From a procedure's end and a protocol to visits and messages: what is due when, and until when it may still be said. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.vocabulary import Purpose, VisitKind
from server.followup.calendar import DAY, Hours, end_of, instant
from server.followup.protocol import Protocol, Rung, Step

LATE_AT_MOST = {
    Purpose.BOOK: timedelta(days=7),
    Purpose.NEAR: timedelta(days=1),
    Purpose.CHASE: timedelta(days=7),
    Purpose.CHECK_IN: timedelta(days=2),
}
"""How late a message may still go out; later than that it would say something that is no longer so."""

A_WHILE = timedelta(hours=12)


@dataclass(frozen=True)
class Message:
    """When one message goes out: as the patient's wall clock says it, and as an instant. Never sent at or after `expires_at`.

    `rung` is days before the visit; of a chase, minus the days after the end of the window.
    """

    rung: int
    purpose: Purpose
    wall: str
    zone: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class PlannedVisit:
    """One visit or check-in with its window (both days included)."""

    step: str
    title: str
    kind: VisitKind
    target_date: date
    opens_on: date
    closes_on: date


def visits_for(ended_on: date, protocol: Protocol) -> list[PlannedVisit]:
    """All visits after a procedure that ended on that day of the clinic's calendar."""
    return [_visit(step, ended_on) for step in protocol.steps]


def _visit(step: Step, ended_on: date) -> PlannedVisit:
    target = step.offset.after(ended_on)
    return PlannedVisit(step.step, step.title, step.kind, target, target - step.opens * DAY, target + step.closes * DAY)


def messages_for(step: Step, target: date, closes_on: date, protocol: Protocol, zone: ZoneInfo) -> list[Message]:
    """The messages about a visit on `target`, in the patient's `zone`, in order. Never two on one day: then the nearer one stays."""
    by_day: dict[date, Message] = {}
    for rung in sorted(step.ladder, key=lambda one: -one.days):
        day = _day_of(rung, target, protocol.hours)
        last_day = closes_on if rung.purpose == Purpose.CHECK_IN else target
        by_day[day] = _message(rung.days, rung.purpose, day, last_day, protocol, zone)
    for days in step.chase:
        day = protocol.hours.day_after(closes_on + days * DAY)
        by_day.setdefault(day, _message(-days, Purpose.CHASE, day, day + LATE_AT_MOST[Purpose.CHASE], protocol, zone))
    found = [by_day[day] for day in sorted(by_day)]
    return [_until(one, following) for one, following in zip(found, [*found[1:], None], strict=False)]


def _until(message: Message, following: Message | None) -> Message:
    """Half a day before the next message of the visit, a late one is no longer said: after an outage never both at once."""
    if following is None:
        return message
    last = max(following.due_at - A_WHILE, message.due_at + timedelta(hours=1))
    return replace(message, expires_at=min(message.expires_at, last))


def _day_of(rung: Rung, target: date, hours: Hours) -> date:
    """Before a visit a closed day moves a message earlier, so that it is never late; a question waits for the next open day."""
    day = target - rung.days * DAY
    return hours.day_after(day) if rung.purpose == Purpose.CHECK_IN else hours.day_before(day)


def _message(rung: int, purpose: Purpose, day: date, last_day: date, protocol: Protocol, zone: ZoneInfo) -> Message:
    at = protocol.hours.inside(protocol.send_at)
    wall = datetime.combine(day, time(at.hour, at.minute))
    due_at = instant(wall, zone)
    expires_at = min(due_at + LATE_AT_MOST[purpose], max(end_of(last_day, zone), due_at + timedelta(hours=1)))
    return Message(rung, purpose, wall.isoformat(timespec="minutes"), zone.key, due_at, expires_at)
