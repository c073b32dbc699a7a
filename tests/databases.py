"""Real databases for tests: SQLite files copied from one migrated file, PostgreSQL databases from one migrated template."""

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy as sa

from server.config import database_url, from_environment
from server.db import Database
from server.migrations import roles
from server.migrations.upgrade import upgrade

WANTED = os.environ.get("TEST_DATABASE_URL", "")
"""Empty: SQLite. `private`: a PostgreSQL of our own from installed binaries. Else: a server on which databases may be made."""

_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a commit need not wait for a disk: the durability of SQLite is not what these stories are about."""


@cache
def server_url() -> sa.URL:
    """The PostgreSQL server to make databases on."""
    url = start_private() if WANTED == "private" else database_url(WANTED, Path())
    return sa.make_url(url)


def start_private() -> str:
    """Start a throw-away PostgreSQL on a socket in a temporary folder; stopped when the tests end."""
    found = shutil.which("initdb") or next(iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)), None)
    if found is None:
        raise RuntimeError("TEST_DATABASE_URL=private needs PostgreSQL's initdb and pg_ctl; install the package postgresql.")
    bin_folder = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="graftlog-pg-"))
    as_user = {"user": "nobody"} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "nobody")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)  # type: ignore[call-overload]  # reason: user= is optional

    run(str(bin_folder / "initdb"), "-D", f"{folder}/data", "-U", "graftlog", "-A", "trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
    run(str(bin_folder / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")

    def stop() -> None:
        run(str(bin_folder / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://graftlog@/postgres?host={folder}"


APPLICATION, OWNER = "graftlog_test_app", "graftlog_test_owner"
_PASSWORD = "graftlog-test"


@cache
def _roles() -> None:
    """The stories' two roles, which belong to the whole server: made once, and left there."""
    database = Database(server_url().render_as_string(hide_password=False), pool_size=1)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(4711)")  # other workers of xdist are at it too
        for role in (APPLICATION, OWNER):
            roles.make_role(connection, server_url().set(username=role, password=_PASSWORD), weak=True)
    database.close()


def url_as(role: str, name: str | None) -> str:
    """Statements past a session, which are the stories' own, see all clinics. A session says itself for whom it acts."""
    url = server_url().set(username=role, password=_PASSWORD, database=name)
    return url.update_query_dict({"options": "-capp.scope=system"}).render_as_string(hide_password=False)


def owners(url: str) -> str:
    """URL of the same database for its owner; SQLite knows none."""
    return url if url.startswith("sqlite") else url_as(OWNER, sa.make_url(url).database)


def settings(url: str) -> dict[str, str]:
    """What the environment of an installation on that database says of it."""
    return {"DATABASE_URL": url} | ({} if url.startswith("sqlite") else {"GRAFTLOG_OWNER_URL": owners(url)})


@contextmanager
def as_owner(database: Database) -> Iterator[Database]:
    """The same database, for whoever owns its tables."""
    opened = Database(owners(database.url.render_as_string(hide_password=False)), pool_size=1)
    try:
        yield opened
    finally:
        opened.close()


def _admin(statement: str) -> None:
    url = server_url().set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@cache
def _template(worker: str) -> str:
    """A migrated database that others are copied from: a file's path, or a database's name."""
    if not WANTED:
        path = Path(tempfile.mkdtemp(prefix="graftlog-test-", dir=_IN_MEMORY)) / "template.db"
        atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.close()  # the last connection to leave folds the write-ahead log into the file
        return str(path)
    name = f"graftlog_test_{worker}_{os.getpid()}_template"
    _roles()
    _admin(f"CREATE DATABASE {name} OWNER {OWNER}")
    atexit.register(_admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    roles.bring_up(from_environment({"DATABASE_URL": url_as(APPLICATION, name), "GRAFTLOG_OWNER_URL": url_as(OWNER, name)}))
    return name


@contextmanager
def empty(worker: str = "main") -> Iterator[str]:
    """The application's URL of a database without any table, gone afterwards. `owners` of it may make some."""
    if not WANTED:
        with tempfile.TemporaryDirectory(prefix="graftlog-test-", dir=_IN_MEMORY) as folder:
            yield f"sqlite:///{folder}/empty.db"
        return
    name = f"graftlog_test_{worker}_{uuid.uuid4().hex}"
    _roles()
    _admin(f"CREATE DATABASE {name} OWNER {OWNER}")
    try:
        yield url_as(APPLICATION, name)
    finally:
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def fresh(worker: str = "main") -> Iterator[str]:
    """The application's URL of an empty, migrated database, gone afterwards."""
    template = _template(worker)
    if not WANTED:
        copy = Path(template).with_name(f"{uuid.uuid4().hex}.db")
        shutil.copy(template, copy)
        yield f"sqlite:///{copy}"
        return
    name = f"graftlog_test_{uuid.uuid4().hex}"
    _admin(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    _admin(f"ALTER DATABASE {name} SET synchronous_commit = off")  # no story pulls the plug; twice as fast
    try:
        yield url_as(APPLICATION, name)
    finally:
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
