"""HTTP of a patient's rights: who has read the record, and what has left the clinic."""

import uuid
from typing import Any

from flask import Response

from schemas.emergency import EmergencyList, EmergencyOpen, EmergencyOut, EmergencyQuery, EmergencyReview
from schemas.reading_words import Reading
from schemas.rights import AccessQuery, AccessReport, Disclosures, Erasures
from server.access import Permission, allow
from server.db import find
from server.http import Routes, after_id, answer, cursor_of, found, page_of, session
from server.patients.models import Patient
from server.reads import reads
from server.rights import emergency, erasure, readers
from server.rights.models import EmergencyAccess

routes = Routes("rights", __name__, url_prefix="/api/v1", description="What a patient may ask: who has read, and what was given away")


@routes.route("/patients/<uuid:patient_id>/access", methods=["GET"])
@routes.arguments(AccessQuery, location="query")
@routes.response(200, AccessReport)
@routes.refuses(404)
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def access_report(query: dict[str, Any], patient_id: uuid.UUID) -> Response:
    """Who has read this patient's record, the newest first, and which tablets hold a copy of it."""
    patient = found(find(session(), Patient, patient_id))
    limit = query["limit"]
    rows = readers.readings(session(), patient.id, after=after_id(query), limit=limit + 1)
    following = cursor_of(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [row.document() for row in rows[:limit]]
    return answer({"items": items, "tablets": list(readers.tablets(session())), "next_cursor": following})


@routes.route("/patients/<uuid:patient_id>/disclosures", methods=["GET"])
@routes.response(200, Disclosures)
@routes.refuses(404)
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def list_disclosures(patient_id: uuid.UUID) -> Response:
    """What of this patient's record has left the clinic: files fetched, exports, messages taken by a provider."""
    patient = found(find(session(), Patient, patient_id))
    return answer({"items": [one.document() for one in readers.disclosures(session(), patient.id)], "next_cursor": None})


@routes.route("/patients/<uuid:patient_id>/erasures", methods=["GET"])
@routes.response(200, Erasures)
@routes.refuses(404)
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def list_erasures(patient_id: uuid.UUID) -> Response:
    """What was erased on this patient's request: when, who decided it and why."""
    patient = found(find(session(), Patient, patient_id))
    return answer({"items": [one.document() for one, _ in erasure.of_patient(session(), patient.id)], "next_cursor": None})


@routes.route("/emergency-access", methods=["POST"])
@routes.arguments(EmergencyOpen)
@routes.response(201, EmergencyOut)
@allow(Permission.EMERGENCY)
def open_record(body: dict[str, Any]) -> Response:
    """Read one patient's record for an hour, though one's roles do not allow it. It is shown to the others, who review it."""
    return answer(emergency.open_record(session(), **body).document(), 201)


@routes.route("/emergency-access", methods=["GET"])
@routes.arguments(EmergencyQuery, location="query")
@routes.response(200, EmergencyList)
@allow(Permission.REVIEW_ACCESS)
def list_emergencies(query: dict[str, Any]) -> Response:
    """Emergency accesses, the newest first."""
    rows = emergency.listed(session(), after=after_id(query), limit=query["limit"] + 1)
    return page_of(rows, query["limit"], lambda last: (str(last.id),))


@routes.route("/emergency-access/<uuid:emergency_id>/review", methods=["POST"])
@routes.arguments(EmergencyReview)
@routes.response(200, EmergencyOut)
@routes.refuses(404, 409)
@allow(Permission.REVIEW_ACCESS)
def review(body: dict[str, Any], emergency_id: uuid.UUID) -> Response:
    """Say what came of looking into it; by somebody else than who opened it."""
    access = found(find(session(), EmergencyAccess, emergency_id, lock=True))
    return answer(emergency.review(session(), access, body["note"]).document())
