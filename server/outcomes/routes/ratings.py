"""HTTP of a rater's queue. Nothing here says whose face it is, when a photograph was taken, or which was taken first."""

import uuid
from typing import Any

from flask import Response, url_for

from schemas.limits import THUMBNAIL_SIDES_PX
from schemas.ratings import NextPair, QueueCreate, QueueOut, RatingCreate, RatingReceipt
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.canonical import instant
from server.http import Routes, answer, own_transaction, person, session, streams
from server.outcomes.rules.rating import LEFT, RIGHT
from server.outcomes.service import queue
from server.photos.picture import MEDIA_TYPE
from server.photos.routes.lanes import desk
from server.photos.service.vault import of_photo
from server.photos.store import Missing
from server.problems import Problem
from server.reads import reads, saw

routes = Routes("ratings", __name__, url_prefix="/api/v1", description="A rater's queue of photo pairs, blinded")
_JPEG = {"responses": {"200": {"description": "JPEG", "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}}


@routes.route("/ratings/queue", methods=["POST"])
@routes.arguments(QueueCreate)
@routes.response(201, QueueOut)
@routes.alt_response(200, schema=QueueOut, description="Already begun", success=True)
@routes.refuses(409)
@allow(Permission.RATE)
def begin_queue(body: dict[str, Any]) -> Response:
    """Begin to rate: the order of all pairs is drawn for this rater, now and for good."""
    mine, new = queue.begin(session(), body)
    document = mine.document()
    del document["seed"]
    return answer(document, 201 if new else 200)


@routes.route("/ratings/next", methods=["GET"])
@routes.response(200, NextPair)
@routes.refuses(409)
@allow(Permission.RATE)
@reads(Reading.PHOTO)
def next_pair() -> Response:
    """The pair that this rater judges next."""
    mine = queue.of_rater(session(), person().user_id)
    if mine is None:
        raise Problem("conflict", queue.NOT_BEGUN)
    stands = queue.look(session(), mine)
    saw([stands.pair.patient_id] if stands.pair else [])
    return answer({"rated": stands.rated, "waiting": stands.waiting, "pair": _shown(stands)})


@routes.route("/ratings/pairs/<uuid:pair_id>/left", methods=["GET"])
@routes.doc(**_JPEG)
@routes.refuses(404, 409, 410)
@streams
@allow(Permission.RATE)
@reads(Reading.PHOTO)
def get_left(pair_id: uuid.UUID) -> Response:
    """The picture that stands on the left for this rater."""
    return _picture(pair_id, LEFT)


@routes.route("/ratings/pairs/<uuid:pair_id>/right", methods=["GET"])
@routes.doc(**_JPEG)
@routes.refuses(404, 409, 410)
@streams
@allow(Permission.RATE)
@reads(Reading.PHOTO)
def get_right(pair_id: uuid.UUID) -> Response:
    """The picture that stands on the right for this rater."""
    return _picture(pair_id, RIGHT)


@routes.route("/ratings", methods=["POST"])
@routes.arguments(RatingCreate)
@routes.response(201, RatingReceipt)
@routes.alt_response(200, schema=RatingReceipt, description="Already recorded", success=True)
@routes.refuses(409, 410)
@allow(Permission.RATE)
def rate_pair(body: dict[str, Any]) -> Response:
    """Rate a pair, once. One's own patients are refused, as is what was rated or may not be shown any more."""
    made, new = queue.rate(session(), body)
    receipt = {"id": str(made.id), "pair_id": str(made.pair_id), "created_at": instant(made.created_at)}
    return answer(receipt, 201 if new else 200)


def _shown(stands: queue.Queue) -> dict[str, str] | None:
    if stands.pair is None:
        return None
    at = {side: url_for(f"ratings.get_{side}", pair_id=stands.pair.id) for side in (LEFT, RIGHT)}
    return {"pair_id": str(stands.pair.id), "view": str(stands.pair.view), **at}


def _picture(pair_id: uuid.UUID, side: str) -> Response:
    """Always the large thumbnail, without a name: made anew from pixels, it says nothing of the camera or the day."""
    at = desk()
    with own_transaction(write=False) as reading:
        _, photo = queue.shown(reading, pair_id, side)
        vault = of_photo(reading, at.store, at.keys, photo)
    try:
        body = b"".join(vault.read(str(THUMBNAIL_SIDES_PX[-1])))
    except Missing:
        raise Problem("damaged", "The store has lost this picture. Tell the clinic, and say that the pair cannot be judged.") from None
    response = Response(body, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
