"""One file per backup: a zip archive of the dump and its manifest, which any tool can open in ten years."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from server import clock
from server.backup import files, manifest
from server.backup.manifest import PHOTO_LIST, Manifest, Photos
from server.backup.place import Place
from server.backup.refusals import BackupError

_LONGEST_MANIFEST = 16 << 20
Moment = tuple[int, int, int, int, int, int]
AddPhotos = Callable[[ZipFile, Path, Moment], Photos]
_LISTED = re.compile(r"([0-9a-f]{64})  (photos(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+)\n")
"""No name leads out of the store's folder, whoever made the archive."""


def write(path: Path, place: Place, add_photos: AddPhotos | None = None) -> Manifest:
    """Make the backup at `path`, with what `add_photos` adds to it. Raises BackupError, and then there is no such file."""
    made_at = clock.now()
    with files.whole(path) as file, ZipFile(file, "w", compression=place.compression) as archive:
        with place.dumped(path.parent) as (contents, stream):
            member = ZipInfo(place.dump_name, made_at.timetuple()[:6])
            member.compress_type = place.compression
            with archive.open(member, "w", force_zip64=True) as target:
                size, digest = files.copy(stream, target)
        photos = add_photos(archive, path.parent, made_at.timetuple()[:6]) if add_photos else None
        described = Manifest(made_at, place.kind, contents, place.dump_name, size, digest, photos)
        archive.writestr(ZipInfo(manifest.NAME, made_at.timetuple()[:6]), described.to_json())
    return described


class Bundle:
    """A backup that is read."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        """Raises BackupError unless the archive has a readable manifest and the dump that it names."""
        self.path, self._archive = path, archive
        with _readable(path):
            if archive.getinfo(manifest.NAME).file_size > _LONGEST_MANIFEST:
                raise BadZipFile(manifest.NAME)
            self.manifest = manifest.from_json(archive.read(manifest.NAME))
            archive.getinfo(self.manifest.dump)

    def extract(self, into: Path) -> None:
        """Write the dump to an existing file. Raises BackupError when it is not what the manifest says, to the byte."""
        with _readable(self.path), self._archive.open(self.manifest.dump) as source, into.open("r+b") as target:
            if files.copy(source, target) != (self.manifest.size, self.manifest.sha256):
                raise BadZipFile(self.manifest.dump)

    def photos(self) -> Iterator[tuple[str, str]]:
        """(SHA-256, name in the store) of each photo and thumbnail in it. Raises BackupError unless the list is the manifest's."""
        if self.manifest.photos is None:
            return
        with _readable(self.path):
            with self._archive.open(PHOTO_LIST) as lines:
                if files.digest_of(lines) != self.manifest.photos.sha256:
                    raise BadZipFile(PHOTO_LIST)
            with self._archive.open(PHOTO_LIST) as lines:
                for line in lines:
                    listed = _LISTED.fullmatch(line.decode("ascii"))
                    if listed is None:
                        raise BadZipFile(PHOTO_LIST)
                    yield listed[1], listed[2]

    def extract_photo(self, key: str, digest: str, into: IO[bytes]) -> None:
        """Write one photo. Raises BackupError when it is not what the list says."""
        with _readable(self.path), self._archive.open(key) as source:
            if files.copy(source, into)[1] != digest:
                raise BadZipFile(key)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What reading a broken archive raises depends on where it is broken."""
    try:
        yield
    except (BadZipFile, zlib.error, struct.error, EOFError, LookupError, TypeError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"{path} is damaged, or is no backup of Graftlog. Nothing was changed.") from error


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A backup to be read. Raises BackupError when it cannot be."""
    with _readable(path):
        archive = ZipFile(path)
    with archive:
        yield Bundle(path, archive)
