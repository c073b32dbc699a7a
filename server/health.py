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
from server.followup.service import metrics, sending
from server.http import answer, session
from server.migrations import heads
from server.problems import Problem
from server.walls import everywhere, weakness

routes = Blueprint("health", __name__)
STARTED = "graftlog-started"
TICKS_OVERDUE = timedelta(minutes=2)
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
        trouble = _trouble()
    if trouble:
        raise Problem("not_ready", trouble)
    weak = weakness(session())
    return answer({"status": "ready", "migration": version} | ({"warning": weak} if weak else {}))


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
