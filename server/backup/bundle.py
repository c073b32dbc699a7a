"""One file per backup: a zip archive of the dump and its manifest, which any tool can open in ten years."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from server import clock
from server.backup import files, manifest
from server.backup.manifest import Manifest
from server.backup.place import Place
from server.backup.refusals import BackupError

_LONGEST_MANIFEST = 16 << 20


def write(path: Path, place: Place) -> Manifest:
    """Make the backup at `path`. Raises BackupError, and then there is no such file."""
    made_at = clock.now()
    with files.whole(path) as file, ZipFile(file, "w", compression=place.compression) as archive:
        with place.dumped(path.parent) as (contents, stream):
            member = ZipInfo(place.dump_name, made_at.timetuple()[:6])
            member.compress_type = place.compression
            with archive.open(member, "w", force_zip64=True) as target:
                size, digest = files.copy(stream, target)
        described = Manifest(made_at, place.kind, contents, place.dump_name, size, digest)
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
