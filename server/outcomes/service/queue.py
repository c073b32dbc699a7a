"""A rater's queue: her random order, what of it she may still be shown, and the grade she gives."""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from schemas.rating_words import Verdict
from schemas.vocabulary import ConsentPurpose, PhotoState, ThumbnailState
from server.clinics.models import User
from server.db import find
from server.ids import uuid7
from server.outcomes.models import Rating, RatingPair, RatingQueue
from server.outcomes.rules import rating
from server.photos.models import Photo
from server.photos.service import album, consents
from server.problems import Problem, invalid
from server.procedures.models import Procedure, Signature
from server.replay import replayed

OPERATED = "You operated on this patient. The panel rates what others have done; leave this pair to the other raters."
TWICE = "You have rated this pair. A rating is given once and never changed."
NO_LONGER = "The patient no longer agrees that raters are shown these photographs. Ask for the next pair."
NOT_BEGUN = "Begin your queue first: POST /ratings/queue."


@dataclass(frozen=True)
class Queue:
    """How far a rater is: how many she has rated, how many wait for her, and the next one with where it stands."""

    rated: int
    waiting: int
    pair: RatingPair | None
    place: rating.Place | None


def of_rater(session: Session, rater_id: uuid.UUID) -> RatingQueue | None:
    """Her queue, once she has begun it."""
    return session.scalar(sa.select(RatingQueue).where(RatingQueue.rater_id == rater_id))


def begin(session: Session, fields: dict[str, Any]) -> tuple[RatingQueue, bool]:
    """(the queue, whether it is new): its seed is drawn once and kept, so there is one for each rater however often she begins."""
    rater_id = session.info["actor"].user_id
    find(session, User, rater_id, lock=True)  # who begins twice at once draws one seed
    known = of_rater(session, rater_id)
    if known is not None:
        return known, False
    if fields.get("id") and find(session, RatingQueue, fields["id"]) is not None:
        raise Problem("id_taken", "Use a new id for a new record.")
    made = RatingQueue(id=fields.get("id") or uuid7(), rater_id=rater_id, seed=secrets.token_hex(32))
    session.add(made)
    session.flush()
    return made, True


def look(session: Session, queue: RatingQueue) -> Queue:
    """Where she stands. Consents, her own patients and erased photographs are asked about each time."""
    ids = session.scalars(_offered(queue.rater_id)).all()
    rated = _rated(session, queue.rater_id)
    if not ids:
        return Queue(rated, 0, None, None)
    places = {one: rating.place(queue.seed, one) for one in ids}
    following = min(ids, key=lambda one: (places[one].key, one))
    return Queue(rated, len(ids), find(session, RatingPair, following), places[following])


def shown(session: Session, pair_id: uuid.UUID, side: str) -> tuple[RatingPair, Photo]:
    """(pair, the photograph that stands on this side for whoever is acting). Raises `not_found`, or the reason why it is not shown."""
    rater_id = session.info["actor"].user_id
    pair, queue = find(session, RatingPair, pair_id), of_rater(session, rater_id)
    if pair is None:
        raise Problem("not_found", "Check the address and the id.")
    if queue is None:
        raise Problem("conflict", NOT_BEGUN)
    _check(session, pair, rater_id)
    on_left = rating.place(queue.seed, pair.id).swapped == (side == rating.LEFT)
    return pair, album.with_thumbnails(session, pair.follow_up_id if on_left else pair.baseline_id)


def rate(session: Session, fields: dict[str, Any]) -> tuple[Rating, bool]:
    """(rating, whether it is new). Raises `not_allowed` for one's own patients, `conflict`, `gone`, `id_taken`, or 422."""
    rater_id = session.info["actor"].user_id
    stored, hashed = replayed(session, Rating, {**fields, "rater_id": rater_id})
    if stored:
        return stored, False
    pair = find(session, RatingPair, fields["pair_id"])
    if pair is None:
        raise invalid("/pair_id", "No such pair; use the one of GET /ratings/next.")
    find(session, User, rater_id, lock=True)  # her ratings are counted one after the other; her queue is append-only, which has no lock
    queue = of_rater(session, rater_id)
    if queue is None:
        raise Problem("conflict", NOT_BEGUN)
    _check(session, pair, rater_id)
    verdict, swapped = Verdict(fields["verdict"]), rating.place(queue.seed, pair.id).swapped
    grade = rating.grade(verdict, swapped=swapped)
    made = Rating(
        id=fields.get("id") or uuid7(),
        pair_id=pair.id,
        rater_id=rater_id,
        grade=grade,
        reason=str(verdict) if grade is None else None,
        swapped=swapped,
        place=_rated(session, rater_id) + 1,
        milliseconds=fields.get("milliseconds"),
        content_hash=hashed,
    )
    session.add(made)
    session.flush()
    return made, True


def _check(session: Session, pair: RatingPair, rater_id: uuid.UUID) -> None:
    """Refuse what this rater may not be shown, with the reason."""
    if session.scalar(_operated_on(rater_id).where(Procedure.patient_id == pair.patient_id).limit(1)):
        raise Problem("not_allowed", OPERATED)
    if session.scalar(sa.select(Rating.id).where(Rating.pair_id == pair.id, Rating.rater_id == rater_id)):
        raise Problem("conflict", TWICE)
    consent = consents.now(session, pair.patient_id).get(ConsentPurpose.RATING)
    if consent is None or not consent.given:
        raise Problem("conflict", NO_LONGER)
    for photo_id in (pair.baseline_id, pair.follow_up_id):
        album.stored(session, photo_id)


def _rated(session: Session, rater_id: uuid.UUID) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Rating).where(Rating.rater_id == rater_id)) or 0


def _operated_on(rater_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    """Patients of whom this person was named the surgeon of a procedure, or has signed the note of one."""
    signed = sa.select(Signature.procedure_id).where(Signature.signer_id == rater_id)
    return sa.select(Procedure.patient_id).where(sa.or_(Procedure.surgeon_id == rater_id, Procedure.id.in_(signed)))


def _offered(rater_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    """Ids of the pairs that this rater may be shown and has not rated."""
    first, second = aliased(Photo), aliased(Photo)

    def there(photo: Any, photo_id: Any) -> sa.ColumnElement[bool]:
        return sa.and_(
            photo.clinic_id == RatingPair.clinic_id,
            photo.id == photo_id,
            photo.state == PhotoState.STORED,
            photo.thumbnails == ThumbnailState.MADE,
        )

    mine = sa.select(Rating.pair_id).where(Rating.rater_id == rater_id)
    return (
        sa.select(RatingPair.id)
        .join(first, there(first, RatingPair.baseline_id))
        .join(second, there(second, RatingPair.follow_up_id))
        .where(
            RatingPair.id.not_in(mine),
            RatingPair.patient_id.not_in(_operated_on(rater_id)),
            RatingPair.patient_id.in_(consents.agreed(ConsentPurpose.RATING)),
        )
    )
