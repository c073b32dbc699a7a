"""The one clock. Everything that needs the time asks here, so that a test or the demo can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_moved: ContextVar[datetime | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """Aware UTC time, or the time the clock was moved to."""
    return _moved.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Stand still at `moment` (aware) inside the block, in this thread or task only."""
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)


def is_moved() -> bool:
    """Whether somebody has moved it."""
    return _moved.get() is not None
