"""Follow-up: the tick that looks for work, and the pump that does it. Messages name no reminder: the database is asked."""

import logging
import time
from functools import cache

from celery.signals import worker_shutdown
from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from server.config import from_environment
from server.db import Database
from server.followup import dispatch, leases
from workers.app import app

log = logging.getLogger("graftlog.workers")
settings = from_environment()
PUMP_S = 20.0
_trouble = ""


@cache
def database() -> Database:
    """Connections of this process alone, opened by its first task: after any fork."""
    return Database(settings.database_url, pool_size=1)


@app.task(name="tick")
def tick() -> None:
    """Wake a pump when some reminder is due. Two index probes and no write when none is."""
    try:
        with database().transaction(write=False) as session:
            due = bool(leases.clinics_with_work(session))
    except SQLAlchemyError as error:
        _say(f"the database cannot be asked ({type(error).__name__})")
        return
    _say("")
    if due:
        pump_email.apply_async(expires=10)


def _say(trouble: str) -> None:
    """Once when it begins and once when it ends, not every second."""
    global _trouble  # noqa: PLW0603  reason: what this process said last
    if trouble != _trouble:
        log.warning("%s", trouble or "the database answers again")
        _trouble = trouble


@app.task(name="pump.email")
def pump_email() -> None:
    """Send what is due until nothing is, the time is up, or the worker is asked to stop."""
    end = time.monotonic() + PUMP_S
    while counts := dispatch.run_due(database(), settings, go_on=lambda: time.monotonic() < end and worker_state.should_stop is None):
        log.info("reminders: %s", ", ".join(f"{number} {state}" for state, number in sorted(counts.items())))


worker_shutdown.connect(lambda **_: database().close(), weak=False)
