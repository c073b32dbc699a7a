"""HTTP of red flags reported outside of check-ins, of who is on an alert, and of redness over time."""

import uuid
from typing import Any

from flask import Response

from schemas.answers import AnswerList, AnswerOut
from schemas.reading_words import Reading
from schemas.redness import RednessList
from schemas.reports_of_flags import RedFlagCreate
from schemas.sending import Nothing
from schemas.worklist import AlertOut
from server.access import Permission, allow
from server.db import find
from server.followup.models import Alert
from server.followup.service import alarms, red_flags, redness
from server.http import Routes, answer, found, session
from server.patients.models import Patient
from server.procedures.models import Procedure
from server.reads import reads

routes = Routes("red_flags", __name__, url_prefix="/api/v1", description="Red flags at any time, who is on an alert, redness over time")


@routes.route("/patients/<uuid:patient_id>/red-flags", methods=["POST"])
@routes.arguments(RedFlagCreate)
@routes.response(201, AnswerOut)
@routes.alt_response(200, schema=AnswerOut, description="Already stored", success=True)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def report_red_flags(body: dict[str, Any], patient_id: uuid.UUID) -> Response:
    """Write down what a patient said on the telephone, at any time: an alert goes out at once, and again until somebody is on it."""
    said, new = red_flags.report(session(), patient_id, body["flags"], report_id=body["id"])
    return answer(said.document(), 201 if new else 200)


@routes.route("/patients/<uuid:patient_id>/red-flags", methods=["GET"])
@routes.response(200, AnswerList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_red_flags(patient_id: uuid.UUID) -> Response:
    """All that was said about red flags, at check-ins or at any other time, the newest first."""
    patient = found(find(session(), Patient, patient_id))
    return answer({"items": [one.document() for one in red_flags.of_patient(session(), patient.id)], "next_cursor": None})


@routes.route("/alerts/<uuid:alert_id>/acknowledgement", methods=["POST"])
@routes.arguments(Nothing)
@routes.response(200, AlertOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def acknowledge_alert(body: dict[str, Any], alert_id: uuid.UUID) -> Response:  # noqa: ARG001  reason: there is nothing to say
    """Say that you have seen it and are on it: it is told nobody again for four hours. Close it with what was found."""
    alert = found(find(session(), Alert, alert_id, lock=True))
    return answer(alarms.acknowledge(session(), alert).document())


@routes.route("/procedures/<uuid:procedure_id>/redness", methods=["GET"])
@routes.response(200, RednessList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def show_redness(procedure_id: uuid.UUID) -> Response:
    """What was seen on which day, and the interval in which the redness ended as far as anybody knows."""
    procedure = found(find(session(), Procedure, procedure_id))
    last_present, first_absent = redness.span(session(), procedure.id)
    rows = [one.document() for one in redness.observations(session(), procedure.id)]
    return answer({"items": rows, "next_cursor": None, "last_present": last_present, "first_absent": first_absent})
