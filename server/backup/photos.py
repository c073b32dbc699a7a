"""The photographs beside the dump: each a member of the archive, and a list of their hashes that `sha256sum -c` reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZipFile, ZipInfo

import sqlalchemy as sa

from schemas.vocabulary import PhotoState
from server.backup import files
from server.backup.bundle import Bundle
from server.backup.manifest import PHOTO_LIST, Photos
from server.backup.refusals import BackupError
from server.config import Config
from server.db import Database, table_of
from server.photos.models import Photo
from server.photos.service.receiving import content_of
from server.photos.store import Missing, Store, open_store
from server.problems import Problem

_BELOW = "photos/"
_P = table_of(Photo)
_AT_A_TIME = 500


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


def lost(database: Database, settings: Config) -> list[str]:
    """Ids of the photos whose bytes the record says are stored, and which the store lacks or has otherwise."""
    query = sa.select(_P.c.id, _P.c.object_key, _P.c.stored_sha256).where(_P.c.state == PhotoState.STORED).order_by(_P.c.clinic_id, _P.c.id)
    with _reached(), database.engine.connect() as connection:
        rows = connection.execution_options(yield_per=_AT_A_TIME).execute(query)
        return [str(row.id) for row in rows if _hash_of(open_store(settings), content_of(row.object_key or "")) != row.stored_sha256]


def _may_hold_any(settings: Config) -> bool:
    """Opening a folder makes it; a backup makes nothing."""
    return settings.photo_store.startswith("s3://") or Path(settings.photo_store).is_dir()


def _hash_of(store: Store, key: str) -> str | None:
    digest = sha256()
    try:
        for piece in store.read(key):
            digest.update(piece)
    except Missing:
        return None
    return digest.hexdigest()


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        raise BackupError(f"{problem.title}: look at PHOTO_STORE and its settings. The database was not changed.") from problem
