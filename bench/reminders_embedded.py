"""The embedded default: SQLite, messages to the worker as files, letters to the outbox folder, one worker and one beat."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bench.place import Place, cpu_of
from bench.reminders_fill import make_due
from bench.reminders_workers import workers
from schemas.vocabulary import Channel

IDLE_S = 30
MESSAGES = 400


@dataclass(frozen=True)
class Embedded:
    """Processor use of worker and beat with nothing to do, and how fast what is due reaches the outbox folder."""

    idle_percent: float
    per_second: float
    p99_s: float
    rss_mb: list[float]


def measure(place: Place) -> Embedded:
    """Half a minute of nothing, then many letters due at one moment."""
    with workers(place, 1, {}) as running:
        time.sleep(8)
        before, began = running.cpu_s() + cpu_of(running.beat), time.monotonic()
        time.sleep(IDLE_S)
        idle = (running.cpu_s() + cpu_of(running.beat) - before) / (time.monotonic() - began) * 100
        moment = datetime.now(UTC)
        make_due(place, Channel.EMAIL, MESSAGES, moment)
        sent = _wait(place, MESSAGES)
        memory = running.rss_mb()
    whole = (max(one for one, _ in sent) - min(begun for _, begun in sent)).total_seconds()
    late = sorted((one - moment).total_seconds() for one, _ in sent)
    if len(list(place.folder.glob("outbox/*/*.eml"))) != MESSAGES:
        raise RuntimeError("the outbox folder does not hold every letter once")
    return Embedded(idle, len(sent) / whole, late[int(0.99 * len(late))], memory)


def _wait(place: Place, count: int, most_s: float = 120) -> Sequence[tuple[datetime, datetime]]:
    database = place.database()
    deadline = time.monotonic() + most_s
    rows: Sequence[Any] = ()
    while len(rows) < count and time.monotonic() < deadline:
        time.sleep(0.5)
        with database.reader.connect() as connection:
            query = sa.text("SELECT sent_at, begun_at FROM reminders WHERE state = 'accepted'")
            rows = connection.execute(query).all()
    database.close()
    if len(rows) < count:
        raise RuntimeError(f"{len(rows)} of {count} letters were recorded as sent")
    return [(datetime.fromisoformat(sent).replace(tzinfo=UTC), datetime.fromisoformat(begun).replace(tzinfo=UTC)) for sent, begun in rows]
