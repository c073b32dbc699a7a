"""Uploads that nobody goes on with: ended after a week, their bytes deleted, and a day later the row."""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.config import Config
from server.db import Database
from server.photos.models import Photo, Upload, UploadState
from server.photos.store import open_store

REMEMBERED = timedelta(days=1)
"""How long an ended upload still answers 410 instead of 404."""
MOST_AT_ONCE = 200


def drop_ended(db: Database, clinic_id: uuid.UUID, config: Config) -> int:
    """End what has expired, delete the bytes of everything that has ended, forget what ended long ago; how many rows."""
    with db.transaction(clinic_id) as session:
        expired = _ended(session, Upload.state == UploadState.OPEN, Upload.expires_at <= clock.now())
        for upload in expired:
            upload.state, upload.parts, upload.expires_at = UploadState.EXPIRED, [], clock.now()
        forgotten = _ended(session, Upload.state != UploadState.OPEN, Upload.expires_at <= clock.now() - REMEMBERED)
        prefixes = [prefix for upload in (*expired, *forgotten) for prefix in _to_delete(session, upload)]
    if prefixes:
        store = open_store(config)
        for prefix in prefixes:
            store.drop(prefix)
    with db.transaction(clinic_id) as session:
        session.execute(sa.delete(Upload).where(Upload.id.in_([upload.id for upload in forgotten])))
    return len(expired) + len(forgotten)


def _ended(session: Session, *where: sa.ColumnElement[bool]) -> list[Upload]:
    query = sa.select(Upload).where(*where).order_by(Upload.expires_at, Upload.id).limit(MOST_AT_ONCE)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def _to_delete(session: Session, upload: Upload) -> list[str]:
    """Its pieces; and what it had already made of them, unless that is the photograph."""
    theirs = session.scalar(sa.select(Photo.object_key).where(Photo.id == upload.photo_id))
    return [upload.incoming, *([] if theirs == upload.object_key else [upload.object_key])]
