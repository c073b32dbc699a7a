"""What a supervisor asks: whether the process lives, and whether it can work."""

import pytest
import sqlalchemy as sa

from server.app import create_app
from server.config import Config
from server.db import Database
from server.migrations import heads
from tests.api import Api


@pytest.fixture
def alone(config: Config, lonely_db: Database) -> Api:
    """Somebody calling an application that has a database of its own."""
    return Api(create_app(config, lonely_db).test_client(), None)


def test_a_working_server_is_alive_and_ready(anyone: Api) -> None:
    assert anyone.get("//healthz") == {"status": "ok"}
    assert anyone.get("//readyz") == {"status": "ready", "migration": heads.NEWEST}


def test_before_the_newest_migration_it_is_alive_and_not_ready(alone: Api, lonely_db: Database) -> None:
    with lonely_db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    alone.get("//healthz")
    refusal = alone.get("//readyz", 503)
    assert refusal["code"] == "unavailable"
    assert "graftlog db upgrade" in refusal["detail"]


def test_on_an_empty_database_it_is_alive_and_not_ready(alone: Api, lonely_db: Database) -> None:
    with lonely_db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
    alone.get("//healthz")
    alone.get("//readyz", 503)
