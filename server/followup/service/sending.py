"""Seeing and stopping the sending: what waits on each channel, what rests or is paused, whether the clock is believed."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.canonical import instant
from server.clinics.models import Clinic
from server.db import table_of
from server.followup.models import IS_LEASED, IS_PENDING, Chore, Pause, Reminder, Sender
from server.followup.service import lateness

EVERYTHING, WATERMARK, TICK = "*", "watermark", "tick"
"""Names of the engine's own rows."""
_R, _P = table_of(Reminder), table_of(Pause)
_ASKED_AGAIN = timedelta(minutes=1)
_A_DAY = timedelta(days=1)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Always past; said because SQLite would otherwise count through an index that lacks the channel."""


def overview(session: Session) -> dict[str, Any]:
    """How the clinic's sending stands, in wire form."""
    clinic_id: uuid.UUID = session.info["clinic_id"]
    pause, senders = open_pause(session), _senders(session)
    everything = senders.get(EVERYTHING)
    return {
        "paused": pause.document() if pause else None,
        "everything_paused": bool(everything and everything.paused_at),
        "channels": [_channel(session, channel, senders.get(channel), clinic_id) for channel in Channel],
        "clock_held": clock_held(session),
        "last_tick_at": _text(last_tick(session)),
        "lateness": lateness.histogram(session, _R.c.clinic_id == clinic_id),
    }


def _text(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _senders(session: Session) -> dict[str, Sender]:
    return {row.channel: row for row in session.scalars(sa.select(Sender))}


def clock_held(session: Session) -> str | None:
    """Why the clock is not believed, in a word, or None."""
    row = session.get(Chore, WATERMARK)
    return row.said if row else None


def last_tick(session: Session) -> datetime | None:
    """When the engine last looked round."""
    row = session.get(Chore, TICK)
    return row.ran_at if row else None


def _channel(session: Session, channel: Channel, sender: Sender | None, clinic_id: uuid.UUID) -> dict[str, Any]:
    now = clock.now()
    mine = (IS_PENDING, _R.c.channel == channel, _R.c.clinic_id == clinic_id)
    ask = session.connection().execute
    due, oldest = ask(sa.select(sa.func.count(), sa.func.min(_R.c.due_at)).where(*mine, _R.c.next_at <= now)).one()
    waiting = ask(sa.select(sa.func.count()).select_from(_R).where(*mine, _R.c.next_at > _LONG_AGO)).scalar()
    rests = sender.open_until if sender and sender.open_until and sender.open_until > now else None
    return {
        "channel": str(channel),
        "waiting": waiting or 0,
        "due": due,
        "oldest_due_at": _text(oldest),
        "resting_until": _text(rests),
        "failures": sender.failures if sender else 0,
    }


def due_by_channel(session: Session) -> dict[tuple[str, Channel], int]:
    """Messages of all clinics by (`due`, `within_a_day` or `in_flight`, channel): what the engine must do soon, never the whole year."""
    now = clock.now()
    counts: dict[tuple[str, Channel], int] = {}
    ask = session.connection().execute
    for channel in Channel:
        mine = (IS_PENDING, _R.c.channel == channel)
        soon = sa.select(sa.func.count()).select_from(_R)
        counts["due", channel] = ask(soon.where(*mine, _R.c.next_at <= now)).scalar() or 0
        counts["within_a_day", channel] = ask(soon.where(*mine, _R.c.next_at > now, _R.c.next_at <= now + _A_DAY)).scalar() or 0
        counts["in_flight", channel] = 0
    for channel, number in ask(sa.select(_R.c.channel, sa.func.count()).where(IS_LEASED).group_by(_R.c.channel)):
        counts["in_flight", Channel(channel)] = number
    return counts


def longest_wait(session: Session, channel: Channel, *, paused_too: bool = True) -> timedelta:
    """How long the channel's longest due message, of any clinic, has waited for the engine; 0 without any. One look at an index."""
    query = sa.select(_R.c.next_at).where(IS_PENDING, _R.c.channel == channel, _R.c.next_at <= clock.now()).order_by(_R.c.next_at).limit(1)
    if not paused_too:
        query = query.where(_R.c.clinic_id.not_in(sa.select(_P.c.clinic_id).where(_P.c.ended_at.is_(None))))
    begun = session.connection().execute(query).scalar()
    return clock.now() - begun if begun else timedelta()


def is_late(session: Session, after: timedelta) -> Channel | None:
    """A channel that has let a message wait longer than that although nobody paused it and it is not working off a queue at its pace."""
    senders = _senders(session)
    if (everything := senders.get(EVERYTHING)) and everything.paused_at:
        return None
    for channel in Channel:
        row = senders.get(channel)
        at_its_pace = row is not None and row.free_at is not None and row.free_at > clock.now() - _ASKED_AGAIN
        if not (row and row.paused_at) and not at_its_pace and longest_wait(session, channel, paused_too=False) > after:
            return channel
    return None


def open_pause(session: Session) -> Pause | None:
    """The pause in which the clinic is, or None."""
    return session.scalar(sa.select(Pause).where(Pause.ended_at.is_(None)).order_by(Pause.begun_at).limit(1))


def pause(session: Session, reason: str) -> Pause:
    """Send nothing more for this clinic until `resume`. Paused already, it stays so, for the reason given first."""
    _one_at_a_time(session)
    standing = open_pause(session)
    if standing:
        return standing
    row = Pause(reason=reason, begun_at=clock.now(), begun_by=_actor(session))
    session.add(row)
    session.flush()
    return row


def resume(session: Session) -> None:
    """Go on. What fell due meanwhile is looked at now; what is too late to be said by then expires."""
    _one_at_a_time(session)
    standing = open_pause(session)
    if standing is None:
        return
    now = clock.now()
    standing.ended_at, standing.ended_by = now, _actor(session)
    session.flush()
    # Put off by the pause while a worker already held them; bookkeeping, the promise does not move.
    held = (
        IS_PENDING,
        _R.c.clinic_id == session.info["clinic_id"],
        _R.c.due_at <= now,
        _R.c.next_at > now,
        _R.c.next_at <= now + _ASKED_AGAIN,
    )
    session.connection().execute(sa.update(_R).where(*held).values(next_at=now))


def _one_at_a_time(session: Session) -> None:
    session.execute(sa.select(Clinic.id).where(Clinic.id == session.info["clinic_id"]).with_for_update())


def _actor(session: Session) -> uuid.UUID | None:
    actor = session.info.get("actor")
    return actor.user_id if actor else None


def status_text(session: Session) -> list[str]:
    """How the sending of the whole installation stands, a line each, for the command line."""
    senders, counts = _senders(session), due_by_channel(session)
    everything, held, ticked = senders.get(EVERYTHING), clock_held(session), last_tick(session)
    lines = []
    if everything and everything.paused_at:
        lines.append(f"Everything is paused since {everything.paused_at:%Y-%m-%d %H:%M} UTC: {everything.pause_reason}")
    if held:
        lines.append(
            f"The clock is not believed ({held.replace('_', ' ')}); nothing is sent. If the time is right: graftlog sending believe-clock"
        )
    lines.append(f"Last tick: {ticked:%Y-%m-%d %H:%M:%S} UTC" if ticked else "No worker has ticked yet.")
    for channel in Channel:
        waits = int(longest_wait(session, channel).total_seconds())
        line = f"{channel}: {counts['due', channel]} due (the oldest for {waits} s), {counts['within_a_day', channel]} more within a day"
        row = senders.get(channel)
        rests = f", resting until {row.open_until:%H:%M:%S} UTC" if row and row.open_until and row.open_until > clock.now() else ""
        lines.append(f"{line}, {counts['in_flight', channel]} being sent{rests}")
    doubts, failed = lateness.in_doubt(session), lateness.not_sent(session)
    lines.append(
        f"In doubt: {doubts}. In the last 24 hours: {failed[ReminderState.EXPIRED]} too late, {failed[ReminderState.DEAD]} given up."
    )
    return [*lines, *_paused_clinics(session)]


def _paused_clinics(session: Session) -> list[str]:
    query = sa.select(Clinic.name, Pause.begun_at, Pause.reason).join(Pause, Pause.clinic_id == Clinic.id).where(Pause.ended_at.is_(None))
    rows = session.execute(query.order_by(Clinic.name), execution_options={"all_clinics": True})
    return [f"Paused: {name}, since {begun:%Y-%m-%d %H:%M} UTC: {reason}" for name, begun, reason in rows]
