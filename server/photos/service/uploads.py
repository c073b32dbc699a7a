"""Uploads as rows: begun, kept piece by piece, ended in one of four ways. No bytes pass here, so every transaction is short."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PhotoState, ThumbnailState
from server import clock
from server.clinics.service import zone_of
from server.db import find
from server.journal.service import say
from server.photos.models import Photo, ThumbnailJob, Upload, UploadState
from server.photos.rules import camera_time
from server.photos.service.album import ERASED, get
from server.problems import Problem, invalid
from server.procedures.service.lifecycle import FUTURE_TOLERANCE_S

LIVES = timedelta(days=7)
"""How long an upload waits for its next byte."""
MOST_OPEN = 8
"""Uploads of one photograph under way: a tablet whose answers are lost begins anew each time."""
MOST_PARTS = 2000


@dataclass(frozen=True)
class Made:
    """What was made of the bytes, and lies in the store."""

    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    camera: Mapping[str, object]


def begin(session: Session, photo_id: uuid.UUID, size_bytes: int) -> Upload:
    """A new upload of an announced photograph; of a stored one too, which is harmless. Raises `not_found`, `conflict`, 422."""
    photo = get(session, photo_id)
    if photo.state == PhotoState.FAILED:
        raise Problem("conflict", f"These bytes were refused: {photo.failure} Announce another photo under a new id.")
    if photo.state == PhotoState.ERASED:
        raise Problem("conflict", ERASED)
    if size_bytes != photo.size_bytes:
        raise invalid(
            "/Upload-Length", f"The photo was announced with {photo.size_bytes} bytes; send that file, or announce another photo."
        )
    under_way = sa.select(sa.func.count()).where(Upload.photo_id == photo_id, Upload.state == UploadState.OPEN)
    if (session.scalar(under_way.where(Upload.expires_at > clock.now())) or 0) >= MOST_OPEN:
        raise Problem("conflict", f"{MOST_OPEN} uploads of this photo are under way. Go on with one of them, or end one with DELETE.")
    key = f"photos/{photo.clinic_id}/{secrets.token_hex(16)}"
    upload = Upload(photo_id=photo_id, size_bytes=size_bytes, object_key=key, expires_at=clock.now() + LIVES)
    session.add(upload)
    session.flush()
    return upload


def standing(session: Session, upload_id: uuid.UUID, *, lock: bool = False) -> Upload:
    """An upload that goes on, or is done. Raises `not_found`, or `gone` with how it ended."""
    upload = find(session, Upload, upload_id, lock=lock)
    if upload is None:
        raise Problem("not_found", "Check the address and the id.")
    if upload.state == UploadState.OPEN and upload.expires_at <= clock.now():
        raise Problem("gone", f"Nothing arrived for {LIVES.days} days, and the upload expired. Begin a new one.")
    if upload.state not in {UploadState.OPEN, UploadState.DONE}:
        raise Problem("gone", f"This upload is {upload.state}. Look at the photo; if it is still announced, begin a new upload.")
    return upload


def must_stand_at(upload: Upload, offset: int) -> None:
    """Raises `wrong_offset` unless the next byte expected is the one at `offset`."""
    if upload.received_bytes != offset:
        raise Problem(
            "wrong_offset",
            f"{upload.received_bytes} bytes are here, this continues at {offset}. Ask with HEAD, and go on from Upload-Offset.",
            upload_offset=upload.received_bytes,
        )


def keep_part(session: Session, upload_id: uuid.UUID, offset: int, part: dict[str, object]) -> None:
    """Count a piece that lies in the store. Raises `wrong_offset` when another request was faster, `gone`, `too_large`."""
    upload = standing(session, upload_id, lock=True)
    must_stand_at(upload, offset)
    if len(upload.parts) >= MOST_PARTS:
        raise Problem("too_large", f"More than {MOST_PARTS} pieces. End this upload with DELETE, and send larger ones.")
    upload.parts = [*upload.parts, part]
    upload.received_bytes = offset + int(str(part["bytes"]))
    upload.expires_at = clock.now() + LIVES


def finish(session: Session, upload_id: uuid.UUID, made: Made) -> bool:
    """The photograph is stored. False when another upload had stored it already, and what this one made is not needed."""
    upload = standing(session, upload_id, lock=True)
    photo = find(session, Photo, upload.photo_id, lock=True)
    if photo is None or photo.state in {PhotoState.FAILED, PhotoState.ERASED}:
        raise Problem("gone", "The photo was refused or erased meanwhile. Announce another one under a new id.")
    upload.received_bytes = upload.size_bytes
    _end(upload, UploadState.DONE)
    if photo.state == PhotoState.STORED:
        return photo.object_key == upload.object_key
    photo.state, photo.object_key, photo.stored_at = PhotoState.STORED, upload.object_key, clock.now()
    photo.stored_sha256, photo.stored_bytes = made.sha256, made.size_bytes
    photo.width_px, photo.height_px = made.width_px, made.height_px
    if photo.taken_at is None:
        latest = clock.now() + timedelta(seconds=FUTURE_TOLERANCE_S)
        photo.taken_at = camera_time(made.camera, zone_of(session), not_after=latest)
    photo.thumbnails = ThumbnailState.WAITING
    say(session, photo, "store")
    session.add(ThumbnailJob(clinic_id=photo.clinic_id, photo_id=photo.id))
    return True


def refuse(session: Session, upload_id: uuid.UUID, *, failure: str | None) -> None:
    """End an upload because of its bytes; `failure` says why they can be no photograph, if they are those announced."""
    upload = standing(session, upload_id, lock=True)
    _end(upload, UploadState.REFUSED)
    photo = find(session, Photo, upload.photo_id, lock=True)
    if failure and photo is not None and photo.state == PhotoState.ANNOUNCED:
        photo.state, photo.failure = PhotoState.FAILED, failure
        say(session, photo, "fail")


def stop(session: Session, upload_id: uuid.UUID) -> Upload:
    """End an upload because the client says so. Raises `not_found`, `gone`, and `conflict` when it is done."""
    upload = standing(session, upload_id, lock=True)
    if upload.state == UploadState.DONE:
        raise Problem("conflict", "The upload is done and the photo stored; there is nothing left to stop.")
    _end(upload, UploadState.STOPPED)
    return upload


def _end(upload: Upload, state: UploadState) -> None:
    """From now on it is only remembered for a while."""
    upload.state, upload.parts, upload.expires_at = state, [], clock.now()
