"""Inventing the life of a clinic from a seed: procedures, mistakes and their corrections, bookings, moves, deaths, silences."""

import random
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.protocols import PROTOCOLS
from tests.simulation.script import CLINIC_ZONE, Happening, Outage, Script, What

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = datetime(2028, 6, 1, tzinfo=UTC)
DAYS = (ENDS - BEGINS).days
HERE = ZoneInfo(CLINIC_ZONE)
ZONES = ("Europe/Budapest", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
NAMES = ("Anna", "Béla", "Csilla", "Dániel", "Erzsébet", "Ferenc", "Gabriella", "Henrik", "Ilona", "Jenő", "Katalin", "László")
VISITS = {"2w": 14, "6w": 42, "3m": 91, "1y": 365}
CHECK_INS = {"d7": 7, "d14": 14, "d21": 21, "d28": 28}
MONTH_ENDS = (date(2026, 8, 31), date(2026, 11, 30), date(2027, 1, 31), date(2027, 11, 29), date(2027, 11, 30), date(2028, 2, 29))
"""Days on which three months or a year later is not the same number."""


def invent(procedures: int, seed: int) -> Script:
    """A life with so many procedures over two years; the same seed gives the same life."""
    dice = random.Random(seed)
    outages = tuple(_outages(dice))
    happenings: list[Happening] = [
        Happening(BEGINS + timedelta(days=60, hours=11, seconds=7), What.PROTOCOL, value="holidays"),
        Happening(BEGINS + timedelta(days=380, hours=11, seconds=7), What.PROTOCOL, value="six_weeks"),
    ]
    made = 0
    while made < procedures:
        who = f"{NAMES[made % len(NAMES)]} {made + 1}"
        theirs = 2 if dice.random() < 0.15 and made + 2 <= procedures else 1
        happenings += (one for one in _patient(dice, who, theirs, outages) if one.at < ENDS)
        made += theirs
    happenings.sort(key=lambda one: one.at)
    return Script(tuple(happenings), outages, PROTOCOLS, BEGINS, ENDS)


def _outages(dice: random.Random) -> Iterator[Outage]:
    """Three days each: one over the end of a month, the others anywhere; they end by day and by night."""
    for begins, hours in ((210, 72), (301, 79), (dice.randrange(330, 700), 68)):
        begun = BEGINS + timedelta(days=begins, hours=7, minutes=13, seconds=3)
        yield Outage(begun, begun + timedelta(hours=hours))


def _at(dice: random.Random, moment: datetime) -> datetime:
    """Never on the minute, so that no event coincides with a message or with the daily turn."""
    return moment.replace(second=dice.randrange(1, 60), microsecond=0)


def _after(dice: random.Random, moment: datetime, days: float, until: float) -> datetime:
    return _at(dice, moment + timedelta(days=dice.uniform(days, until)))


def _address(who: str) -> str:
    """In letters that every mail server takes."""
    return unicodedata.normalize("NFKD", who).encode("ascii", "ignore").decode().replace(" ", ".").lower()


def _clinic_time(dice: random.Random, day: date) -> datetime:
    """Mostly in working hours; now and then so late that it is another day elsewhere."""
    hour = dice.choice((0, 23)) if dice.random() < 0.08 else dice.randrange(8, 17)
    return datetime.combine(day, time(hour, dice.choice((10, 20, 40, 50))), HERE).astimezone(UTC)


def _patient(dice: random.Random, who: str, procedures: int, outages: tuple[Outage, ...]) -> Iterator[Happening]:
    day = BEGINS.date() + timedelta(days=dice.randrange(DAYS - 10))
    if dice.random() < 0.1:
        day = dice.choice(MONTH_ENDS)
    elif dice.random() < 0.1:
        day = dice.choice(outages).begins.date() - timedelta(days=dice.choice((12, 14, 25, 77, 90)))
    ended = _clinic_time(dice, day)
    zone = ZONES[0] if dice.random() < 0.5 else dice.choice(ZONES)
    start: dict[str, Any] = {"email": f"{_address(who)}@example.org", "time_zone": zone if dice.random() < 0.9 else None}
    if dice.random() < 0.25:
        start["phone"] = f"+3630{dice.randrange(1_000_000, 9_999_999)}"
        start["contact_by"] = dice.choice((None, "sms", "email"))
    yield Happening(_at(dice, ended - timedelta(days=1)), What.REGISTERED, who, facts=start)
    recorded = None
    for number in range(1, procedures + 1):
        happenings = list(_procedure(dice, who, f"{who}/{number}", ended))
        recorded = recorded or happenings[0].at
        yield from happenings
        ended = _clinic_time(
            dice, (ended + timedelta(days=dice.choice((0, 5, 13, 20, 60, 95, 150)))).astimezone(HERE).date() + timedelta(days=1)
        )
    yield from _changes(dice, who, recorded or ended)


def _changes(dice: random.Random, who: str, recorded: datetime) -> Iterator[Happening]:
    """Of the patient: consent, death, zone, addresses."""

    def changed(at: datetime, **facts: Any) -> Happening:
        return Happening(at, What.CHANGED, who, facts=facts)

    if dice.random() < 0.15:
        at = _after(dice, recorded, 0.1, dice.choice((15, 100, 400)))
        yield changed(at, reminder_consent=False)
        if dice.random() < 0.7:
            yield changed(_after(dice, at, 0.1, dice.choice((3, 60))), reminder_consent=True)
    if dice.random() < 0.06:
        at = _after(dice, recorded, 0.5, dice.choice((30, 300)))
        yield changed(at, died_on=at.date())
        if dice.random() < 0.5:
            yield changed(_after(dice, at, 0.1, dice.choice((5, 40))), died_on=None)
    if dice.random() < 0.15:
        at = _after(dice, recorded, 0.1, dice.choice((15, 100, 400)))
        yield changed(at, time_zone=dice.choice(ZONES))
        if dice.random() < 0.3:
            yield changed(_after(dice, at, 0.1, 30), time_zone=dice.choice((*ZONES, None)))
    if dice.random() < 0.1:
        at = _after(dice, recorded, 0.1, dice.choice((15, 100)))
        yield changed(at, email=None)
        yield changed(_after(dice, at, 0.1, 60), email=f"new.{_address(who)}@example.org")
    if dice.random() < 0.1:
        yield changed(
            _after(dice, recorded, 0.1, 100), phone=f"+3670{dice.randrange(1_000_000, 9_999_999)}", contact_by=dice.choice((None, "sms"))
        )


def _procedure(dice: random.Random, who: str, key: str, ended: datetime) -> Iterator[Happening]:
    recorded = _at(dice, ended + timedelta(minutes=dice.randrange(5, 60)))
    if dice.random() < 0.12:
        recorded = _after(dice, ended, 1, dice.choice((5, 20, 110)))
    yield Happening(recorded, What.COMPLETED, who, key, moment=ended)
    at, end = recorded, ended
    while dice.random() < 0.2:
        at = _after(dice, at, 0.02, dice.choice((1, 10, 20)))
        shift = dice.choice(
            (timedelta(days=-7), timedelta(days=-3), timedelta(days=-1), timedelta(days=1), timedelta(hours=-5), timedelta(minutes=-20))
        )
        end = min(end + shift, at - timedelta(minutes=1))
        yield Happening(at, What.CORRECTED, who, key, moment=end)
    if dice.random() < 0.08:
        yield Happening(_after(dice, at, 0.1, dice.choice((3, 40, 200))), What.WITHDRAWN, who, key)
    for step, days in (*CHECK_INS.items(), *VISITS.items()):
        fate = _visit if step in VISITS else _check_in
        yield from (one for one in fate(dice, who, key, step, ended + timedelta(days=days)) if one.at > recorded)


def _check_in(dice: random.Random, who: str, key: str, step: str, target: datetime) -> Iterator[Happening]:
    luck = dice.random()
    if luck < 0.4:
        yield Happening(_after(dice, target, -0.5, 3), What.MARKED, who, key, step, "answered")
    elif luck < 0.5:
        yield Happening(_after(dice, target, -2, 3), What.MARKED, who, key, step, dice.choice(("declined", "missed")))


def _visit(dice: random.Random, who: str, key: str, step: str, target: datetime) -> Iterator[Happening]:
    def marked(at: datetime, state: str, booked_for: datetime | None = None) -> Happening:
        return Happening(at, What.MARKED, who, key, step, state, booked_for)

    luck = dice.random()
    if luck < 0.25:
        yield marked(_after(dice, target, -3.9, 6), "attended")
    elif luck < 0.3:
        yield marked(_after(dice, target, -20, 5), "declined")
    elif luck < 0.4:
        at = _after(dice, target, -3, 12)
        yield marked(at, "missed")
        if dice.random() < 0.4:
            yield marked(_after(dice, at, 1, 4), "booked", _clinic_time(dice, (at + timedelta(days=dice.randrange(5, 15))).date()))
    elif luck < 0.45:
        yield marked(_after(dice, target, -20, -2), "booked")
    elif luck < 0.75:
        yield from _booked(dice, marked, target)


def _booked(dice: random.Random, marked: Any, target: datetime) -> Iterator[Happening]:
    """Booked for a time, perhaps for another one; then attended, missed, or nobody says."""
    at = _after(dice, target, -dice.choice((9, 16, 35)), -1)
    booked_for = _clinic_time(dice, (target + timedelta(days=dice.randrange(-4, 12))).date())
    if booked_for <= at:
        booked_for = _clinic_time(dice, (at + timedelta(days=2)).date())
    yield marked(at, "booked", booked_for)
    if dice.random() < 0.2:
        at = _at(dice, at + (booked_for - at) * dice.random())
        booked_for = _clinic_time(dice, (booked_for + timedelta(days=dice.randrange(0, 6))).date())
        yield marked(at, "booked", booked_for)
    luck = dice.random()
    if luck < 0.8:
        yield marked(_after(dice, booked_for, 0.05, 2), "attended" if luck < 0.45 else "missed")
