"""What will be sent in the days to come, as things stand now: every waiting message, judged like the last look, at its sender's pace."""

import bisect
import functools
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PATIENT_CHANNELS, Channel, Purpose, VisitState
from server import clock
from server.canonical import instant
from server.clinics import service as clinics
from server.config import Config
from server.followup.calendar import Hours
from server.followup.channels.ways import paces
from server.followup.models import PATIENT, Pause
from server.followup.service import protocols
from server.followup.service.listing import NOT_YET
from server.followup.service.outlook import R, Row, facts, is_among, standing_of, stopped_among, with_facts, zone_of
from server.followup.verdict import Standing, refusal


@dataclass(slots=True)
class Item:
    """One message to come; `leaves_at` is None when it will not be sent, and `reason` says why.

    `allowed` moves a moment into the sending hours of its patient; None: at any time. `waits` is how long the sender's pace holds it up.
    """

    reminder_id: uuid.UUID
    due_at: datetime
    expires_at: datetime
    next_at: datetime
    day: date
    channel: Channel
    purpose: Purpose
    allowed: Callable[[datetime], datetime] | None
    reason: str | None = None
    leaves_at: datetime | None = None
    waits: timedelta = timedelta()


@dataclass(frozen=True)
class Told:
    """A message to come with whom it goes to and what it is about, read only of those that are shown."""

    item: Item
    local_time: str
    visit_id: uuid.UUID | None
    visit_title: str | None
    visit_on: date | None
    patient_id: uuid.UUID
    patient_name: str

    def document(self) -> dict[str, Any]:
        """Wire form."""
        one = self.item
        return {
            "reminder_id": str(one.reminder_id),
            "due_at": instant(one.due_at),
            "leaves_at": instant(one.leaves_at) if one.leaves_at else None,
            "day": one.day.isoformat(),
            "local_time": self.local_time,
            "channel": str(one.channel),
            "purpose": str(one.purpose),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "visit_title": self.visit_title,
            "visit_on": self.visit_on.isoformat() if self.visit_on else None,
            "patient_id": str(self.patient_id),
            "patient_name": self.patient_name,
            "will_be_sent": one.reason is None,
            "reason": one.reason,
        }


@dataclass(frozen=True)
class Pace:
    """The day on which a channel's last message is latest after its own time; `per_second` 0 is as fast as it goes."""

    channel: Channel
    per_second: int
    messages: int = 0
    day: date | None = None
    last_leaves_at: datetime | None = None


@dataclass
class LookAhead:
    """All messages from `begins` until `until`, by due time."""

    begins: datetime
    until: datetime
    items: list[Item]
    pace: list[Pace]
    paused: str | None
    zone: ZoneInfo

    def days(self) -> dict[date, Counter[str]]:
        """Per day of the clinic's calendar: messages by channel, and `not_sent`."""
        found: dict[date, Counter[str]] = defaultdict(Counter)
        for (day, kind), count in Counter((one.day, "not_sent" if one.reason else one.channel) for one in self.items).items():
            found[day][str(kind)] = count
        return dict(sorted(found.items()))

    def document(self) -> dict[str, Any]:
        """Wire form, without the items."""
        days = [
            {"day": day.isoformat()} | {name: counts[name] for name in (*map(str, PATIENT_CHANNELS), "not_sent")}
            for day, counts in self.days().items()
        ]
        return {
            "begins": instant(self.begins),
            "until": instant(self.until),
            "total": len(self.items),
            "not_sent": sum(one.reason is not None for one in self.items),
            "days": days,
            "pace": [_pace_document(one, self.zone) for one in self.pace],
            "paused": self.paused,
        }


def sentence(pace: Pace, zone: ZoneInfo) -> str | None:
    """`On 2026-12-04 the last of 3300 text messages leaves at 10:55.`; None where nothing has to wait."""
    if pace.day is None or pace.last_leaves_at is None:
        return None
    kind = "text messages" if pace.channel == Channel.SMS else "e-mails"
    return f"On {pace.day.isoformat()} the last of {pace.messages} {kind} leaves at {pace.last_leaves_at.astimezone(zone):%H:%M}."


def _pace_document(pace: Pace, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "channel": str(pace.channel),
        "per_second": pace.per_second,
        "messages": pace.messages,
        "day": pace.day.isoformat() if pace.day else None,
        "last_leaves_at": instant(pace.last_leaves_at) if pace.last_leaves_at else None,
        "sentence": sentence(pace, zone),
    }


def look_ahead(session: Session, config: Config, *, days: int) -> LookAhead:
    """What waits for patients and falls due within so many days of the clinic's calendar, today included, late ones too."""
    zone, now = clinics.zone_of(session), clock.now()
    until = datetime.combine(now.astimezone(zone).date() + timedelta(days=days), datetime.min.time(), zone)
    items = _items(session, session.connection().execute(_query(session, now, until)).all(), zone, now)
    rates = paces(config)
    pace = []
    for channel in PATIENT_CHANNELS:
        mine = [one for one in items if one.channel == channel and one.reason is None]
        _let_leave(mine, rates[channel], now)
        pace.append(_longest(channel, rates[channel], mine, zone))
    paused = session.scalar(sa.select(Pause.reason).where(Pause.ended_at.is_(None)).limit(1))
    return LookAhead(now, until, items, pace, paused, zone)


_OWN = facts("id", "due_at", "expires_at", "next_at", "patient_address")
_ALIKE = (
    *facts("channel", "purpose", "visit_state", "visit_protocol_version", "patient_time_zone", "procedure_state", raw=True),
    *facts("patient_reminder_consent", "patient_died_on"),
)
"""What thousands of messages have in common: there are a few dozen combinations, each of which is judged once."""
_NAMES = tuple(one.key for one in _ALIKE)
_TOLD = (
    *("id", "wall", "visit_id", "patient_id", "visit_state", "visit_title", "visit_target_date", "visit_booked_for"),
    *("patient_family_name", "patient_given_name"),
)
_LONG = timedelta(minutes=1)
_BRIEF, _WHOM = with_facts(*_OWN, *_ALIKE), with_facts(*facts(*_TOLD))


def _query(session: Session, now: datetime, until: datetime) -> sa.Select[Any]:
    return (
        _BRIEF.where(R.c.clinic_id == session.info["clinic_id"], R.c.state.in_(NOT_YET), R.c.recipient == PATIENT)
        .where(R.c.due_at < until, R.c.expires_at > now)
        .order_by(R.c.due_at, R.c.id)
    )


class _Judged(NamedTuple):
    """What messages that stand alike have in common, in the order in which `Item` takes it."""

    channel: Channel
    purpose: Purpose
    allowed: Callable[[datetime], datetime] | None
    reason: str | None


def _items(session: Session, rows: Sequence[Any], clinic: ZoneInfo, now: datetime) -> list[Item]:
    """Each message judged, in the order of the rows. They are unpacked: asking a row for a name takes longer than all the rest."""
    stopped = stopped_among(session, {(channel, address) for _, _, _, _, address, channel, *_ in rows})
    items: list[Item] = []
    known: dict[Any, _Judged] = {}
    hours = functools.cache(lambda version: (protocols.of_version(session, version) if version else protocols.in_force(session)).hours)
    for reminder_id, due_at, expires_at, next_at, address, *alike in rows:
        has_address, stop = bool(address), bool(stopped) and is_among(stopped, alike[0], address)
        judged = known.get(key := (*alike, has_address, stop))
        if judged is None:
            row = dict(zip(_NAMES, alike, strict=True))
            standing = standing_of(row, has_address=has_address, stopped=stop)
            judged = known[key] = _judged(row, standing, hours(row["visit_protocol_version"]), clinic)
        items.append(Item(reminder_id, due_at, expires_at, next_at, _day(max(now, due_at), clinic), *judged))
    return items


def _judged(row: Row, standing: Standing, hours: Hours, clinic: ZoneInfo) -> _Judged:
    allowed = None if standing.purpose == Purpose.LINK else _moments(hours, zone_of(row, clinic))
    return _Judged(Channel(row["channel"]), standing.purpose, allowed, refusal(standing))


def told(session: Session, ahead: LookAhead, some: Sequence[Item]) -> list[Told]:
    """Some of the messages with whom each goes to and what it is about, in their order."""
    if not some:
        return []
    query = _WHOM.where(R.c.clinic_id == session.info["clinic_id"], R.c.id.in_([one.reminder_id for one in some]))
    rows = {row["id"]: row for row in session.connection().execute(query).mappings()}
    return [_told(one, rows[one.reminder_id], ahead.zone) for one in some]


def _told(one: Item, row: Row, clinic: ZoneInfo) -> Told:
    booked = row["visit_booked_for"]
    return Told(
        item=one,
        local_time=row["wall"],
        visit_id=row["visit_id"],
        visit_title=row["visit_title"],
        visit_on=booked.astimezone(clinic).date() if booked and row["visit_state"] == VisitState.BOOKED else row["visit_target_date"],
        patient_id=row["patient_id"],
        patient_name=f"{row['patient_family_name']}, {row['patient_given_name']}",
    )


def _let_leave(items: list[Item], rate: int, now: datetime) -> None:
    """Each at its time, after those before it, inside the sending hours of its patient; or never, with the reason."""
    allowed = [_allowed(one, max(now, one.due_at, one.next_at)) for one in items]
    waiting = sorted((moment, place) for place, moment in enumerate(allowed))
    free, step = now, timedelta(seconds=1 / rate) if rate else None
    for turn, (ready, place) in enumerate(waiting):
        one, start = items[place], max(ready, free)
        moment = start if start == ready else _allowed(one, start)  # `ready` is allowed already
        if moment >= one.expires_at:
            one.reason = "too_late" if moment == start else "sending_hours"
        elif moment > start:
            bisect.insort(waiting, (moment, place), lo=turn + 1)  # its turn comes again, later
        else:
            one.leaves_at, one.waits = moment, moment - allowed[place]
            free = moment + step if step else free


def _allowed(one: Item, start: datetime) -> datetime:
    return one.allowed(start) if one.allowed else start


@functools.lru_cache(maxsize=64)
def _moments(hours: Hours, zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """Hundreds of messages are due at the same minute."""
    return functools.lru_cache(maxsize=4096)(functools.partial(hours.next_moment, zone=zone))


@functools.lru_cache(maxsize=4096)
def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _longest(channel: Channel, rate: int, items: list[Item], zone: ZoneInfo) -> Pace:
    """Of all days the one whose last message waits longest, where any waits for a minute or more."""
    leaving = [one for one in items if one.leaves_at is not None]
    waits: dict[date, tuple[timedelta, datetime]] = {}
    for one in leaving:
        if rate and one.waits >= _LONG and one.leaves_at:
            day = _day(one.leaves_at, zone)
            waits[day] = max(waits.get(day, (timedelta(), one.leaves_at)), (one.waits, one.leaves_at))
    if not waits:
        return Pace(channel, rate, len(leaving))
    day = max(waits, key=lambda one: waits[one][0])
    return Pace(channel, rate, sum(_day(one.leaves_at, zone) == day for one in leaving if one.leaves_at), day, waits[day][1])
