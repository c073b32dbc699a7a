"""`/healthz` (the process lives) and `/readyz` (the database answers and is migrated)."""

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.exc import OperationalError, ProgrammingError

from server.access import public
from server.http import answer, session
from server.migrations import heads
from server.problems import Problem

routes = Blueprint("health", __name__)


@routes.get("/healthz")
@public
def alive() -> Response:
    """Always 200."""
    return answer({"status": "ok"})


@routes.get("/readyz")
@public
def ready() -> Response:
    """200 when the database is reachable and at the newest migration, else 503."""
    try:
        version = session().execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError):
        version = None
    if version != heads.NEWEST:
        raise Problem("unavailable", f"The database is at migration {version}; run `graftlog db upgrade`.")
    return answer({"status": "ready", "migration": version})
