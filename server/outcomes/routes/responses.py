"""HTTP of responses: filled in with the patient, resumed, completed with their scores, withdrawn."""

import uuid
from typing import Any

from flask import Response as Answer

from schemas.instrument_words import Audience
from schemas.outcome_words import AnsweredBy
from schemas.procedures import Reasoned
from schemas.reading_words import Reading
from schemas.responses import ResponseChange, ResponseCreate, ResponseList, WholeResponse
from server.access import Permission, allow
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.http import Routes, answer, found, must_match, person, session
from server.outcomes.models import Response
from server.outcomes.service import catalogue, responses
from server.outcomes.service.catalogue import Known
from server.problems import Problem
from server.reads import reads

routes = Routes("responses", __name__, url_prefix="/api/v1", description="Questionnaires filled in, and their scores")


@routes.route("/visits/<uuid:visit_id>/responses", methods=["POST"])
@routes.arguments(ResponseCreate)
@routes.response(201, WholeResponse)
@routes.alt_response(200, schema=WholeResponse, description="Already recorded", success=True)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def record_response(body: dict[str, Any], visit_id: uuid.UUID) -> Answer:
    """Write down what the patient answered, or a score that was computed elsewhere. Scores of answers are the server's own."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    must_be_hers(catalogue.find_known(session(), clinics.today(session()), body["instrument"], body.get("instrument_version")))
    made, new = responses.begin(session(), visit, body, AnsweredBy.STAFF)
    return answer(_whole(made), 201 if new else 200, etag=made.write_id)


def must_be_hers(known: Known | None) -> None:
    """What a clinician judges is written down by somebody who assesses. Raises `not_allowed`."""
    if known and known.instrument.audience == Audience.CLINICIAN and not person().may(Permission.ASSESS):
        raise Problem("not_allowed", f"{known.instrument.title} is a clinician's own judgement; somebody who assesses must enter it.")


@routes.route("/visits/<uuid:visit_id>/responses", methods=["GET"])
@routes.response(200, ResponseList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_responses(visit_id: uuid.UUID) -> Answer:
    """All responses of a visit, the oldest first, each with its scores."""
    visit = found(find(session(), Visit, visit_id))
    rows = responses.of_visit(session(), visit.id)
    scores = responses.scores_of(session(), rows)
    items = [one.document() | {"scores": [score.document() for score in scores[one.id]]} for one in rows]
    return answer({"items": items, "next_cursor": None})


@routes.route("/responses/<uuid:response_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(ResponseChange)
@routes.response(200, WholeResponse)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def go_on(body: dict[str, Any], response_id: uuid.UUID) -> Answer:
    """Add answers to an open response, and complete it."""
    seen = found(find(session(), Response, response_id))
    if seen.visit_id:
        find(session(), Visit, seen.visit_id, lock=True)  # first, as everybody who completes does
    response = found(find(session(), Response, response_id, lock=True))
    must_match(response.write_id)
    must_be_hers(catalogue.get(session(), clinics.today(session()), response.instrument, response.instrument_version))
    responses.save(session(), response, body)
    return answer(_whole(response), etag=response.write_id)


@routes.route("/responses/<uuid:response_id>/withdrawal", methods=["POST"])
@routes.arguments(Reasoned)
@routes.response(200, WholeResponse)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def withdraw(body: dict[str, Any], response_id: uuid.UUID) -> Answer:
    """It counts no more, and stays to be read."""
    response = found(find(session(), Response, response_id, lock=True))
    responses.withdraw(session(), response, body["reason"])
    return answer(_whole(response), etag=response.write_id)


def _whole(response: Response) -> dict[str, Any]:
    scores = responses.scores_of(session(), [response])[response.id]
    return response.document() | {"scores": [one.document() for one in scores]}
