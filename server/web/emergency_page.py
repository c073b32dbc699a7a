"""Emergency access: open one patient's record for an hour, and review what others have opened."""

import uuid

from flask import Response, render_template, request

from schemas.emergency import EmergencyOpen, EmergencyReview
from server import clock
from server.access import Permission, allow
from server.clinics.service import people
from server.db import find
from server.http import found, person, session
from server.patients.models import Patient
from server.problems import Problem
from server.rights import emergency
from server.rights.models import EmergencyAccess
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by

MOST_SHOWN = 50


def _page(problem: Problem | None = None, emergency_id: uuid.UUID | None = None) -> str:
    rows = emergency.listed(session(), after=None, limit=MOST_SHOWN)
    mine = [one for one in rows if one.user_id == person().user_id and one.expires_at > clock.now()]
    return render_template(
        "emergency.html",
        rows=rows,
        mine=[(one, found(find(session(), Patient, one.patient_id)), emergency.procedures_of(session(), one)) for one in mine],
        names={user.id: user.name for user in people(session())},
        errors=[one | {"field": f"note-{emergency_id}" if one["field"] == "note" else one["field"]} for one in errors_of(problem)],
        typed=request.form,
        done=request.args.get("done") == "reviewed",
    )


@pages.get("/emergency-access")
@allow(Permission.REVIEW_ACCESS)
def emergency_access() -> str:
    """What was opened, and the form to open."""
    return _page()


@pages.post("/emergency-access")
@allow(Permission.EMERGENCY)
@shown_again_by(_page)
def open_for_an_hour() -> Response:
    """Open one patient's record."""
    emergency.open_record(session(), **form(EmergencyOpen()))
    return go_to("emergency_access")


@pages.post("/emergency-access/<uuid:emergency_id>/review")
@allow(Permission.REVIEW_ACCESS)
@shown_again_by(_page)
def review_emergency(emergency_id: uuid.UUID) -> Response:
    """Say what came of looking into it."""
    access = found(find(session(), EmergencyAccess, emergency_id, lock=True))
    emergency.review(session(), access, form(EmergencyReview())["note"])
    return go_to("emergency_access", done="reviewed")
