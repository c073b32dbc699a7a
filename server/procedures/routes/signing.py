"""HTTP of signing, addenda, history and the note."""

import uuid
from typing import Any

from flask import Response, current_app, request

from schemas.procedures import (
    AddendumList,
    AddendumOut,
    AddendumRequest,
    HistoryList,
    HistoryQuery,
    SignatureOut,
    SignRequest,
)
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import Routes, answer, cursor_of, found, number_behind, session
from server.journal.service import history
from server.problems import Problem
from server.procedures import note
from server.procedures.service import record, signing
from server.rates import Rate, rated
from server.reads import rather, reads

routes = Routes("signing", __name__, url_prefix="/api/v1", description="Sign, add to what is signed, and read it")
_FORMATS = ("application/json", "text/html", "application/pdf")
"""Of the note; the first where the client does not mind."""


@routes.route("/procedures/<uuid:procedure_id>/signature", methods=["POST"])
@routes.arguments(SignRequest)
@routes.response(201, SignatureOut)
@routes.refuses(401, 404, 409, 429)
@allow(Permission.SIGN)
@rated(Rate.SIGN_IN)
def sign(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Sign the procedure; it is closed afterwards."""
    procedure = record.get(session(), procedure_id, lock=True)
    signature = signing.sign(session(), procedure, **body, keys_folder=current_app.config["GRAFTLOG"].keys)
    return answer(signature.document(), 201)


@routes.route("/procedures/<uuid:procedure_id>/signature", methods=["GET"])
@routes.response(200, SignatureOut)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def get_signature(procedure_id: uuid.UUID) -> Response:
    """The signature and the manifest it covers."""
    procedure = record.get(session(), procedure_id)
    return answer(found(signing.signature_of(session(), procedure.id)).document())


@routes.route("/procedures/<uuid:procedure_id>/addenda", methods=["POST"])
@routes.arguments(AddendumRequest)
@routes.response(201, AddendumOut)
@routes.alt_response(200, schema=AddendumOut, description="Already stored", success=True)
@routes.refuses(401, 404, 409, 429)
@allow(Permission.SIGN)
@rated(Rate.SIGN_IN)
def add_addendum(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Say something after signing; signed by itself."""
    procedure = record.get(session(), procedure_id, lock=True)
    addendum, new = signing.add_addendum(session(), procedure, body, current_app.config["GRAFTLOG"].keys)
    return answer(addendum.document(), 201 if new else 200)


@routes.route("/procedures/<uuid:procedure_id>/addenda", methods=["GET"])
@routes.response(200, AddendumList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_addenda(procedure_id: uuid.UUID) -> Response:
    """Addenda in order."""
    procedure = record.get(session(), procedure_id)
    items = [one.document() for one in signing.addenda_of(session(), procedure.id)]
    return answer({"items": items, "next_cursor": None})


@routes.route("/procedures/<uuid:procedure_id>/history", methods=["GET"])
@routes.arguments(HistoryQuery, location="query")
@routes.response(200, HistoryList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.HISTORY)
def get_history(query: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Everything that ever happened to this procedure, from the journal."""
    whole = record.load(session(), record.get(session(), procedure_id))
    ids = [whole.procedure.id, *(fact["id"] for fact in whole.facts), *(one.id for one in whole.addenda)]
    ids += [whole.signature.id] if whole.signature else []
    rows = history(session(), ids, limit=query["limit"] + 1, after=number_behind(query) or 0)
    page = rows[: query["limit"]]
    cursor = cursor_of(str(page[-1].seq)) if len(rows) > len(page) else None
    return answer({"items": [row.document() for row in page], "next_cursor": cursor})


@routes.route("/procedures/<uuid:procedure_id>/note", methods=["GET"])
@routes.doc(
    responses={
        "200": {
            "description": "The operation note; HTML, PDF and JSON say the same.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/html": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }
)
@routes.refuses(404, 406)
@allow(Permission.READ_RECORD)
@reads(Reading.NOTE)
@rated(Rate.EXPORT)
def get_note(procedure_id: uuid.UUID) -> Response:
    """The operation note, in the format that Accept asks for."""
    whole = record.load(session(), record.get(session(), procedure_id))
    document = note.build(whole)
    wanted = request.accept_mimetypes.best_match(_FORMATS, "") if request.accept_mimetypes else _FORMATS[0]
    if wanted == "application/pdf":
        rather(Reading.NOTE_FILE)
        response = Response(note.pdf(document), mimetype="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="note-{procedure_id}.pdf"'
        return response
    if wanted == "text/html":
        return Response(note.html(document), mimetype="text/html")
    if wanted == "application/json":
        return answer(document)
    raise Problem("not_acceptable", "Ask for application/json, text/html or application/pdf.")
