"""Days and hours: calendar distances, closed days, sending hours, and wall times across clock changes. Values in, values out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
SUNDAY = 6
MOST_CLOSED_DAYS = 60
"""However many holidays somebody enters in a row: a message is moved by no more days than this."""


@dataclass(frozen=True)
class Offset:
    """A distance in calendar units; a month too short for the day gives its last day (31 January + 3 months = 30 April)."""

    days: int = 0
    months: int = 0
    years: int = 0

    def after(self, day: date) -> date:
        """The day so far after `day`."""
        moved: date = day + relativedelta(days=self.days, months=self.months, years=self.years)
        return moved


@dataclass(frozen=True)
class Hours:
    """When a clinic sends: from `opens` until `closes` (exclusive), not on closed weekdays (Monday is 0) nor on holidays.

    A holiday is a date, or `MM-DD` for every year.
    """

    opens: time = time(9)
    closes: time = time(19)
    closed_weekdays: frozenset[int] = frozenset({SUNDAY})
    holidays: frozenset[str] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether messages go out on this day."""
        iso = day.isoformat()
        return day.weekday() not in self.closed_weekdays and iso not in self.holidays and iso[5:] not in self.holidays

    def day_before(self, day: date) -> date:
        """`day`, or the last open day before it."""
        return self._moved(day, lambda one: one - DAY)

    def day_after(self, day: date) -> date:
        """`day`, or the next open day."""
        return self._moved(day, lambda one: one + DAY)

    def _moved(self, day: date, step: Callable[[date], date]) -> date:
        moved = day
        for _ in range(MOST_CLOSED_DAYS):
            if self.is_open(moved):
                return moved
            moved = step(moved)
        return day

    def inside(self, at: time) -> time:
        """`at`, moved into the sending hours."""
        return self.opens if not self.opens <= at < self.closes else at

    def next_moment(self, now: datetime, zone: ZoneInfo) -> datetime:
        """`now` (aware) if messages may go out in `zone` now, else the next moment at which they may."""
        local = now.astimezone(zone)
        if self.is_open(local.date()) and self.opens <= local.time().replace(tzinfo=None) < self.closes:
            return now
        later = local.time().replace(tzinfo=None) >= self.opens
        day = self.day_after(local.date() + DAY if later else local.date())
        return max(now, instant(datetime.combine(day, self.opens), zone))  # of an hour that comes twice, the first may be over


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """UTC of a wall time. One that a clock change skips moves forward by the change; of one that it repeats, the first counts."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """UTC of the midnight that ends `day`."""
    return instant(datetime.combine(day + DAY, time()), zone)
