"""Bring a database to the newest migration."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from server.db import Database

HERE = Path(__file__).resolve().parent


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("version_locations", str(HERE / "versions"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(database: Database, to: str = "head") -> None:
    """Apply all missing migrations in one transaction; a failing one leaves the database as it was. `to` names an older one."""
    alembic = config()
    with database.engine.begin() as connection:
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, to)
