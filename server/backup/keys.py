"""The folder of keys as one file of its own: whoever has the record must not be able to sign in its name, so the two lie apart."""

import tarfile
from pathlib import Path

from server.backup import files
from server.backup.refusals import BackupError


def count(folder: Path) -> int:
    """Key files that there are."""
    return sum(1 for path in folder.rglob("*.key")) if folder.is_dir() else 0


def save(folder: Path, path: Path) -> int:
    """Write all keys to `path`, a tar archive for `tar -xpf`; how many. Raises BackupError where there are none."""
    found = count(folder)
    if not found:
        raise BackupError(f"There are no keys in {folder} yet; they are made at the first signature. Leave --keys out.")
    with files.whole(path) as file, tarfile.open(fileobj=file, mode="w") as archive:
        archive.add(folder, arcname=".")
    return found
