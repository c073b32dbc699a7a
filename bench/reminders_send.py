"""End to end: due rows, two real worker processes, a sink, and what is recorded in the end."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.place import Place
from bench.reminders_fill import make_due
from bench.reminders_sink import Sink
from bench.reminders_workers import Workers, database_cpu_s, since
from schemas.vocabulary import Channel

AHEAD = timedelta(seconds=10)
"""Long enough to write the rows before they are due."""
MOST_S = 120
_RECORDED = sa.text(
    "SELECT sent_at, begun_at, due_at FROM reminders "
    "WHERE due_at >= :since AND due_at <= :until AND channel = :channel AND state = 'accepted'"
)


@dataclass(frozen=True)
class Sent:
    """What became of a number of due messages. Lateness in seconds; processor times in ms a message."""

    messages: int
    calls: int
    per_second: float
    first_s: float
    p50_s: float
    p99_s: float
    cpu_ms: dict[str, float]
    expected: int


def send(place: Place, sink: Sink, running: Workers, channel: Channel, count: int, *, per_second: float = 0) -> Sent:
    """Let messages fall due, all at once or at a rate, and wait until all are recorded."""
    moment = datetime.now(UTC) + AHEAD
    make_due(place, channel, count, moment, per_second=per_second)
    if datetime.now(UTC) > moment:
        raise RuntimeError("the rows were not written in time")
    sink.figures(clear=True)
    before = running.cpu_s(), sink.cpu_s(), database_cpu_s(place)
    deadline = time.monotonic() + MOST_S
    until = moment + timedelta(seconds=count / per_second + 1 if per_second else 1)
    database = place.database()
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
    while sink.figures()["messages"] < count and time.monotonic() < deadline:
        time.sleep(0.2)
    rows: Sequence[Any] = ()
    while len(rows) < count and time.monotonic() < deadline + 10:
        time.sleep(0.2)
        with database.engine.connect() as connection:
            rows = connection.execute(_RECORDED, {"since": moment, "until": until, "channel": str(channel)}).all()
    if len(rows) < count:
        raise RuntimeError(f"{len(rows)} of {count} messages were recorded as sent; the sink says {sink.figures()}")
    if (found := sink.figures())["messages"] != count:
        raise RuntimeError(f"{count} messages fell due and the sink has others: {found}")
    after = running.cpu_s(), sink.cpu_s(), database_cpu_s(place)
    database.close()
    late = sorted((row.sent_at - row.due_at).total_seconds() for row in rows)
    whole = (max(row.sent_at for row in rows) - min(row.begun_at for row in rows)).total_seconds()
    spent = {"workers": after[0] - before[0], "sink": after[1] - before[1], "PostgreSQL": since(before[2], after[2])}
    return Sent(
        messages=len(rows),
        calls=sink.figures()["calls"],
        per_second=len(rows) / whole,
        first_s=late[0],
        p50_s=late[len(late) // 2],
        p99_s=late[int(0.99 * len(late))],
        cpu_ms={name: seconds / count * 1000 for name, seconds in spent.items()},
        expected=count,
    )
