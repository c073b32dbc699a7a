"""HTTP of the texts of messages."""

import uuid
from typing import Any

from flask import Response, current_app

from schemas.templates import OwnTemplateOut, PreviewOut, PreviewRequest, TemplateChange, TemplateList, TemplateOut
from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES, Channel, Purpose
from server.access import Permission, allow
from server.db import find
from server.followup.models import Visit
from server.followup.service import templates
from server.http import Routes, answer, found, must_match, session
from server.problems import Problem

routes = Routes("templates", __name__, url_prefix="/api/v1", description="Texts of the messages to patients")

ONE = "/follow-up/templates/<purpose>/<channel>/<language>"
"""Plain names in the path: the caller is recognised before a wrong one is refused."""

PATH: list[Any] = [
    {"in": "path", "name": "purpose", "required": True, "schema": {"type": "string", "enum": [str(one) for one in PATIENT_PURPOSES]}},
    {"in": "path", "name": "channel", "required": True, "schema": {"type": "string", "enum": [str(one) for one in PATIENT_CHANNELS]}},
    {"in": "path", "name": "language", "required": True, "schema": {"type": "string", "pattern": "^[a-z]{2}$", "example": "hu"}},
]

NO_OWN_TEXT = uuid.UUID(int=0)
"""The version that a first own text replaces."""


def key_of(purpose: str, channel: str, language: str) -> templates.Key:
    """Which message it is; 404 for one that does not exist."""
    two_letters = len(language) == 2 and language.isascii() and language.isalpha() and language.islower()  # noqa: PLR2004  reason: ISO 639-1
    if purpose not in PATIENT_PURPOSES or channel not in PATIENT_CHANNELS or not two_letters:
        raise Problem("not_found", "Purposes are book, near, chase, check_in and link; channels email and sms; a language has two letters.")
    return Purpose(purpose), Channel(channel), language


@routes.route("/follow-up/templates", methods=["GET"])
@routes.response(200, TemplateList)
@allow(Permission.SIGNED_IN)
def list_templates() -> Response:
    """All texts, built-in and own, and the variables that they may use."""
    return answer({"items": templates.all_texts(session()), "variables": templates.variables(), "next_cursor": None})


@routes.route(ONE, methods=["GET"], parameters=PATH)
@routes.etag
@routes.response(200, TemplateOut)
@routes.refuses(404)
@allow(Permission.SIGNED_IN)
def get_template(purpose: str, channel: str, language: str) -> Response:
    """The texts of one message. The ETag is that of the clinic's own text; all zeros where there never was one."""
    key = key_of(purpose, channel, language)
    own = templates.find_own(session(), key)
    return answer(templates.document(key, own), etag=own.write_id if own else NO_OWN_TEXT)


@routes.route(ONE, methods=["PUT"], parameters=PATH)
@routes.etag
@routes.arguments(TemplateChange)
@routes.response(200, OwnTemplateOut)
@routes.alt_response(201, schema=OwnTemplateOut, description="The first own text of this message", success=True)
@routes.refuses(404, 409)
@allow(Permission.SET_UP)
def put_template(body: dict[str, Any], purpose: str, channel: str, language: str) -> Response:
    """Send the clinic's own text from now on."""
    key = key_of(purpose, channel, language)
    own = templates.find_own(session(), key, lock=True)
    must_match(own.write_id if own else NO_OWN_TEXT)
    row = templates.change(session(), key, own, subject=body.get("subject"), body=body["body"])
    return answer(row.document(), 200 if own else 201, etag=row.write_id)


@routes.route(ONE, methods=["DELETE"], parameters=PATH)
@routes.etag
@routes.response(200, OwnTemplateOut)
@routes.refuses(404)
@allow(Permission.SET_UP)
def delete_template(purpose: str, channel: str, language: str) -> Response:
    """Send the built-in text again. The own text is kept, no longer in use."""
    own = found(templates.find_own(session(), key_of(purpose, channel, language), lock=True))
    must_match(own.write_id)
    if own.active:
        templates.retire(session(), own)
    return answer(own.document(), etag=own.write_id)


@routes.route("/follow-up/templates/preview", methods=["POST"])
@routes.arguments(PreviewRequest)
@routes.response(200, PreviewOut)
@routes.refuses(404)
@allow(Permission.FOLLOW_UP)
def preview_template(body: dict[str, Any]) -> Response:
    """A text filled in, as a patient would get it. Nothing is stored or sent."""
    visit = found(find(session(), Visit, body["visit_id"])) if "visit_id" in body else None
    shown = templates.preview(
        session(),
        current_app.config["GRAFTLOG"],
        key_of(body["purpose"], body["channel"], body["language"]),
        subject=body.get("subject"),
        body=body.get("body"),
        visit=visit,
    )
    return answer(shown.document())
