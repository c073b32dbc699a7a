"""Files that are there whole or not at all, and for their owner only."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from server.backup.refusals import BackupError

_BLOCK = 1 << 20


def private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read; raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


@contextmanager
def scratch(folder: Path, purpose: str) -> Iterator[Path]:
    """Path of a new, empty, private file in `folder`; it and what SQLite puts beside it are gone afterwards, unless it was renamed."""
    path = folder / f".graftlog-{purpose}-{secrets.token_hex(4)}"
    private(path).close()
    try:
        yield path
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Write `path`: it appears under its name when everything is on the disk. Raises BackupError when there is such a file already."""
    if path.exists():
        raise BackupError(f"{path} is there already, and a backup overwrites nothing. Give another name, or a folder.")
    with scratch(path.parent, "part") as part:
        with part.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        settle(path.parent)


def settle(folder: Path) -> None:
    """Have the folder's names on the disk too: without it a crash may forget a rename."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(source: IO[bytes], target: IO[bytes]) -> tuple[int, str]:
    """(bytes, SHA-256 in hex) of what was copied to the end of `source`."""
    size, digest = 0, sha256()
    while block := source.read(_BLOCK):
        size += target.write(block)
        digest.update(block)
    return size, digest.hexdigest()


def digest_of(source: IO[bytes]) -> str:
    """SHA-256 in hex of everything up to the end."""
    digest = sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
