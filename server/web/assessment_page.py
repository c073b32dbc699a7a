"""The form in which a clinician writes down what she found: at a visit, without one, or in place of an earlier assessment."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Response, render_template, request

from schemas.fields import Id, Shape
from schemas.outcome_words import Presence
from schemas.reading_words import Reading
from schemas.vocabulary import Side, Subunit
from server import clock
from server.access import Permission, allow
from server.db import find
from server.followup.models import Visit
from server.http import found, session
from server.ids import uuid7
from server.outcomes.models import Assessment
from server.outcomes.service import assessing, assessments
from server.patients.models import Patient, Scar
from server.patients.service import scars_of
from server.problems import Problem, invalid
from server.procedures.models import Procedure
from server.procedures.service import record
from server.reads import reads
from server.web import assessment_form, assessment_photos, outcome_view, outcome_words
from server.web.blueprint import go_to, local, pages
from server.web.forms import errors_of, filters, shown_again_by
from server.web.patient import banner


class Corrected(Shape):
    """What the address may say: which assessment is corrected."""

    replaces = Id()


def _page(problem: Problem | None = None, visit_id: uuid.UUID | None = None, procedure_id: uuid.UUID | None = None) -> str:
    visit = found(find(session(), Visit, visit_id)) if visit_id else None
    procedure = record.get(session(), visit.procedure_id if visit else procedure_id)  # type: ignore[arg-type]  # reason: one of both
    patient = found(find(session(), Patient, procedure.patient_id))
    earlier = _earlier(procedure)
    events = _events(procedure, earlier)
    whole = assessments.whole(session(), earlier) if earlier else None
    typed = dict(request.form) if problem else assessment_form.typed_from(whole, events) if whole else {}
    today, scars = local(clock.now()).date(), scars_of(session(), patient.id)
    return render_template(
        "assessment.html",
        **banner(patient),
        procedure=procedure,
        visit=visit,
        earlier=earlier,
        done=procedure.state in assessing.DONE,
        words=outcome_words,
        events=[one | {"where": outcome_view.where(one, {str(scar.id): scar.label for scar in scars})} for one in events],
        presences=Presence,
        subunits=Subunit,
        sides=Side,
        sited=assessment_form.SITED,
        scars=outcome_view.sizes(session(), scars),
        photos=assessment_photos.to_choose(session(), procedure, scars, assessment_form.photos_in(typed)),
        today=today,
        typed={"id": str(uuid7()), "assessed_on": today.isoformat()} | typed,
        errors=errors_of(problem),
    )


def _earlier(procedure: Procedure) -> Assessment | None:
    """The one that is corrected, as the address or the form names it; of this procedure."""
    named = filters(Corrected()).get("replaces")
    if named is None:
        return None
    earlier = find(session(), Assessment, named)
    if earlier is None or earlier.procedure_id != procedure.id:
        raise invalid("/replaces", "No such assessment of this procedure. Open the form from the procedure's page.")
    return earlier


def _events(procedure: Procedure, earlier: Assessment | None) -> list[dict[str, Any]]:
    """Those still ongoing; of a correction also those that the corrected one told of and another one before it."""
    own = {one["event_id"] for one in assessments.whole(session(), earlier)["findings"]} if earlier else set()
    rows = assessments.adverse_events(session(), procedure)
    return [one for one in rows if one["ongoing"] or (one["event_id"] in own and len(one["observations"]) > 1)]


def _store(procedure: Procedure, visit: Visit | None) -> Response:
    events = _events(procedure, _earlier(procedure))
    scars = [one.id for one in session().scalars(sa.select(Scar).where(Scar.patient_id == procedure.patient_id).order_by(Scar.id))]
    fields = assessment_form.read(request.form, events, scars)
    try:
        assessing.assess(session(), procedure, fields, visit)
    except Problem as problem:
        raise assessment_form.in_boxes(problem, *_asked(events, scars)) from None
    return go_to("procedure", procedure_id=procedure.id, _anchor="outcome")


def _asked(events: Sequence[Mapping[str, Any]], scars: Sequence[uuid.UUID]) -> Any:
    return assessment_form.asked(request.form, events, scars)


@pages.get("/visits/<uuid:visit_id>/assessment")
@allow(Permission.ASSESS)
@reads(Reading.RECORD)
def new_assessment_of_visit(visit_id: uuid.UUID) -> str:
    """An empty form for a visit."""
    return _page(visit_id=visit_id)


@pages.post("/visits/<uuid:visit_id>/assessment")
@allow(Permission.ASSESS)
@shown_again_by(_page)
def assess_visit(visit_id: uuid.UUID) -> Response:
    """Store it; the page chose the id, so a form sent twice is stored once."""
    visit = found(find(session(), Visit, visit_id, lock=True))
    return _store(session().get_one(Procedure, (visit.clinic_id, visit.procedure_id)), visit)


@pages.get("/procedures/<uuid:procedure_id>/assessments/new")
@allow(Permission.ASSESS)
@reads(Reading.RECORD)
def new_assessment(procedure_id: uuid.UUID) -> str:
    """An empty form without a visit, or the one of an assessment that is to be corrected."""
    return _page(procedure_id=procedure_id)


@pages.post("/procedures/<uuid:procedure_id>/assessments/new")
@allow(Permission.ASSESS)
@shown_again_by(_page)
def assess_procedure(procedure_id: uuid.UUID) -> Response:
    """Store it, or the correction of an earlier one, or its withdrawal."""
    return _store(record.get(session(), procedure_id), None)
