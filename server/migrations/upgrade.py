"""Bring a database to the newest migration."""

import random
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from server.db import Database
from server.migrations import planner

BUSY = frozenset({"40P01", "55P03"})
"""A deadlock with somebody at work, and a lock that did not come in time."""

TRIES = 100
WAITS_MS = 800
"""Less than the second after which PostgreSQL looks for deadlocks, so that it is we who give way, never somebody at work."""

HERE = Path(__file__).resolve().parent


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("version_locations", str(HERE / "versions"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(database: Database, to: str = "head") -> None:
    """Apply all missing migrations in one transaction; a failing one leaves the database as it was. `to` names an older one.

    While others are at work on PostgreSQL it waits shortly for each table, else lets them go on and tries again, a hundred times.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            _upgrade(database, to)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in BUSY or not tries_left:
                raise
            time.sleep(random.uniform(0.1, 1.0))  # noqa: S311  reason: a pause, no secret
        else:
            return


def _upgrade(database: Database, to: str) -> None:
    alembic = config()
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAITS_MS}")
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, to)
        if database.is_sqlite:
            planner.tell(connection)
