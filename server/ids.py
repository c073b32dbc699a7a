"""Identifiers: UUID version 7 (RFC 9562), ordered by time, made from our own clock."""

import secrets
import threading
import uuid

from server import clock

_lock = threading.Lock()
_last = 0
_RANDOM_BITS = 74


def uuid7() -> uuid.UUID:
    """New id; strictly increasing within one millisecond of this process."""
    global _last  # noqa: PLW0603  reason: the one counter of the process, guarded by the lock
    millisecond = int(clock.now().timestamp() * 1000)
    fresh = (millisecond << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    with _lock:
        if _last >> _RANDOM_BITS == millisecond and fresh <= _last:
            fresh = _last + 1 + secrets.randbits(24)
        _last = fresh
    milliseconds, random = fresh >> _RANDOM_BITS, fresh & ((1 << _RANDOM_BITS) - 1)
    upper, lower = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (upper << 64) | (2 << 62) | lower)
