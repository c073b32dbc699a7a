"""Fixtures that every story may use: a database, the application, a clinic with its people, clients for them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.app import App, create_app
from server.config import Config, from_environment
from server.db import Database
from tests import databases, make
from tests.api import Api

SLOW = (
    "backup/test_photos",
    "backup/test_refusals",
    "backup/test_restore",
    "browser/",
    "drill/",
    "fhir/test_valid",
    "house/test_openapi",
    "offline/",
    "photos/test_before_encryption",
    "photos/test_lanes",
    "photos/test_rotation",
    "photos/test_tus_client",
    "photos/test_worker",
    "reports/test_digests",
    "reports/test_the_recount",
    "simulation/",
    "start/",
    "trust/test_requests",
    "workers/",
)
"""Two hundred and fifty stories of nearly six thousand, with three quarters of the time: what `dev.py quick` leaves out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark those that are slow."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(SLOW):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which real things this run was about, and which it was not."""
    database = databases.WANTED or "SQLite; PostgreSQL not tested (TEST_DATABASE_URL is not set)"
    redis = os.environ.get("TEST_REDIS_URL") or "file queue; Redis not tested (TEST_REDIS_URL is not set)"
    terminalreporter.write_line(f"database: {database}")
    terminalreporter.write_line(f"queue: {redis}")
    skipped = {str(one.longrepr[2]) for one in terminalreporter.stats.get("skipped", []) if isinstance(one.longrepr, tuple)}
    for why in sorted(one for one in skipped if "NOT TESTED" in one):
        terminalreporter.write_line(why.removeprefix("Skipped: "))


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """Name of this xdist worker."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def db(worker_name: str) -> Iterator[Database]:
    """One migrated database for all stories of this worker; each story has its own clinic in it."""
    with databases.fresh(worker_name) as url:
        database = Database(url, pool_size=12)
        yield database
        database.close()


@pytest.fixture
def lonely_db(worker_name: str) -> Iterator[Database]:
    """A database of one's own, for stories about all clinics at once."""
    with databases.fresh(worker_name) as url:
        database = Database(url, pool_size=12)
        yield database
        database.close()


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of a fresh data folder."""
    data = tmp_path_factory.mktemp("data")
    return replace(from_environment({"GRAFTLOG_DATA": str(data)}), keys=Path(data) / "keys")


@pytest.fixture(scope="session")
def app(config: Config, db: Database) -> App:
    """The application on `db`."""
    return create_app(config, db)


@pytest.fixture(autouse=True)
def nobody_has_called_yet(request: pytest.FixtureRequest) -> None:
    """Stories share the application and its address; what one of them calls does not count for the next."""
    if "app" in request.fixturenames:
        request.getfixturevalue("app").rates.memory.reset()


@pytest.fixture
def clinic(db: Database) -> make.Clinic:
    """Riverside, with one person in each role."""
    return make.clinic(db)


@pytest.fixture
def other_clinic(db: Database) -> make.Clinic:
    """Hillside: what happens at Riverside is none of their business."""
    return make.clinic(db, name="Hillside Clinic")


@pytest.fixture
def as_(app: App, db: Database) -> Callable[[make.Person], Api]:
    """A client signed in as a person: `as_(clinic.surgeon).get("/patients")`."""
    return lambda person: Api(app.test_client(), make.token(db, person))


@pytest.fixture
def vera(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Api:
    """Dr Vera Kovács, surgeon of Riverside, at her tablet."""
    return as_(clinic.surgeon)


@pytest.fixture
def anyone(app: App) -> Api:
    """Somebody who has not signed in."""
    return Api(app.test_client(), None)
