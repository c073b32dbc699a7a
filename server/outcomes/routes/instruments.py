"""HTTP of instruments: which there are, loading a clinic's own, and its licences."""

from typing import Any

from flask import Response

from schemas.instruments import InstrumentCreate, InstrumentList, InstrumentOut, LicenceCreate, LicenceOut
from server.access import Permission, allow
from server.clinics import service as clinics
from server.http import Routes, answer, session
from server.outcomes.rules import definition
from server.outcomes.service import catalogue, loading

routes = Routes("instruments", __name__, url_prefix="/api/v1", description="Instruments: questionnaires and grades as data")


@routes.route("/instruments", methods=["GET"])
@routes.response(200, InstrumentList)
@allow(Permission.SIGNED_IN)
def list_instruments() -> Response:
    """All that there are, and which may be used today. Without wording where a licence is missing."""
    known = catalogue.instruments(session(), clinics.today(session()))
    return answer({"items": [_document(one) for one in known], "next_cursor": None})


@routes.route("/instruments", methods=["POST"])
@routes.arguments(InstrumentCreate)
@routes.response(201, InstrumentOut)
@routes.alt_response(200, schema=InstrumentOut, description="Already loaded", success=True)
@routes.refuses(409)
@allow(Permission.SET_UP)
def load_instrument(body: dict[str, Any]) -> Response:
    """Load a version of an instrument from the clinic's own file."""
    made, new = loading.load(session(), body["definition"], body.get("questionnaire"))
    return answer(made.document(), 201 if new else 200)


@routes.route("/instruments/<key>/licences", methods=["POST"])
@routes.arguments(LicenceCreate)
@routes.response(201, LicenceOut)
@routes.alt_response(200, schema=LicenceOut, description="Already recorded", success=True)
@routes.refuses(404, 409)
@allow(Permission.SET_UP)
def record_licence(body: dict[str, Any], key: str) -> Response:
    """Record that the clinic may use an instrument. The newest holds."""
    made, new = loading.license_it(session(), key, body)
    return answer(made.document(), 201 if new else 200)


def _document(one: catalogue.Known) -> dict[str, Any]:
    written = definition.write(one.instrument)
    return {
        "key": one.instrument.key,
        "version": one.instrument.version,
        "title": one.instrument.title,
        "audience": str(one.instrument.audience),
        "origin": str(one.origin),
        "newest": one.newest,
        "usable": one.obstacle is None,
        "obstacle": one.obstacle,
        "licence_holder": one.instrument.holder,
        "definition": written if one.obstacle is None else {**written, "items": None},
    }
