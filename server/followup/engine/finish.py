"""After the call: what each answer makes of its message, when it is tried again, and what lost workers and lost time leave behind."""

import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.db import find
from server.followup.engine import store
from server.followup.engine.queue import R, free_lapsed
from server.followup.engine.store import Row, Settled
from server.followup.models import IS_LEASED, IS_PENDING, Outcome, Reminder
from server.followup.service import endpoints
from server.followup.service.contact import not_delivered

MOST_AT_ONCE = 200
MOST_ATTEMPTS = 8
KEY_LIVES = timedelta(hours=20)
"""Providers that honour a key do so for a day at least; after this long it may be forgotten, and a repeat would be a second message."""
_FIRST_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=4)
_dice = random.SystemRandom()


@dataclass(frozen=True)
class Result:
    """How a call ended; `error` is a class of error, `message_id` the provider's name for the message, `wait_s` what it asked for."""

    outcome: Outcome
    error: str | None = None
    message_id: str | None = None
    wait_s: float | None = None


def finish(session: Session, token: uuid.UUID, results: Mapping[uuid.UUID, Result], *, idempotent: bool) -> Counter[ReminderState]:
    """Record how calls ended. What is no longer ours is left alone; an answer later than the lease still settles the uncertain."""
    rows = store.held(session, list(results), token, ReminderState.SENDING, ReminderState.UNCERTAIN)
    settled = [_settled(row, results[row["id"]], idempotent=idempotent) for row in rows]
    store.attempts(session, [(row, (one := results[row["id"]]).outcome, one.error, one.message_id) for row in rows])
    store.settle(session, settled)
    second_ways(session, settled)
    return Counter(one.state for one in settled)


def _settled(row: Row, result: Result, *, idempotent: bool) -> Settled:
    now = clock.now()
    changes: dict[str, Any] = {"last_error": result.error}
    if result.outcome == Outcome.ACCEPTED:
        return Settled(row, ReminderState.ACCEPTED, "send", None, changes | {"sent_at": now, "message_id": result.message_id})
    if result.outcome == Outcome.REJECTED:
        return Settled(row, ReminderState.DEAD, "give_up", "rejected", changes)
    if result.outcome == Outcome.UNCERTAIN and not (idempotent and now - row["begun_at"] < KEY_LIVES):
        return Settled(row, ReminderState.UNCERTAIN, "lose_sight", "no_answer", changes)
    if row["attempts"] >= MOST_ATTEMPTS:
        return Settled(row, ReminderState.DEAD, "give_up", "too_many_attempts", changes)
    wait = max(_wait(row["attempts"]), timedelta(seconds=min(result.wait_s or 0, _LONGEST_WAIT.total_seconds())))
    return Settled(row, ReminderState.PENDING, "retry", row["reason"], changes | {"next_at": now + wait})


def _wait(attempts: int) -> timedelta:
    """2 min, 6 min, 18 min … 4 h, each a quarter more or less, so that not all come back at once; 8 attempts take half a day."""
    wait: timedelta = min(_FIRST_WAIT * 3 ** (attempts - 1), _LONGEST_WAIT)
    return wait * _dice.uniform(0.75, 1.25)


def second_ways(session: Session, settled: Sequence[Settled]) -> None:
    """What surely will not arrive takes the patient's next channel, or needs a person."""
    for one in settled:
        if one.state == ReminderState.DEAD or (one.state == ReminderState.SUPPRESSED and one.reason == "no_address"):
            reminder = find(session, Reminder, one.row["id"])
            if reminder is not None:
                why = (one.changes or {}).get("last_error") or one.reason or "not_sent"
                endpoints.retire(session, reminder)
                not_delivered(session, reminder, why)


def reap(session: Session, idempotent: Mapping[Channel, bool]) -> Counter[ReminderState]:
    """Settle lapsed leases of the session's clinic.

    Claimed is pending again; sending is called again with the same key where that is harmless, and uncertain where it could be
    a second message.
    """
    free_lapsed(session)
    now = clock.now()
    lapsed = (
        sa.select(R)
        .where(R.c.clinic_id == session.info["clinic_id"], IS_LEASED, R.c.lease_until <= now, R.c.state == ReminderState.SENDING)
        .order_by(R.c.lease_until)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.connection().execute(lapsed).mappings())
    store.attempts(session, ((row, Outcome.UNCERTAIN, "lease_lapsed", None) for row in rows))
    settled = [_lost(row, harmless=idempotent.get(row["channel"], False)) for row in rows]
    store.settle(session, settled)
    return Counter(one.state for one in settled)


def _lost(row: Row, *, harmless: bool) -> Settled:
    changes = {"last_error": "lease_lapsed"}
    if harmless and clock.now() - row["begun_at"] < KEY_LIVES and row["attempts"] < MOST_ATTEMPTS:
        return Settled(row, ReminderState.PENDING, "retry", row["reason"], changes | {"next_at": clock.now()})
    return Settled(row, ReminderState.UNCERTAIN, "lose_sight", "worker_lost", changes)


def expire(session: Session, channel: Channel) -> int:
    """Late is late: what may no longer be said is not said."""
    now = clock.now()
    late = (
        sa.select(R)
        .where(R.c.clinic_id == session.info["clinic_id"], IS_PENDING, R.c.channel == channel, R.c.next_at <= now, R.c.expires_at <= now)
        .order_by(R.c.next_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.connection().execute(late).mappings())
    store.settle(session, [Settled(row, ReminderState.EXPIRED, "expire", "too_late") for row in rows])
    return len(rows)
