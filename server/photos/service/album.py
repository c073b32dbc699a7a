"""Announce photographs, find them, and say which of them can be shown."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.limits import PHOTO_MOST_MB
from schemas.vocabulary import PhotoState, ThumbnailState
from server import clock
from server.db import find, table_of
from server.ids import uuid7
from server.patients.models import Patient, Scar
from server.photos.models import Photo
from server.problems import Problem, bad_cursor, invalid
from server.procedures.models import Procedure
from server.procedures.pictures import Picture
from server.procedures.service import record
from server.procedures.service.lifecycle import FUTURE_TOLERANCE_S
from server.replay import replayed

_P = table_of(Photo)
ERASED = "It was erased on the patient's request, and cannot be brought back."


def announce(session: Session, fields: dict[str, Any], most_mb: int = PHOTO_MOST_MB) -> tuple[Photo, bool]:
    """(photograph, whether it is new). The same id with the same content is the stored one. Raises `id_taken` or 422.

    `most_mb` is what this installation takes; who does not say it hears of it when the bytes come.
    """
    stored, content = replayed(session, Photo, fields)
    if stored:
        return stored, False
    photo = Photo(**{"id": uuid7(), **fields}, content_hash=content)
    _check(session, photo, most_mb)
    session.add(photo)
    session.flush()
    return photo, True


def _check(session: Session, photo: Photo, most_mb: int) -> None:
    with session.no_autoflush:
        if find(session, Patient, photo.patient_id) is None:
            raise invalid("/patient_id", "No such patient; register the patient first.")
        procedure = find(session, Procedure, photo.procedure_id) if photo.procedure_id else None
        if photo.procedure_id and (procedure is None or procedure.patient_id != photo.patient_id):
            raise invalid("/procedure_id", "No such procedure of this patient; use an id of GET /procedures?patient_id=….")
        scar = find(session, Scar, photo.scar_id) if photo.scar_id else None
        if photo.scar_id and (scar is None or scar.patient_id != photo.patient_id):
            raise invalid("/scar_id", "No such scar of this patient; use an id of GET /patients/{id}/scars.")
    if photo.taken_at and (photo.taken_at - clock.now()).total_seconds() > FUTURE_TOLERANCE_S:
        raise invalid("/taken_at", "Lies in the future; check the device's clock.")
    if photo.size_bytes > most_mb * 1024 * 1024:
        raise invalid("/size_bytes", f"This server takes photos of at most {most_mb} MB (PHOTO_MAX_MB). Send a smaller file.")


def find_photos(
    session: Session, *, patient_id: uuid.UUID | None, procedure_id: uuid.UUID | None, after: Sequence[str] | None, limit: int
) -> list[Photo]:
    """Up to `limit` photographs in the order they were announced."""
    query = sa.select(Photo).order_by(Photo.created_at, Photo.id).limit(limit)
    if patient_id:
        query = query.where(Photo.patient_id == patient_id)
    if procedure_id:
        query = query.where(Photo.procedure_id == procedure_id)
    if after:
        query = query.where(sa.tuple_(Photo.created_at, Photo.id) > _position(after))
    return list(session.scalars(query))


def _position(after: Sequence[str]) -> tuple[datetime, uuid.UUID]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def counts(session: Session, procedure_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[PhotoState, int]]:
    """How many photographs in which state each of these procedures has."""
    found: dict[uuid.UUID, dict[PhotoState, int]] = {}
    query = sa.select(Photo.procedure_id, Photo.state, sa.func.count()).where(Photo.procedure_id.in_(procedure_ids))
    for procedure_id, state, count in session.execute(query.group_by(Photo.procedure_id, Photo.state)):
        if procedure_id:
            found.setdefault(procedure_id, {})[state] = count
    return found


def without_photo() -> sa.ColumnElement[bool]:
    """Condition on a procedure: no photograph of it is stored."""
    here = (Photo.clinic_id == Procedure.clinic_id, Photo.procedure_id == Procedure.id, Photo.state == PhotoState.STORED)
    return ~sa.exists().where(*here)


def get(session: Session, photo_id: uuid.UUID) -> Photo:
    """The clinic's own photograph. Raises `not_found`."""
    photo = find(session, Photo, photo_id)
    if photo is None:
        raise Problem("not_found", "Check the address and the id.")
    return photo


def stored(session: Session, photo_id: uuid.UUID) -> Photo:
    """A photograph whose bytes are whole. Raises `not_found`, `gone` once it was erased, or `not_whole` with what is missing."""
    photo = get(session, photo_id)
    if photo.state == PhotoState.FAILED:
        raise Problem("not_whole", f"Its bytes can be no photograph: {photo.failure}")
    if photo.state == PhotoState.ERASED:
        raise Problem("gone", ERASED)
    if photo.state != PhotoState.STORED:
        raise Problem("not_whole", "It is announced, and its bytes have not all arrived. Ask again when its state is stored.")
    return photo


def with_thumbnails(session: Session, photo_id: uuid.UUID) -> Photo:
    """A photograph that has its thumbnails. Raises `not_found`, or `not_whole` with the reason."""
    photo = stored(session, photo_id)
    if photo.thumbnails == ThumbnailState.FAILED:
        raise Problem("not_whole", f"No thumbnails could be made of it ({photo.thumbnail_problem}). Use its content.")
    if photo.thumbnails != ThumbnailState.MADE:
        raise Problem("not_whole", "Its thumbnails are being made. Ask again in a moment, or use its content.")
    return photo


def without_thumbnails(session: Session) -> int:
    """Photographs of all clinics whose thumbnails were given up."""
    query = sa.select(sa.func.count()).where(_P.c.thumbnails == ThumbnailState.FAILED)
    return session.connection().execute(query).scalar_one()


def pictures_of(session: Session, procedure: Procedure) -> list[Picture]:
    """A procedure's photographs for its signature and its note; those that have no bytes and get none are left out."""
    can_be = (Photo.procedure_id == procedure.id, Photo.state != PhotoState.FAILED)
    query = sa.select(Photo).where(*can_be).order_by(Photo.created_at, Photo.id)
    return [_picture(photo) for photo in session.scalars(query) if photo.stored_sha256 or photo.state == PhotoState.ANNOUNCED]


def _picture(photo: Photo) -> Picture:
    return Picture(
        id=str(photo.id),
        sha256=photo.stored_sha256,
        sent_sha256=photo.sha256,
        view=str(photo.view),
        kind=str(photo.kind),
        scar_id=str(photo.scar_id) if photo.scar_id else None,
        taken_at=photo.taken_at,
        announced_at=photo.created_at,
        stored_at=photo.stored_at,
        erased=photo.state == PhotoState.ERASED,
    )


if pictures_of not in record.pictures:
    record.pictures.append(pictures_of)
