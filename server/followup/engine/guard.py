"""What keeps the engine from doing harm: the breaker and pace of each channel, pauses, and the clock that must be believed first."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel
from server import clock
from server.config import Config
from server.db import Database, insert_missing, table_of
from server.followup.channels.ways import paces
from server.followup.models import Chore, Pause, Sender

FAILURES = 5
"""So many calls in a row that found the provider down open the breaker."""
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
ALL = "*"
WATERMARK = "watermark"
STEP_BACK = timedelta(minutes=2)
JUMP = timedelta(minutes=5)
MENDS_ITSELF = timedelta(hours=2)
"""A clock set right by no more than this is believed again after a while; beyond it a person must say so."""
BELIEVED_AFTER = timedelta(minutes=15)
SILENCE = timedelta(days=45)
"""After so long without a tick a person must say that the time is right before anything is sent or given up."""
NOTED_EVERY = timedelta(seconds=10)
DATABASE_APART = timedelta(minutes=2)


def sender(session: Session, channel: str, *, lock: bool = False) -> Sender | None:
    """A channel's row, which exists once something has happened to it."""
    return session.get(Sender, channel, with_for_update=True if lock else None, populate_existing=lock)


def _made(session: Session, channel: str) -> Sender:
    row = sender(session, channel, lock=True)
    if row is None:
        insert_missing(session, table_of(Sender), {"channel": channel, "failures": 0})
        row = session.get_one(Sender, channel, with_for_update=True)
    return row


def may_send(db: Database, channel: Channel) -> bool:
    """Whether the channel is neither stopped by a person nor resting after failures."""
    with db.transaction(write=False) as session:
        return _is_open(session, channel)


def _is_open(session: Session, channel: Channel) -> bool:
    now = clock.now()
    rows = session.scalars(sa.select(Sender).where(Sender.channel.in_((ALL, str(channel)))))
    return not any(row.paused_at or (row.open_until and row.open_until > now) for row in rows)


def paused_clinics(session: Session, clinics: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the clinics that have paused their messages."""
    wanted = list(clinics)
    if not wanted:
        return set()
    query = sa.select(Pause.clinic_id).where(Pause.ended_at.is_(None), Pause.clinic_id.in_(wanted))
    return set(session.scalars(query, execution_options={"all_clinics": True}))


def reserve(session: Session, channel: Channel, most: int, config: Config) -> int:
    """How many messages may go out on the channel now: all, none while it rests, one to try it after a rest, or what its pace allows.

    The pace is kept by `free_at`: the moment when the sender has worked off what it was given (messages a second, from the settings).
    """
    if not _is_open(session, channel):
        return 0
    row = sender(session, channel)
    if row and row.failures >= FAILURES:
        most = 1
    rate = paces(config).get(channel, 0)
    if not rate:
        return most
    row = _made(session, channel)
    now = clock.now()
    if row.free_at and row.free_at > now:
        return 0
    allowed = min(most, rate)
    row.free_at = now + timedelta(seconds=allowed / rate)
    return allowed


def note(session: Session, channel: Channel, down: Sequence[bool]) -> None:
    """What a handful of calls says about the provider: enough failures in a row open the breaker, a success closes it."""
    row = sender(session, channel)
    if not any(down) and (row is None or (not row.failures and row.open_until is None)):
        return
    row = _made(session, channel)
    if not all(down):
        row.failures, row.open_until = 0, None
        return
    row.failures += len(down)
    if row.failures >= FAILURES:
        rests = min(row.failures // FAILURES, 10)
        row.open_until = clock.now() + min(_FIRST_REST * 2 ** (rests - 1), _LONGEST_REST)


def pause_all(session: Session, reason: str | None) -> None:
    """Stop every channel of this installation, or with None let them go on."""
    row = _made(session, ALL)
    row.paused_at, row.pause_reason = (clock.now(), reason) if reason else (None, None)


def boottime() -> float:
    """Seconds that go on while the machine sleeps and that nobody can set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """Whether this process may believe its clock. A jump holds all sending: a year must not fall due at once."""

    def __init__(self, steady: Callable[[], float] = boottime) -> None:
        """`steady` counts seconds and cannot be set."""
        self._steady = steady
        self._last: tuple[datetime, float] | None = None

    def held(self, session: Session) -> str | None:
        """Why nothing may be sent now, or None. Writes the watermark now and then."""
        now, steady = clock.now(), self._steady()
        row = session.get(Chore, WATERMARK)
        reason = self._wrong(session, row, now, steady)
        self._last = (now, steady)
        if row is None:
            insert_missing(session, table_of(Chore), {"name": WATERMARK, "next_at": now})
            return None
        if row.said:
            return self._still_held(row, now)
        if reason:
            row.said, row.ran_at = reason, now
            return reason
        if now - row.next_at >= NOTED_EVERY:
            row.next_at = now
        return None

    def _wrong(self, session: Session, row: Chore | None, now: datetime, steady: float) -> str | None:
        if row is not None and row.next_at - now > STEP_BACK:
            return "clock_went_back"
        if self._last is not None:
            passed = timedelta(seconds=steady - self._last[1])
            if (now - self._last[0]) - passed > JUMP:
                return "clock_jumped_forward"
        elif row is not None and now - row.next_at > SILENCE:
            return "long_silence"
        return None if self._agrees(session, now) else "clock_differs_from_database"

    def _agrees(self, session: Session, now: datetime) -> bool:
        """With the database's clock, where that is another one."""
        if clock.is_moved() or session.get_bind().dialect.name != "postgresql":
            return True
        stored: datetime = session.scalar(sa.select(sa.func.clock_timestamp()))  # type: ignore[assignment]  # reason: a function always has a value
        return abs(stored - now) < DATABASE_APART

    def _still_held(self, row: Chore, now: datetime) -> str | None:
        """Until the clock is back where it should be, a small correction has stood for a while, or a person has said so."""
        begun = row.ran_at or now
        back = abs(now - row.next_at) <= JUMP
        small = abs(begun - row.next_at) <= MENDS_ITSELF and timedelta() <= now - begun and now - begun >= BELIEVED_AFTER
        if (row.said != "long_silence" and back) or small:
            row.said, row.ran_at, row.next_at = None, None, now
            return None
        return row.said


def believe(session: Session) -> None:
    """A person says that the time is right."""
    row = session.get(Chore, WATERMARK, with_for_update=True)
    if row is not None:
        row.said, row.ran_at, row.next_at = None, None, clock.now()
