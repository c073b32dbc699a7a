"""Photographs that an assessment may name: those of the result, to choose from in the form and to see beside the event."""

import uuid
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PhotoKind, PhotoState
from server.clinics.service import zone_of
from server.patients.models import Scar
from server.photos.models import Photo
from server.procedures.days import day_zero, performed_at
from server.procedures.models import Procedure
from server.web import photo_pairs
from server.web.photo_pairs import Shot

MOST = 12
"""The newest; a choice of more is none."""


def to_choose(session: Session, procedure: Procedure, scars: Sequence[Scar], named: Collection[uuid.UUID] = ()) -> list[Shot]:
    """By date: pictures taken at this procedure and after it that are here, and whatever is `named` already, be it erased since."""
    at = sa.func.coalesce(Photo.taken_at, Photo.created_at)
    of_result = sa.or_(Photo.procedure_id == procedure.id, sa.and_(Photo.procedure_id.is_(None), at >= performed_at(procedure)))
    here = (Photo.patient_id == procedure.patient_id, Photo.state == PhotoState.STORED, Photo.kind != PhotoKind.BASELINE)
    newest = sa.select(Photo).where(*here, of_result).order_by(at.desc(), Photo.id.desc()).limit(MOST)
    known = {one.id: one for one in session.scalars(newest)} | _named(session, procedure, named)
    return _shots(session, procedure, list(known.values()), scars)


def of_events(session: Session, procedure: Procedure, scars: Sequence[Scar], named: Collection[uuid.UUID]) -> Mapping[str, Shot]:
    """Id → the photograph, of those that events name."""
    return {str(one.photo.id): one for one in _shots(session, procedure, list(_named(session, procedure, named).values()), scars)}


def _named(session: Session, procedure: Procedure, named: Collection[uuid.UUID]) -> dict[uuid.UUID, Photo]:
    """Of the patient; any other id names nothing."""
    if not named:
        return {}
    query = sa.select(Photo).where(Photo.patient_id == procedure.patient_id, Photo.id.in_(named))
    return {one.id: one for one in session.scalars(query)}


def _shots(session: Session, procedure: Procedure, photos: Sequence[Photo], scars: Sequence[Scar]) -> list[Shot]:
    in_order = sorted(photos, key=lambda one: (photo_pairs.moment_of(one), one.id))
    return photo_pairs.shots(in_order, [day_zero(procedure, zone_of(session))], {one.id: one.label for one in scars})
