"""How well photographs can be compared, as people judged it."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PhotoFlaw, PhotoQuality
from server.ids import uuid7
from server.photos.models import PhotoGrade
from server.photos.service import album
from server.problems import invalid
from server.replay import replayed


def grade(session: Session, photo_id: uuid.UUID, fields: dict[str, Any]) -> tuple[PhotoGrade, bool]:
    """(grade, whether it is new). Raises `not_found`, `gone`, `not_whole`, `id_taken`, or 422 where quality and flaws contradict."""
    photo = album.stored(session, photo_id)
    flaws = [one for one in PhotoFlaw if one in fields["flaws"]]
    content = {**fields, "flaws": flaws, "photo_id": photo.id}
    stored, hashed = replayed(session, PhotoGrade, content)
    if stored:
        return stored, False
    if fields["quality"] == PhotoQuality.GOOD and flaws:
        raise invalid("/flaws", "A good photograph has no flaw. Choose usable or poor, or take the flaws away.")
    if fields["quality"] != PhotoQuality.GOOD and not flaws:
        raise invalid("/flaws", "Say what is wrong with it, so that the next one is taken better.")
    made = PhotoGrade(**{"id": uuid7(), **content}, graded_by=session.info["actor"].user_id, content_hash=hashed)
    session.add(made)
    session.flush()
    return made, True


def of_photo(session: Session, photo_id: uuid.UUID) -> Sequence[PhotoGrade]:
    """All grades of a photograph of this clinic, the newest first."""
    query = sa.select(PhotoGrade).where(PhotoGrade.photo_id == album.get(session, photo_id).id)
    return session.scalars(query.order_by(PhotoGrade.created_at.desc(), PhotoGrade.id.desc())).all()


def newest(session: Session, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PhotoGrade]:
    """The grade that holds, of each photograph that has one."""
    query = sa.select(PhotoGrade).where(PhotoGrade.photo_id.in_(list(photo_ids))).order_by(PhotoGrade.created_at, PhotoGrade.id)
    return {one.photo_id: one for one in session.scalars(query)}
