"""HTTP of recording and reading entries."""

import uuid

from flask import Response
from marshmallow import ValidationError

from schemas.entry_loading import load_entries
from schemas.procedures import EntriesOut, EntryList
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.bodies import read_json
from server.http import Routes, answer, refused, session
from server.procedures.service import log, record
from server.reads import reads

routes = Routes("entries", __name__, url_prefix="/api/v1", description="Record what happens, as it happens")


@routes.route("/procedures/<uuid:procedure_id>/entries", methods=["POST"])
@routes.doc(requestBody={"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Entries"}}}})
@routes.response(201, EntriesOut)
@routes.alt_response(200, schema=EntriesOut, description="All already stored", success=True)
@routes.refuses(404, 409, 422)
@allow(Permission.RECORD)
def record_entries(procedure_id: uuid.UUID) -> Response:
    """Record one entry or a list: all or nothing."""
    body = read_json()
    try:
        sent = load_entries(body)
    except ValidationError as error:
        raise refused(error.messages) from None
    procedure = record.get(session(), procedure_id, lock=True)
    recorded, new = log.record_entries(session(), procedure, sent, listed=isinstance(body, list))
    return answer(recorded, 201 if new else 200)


@routes.route("/procedures/<uuid:procedure_id>/entries", methods=["GET"])
@routes.response(200, EntryList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_entries(procedure_id: uuid.UUID) -> Response:
    """Entries in time order; retracted ones are marked."""
    whole = record.load(session(), record.get(session(), procedure_id))
    return answer({"items": whole.entries(), "next_cursor": None})
