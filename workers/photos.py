"""Photographs: the tasks that make thumbnails and see to encryption. Messages name no photograph: the database is asked."""

import logging
import time

from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from server.photos.service.encrypting import encrypt_waiting
from server.photos.service.rotating import rewrap_waiting
from server.photos.service.thumbnails import make_waiting
from workers.app import app
from workers.process import database, settings

log = logging.getLogger("graftlog.workers")
LONGEST_S = 5.0
"""Then it is a message's turn again; the next call goes on."""


@app.task(name="thumbnails")
def thumbnails() -> None:
    """Make what waits, until nothing does, the time is up, or the worker is asked to stop."""
    end = time.monotonic() + LONGEST_S
    try:
        made = make_waiting(database(), settings, lambda: time.monotonic() < end and worker_state.should_stop is None)
    except SQLAlchemyError:
        return  # the tick says so already, once
    if made:
        log.info("thumbnails of %d photographs", made)


@app.task(name="photo_keys")
def photo_keys() -> None:
    """Wrap keys anew after a change, then encrypt what lies plain, with the same bounds."""
    end = time.monotonic() + LONGEST_S

    def go_on() -> bool:
        return time.monotonic() < end and worker_state.should_stop is None

    try:
        wrapped, encrypted = rewrap_waiting(database(), settings, go_on), encrypt_waiting(database(), settings, go_on)
    except SQLAlchemyError:
        return  # as above
    if wrapped or encrypted:
        log.info("photos: %d keys wrapped anew, %d photographs encrypted", wrapped, encrypted)
