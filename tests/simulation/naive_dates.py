"""Days, hours and messages by plain counting: the arithmetic of the naive calculation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.script import CLINIC_ZONE

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TOLERANCE = {"book": 7 * 24 * HOUR, "near": 24 * HOUR, "chase": 7 * 24 * HOUR, "check_in": 48 * HOUR}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Said:
    """One message that should be said about a visit on the day `about`."""

    purpose: str
    rung: int
    about: date
    due: datetime
    expires: datetime
    zone: str

    @property
    def what(self) -> tuple[str, int, date]:
        """The news; never told twice."""
        return self.purpose, self.rung, self.about

    def until(self, moment: datetime) -> "Said":
        """The same, not said from `moment` on."""
        return replace(self, expires=min(self.expires, moment))


def clinic_day(moment: datetime) -> date:
    """On the clinic's calendar."""
    return moment.astimezone(ZoneInfo(CLINIC_ZONE)).date()


def target_of(step: dict[str, Any], ended: date) -> date:
    """The day of the visit; in a month that is too short its last day."""
    after = step["after"]
    year, month = ended.year + after.get("years", 0), ended.month + after.get("months", 0)
    while month > 12:
        year, month = year + 1, month - 12
    number = ended.day
    while True:
        try:
            return date(year, month, number) + timedelta(days=after.get("days", 0))
        except ValueError:
            number -= 1


def is_open(rules: dict[str, Any], day: date) -> bool:
    """Whether the clinic sends on this day."""
    closed = WEEKDAYS[day.weekday()] in rules["closed_weekdays"]
    return not closed and not any(day.isoformat().endswith(one) for one in rules["holidays"])


def utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall time."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def next_opening(rules: dict[str, Any], at: datetime, zone: ZoneInfo) -> datetime:
    """`at` if the patient may be written to then, else the next moment at which that is so."""
    opens, closes = (time.fromisoformat(rules["sending_hours"][one]) for one in ("from", "until"))
    local = at.astimezone(zone)
    day = local.date()
    if is_open(rules, day) and opens <= local.time() < closes:
        return at
    while not is_open(rules, day) or utc(day, opens, zone) <= at:
        day += DAY
    return utc(day, opens, zone)


def messages(rules: dict[str, Any], step: dict[str, Any], day: date, closes: date, zone: ZoneInfo) -> list[Said]:
    """All that is said about a visit on `day`, were it open to the end, in the order of time; until half a day before the next."""
    found = list(_each(rules, step, day, closes, zone))
    kept: dict[date, Said] = {}
    for one in sorted(found, key=lambda said: said.rung):
        here = one.due.astimezone(zone).date()
        if here not in kept or (one.purpose != "chase" and kept[here].purpose == "chase"):
            kept[here] = one  # nearer ones come first; a chase gives way
    ordered = sorted(kept.values(), key=lambda said: said.due)
    following = [*ordered[1:], None]
    return [
        one if after is None else one.until(max(after.due - 12 * HOUR, one.due + HOUR))
        for one, after in zip(ordered, following, strict=True)
    ]


def _each(rules: dict[str, Any], step: dict[str, Any], day: date, closes: date, zone: ZoneInfo) -> Iterator[Said]:
    clock = time.fromisoformat(rules["send_at"])
    for one in step["messages"]:
        purpose, rung = one["purpose"], one["days_before"]
        on = day - rung * DAY
        while not is_open(rules, on):
            on += DAY if purpose == "check_in" else -DAY
        due = utc(on, clock, zone)
        expires = due + TOLERANCE[purpose]
        if purpose == "near":
            expires = min(expires, utc(day + DAY, time(), zone))
        if purpose == "check_in":
            expires = min(expires, max(utc(max(closes, day) + DAY, time(), zone), due + HOUR))
        yield Said(purpose, rung, day, due, expires, zone.key)
    for days in step["chase_days_after_window"]:
        on = max(closes, day) + days * DAY
        while not is_open(rules, on):
            on += DAY
        due = utc(on, clock, zone)
        yield Said("chase", -days, day, due, due + TOLERANCE["chase"], zone.key)
