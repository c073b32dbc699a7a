"""HTTP of follow-up visits and reminders."""

import uuid
from typing import Any

from flask import Response

from schemas.followup import ReminderList, ReminderQuery, VisitChange, VisitList, VisitOut, VisitQuery
from schemas.reading_words import Reading
from schemas.vocabulary import VisitState
from server.access import Permission, allow
from server.canonical import instant
from server.db import find
from server.followup.models import Visit
from server.followup.service import listing, schedule
from server.followup.service.visits import mark_by_hand
from server.http import Routes, answer, found, must_match, page_of, read_cursor, session
from server.procedures.models import Procedure
from server.reads import reads, saw

routes = Routes("follow_up", __name__, url_prefix="/api/v1", description="Follow-up visits and the reminders about them")


@routes.route("/procedures/<uuid:procedure_id>/visits", methods=["GET"])
@routes.response(200, VisitList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_visits_of_procedure(procedure_id: uuid.UUID) -> Response:
    """All follow-up visits of a procedure."""
    procedure = found(find(session(), Procedure, procedure_id))
    return answer({"items": [visit.document() for visit in schedule.visits_of(session(), procedure.id)], "next_cursor": None})


@routes.route("/visits", methods=["GET"])
@routes.arguments(VisitQuery, location="query")
@routes.response(200, VisitList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_visits(query: dict[str, Any]) -> Response:
    """Follow-up visits of the clinic by target date."""
    limit = query["limit"]
    after = read_cursor(query["cursor"], 2) if "cursor" in query else None
    rows = listing.find_visits(session(), state=query.get("state"), due_before=query.get("due_before"), after=after, limit=limit + 1)
    saw(row.patient_id for row in rows[:limit])
    return page_of(rows, limit, lambda last: (last.target_date.isoformat(), str(last.id)))


@routes.route("/visits/<uuid:visit_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(VisitChange)
@routes.response(200, VisitOut)
@routes.refuses(404, 409)
@allow(Permission.FOLLOW_UP)
def mark_visit(body: dict[str, Any], visit_id: uuid.UUID) -> Response:
    """Mark a visit booked, attended, missed or declined."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    must_match(visit.write_id)
    mark_by_hand(session(), visit, VisitState(body["state"]), booked_for=body.get("booked_for"))
    return answer(visit.document(), etag=visit.write_id)


@routes.route("/reminders", methods=["GET"])
@routes.arguments(ReminderQuery, location="query")
@routes.response(200, ReminderList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_reminders(query: dict[str, Any]) -> Response:
    """Reminders of the clinic by due time: what was sent, what is to come, what failed and why."""
    limit = query["limit"]
    after = read_cursor(query["cursor"], 2) if "cursor" in query else None
    rows = listing.find_reminders(session(), state=query.get("state"), visit_id=query.get("visit_id"), after=after, limit=limit + 1)
    saw(row.patient_id for row in rows[:limit])
    return page_of(rows, limit, lambda last: (instant(last.due_at), str(last.id)))
