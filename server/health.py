"""`/healthz` (the process lives), `/readyz` (it can work, and messages go out) and `/metrics`. All cheap, and without patients."""

import hmac
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import OperationalError, ProgrammingError

from server import clock
from server.access import public
from server.config import LOOPBACK, Config
from server.followup.service import alarms, metrics, sending
from server.http import answer, session
from server.migrations import heads
from server.problems import Problem
from server.walls import everywhere, weakness

routes = Blueprint("health", __name__)
STARTED = "graftlog-started"
TICKS_OVERDUE = timedelta(minutes=2)
UNHEARD = timedelta(minutes=30)
"""By then an alert has been told three times."""
GRACE = timedelta(minutes=1)
"""After a start, workers need a moment for what fell due while everything was off."""


@routes.record
def _note_start(state: BlueprintSetupState) -> None:
    state.app.extensions[STARTED] = clock.now()


@routes.get("/healthz")
@public
def alive() -> Response:
    """Always 200."""
    return answer({"status": "ok"})


@routes.get("/readyz")
@public
def ready() -> Response:
    """200 when the database is reachable and at the newest migration and messages go out in time, else 503 with what to do."""
    try:
        version = session().execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError):
        version = None
    if version != heads.NEWEST:
        raise Problem("not_ready", f"The database is at migration {version}; run `graftlog db upgrade`.")
    with everywhere(session()):
        trouble, unheard = _trouble(), _unheard()
    if trouble:
        raise Problem("not_ready", trouble)
    warnings = " ".join(one for one in (weakness(session()), unheard) if one)
    return answer({"status": "ready", "migration": version} | ({"warning": warnings} if warnings else {}))


def _unheard() -> str | None:
    """People are asked by mail and notice; a server is none the worse for it, so this only warns."""
    count, longest = alarms.waiting(session())
    if longest < UNHEARD:
        return None
    minutes = int(longest.total_seconds() // 60)
    return f"Alerts that nobody is on: {count}, the oldest for {minutes} minutes. Reach the clinic by telephone."


def _trouble() -> str | None:
    """Why messages do not go out in time, and what to do about it."""
    held = sending.clock_held(session())
    if held:
        why = held.replace("_", " ")
        return f"The clock is not believed ({why}), so nothing is sent. Set it right, or run `graftlog sending believe-clock`."
    if clock.now() - current_app.extensions[STARTED] < GRACE:
        return None
    ticked = sending.last_tick(session())
    if ticked and clock.now() - ticked > TICKS_OVERDUE:
        return "Ticks are overdue: no worker has looked round for two minutes. Start the workers and the beat."
    late = sending.is_late(session(), timedelta(minutes=_config().late_alarm_minutes))
    if late:
        most = _config().late_alarm_minutes
        return (
            f"Messages by {late} have waited for more than {most} minutes. Look at the workers and the provider: `graftlog sending status`."
        )
    return None


def _config() -> Config:
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


@routes.get("/metrics")
@public
def scrape() -> Response:
    """Prometheus text, for who knows METRICS_TOKEN; without one set, for this machine alone when it serves nobody else."""
    if not _may_scrape():
        raise Problem("not_found", "Check the address.")
    with everywhere(session()):
        return Response(metrics.text(session()), content_type=metrics.CONTENT_TYPE)


def _may_scrape() -> bool:
    expected = _config().metrics_token
    if expected:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.casefold() == "bearer" and hmac.compare_digest(given.strip().encode(), expected.encode())
    return _config().for_this_machine_only and request.remote_addr in LOOPBACK
