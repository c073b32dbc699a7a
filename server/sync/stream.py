"""The live stream of one client: looks at the clinic's counter once a second and says which collections have changed."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache

from server.db import Database
from server.journal import feed
from server.problems import Problem

SECONDS = 55
"""Life of a stream; then the client connects again, and its token is looked at again."""
BEAT_EVERY = 5
"""Seconds. A client that has gone is noticed when something is written to it, and its place is free again after two beats at most."""
SHARE_OF_THREADS = 4
"""A quarter of the web threads, at least one, may be held by streams; the others always answer calls."""
_LONGEST_ID = 18


class Stream:
    """What one client is told. Between two looks it holds no transaction and no connection."""

    def __init__(
        self, database: Database, clinic_id: uuid.UUID, last_seen: str | None = None, wait: Callable[[float], object] = time.sleep
    ) -> None:
        """`last_seen` is the id of the last event that the client knows; without one it is told of what comes from now on."""
        self.database, self.clinic_id, self.wait = database, clinic_id, wait
        known = last_seen is not None and last_seen.isascii() and last_seen.isdigit() and len(last_seen) <= _LONGEST_ID
        self.seq = int(last_seen) if known and last_seen else None

    def events(self) -> Iterator[str]:
        """Text of the events."""
        yield "retry: 2000\n\n"
        for second in range(SECONDS):
            changed = self._look()
            for collection in changed:
                yield f'event: changed\nid: {self.seq}\ndata: {{"collection": "{collection}"}}\n\n'
            if not changed and second % BEAT_EVERY == 0:
                yield ": beat\n\n"
            self.wait(1)

    def _look(self) -> list[str]:
        with self.database.transaction(self.clinic_id, write=False) as session:
            now = feed.position(session)
            before, self.seq = self.seq, now
            if before is None or before >= now:
                return []
            return list(feed.collections_after(session, before))


@cache
def _seats(threads: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, threads // SHARE_OF_THREADS))


def seat(threads: int) -> Callable[[], None]:
    """Take one of this process's places for a stream; call the result to give it back, once or more. Raises `too_many_streams`."""
    seats = _seats(threads)
    if not seats.acquire(blocking=False):
        raise Problem("too_many_streams", "Pull every half minute instead, and try again later.")
    held = threading.Lock()

    def release() -> None:
        if held.acquire(blocking=False):
            seats.release()

    return release
