"""When the visits after a procedure fall due, and when a patient is told. Values in, values out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from schemas.vocabulary import VisitStep

PROTOCOL_VERSION = "default-1"
SEND_AT = time(10)
"""Local wall time of every message."""
_DAY = timedelta(days=1)
_SUNDAY = 6


class Purpose(StrEnum):
    """What a message asks for: an appointment to be made, or one that is near to be kept."""

    BOOK = "book"
    NEAR = "near"


LATE_AT_MOST = {Purpose.BOOK: timedelta(days=7), Purpose.NEAR: timedelta(days=1)}
"""How late a message may still go out; later than that it would say something that is no longer so."""


@dataclass(frozen=True)
class Rung:
    """One message of a step's ladder, so many days before the visit."""

    days: int
    purpose: Purpose = Purpose.NEAR


@dataclass(frozen=True)
class Step:
    """One visit: its distance from the procedure in calendar units, its window in days, its messages."""

    step: VisitStep
    offset: relativedelta
    opens: int
    closes: int
    ladder: tuple[Rung, ...]


STEPS = (
    Step(VisitStep.TWO_WEEKS, relativedelta(days=14), 4, 7, (Rung(3), Rung(1))),
    Step(VisitStep.THREE_MONTHS, relativedelta(months=3), 14, 14, (Rung(14, Purpose.BOOK), Rung(3), Rung(1))),
    Step(VisitStep.ONE_YEAR, relativedelta(years=1), 30, 30, (Rung(30, Purpose.BOOK), Rung(7), Rung(3), Rung(1))),
)


@dataclass(frozen=True)
class Message:
    """When one message goes out: as the clinic's wall clock says it, and as an instant. Never sent at or after `expires_at`."""

    rung: int
    purpose: Purpose
    wall: str
    zone: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class PlannedVisit:
    """One visit with its window (both days included) and its messages."""

    step: VisitStep
    target_date: date
    opens_on: date
    closes_on: date
    messages: tuple[Message, ...]


def visits_for(anchor: datetime, zone: ZoneInfo) -> list[PlannedVisit]:
    """All visits after a procedure that ended at `anchor` (aware): calendar dates are those of the clinic's zone."""
    ended_on = anchor.astimezone(zone).date()
    return [_visit(step, ended_on, zone) for step in STEPS]


def _visit(step: Step, ended_on: date, zone: ZoneInfo) -> PlannedVisit:
    target = ended_on + step.offset  # a month too short for the day gives its last day
    return PlannedVisit(
        step=step.step,
        target_date=target,
        opens_on=target - step.opens * _DAY,
        closes_on=target + step.closes * _DAY,
        messages=tuple(message(target, rung.days, rung.purpose, zone) for rung in step.ladder),
    )


def message(visit_on: date, days: int, purpose: Purpose, zone: ZoneInfo) -> Message:
    """The message `days` before a visit. It never falls on a Sunday, and is worthless once the day of the visit is over."""
    day = visit_on - days * _DAY
    if day.weekday() == _SUNDAY:
        day -= _DAY
    wall = datetime.combine(day, SEND_AT)
    due_at = instant(wall, zone)
    over = instant(datetime.combine(visit_on + _DAY, time()), zone)
    return Message(days, purpose, wall.isoformat(timespec="minutes"), zone.key, due_at, min(due_at + LATE_AT_MOST[purpose], over))


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """UTC of a wall time. One that a clock change skips moves forward by the change; of one that it repeats, the first counts."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
