"""HTTP of the panel's pairs, for those who report: make them, list them, read what the raters said."""

import uuid
from typing import Any

import sqlalchemy as sa
from flask import Response

from schemas.common import Page
from schemas.rating_words import Step
from schemas.ratings import PairsOffer, PairsOffered, RatingList, RatingPairList
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.db import find
from server.http import Routes, after_id, answer, found, page_of, session
from server.outcomes.models import Rating, RatingPair
from server.outcomes.service import pairs
from server.reads import reads, saw

routes = Routes("rating_pairs", __name__, url_prefix="/api/v1", description="Pairs of photographs for the raters' panel")


@routes.route("/rating-pairs", methods=["POST"])
@routes.arguments(PairsOffer)
@routes.response(200, PairsOffered)
@allow(Permission.REPORT)
def offer_pairs(body: dict[str, Any]) -> Response:
    """Offer to the raters what can be offered. Done again it makes what has become possible since, and nothing twice."""
    step = Step(body["step"]) if "step" in body else None
    return answer(pairs.offer(session(), procedure_id=body.get("procedure_id"), step=step).document())


@routes.route("/rating-pairs", methods=["GET"])
@routes.arguments(Page, location="query")
@routes.response(200, RatingPairList)
@allow(Permission.REPORT)
@reads(Reading.LIST)
def list_pairs(query: dict[str, Any]) -> Response:
    """Pairs, the newest first."""
    rows = pairs.find_pairs(session(), before=after_id(query), limit=query["limit"] + 1)
    saw(row.patient_id for row in rows[: query["limit"]])
    return page_of(rows, query["limit"], lambda last: (str(last.id),))


@routes.route("/rating-pairs/<uuid:pair_id>/ratings", methods=["GET"])
@routes.response(200, RatingList)
@routes.refuses(404)
@allow(Permission.REPORT)
@reads(Reading.RECORD)
def list_ratings(pair_id: uuid.UUID) -> Response:
    """What the raters said of a pair, in the order they said it."""
    pair = found(find(session(), RatingPair, pair_id))
    given = session().scalars(sa.select(Rating).where(Rating.pair_id == pair.id).order_by(Rating.created_at, Rating.id))
    return answer({"items": [one.document() for one in given]})
