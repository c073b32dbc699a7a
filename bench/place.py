"""Where a benchmark runs: a throw-away database on PostgreSQL or SQLite, and a real server process in front of it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from server.config import database_url
from server.db import Database
from server.migrations import roles
from server.migrations.upgrade import upgrade

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgresql://127.0.0.1:5432/postgres")
CPUCLOCK_SCHED = 2
"""Linux: the clock of a process other than one's own, as clock_getcpuclockid(3) makes it."""


@dataclass(frozen=True)
class Place:
    """A migrated, empty database and a folder."""

    name: str
    url: str
    folder: Path

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the embedded default."""
        return self.url.startswith("sqlite")

    def database(self) -> Database:
        """Our own access to it."""
        return Database(self.url)


@contextmanager
def sqlite() -> Iterator[Place]:
    """A SQLite file on the disk that the system's temporary folder is on, with the durability it has in production."""
    folder = Path(tempfile.mkdtemp(prefix="graftlog-bench-"))
    place = Place("SQLite", f"sqlite:///{folder / 'graftlog.db'}", folder)
    _migrate(place)
    yield place
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[Place]:
    """A database on the PostgreSQL server that BENCH_DATABASE_URL names."""
    folder = Path(tempfile.mkdtemp(prefix="graftlog-bench-"))
    name = f"graftlog_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        url = sa.make_url(database_url(SERVER, folder)).set(database=name).render_as_string(hide_password=False)
        try:
            place = Place("PostgreSQL", url, folder)
            _migrate(place)
            yield place
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def as_application(place: Place) -> Iterator[Database]:
    """The database as an installation opens it: PostgreSQL for a role that row level security holds. SQLite has no roles."""
    admin = place.database()
    if place.is_sqlite:
        try:
            yield admin
        finally:
            admin.close()
        return
    url = sa.make_url(place.url)
    role = f"{url.database}_app"
    with admin.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        for statement in roles.grants(role):
            connection.exec_driver_sql(statement)
    database = Database(url.update_query_dict({"options": f"-crole={role}"}).render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()
        with admin.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
        admin.close()


def _migrate(place: Place) -> None:
    database = place.database()
    upgrade(database)
    database.close()


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu_s(self) -> float:
        """Processor time used so far, user and system, of all its processes."""
        return sum(cpu_of(pid) for pid in self.pids)


def cpu_of(pid: int) -> float:
    """Processor time that a process has used so far, user and system, of threads that have ended too, in seconds.

    From the scheduler's own account: the one in /proc/PID/stat counts in hundredths, whole ones for each short look at the clock.
    """
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


@contextmanager
def server(place: Place, *, workers: int, threads: int, port: int = 8791) -> Iterator[Server]:
    """Gunicorn as the Procfile starts it, on `place`."""
    environment = os.environ | {
        "DATABASE_URL": place.url,
        "GRAFTLOG_DATA": str(place.folder),
        "PORT": str(port),
        "WEB_WORKERS": str(workers),
        "WEB_THREADS": str(threads),
    }
    command = [str(Path(sys.executable).parent / "gunicorn"), "--config", "server/gunicorn.py", "server.wsgi:app"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_ready(port)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(30)


def wait_ready(port: int, limit_s: float = 60) -> float:
    """Seconds until /readyz answered 200."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return time.monotonic() - began
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server did not become ready")
