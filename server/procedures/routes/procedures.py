"""HTTP of planning a procedure and moving it through its states."""

import uuid
from typing import Any

from flask import Response

from schemas.procedures import (
    PlanAnswers,
    ProcedureChange,
    ProcedureCreate,
    ProcedureList,
    ProcedureOut,
    ProcedureQuery,
    ProcedureSummary,
    Reasoned,
    ReasonedChange,
    StateChange,
)
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import Routes, answer, cursor_of, must_match, read_cursor, session
from server.procedures.models import Procedure
from server.procedures.service import lifecycle, listing, planning, record
from server.reads import reads, saw

routes = Routes("procedures", __name__, url_prefix="/api/v1", description="Plan procedures and move them through their states")


def _summary(procedure: Procedure, status: int = 200) -> Response:
    return answer(procedure.document(), status, etag=procedure.write_id)


@routes.route("/procedures", methods=["POST"])
@routes.arguments(ProcedureCreate)
@routes.response(201, ProcedureSummary)
@routes.alt_response(200, schema=ProcedureSummary, description="Already stored", success=True)
@routes.refuses(409)
@allow(Permission.PLAN)
def plan_procedure(body: dict[str, Any]) -> Response:
    """Plan a procedure."""
    procedure, new = lifecycle.plan_procedure(session(), body)
    return _summary(procedure, 201 if new else 200)


@routes.route("/procedures", methods=["GET"])
@routes.arguments(ProcedureQuery, location="query")
@routes.response(200, ProcedureList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_procedures(query: dict[str, Any]) -> Response:
    """Procedures, newest first."""
    after = read_cursor(query.pop("cursor"), 2) if "cursor" in query else None
    states = [query.pop("state")] if "state" in query else []
    rows, last = listing.procedures(session(), after=after, states=states, **query)
    saw(uuid.UUID(row["patient_id"]) for row in rows)
    return answer({"items": rows, "next_cursor": cursor_of(*last) if last else None})


@routes.route("/procedures/<uuid:procedure_id>", methods=["GET"])
@routes.etag
@routes.response(200, ProcedureOut)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def get_procedure(procedure_id: uuid.UUID) -> Response:
    """One procedure with entries, totals and warnings."""
    procedure = record.get(session(), procedure_id)
    return answer(record.whole(record.load(session(), procedure)), etag=procedure.write_id, with_more=True)


@routes.route("/procedures/<uuid:procedure_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(ProcedureChange)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.PLAN)
def change_procedure(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Change the header or replace the plan."""
    procedure = record.get(session(), procedure_id, lock=True)
    must_match(procedure.write_id)
    return _summary(lifecycle.change_procedure(session(), procedure, body))


@routes.route("/procedures/<uuid:procedure_id>/plan", methods=["GET"])
@routes.response(200, PlanAnswers)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def plan_answers(procedure_id: uuid.UUID) -> Response:
    """What the plan needs: nanofat, lipoaspirate, tumescent, ceilings, risks, gaps."""
    return answer(planning.answers(session(), record.get(session(), procedure_id)))


@routes.route("/procedures/<uuid:procedure_id>/start", methods=["POST"])
@routes.arguments(StateChange)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.RECORD)
def start(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Begin the procedure."""
    return _summary(lifecycle.start(session(), record.get(session(), procedure_id, lock=True), **body))


@routes.route("/procedures/<uuid:procedure_id>/completion", methods=["POST"])
@routes.arguments(StateChange)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.RECORD)
def complete(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """End the procedure; its follow-up is scheduled at once."""
    return _summary(lifecycle.complete(session(), record.get(session(), procedure_id, lock=True), **body))


@routes.route("/procedures/<uuid:procedure_id>/cancellation", methods=["POST"])
@routes.arguments(Reasoned)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.PLAN)
def cancel(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Call off a procedure that has not begun."""
    return _summary(lifecycle.cancel(session(), record.get(session(), procedure_id, lock=True), **body))


@routes.route("/procedures/<uuid:procedure_id>/abandonment", methods=["POST"])
@routes.arguments(ReasonedChange)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.RECORD)
def abandon(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Stop a procedure that has begun."""
    return _summary(lifecycle.abandon(session(), record.get(session(), procedure_id, lock=True), **body))


@routes.route("/procedures/<uuid:procedure_id>/withdrawal", methods=["POST"])
@routes.arguments(Reasoned)
@routes.response(200, ProcedureSummary)
@routes.refuses(404, 409)
@allow(Permission.SIGN)
def withdraw(body: dict[str, Any], procedure_id: uuid.UUID) -> Response:
    """Mark a wrong record as entered in error."""
    return _summary(lifecycle.withdraw(session(), record.get(session(), procedure_id, lock=True), **body))
