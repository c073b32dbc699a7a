"""PostgreSQL's own programs: found, started with the password in the environment, and asked how it went."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

import sqlalchemy as sa

from server.backup.refusals import BackupError


def address(url: sa.URL) -> tuple[str, dict[str, str]]:
    """(connection URI without the password, environment with it): command lines are read by everybody on the machine.

    Options go by the environment too: a blank between two of them would be written in the URI as libpq does not read it.
    """
    password = url.password or url.query.get("password")
    plain = url.set(drivername="postgresql").difference_update_query(["password", "options"])
    without = sa.URL.create(plain.drivername, plain.username, None, plain.host, plain.port, plain.database, plain.query)
    environment = os.environ | {"LC_ALL": "C", "PGAPPNAME": "graftlog backup", "PGCONNECT_TIMEOUT": "10", "PGOPTIONS": options_of(url)}
    return without.render_as_string(hide_password=False), environment | ({"PGPASSWORD": str(password)} if password else {})


def options_of(url: sa.URL) -> str:
    """Settings that each connection begins with."""
    given = url.query.get("options", "")
    return given if isinstance(given, str) else " ".join(given)


def path_of(name: str) -> str:
    """Raises BackupError where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not on the PATH. Install PostgreSQL's client programs (Debian and Ubuntu: postgresql-client) in the server's "
            "version or a newer one. Nothing was changed."
        )
    return found


class Program:
    """One run; killed when the block is left before its end."""

    def __init__(self, name: str, *arguments: str, environment: dict[str, str], reads: bool = False) -> None:
        """Starts it with a pipe to its output, or, when it `reads`, to its input."""
        found = path_of(name)
        self.name, self._said = name, tempfile.TemporaryFile()  # noqa: SIM115  reason: lives as long as the run
        self._process = subprocess.Popen(  # noqa: S603  reason: found on the PATH, arguments are ours
            [found, *arguments],
            env=environment,
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=self._said,
        )
        pipe = self._process.stdin if reads else self._process.stdout
        assert pipe is not None
        self.pipe: IO[bytes] = pipe

    def __enter__(self) -> Self:
        return self

    def finish(self) -> None:
        """Wait for its end. Raises BackupError with what it said when it failed."""
        with suppress(BrokenPipeError):  # it has ended already, and says why below
            self.pipe.close()
        if self._process.wait():
            self._said.seek(0)
            lines = [line for line in self._said.read().decode(errors="replace").splitlines() if line.strip()]
            why = lines[0].strip() if lines else f"exit code {self._process.returncode}"
            raise BackupError(f"{self.name} failed: {why.removeprefix(f'{self.name}: ').removeprefix('error: ')}. Nothing was changed.")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        with suppress(BrokenPipeError):
            self.pipe.close()
        self._said.close()
