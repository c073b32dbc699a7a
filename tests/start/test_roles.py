"""`graftlog db setup`: the owner's role and the application's, made from two URLs; a database that one role had so far is taken over."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.config import ConfigError, from_environment
from server.db import Database
from server.migrations import roles
from server.walls import weakness
from tests import databases, make
from tests.start.test_command_line import run

pytestmark = pytest.mark.skipif(not databases.WANTED, reason="SQLite knows no roles")
SUPERUSER = "may do more than work with tables"


class Place:
    """A name that nobody on the server has yet, for a database and two roles with their passwords."""

    def __init__(self, folder: Path) -> None:
        self.name = f"graftlog_test_{uuid.uuid4().hex[:12]}"
        self.folder, self.admin = folder, databases.server_url()

    def url(self, role: str, password: str = "it's 100 %") -> str:
        """Of one of its roles."""
        return self.admin.set(username=f"{self.name}_{role}", password=password, database=self.name).render_as_string(hide_password=False)

    def environment(self, application: str = "app", owner: str = "owner") -> dict[str, str]:
        """What the operator has written down."""
        said = {"DATABASE_URL": self.url(application), "GRAFTLOG_OWNER_URL": self.url(owner)}
        return {"GRAFTLOG_DATA": str(self.folder), "GRAFTLOG_PASSWORD": make.PASSWORD} | said

    def setup(self, **roles_of: str) -> str:
        """What is said."""
        admin = self.admin.render_as_string(hide_password=False)
        return "\n".join(roles.setup(from_environment(self.environment(**roles_of)), admin))

    def weak(self) -> str | None:
        """What the application's role could do."""
        database = Database(from_environment(self.environment()).database_url, pool_size=1)
        with database.transaction(write=False) as session:
            found = weakness(session)
        database.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Gone afterwards, with its roles."""
    made = Place(tmp_path)
    yield made
    databases._admin(f"DROP DATABASE IF EXISTS {made.name} WITH (FORCE)")
    for role in ("app", "owner"):
        databases._admin(f"DROP ROLE IF EXISTS {made.name}_{role}")


def test_from_nothing_to_a_clinic_whose_journal_is_whole(place: Place) -> None:
    admin = databases.server_url().set(drivername="postgresql").render_as_string(hide_password=False)
    for said in ("is made", "was there"):
        done = run(place.environment(), "db", "setup", "--as", admin)
        assert done.returncode == 0, done.stderr
        assert f"Role {place.name}_app {said}." in done.stdout
        assert "100" not in done.stdout
    assert place.weak() is None
    nothing_new = run(place.environment() | {"GRAFTLOG_OWNER_URL": ""}, "db", "upgrade")  # as before each start of the web process
    assert nothing_new.returncode == 0, nothing_new.stderr
    clinic = ("--name", "Hillside", "--time-zone", "Europe/Vilnius", "--admin-email", "ieva@hillside.example", "--admin-name", "Ieva")
    made = run(place.environment(), "clinic", "create", *clinic)
    assert made.returncode == 0, made.stderr
    assert "Hillside" in run(place.environment(), "clinic", "list").stdout
    assert "✓ Hillside: 1 rows, chain whole" in run(place.environment(), "journal", "verify").stdout


def test_a_database_that_one_role_had_so_far_is_taken_over(place: Place) -> None:
    """The application keeps its role and its data; what it had made belongs to the owner from now on."""
    with roles._connected(place.admin) as admin:
        roles.make_role(admin, sa.make_url(place.url("app")), weak=True)
        admin.exec_driver_sql(f"CREATE DATABASE {place.name} OWNER {place.name}_app")
    alone = place.environment() | {"GRAFTLOG_OWNER_URL": ""}
    roles.bring_up(from_environment(alone))
    database = Database(from_environment(alone).database_url, pool_size=2)
    clinic = make.clinic(database)
    make.patient(database, clinic)
    assert "owns the tables" in str(place.weak())
    database.close()
    assert f"they are {place.name}_owner's now" in place.setup()
    assert place.weak() is None
    assert "chain whole" in run(place.environment(), "journal", "verify").stdout


def test_mistakes_are_said_before_anything_is_made(place: Place) -> None:
    for application, owner, why in (("app", "app", "another one, who owns the tables"), ("app", "owner", "the same database")):
        environment = place.environment(application, owner)
        if why == "the same database":
            environment["GRAFTLOG_OWNER_URL"] = environment["GRAFTLOG_OWNER_URL"].replace(f"/{place.name}", "/elsewhere")
        with pytest.raises(ConfigError, match=why):
            roles.setup(from_environment(environment), place.admin.render_as_string(hide_password=False))
    with roles._connected(place.admin) as admin:
        assert admin.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname LIKE :name"), {"name": f"{place.name}%"}) == 0


@pytest.mark.parametrize("right", ["SUPERUSER", "BYPASSRLS", "CREATEROLE"])
def test_no_wall_holds_a_role_that_may_do_more(place: Place, right: str) -> None:
    with roles._connected(place.admin) as admin:
        admin.exec_driver_sql(f"CREATE ROLE {place.name}_app LOGIN {right}")
    with pytest.raises(ConfigError, match=SUPERUSER):
        place.setup()


def test_a_member_of_the_owners_role_is_refused(place: Place) -> None:
    place.setup()
    with roles._connected(place.admin) as admin:
        admin.exec_driver_sql(f"GRANT {place.name}_owner TO {place.name}_app")
    with pytest.raises(ConfigError, match="could do whatever the owner can"):
        place.setup()
    with roles._connected(place.admin) as admin:
        admin.exec_driver_sql(f"REVOKE {place.name}_owner FROM {place.name}_app")


def test_the_applications_role_alone_is_told_whom_to_name(place: Place) -> None:
    """Migrating, before setup and without the owner's URL."""
    with roles._connected(place.admin) as admin:
        roles.make_role(admin, sa.make_url(place.url("owner")), weak=False)
        admin.exec_driver_sql(f"CREATE DATABASE {place.name} OWNER {place.name}_owner")
    early = run(place.environment(), "db", "upgrade")
    assert (early.returncode, "run `graftlog db setup`" in early.stderr) == (1, True)
    with roles._connected(place.admin) as admin:
        roles.make_role(admin, sa.make_url(place.url("app")), weak=True)
    alone = run(place.environment() | {"GRAFTLOG_OWNER_URL": ""}, "db", "upgrade")
    assert (alone.returncode, "name it in GRAFTLOG_OWNER_URL" in alone.stderr) == (1, True)
