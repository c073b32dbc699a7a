"""HTTP of what clinicians found: at a visit or without one, and as adverse events over time."""

import uuid
from typing import Any

from flask import Response

from schemas.assessments import AdverseEventList, AssessmentCreate, AssessmentList, WholeAssessment
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.db import find
from server.followup.models import Visit
from server.http import Routes, answer, found, session
from server.outcomes.service import assessing, assessments
from server.procedures.models import Procedure
from server.procedures.service import record
from server.reads import reads

routes = Routes("assessments", __name__, url_prefix="/api/v1", description="What clinicians found afterwards, and adverse events over time")


@routes.route("/visits/<uuid:visit_id>/assessment", methods=["POST"])
@routes.arguments(AssessmentCreate)
@routes.response(201, WholeAssessment)
@routes.alt_response(200, schema=WholeAssessment, description="Already recorded", success=True)
@routes.refuses(404, 409)
@allow(Permission.ASSESS)
def assess_visit(body: dict[str, Any], visit_id: uuid.UUID) -> Response:
    """Record what was found at a visit, which is thereby attended. A correction replaces an earlier one, which stays."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    procedure = session().get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    made, new = assessing.assess(session(), procedure, body, visit)
    return answer(assessments.whole(session(), made), 201 if new else 200)


@routes.route("/visits/<uuid:visit_id>/assessments", methods=["GET"])
@routes.response(200, AssessmentList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_of_visit(visit_id: uuid.UUID) -> Response:
    """All assessments of a visit, the oldest first, those replaced or withdrawn included."""
    visit = found(find(session(), Visit, visit_id))
    return answer({"items": assessments.wholes(session(), assessments.of_visit(session(), visit.id))})


@routes.route("/procedures/<uuid:procedure_id>/assessments", methods=["POST"])
@routes.arguments(AssessmentCreate)
@routes.response(201, WholeAssessment)
@routes.alt_response(200, schema=WholeAssessment, description="Already recorded", success=True)
@routes.refuses(404, 409)
@allow(Permission.ASSESS)
def assess_procedure(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Record what was found without a visit of the protocol; of a correction, the visit of the corrected one is kept."""
    made, new = assessing.assess(session(), record.get(session(), procedure_id), body)
    return answer(assessments.whole(session(), made), 201 if new else 200)


@routes.route("/procedures/<uuid:procedure_id>/assessments", methods=["GET"])
@routes.response(200, AssessmentList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_of_procedure(procedure_id: uuid.UUID) -> Response:
    """All assessments of a procedure, the oldest first, those replaced or withdrawn included."""
    procedure = record.get(session(), procedure_id)
    return answer({"items": assessments.wholes(session(), assessments.of_procedure(session(), procedure.id))})


@routes.route("/procedures/<uuid:procedure_id>/adverse-events", methods=["GET"])
@routes.response(200, AdverseEventList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_adverse_events(procedure_id: uuid.UUID) -> Response:
    """Each complication that was ever present, with its course and its worst grades on both scales, which never follow from each other."""
    return answer({"items": assessments.adverse_events(session(), record.get(session(), procedure_id))})
