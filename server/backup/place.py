"""What a backup is made of and restored into: one interface, which each kind of database fills in."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

from server.backup.contents import Contents
from server.db import Database


class Place(Protocol):
    """A database, at the place where the settings say it is."""

    kind: str
    dump_name: str
    compression: int

    def contents(self) -> Contents | None:
        """What it holds; None where there is no database yet, or nothing in it. Raises BackupError when it cannot be read."""

    def dumped(self, folder: Path) -> AbstractContextManager[tuple[Contents, IO[bytes]]]:
        """(what the dump holds, its bytes), consistent while others write. `folder` takes what must be on a disk in between."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep the server's processes out. Raises BackupError when one is there."""

    def staged(self, folder: Path) -> AbstractContextManager["Stage"]:
        """A place beside the real one, which nobody sees, to restore into; gone afterwards."""


class Stage(Protocol):
    """A restored database that is not yet the real one."""

    file: Path
    """Where the dump is put."""

    def load(self) -> Database:
        """The database of the dump in `file`. Raises BackupError; the caller closes it."""

    def switch(self, expected: Contents | None) -> None:
        """Put it in the real one's place, in one step. Raises BackupError when that no longer holds what is `expected`."""
