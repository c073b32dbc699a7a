"""The photographs beside the dump: each a member of the archive, sealed as in the store, and a list of hashes that `sha256sum -c` reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZipFile, ZipInfo

from server.backup import files
from server.backup.bundle import Bundle
from server.backup.manifest import PHOTO_LIST, Photos
from server.backup.refusals import BackupError
from server.config import Config
from server.db import Database
from server.photos.service import checking
from server.photos.service.checking import Checked
from server.photos.store import Missing, Store, open_store
from server.problems import Problem

_BELOW = "photos/"


def add(archive: ZipFile, settings: Config, folder: Path, moment: tuple[int, int, int, int, int, int]) -> Photos:
    """Add everything that lies below `photos/` in the store, after the dump: so no row of the dump lacks its photo. One piece in memory."""
    count, size = 0, 0
    with _reached(), TemporaryFile(dir=folder) as lines:
        store = open_store(settings) if _may_hold_any(settings) else None
        for key in store.names(_BELOW) if store else ():
            pieces, hashed = store.read(key) if store else iter(()), sha256()
            try:
                first = next(pieces, b"")
            except Missing:
                continue  # of an upload that was refused meanwhile: no row names it
            with archive.open(ZipInfo(key, moment), "w", force_zip64=True) as target:
                for piece in chain((first,), pieces):
                    size += target.write(piece)
                    hashed.update(piece)
            lines.write(f"{hashed.hexdigest()}  {key}\n".encode())
            count += 1
        lines.seek(0)
        with archive.open(ZipInfo(PHOTO_LIST, moment), "w", force_zip64=True) as target:
            _, listed = files.copy(lines, target)
    return Photos(count, size, listed)


def put_back(held: Bundle, settings: Config) -> int:
    """Put into the store what it lacks of the backup's photos, or has otherwise; how many. Deletes nothing there.

    What it puts there shows only once the record names it. Raises BackupError when the backup's photos are not what its list says.
    """
    put = 0
    with _reached():
        for digest, key in held.photos():
            store = open_store(settings)
            if _hash_of(store, key) == digest:
                continue
            with files.scratch(settings.data, "photo") as path, path.open("r+b") as file:
                held.extract_photo(key, digest, file)
                store.put(key, file)
            put += 1
    return put


def check(database: Database, settings: Config) -> Checked:
    """Whether the store has every photo of the record, whole."""
    with _reached():
        return checking.check(database, settings)


def _may_hold_any(settings: Config) -> bool:
    """Opening a folder makes it; a backup makes nothing."""
    return settings.photo_store.startswith("s3://") or Path(settings.photo_store).is_dir()


def _hash_of(store: Store, key: str) -> str | None:
    try:
        return checking.digest(store.read(key))
    except Missing:
        return None


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        raise BackupError(f"{problem.title}: look at PHOTO_STORE and its settings. The database was not changed.") from problem
