"""A PostgreSQL of the drills' own: its processes may be killed and frozen, its files spoilt, its disk filled."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from server.db import Database
from server.migrations.upgrade import upgrade
from tests.drill.processes import Postgres, wait_until

UP_WITHIN_S = 20.0


class Cluster(Postgres):
    """Keeps checksums of its pages. Databases in it are made from one that is migrated already."""

    postmaster: "subprocess.Popen[bytes]"
    _template = ""

    def database(self, pool_size: int = 12) -> Database:
        """A migrated database of its own."""
        if not self._template:
            self._template = self.empty()
            template = Database(self.url_of(self._template))
            upgrade(template)
            template.close()
        return Database(self.url_of(self.empty(self._template)), pool_size=pool_size)

    def empty(self, like: str = "template1") -> str:
        """Name of a new database, a copy of that one."""
        name = f"drill_{uuid.uuid4().hex[:12]}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        return name

    def url_of(self, name: str) -> str:
        """Address of one of its databases."""
        return self.url.replace("@/postgres?", f"@/{name}?")

    @contextmanager
    def connect(self, name: str = "postgres", *, autocommit: bool = True) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """A connection past Graftlog."""
        with psycopg.connect(host=str(self.folder), user="graftlog", dbname=name, autocommit=autocommit) as connection:
            yield connection

    @property
    def pids(self) -> list[int]:
        """The postmaster and all that it has started."""
        if not self.is_up:
            return []
        first = self.postmaster.pid
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    @property
    def is_up(self) -> bool:
        """Whether the postmaster runs."""
        return self.postmaster.poll() is None

    def kill(self) -> None:
        """Kill -9, all of them at the same time."""
        pids = self.pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.postmaster.wait()
        wait_until(lambda: not any(_runs(pid) for pid in pids), UP_WITHIN_S)

    def start(self) -> None:
        """As a child of this process, so that nothing is left of it when it is killed: not even its number, which the lock file names."""
        with (self.folder / "log").open("ab") as log:
            command = [str(self.binaries / "postgres"), "-D", f"{self.folder}/data", *self.options]
            self.postmaster = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self.as_user)  # type: ignore[call-overload]  # reason: user= is optional
        if not wait_until(self._answers, UP_WITHIN_S):
            raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def _answers(self) -> bool:
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def again(self) -> float:
        """Start it after a kill; seconds until it takes connections."""
        begun = time.monotonic()
        self.start()
        return time.monotonic() - begun

    def end(self) -> None:
        """Kill it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def freeze(self, seconds: float) -> None:
        """SIGSTOP for so long, all of them."""
        stopped = self.pids
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def _runs(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
