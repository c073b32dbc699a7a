"""HTTP of answers to check-ins, and of new links for patients."""

import uuid
from typing import Any

from flask import Response, current_app

from schemas.answers import AnswerCreate, AnswerList, AnswerOut, LinkCreate, LinkOut
from schemas.questions import Given, Question
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.canonical import instant
from server.db import find
from server.followup.models import Visit
from server.followup.service import answers, link_answers
from server.http import Routes, answer, found, session
from server.reads import reads

routes = Routes("answers", __name__, url_prefix="/api/v1", description="Answers to check-ins, and the patient's link")


@routes.route("/visits/<uuid:visit_id>/answers", methods=["POST"])
@routes.arguments(AnswerCreate)
@routes.response(201, AnswerOut)
@routes.alt_response(200, schema=AnswerOut, description="Already stored", success=True)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def record_answer(body: dict[str, Any], visit_id: uuid.UUID) -> Response:
    """Write down what a patient answered by telephone. The check-in is thereby answered, and its unsent messages are cancelled.

    Red flags may be said of any visit; they alert at once, and answer no check-in by themselves.
    """
    visit = found(find(session(), Visit, visit_id, lock=True))
    said, flags = (Question(body["question"]), Given(body["answer"])), body.get("flags", [])
    given = answers.record(session(), visit, *said, via=answers.BY_PHONE, answer_id=body["id"], flags=flags)
    return answer(given[0].document(), 201 if given[1] else 200)


@routes.route("/visits/<uuid:visit_id>/answers", methods=["GET"])
@routes.response(200, AnswerList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_answers(visit_id: uuid.UUID) -> Response:
    """All answers of a check-in, in the order given."""
    visit = found(find(session(), Visit, visit_id))
    return answer({"items": [one.document() for one in answers.answers_of(session(), visit.id)], "next_cursor": None})


@routes.route("/visits/<uuid:visit_id>/link", methods=["POST"])
@routes.arguments(LinkCreate)
@routes.response(201, LinkOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def make_link(body: dict[str, Any], visit_id: uuid.UUID) -> Response:
    """Make a new link for the patient, to send or to read out; all earlier ones of this visit end."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    address, expires_at, channel = link_answers.new_link(session(), current_app.config["GRAFTLOG"], visit, send=body["send"])
    return answer({"address": address, "expires_at": instant(expires_at), "sent_by": str(channel) if channel else None}, 201)
