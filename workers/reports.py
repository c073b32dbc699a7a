"""Reports: the task that computes what somebody asked for. Messages name no report: the database is asked."""

import logging
import time

from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from server.reports.service.running import run_waiting
from workers.app import app
from workers.process import database

log = logging.getLogger("graftlog.workers")
LONGEST_S = 5.0
"""Then it is a message's turn again; the next call goes on."""


@app.task(name="reports")
def reports() -> None:
    """Compute what waits, until nothing does, the time is up, or the worker is asked to stop."""
    end = time.monotonic() + LONGEST_S
    try:
        made = run_waiting(database(), lambda: time.monotonic() < end and worker_state.should_stop is None)
    except SQLAlchemyError:
        return  # the tick says so already, once
    if made:
        log.info("%d reports computed", made)
