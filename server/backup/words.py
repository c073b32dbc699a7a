"""What a backup and a restore say to the person at the keyboard."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from server.backup.contents import Contents
from server.backup.manifest import Manifest
from server.photos.service.checking import Checked

_NAMED = 20
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _when(manifest: Manifest) -> str:
    return f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"


def _clinics(held: Contents) -> list[str]:
    return [f"  {clinic}" for clinic in held.clinics] or ["  no clinic"]


def saved(path: Path, manifest: Manifest, key_folder: Path, keys: int, kept_keys: tuple[int, Path] | None) -> list[str]:
    """After a backup."""
    if kept_keys:
        about_keys = f"The keys are in {kept_keys[1]} (files: {kept_keys[0]}); keep it apart from the backup."
    elif keys:
        about_keys = (
            f"Not in it: the keys in {key_folder} (files: {keys}). Without them no photo opens, and no new signature fits the old ones; "
            "--keys FILE saves them."
        )
    else:
        about_keys = f"There are no keys in {key_folder} yet."
    held = manifest.photos
    about = (
        [f"With it the photos and thumbnails (files: {held.count:,}), {held.size:,} bytes."]
        if held and held.count
        else ["No photo is stored yet."]
    )
    return [f"{path}: the database as of {_when(manifest)}, {manifest.size:,} bytes.", *_clinics(manifest.contents), *about, about_keys]


def in_the_way(place: str, there: Contents) -> list[str]:
    """Why a restore does not begin."""
    return [
        f"{place} holds a record, which would be replaced:",
        *_clinics(there),
        "Nothing was changed. With --replace it is backed up first and then replaced.",
    ]


def about_to(file: Path, manifest: Manifest, place: str, there: Contents | None) -> list[str]:
    """Before a restore begins."""
    lines = [f"{file}: made at {_when(manifest)}, migration {manifest.contents.migration}.", *_clinics(manifest.contents)]
    if there and there.clinics:
        return [*lines, f"It replaces what {place} holds now:", *_clinics(there)]
    return [*lines, f"{place} holds no record yet."]


def restored(
    manifest: Manifest, epochs: Mapping[UUID, UUID], kept: Path | None, signing_keys: Sequence[str], photo_keys: Sequence[str]
) -> list[str]:
    """After a restore."""
    lines = [f"Restored as of {_when(manifest)}. Every hash was computed again: each clinic's chain is whole."]
    lines += [f"  {clinic.name}: epoch {epochs[clinic.id]} begins after change {clinic.seq:,}" for clinic in manifest.contents.clinics]
    if kept:
        lines.append(f"What was here before is in {kept}, a backup like any other.")
    lines += [
        "Tablets: each hears at its next call that the epoch has changed, reads everything again and sends again all that it holds.",
        "So what tablets recorded since the backup comes back by itself, and nothing need be done on them.",
        "What was done elsewhere since then, on pages and by programs, must be done again; so must revoking tablets and changing roles.",
        "Messages: all sending is paused, because what was sent since the backup is due again. Compare, then: graftlog sending resume",
    ]
    if signing_keys:
        lines.append(f"Keys: GRAFTLOG_KEYS lacks the signing key {', '.join(signing_keys)}. Signing is refused until its file is back.")
    if photo_keys:
        lines.append(f"Keys: GRAFTLOG_KEYS lacks the photo key {', '.join(photo_keys)}. Its photos open when its file is back.")
    return lines


def about_photos(manifest: Manifest, put: int, checked: Checked) -> list[str]:
    """What became of the photos in a restore."""
    first = (
        f"Photos and thumbnails put back (files: {put:,}); the store had the others."
        if manifest.photos
        else "Photos are not in this backup."
    )
    return [first, *found(checked)]


def found(checked: Checked) -> list[str]:
    """How the record's photos were found."""
    lines = []
    if checked.lost:
        lines.append(f"Photos of the record that the store lacks or has damaged ({len(checked.lost):,}): {_some(checked.lost)}.")
    if checked.closed:
        lines.append(
            f"Photos that were not checked, because their key is missing ({len(checked.closed):,}): {_some(checked.closed)}. "
            "Put the keys back, then: graftlog photos verify"
        )
    return lines or ["Every photo of the record is in the store, whole."]


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else "")
