"""Asking several things of one moment at once: each reader of the snapshot takes the next count that waits."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Protocol, TypeVar

from server.reports.service.cohort import Frame

Counted = TypeVar("Counted")


class Asking(Protocol):
    """Begins a count, and gives back how to wait for it."""

    def __call__(self, count: Callable[[Frame], Counted]) -> Callable[[], Counted]:
        """The wait raises what the count raised."""


@contextmanager
def side_by_side(frames: Sequence[Frame]) -> Iterator[Asking]:
    """As many counts at once as there are frames of the moment; with one frame each count is made when it is waited for."""
    if len(frames) == 1:
        yield lambda count: lambda: count(frames[0])
        return
    free: SimpleQueue[Frame] = SimpleQueue()
    for frame in frames:
        free.put(frame)

    def on_a_free_one(count: Callable[[Frame], Counted]) -> Counted:
        frame = free.get()
        try:
            return count(frame)
        finally:
            free.put(frame)

    pool = ThreadPoolExecutor(len(frames), thread_name_prefix="count")
    try:

        def ask(count: Callable[[Frame], Counted]) -> Callable[[], Counted]:
            waiting: Future[Counted] = pool.submit(on_a_free_one, count)
            return waiting.result

        yield ask
    finally:
        pool.shutdown(wait=True, cancel_futures=True)  # a session may not be closed while a thread asks it
