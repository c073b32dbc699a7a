"""SQLite: copied with its online backup interface, restored in one transaction of the file that is there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED

import sqlalchemy as sa

from server.backup import contents, files
from server.backup.contents import Contents
from server.backup.refusals import BackupError
from server.db import Database

_IN_USE_AFTER_S = 5
_CHANGED = "The database was changed meanwhile. Nothing was replaced; stop web, worker and beat and try again."


def _open(path: Path) -> sqlite3.Connection:
    """An existing file only: SQLite's own way would make an empty one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_IN_USE_AFTER_S)


def _read(connection: sqlite3.Connection) -> Contents | None:
    def ask(query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    if not ask("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
        return None
    return contents.read(ask)


def _whole(path: Path) -> None:
    """Raises BackupError when SQLite finds fault with the file."""
    with closing(_open(path)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if said != ["ok"]:
        raise BackupError(f"The copy fails SQLite's integrity check: {said[0]}. Nothing was changed.")


class SqlitePlace:
    """One file."""

    kind = "sqlite"
    dump_name = "graftlog.db"
    compression = ZIP_DEFLATED

    def __init__(self, url: sa.URL) -> None:
        """The file need not exist."""
        self.path = Path(url.database or "").absolute()
        self._held: sqlite3.Connection | None = None

    def contents(self) -> Contents | None:
        """See Place."""
        if not self.path.exists():
            return None
        try:
            with closing(_open(self.path)) as connection:
                return _read(connection)
        except sqlite3.DatabaseError as error:
            raise BackupError(
                f"{self.path} is there and cannot be read ({error}). To restore, move it away first, with its -wal and -shm files. "
                "Nothing was changed."
            ) from error

    @contextmanager
    def dumped(self, folder: Path) -> Iterator[tuple[Contents, IO[bytes]]]:
        """See Place. The copy is one plain file, without a write-ahead log."""
        with files.scratch(folder, "copy") as copy:
            with closing(_open(copy)) as target:
                if self._held:
                    self._held.backup(target)
                else:
                    with closing(_open(self.path)) as source:
                        source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
                held = _read(target)
            if held is None:
                raise BackupError(f"{self.path} holds no record yet: there is nothing to back up.")
            _whole(copy)
            with copy.open("rb") as stream:
                yield held, stream

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Place. A file in write-ahead mode lets nobody out of that mode while another process has it open."""
        if not self.path.exists():
            yield
            return
        with closing(_open(self.path)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            try:
                connection.execute("PRAGMA journal_mode=DELETE")
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")  # the lock stays until the connection is closed
            except sqlite3.OperationalError as error:
                raise BackupError(
                    f"{self.path} is in use ({error}): stop web, worker and beat before restoring. Nothing was changed."
                ) from error
            self._held = connection
            try:
                yield
            finally:
                self._held = None

    @contextmanager
    def staged(self, folder: Path) -> Iterator["SqliteStage"]:
        """See Place. Beside the real file, which may be on another disk than `folder`."""
        del folder
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with files.scratch(self.path.parent, "restore") as file:
            yield SqliteStage(self, file)

    def replace(self, file: Path, expected: Contents | None) -> None:
        """Put `file` here. Over an existing one by the backup interface: one transaction, so that a crash leaves the one or the other."""
        if self._held is None:
            if self.path.exists():
                raise BackupError(_CHANGED)
            file.rename(self.path)
            files.settle(self.path.parent)
            return
        if _read(self._held) != expected:
            raise BackupError(_CHANGED)
        with closing(_open(file)) as source:
            source.backup(self._held)


class SqliteStage:
    """A file beside the real one."""

    def __init__(self, place: SqlitePlace, file: Path) -> None:
        """`file` exists and is empty."""
        self.place, self.file = place, file

    def load(self) -> Database:
        """See Stage: the dump is the database."""
        _whole(self.file)
        return Database(f"sqlite:///{self.file}")

    def switch(self, expected: Contents | None) -> None:
        """See Stage."""
        with closing(_open(self.file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        self.place.replace(self.file, expected)
