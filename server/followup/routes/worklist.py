"""HTTP of the work list, of calls to patients and of alerts."""

import uuid
from typing import Any

from flask import Response

from schemas.reading_words import Reading
from schemas.worklist import AlertList, AlertOut, AlertQuery, CallCreate, CallList, CallOut, Closing, WorkList, WorkListQuery
from server.access import Permission, allow
from server.db import find
from server.followup.models import Alert, Visit
from server.followup.service import alerts, calls, worklist
from server.http import Routes, answer, cursor_of, found, page_of, read_cursor, session
from server.reads import reads, saw

routes = Routes("work_list", __name__, url_prefix="/api/v1", description="Who needs a person: work list, calls, alerts")


@routes.route("/follow-up/work-list", methods=["GET"])
@routes.arguments(WorkListQuery, location="query")
@routes.response(200, WorkList)
@allow(Permission.FOLLOW_UP)
@reads(Reading.LIST)
def get_work_list(query: dict[str, Any]) -> Response:
    """Everybody for whom a message is not enough, the most urgent first."""
    after = read_cursor(query["cursor"], 3) if "cursor" in query else None
    rows, last = worklist.items(session(), show=query["show"], after=after, limit=query["limit"])
    saw(row.patient.id for row in rows)
    numbers = {str(kind): number for kind, number in worklist.counts(session()).items()}
    return answer({"items": [row.document() for row in rows], "counts": numbers, "next_cursor": cursor_of(*last) if last else None})


@routes.route("/visits/<uuid:visit_id>/calls", methods=["POST"])
@routes.arguments(CallCreate)
@routes.response(201, CallOut)
@routes.alt_response(200, schema=CallOut, description="Already stored", success=True)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def log_call(body: dict[str, Any], visit_id: uuid.UUID) -> Response:
    """Log a call about a visit: the visit, its messages and the patient's wishes follow from the outcome."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    call, new = calls.log_call(session(), visit, body)
    return answer(call.document(), 201 if new else 200)


@routes.route("/visits/<uuid:visit_id>/calls", methods=["GET"])
@routes.response(200, CallList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_calls(visit_id: uuid.UUID) -> Response:
    """All calls about a visit, oldest first."""
    visit = found(find(session(), Visit, visit_id))
    return answer({"items": [call.document() for call in calls.calls_of(session(), visit.id)], "next_cursor": None})


@routes.route("/alerts", methods=["GET"])
@routes.arguments(AlertQuery, location="query")
@routes.response(200, AlertList)
@allow(Permission.FOLLOW_UP)
@reads(Reading.LIST)
def list_alerts(query: dict[str, Any]) -> Response:
    """What needs a person (oldest first), or what somebody has dealt with (newest first)."""
    limit = query["limit"]
    after = read_cursor(query["cursor"], 1) if "cursor" in query else None
    rows = calls.find_alerts(session(), closed=query["state"] == "closed", after=after, limit=limit + 1)
    saw(row.patient_id for row in rows[:limit])
    return page_of(rows, limit, lambda last: (str(last.id),))


@routes.route("/alerts/<uuid:alert_id>/closing", methods=["POST"])
@routes.arguments(Closing)
@routes.response(200, AlertOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def close_alert(body: dict[str, Any], alert_id: uuid.UUID) -> Response:
    """Say what was done about an alert; it leaves the work list."""
    alert = found(find(session(), Alert, alert_id, lock=True))
    return answer(alerts.close_alert(session(), alert, body["note"]).document())
