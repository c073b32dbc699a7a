"""The connection below an upload, as gunicorn hands it over: how long to wait for it, and how to leave it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Response, request

STALL_S = 30.0
"""A tablet that sends nothing for so long has left the room; its thread is wanted."""


def _socket() -> socket.socket | None:
    """None where another server, or a test, calls."""
    found: socket.socket | None = request.environ.get("gunicorn.socket")
    return found


@contextmanager
def patience() -> Iterator[None]:
    """Waiting for bytes is bounded inside the block: a silent connection raises TimeoutError. Gunicorn itself would wait for ever."""
    connection = _socket()
    if connection is not None:
        connection.settimeout(STALL_S)
    try:
        yield
    finally:
        if connection is not None:
            connection.settimeout(None)


def hang_up(response: Response) -> None:
    """Close the connection after this answer, which leaves bytes unread.

    Gunicorn would wait five seconds for them in this thread and two in the one that accepts calls: with a few slow tablets turned away
    at once, facts waited for nine seconds.
    """
    connection, ours = _socket(), request.environ.get("graftlog.gunicorn_response")
    if connection is None or ours is None:
        return
    ours.force_close()

    def read_no_more() -> None:
        with suppress(OSError):  # the tablet may have hung up first
            connection.shutdown(socket.SHUT_RD)

    response.call_on_close(read_no_more)
