"""Reports: the tasks that compute what somebody asked for, and keep digests for them. Messages name no report: the database is asked."""

import logging
import time
from collections.abc import Callable
from functools import cache

from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from server.reports.digest.following import follow_all
from server.reports.service.running import run_waiting, warm_up
from workers.app import app
from workers.process import database

log = logging.getLogger("graftlog.workers")
LONGEST_S = 5.0
"""Then it is a message's turn again; the next call goes on."""


def _in_time() -> Callable[[], bool]:
    """Whether the time is not up, and the worker is not asked to stop."""
    end = time.monotonic() + LONGEST_S
    return lambda: time.monotonic() < end and worker_state.should_stop is None


@app.task(name="reports")
def reports() -> None:
    """Compute what waits, until nothing does."""
    try:
        _warm()
        made = run_waiting(database(), _in_time())
    except SQLAlchemyError:
        return  # the tick says so already, once
    if made:
        log.info("%d reports computed", made)


@app.task(name="digests")
def digests() -> None:
    """Bring the digests of all clinics to the end of their journals, so that the next report has little to catch up with."""
    try:
        follow_all(database(), _in_time())
    except SQLAlchemyError:
        return  # as above


@cache
def _warm() -> None:
    """Once in a worker's life, with its first call."""
    warm_up(database())
