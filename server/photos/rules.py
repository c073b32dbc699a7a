"""What tus headers say, and when a capture time is believed. Pure; a mistake is a ValueError whose text says what to send instead."""

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHM = "sha256"
PHOTO_ID = "photo_id"
_LONGEST_WHOLE = 12
_DIGEST_BYTES = 32
_CAMERA_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)\Z", re.ASCII)
_CAMERA_OFFSET = re.compile(r"[+-]\d\d:\d\d\Z", re.ASCII)


def whole_number(text: str | None, name: str) -> int:
    """A header that is a count of bytes."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _LONGEST_WHOLE:
        raise ValueError(f"Send {name} as a whole number of bytes.")
    return int(text)


def photo_of(metadata: str | None) -> uuid.UUID:
    """The photograph that an Upload-Metadata header names; its other pairs (a file's name) are passed over."""
    fix = f"Send Upload-Metadata: {PHOTO_ID} and the photo's UUID in base64."
    pairs = (pair.strip().partition(" ") for pair in (metadata or "").split(","))
    found = {key: value.strip() for key, _, value in pairs}.get(PHOTO_ID)
    if found is None:
        raise ValueError(fix)
    try:
        return uuid.UUID(base64.b64decode(found, validate=True).decode("ascii"))
    except ValueError:
        raise ValueError(fix) from None


def checksum_of(header: str | None) -> bytes | None:
    """The SHA-256 that an Upload-Checksum header promises of this request's bytes; None without the header."""
    if header is None:
        return None
    fix = f"Send Upload-Checksum: {ALGORITHM} and the digest of this request's bytes in base64."
    algorithm, _, text = header.strip().partition(" ")
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise ValueError(fix) from None
    if algorithm.casefold() != ALGORITHM or len(digest) != _DIGEST_BYTES:
        raise ValueError(fix)
    return digest


def camera_time(written: Mapping[str, object], zone: tzinfo, *, not_after: datetime) -> datetime | None:
    """When the camera says the picture was taken: `time` as EXIF writes it, `offset` where the camera knows one, else in `zone`.

    None for what is no time, or lies after `not_after`: a camera's clock is often wrong, and nobody asked for its opinion.
    """
    time, offset = str(written.get("time", "")).strip("\0 "), str(written.get("offset", "")).strip("\0 ")
    found = _CAMERA_TIME.match(time)
    if not found:
        return None
    year, month, day, clock = found.groups()
    try:
        moment = datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset if _CAMERA_OFFSET.match(offset) else ''}")
        aware = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return aware if datetime(1990, 1, 1, tzinfo=UTC) <= aware <= not_after else None
