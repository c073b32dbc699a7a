"""Forms for what a plan needs before it can be written: a patient, a scar with its point on the face map, a procedure."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, render_template, request
from marshmallow import ValidationError

from schemas.fields import Quantity, Shape
from schemas.patients import PatientCreate, ScarCreate
from schemas.pointers import pointers
from schemas.procedures import ProcedureCreate
from schemas.reading_words import Reading
from schemas.vocabulary import Aetiology, FaceView, Morphology, Side, Subunit
from server.access import Permission, allow
from server.clinics import service as clinics
from server.db import find
from server.http import found, person, session
from server.ids import uuid7
from server.patients import service as patients
from server.patients.models import Patient
from server.problems import Problem
from server.procedures.note.facemap import CAPTIONS, HEIGHT, WIDTH, marks
from server.procedures.service import lifecycle, record
from server.reads import reads
from server.web import plan_form
from server.web.blueprint import go_to, pages
from server.web.drawings.face import face
from server.web.forms import errors_of, shown_again_by

_CHOICES = {
    "subunits": Subunit,
    "sides": Side,
    "morphologies": Morphology,
    "aetiologies": Aetiology,
    "views": FaceView,
    "captions": CAPTIONS,
}
_WANTED = "Is missing; fill it in."


def _read(shape: Shape, sent: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """What `shape` knows of a form, numbers read as people type them. Raises 422 `invalid`, one sentence per box."""
    errors: list[dict[str, str]] = []
    values: dict[str, Any] = {name: sent[name] for name in shape.fields if sent.get(name, "").strip()}
    for name, field in shape.fields.items():
        if isinstance(field, Quantity) and name in values:
            values[name] = plan_form.number_in(values, name, errors)
    try:
        loaded: dict[str, Any] = {} if errors else shape.load(values | more)
    except ValidationError as error:
        rows = [{"field": one["pointer"].strip("/"), "message": one["message"]} for one in pointers(error.messages)]
        errors = [row if row["field"] in values else row | {"message": f"{_name(row['field'])}: {_WANTED}"} for row in rows]
    if errors:
        said = [{"pointer": f"/{one['field']}", "message": one["message"]} for one in errors]
        raise Problem("invalid", " ".join(one["message"] for one in errors), errors=said)
    return loaded


def _name(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _typed() -> dict[str, str]:
    return {"id": str(uuid7()), **request.form}


def _patient_form(problem: Problem | None = None) -> str:
    return render_template("new_patient.html", typed=_typed(), errors=errors_of(problem))


@pages.get("/patients/new")
@allow(Permission.WRITE_PATIENT)
def new_patient() -> str:
    """An empty form."""
    return _patient_form()


@pages.post("/patients/new")
@allow(Permission.WRITE_PATIENT)
@shown_again_by(_patient_form)
def add_patient() -> Response:
    """Register a patient; sent twice it registers once."""
    made, _ = patients.create_patient(session(), _read(PatientCreate(), request.form))
    return go_to("new_procedure", patient_id=made.id)


def _procedure_form(patient_id: uuid.UUID, problem: Problem | None = None) -> str:
    patient = found(find(session(), Patient, patient_id))
    surgeons = [one for one in clinics.surgeons(session()) if one.active]
    return render_template("new_procedure.html", patient=patient, surgeons=surgeons, typed=_typed(), errors=errors_of(problem))


@pages.get("/patients/<uuid:patient_id>/procedures/new")
@allow(Permission.PLAN)
@reads(Reading.RECORD)
def new_procedure(patient_id: uuid.UUID) -> str:
    """When, and who operates."""
    return _procedure_form(patient_id)


@pages.post("/patients/<uuid:patient_id>/procedures/new")
@allow(Permission.PLAN)
@shown_again_by(_procedure_form)
def add_procedure(patient_id: uuid.UUID) -> Response:
    """Plan a procedure and go on to its plan."""
    patient = found(find(session(), Patient, patient_id))
    errors: list[dict[str, str]] = []
    moment = plan_form.moment_in(request.form.get("planned_for", ""), person().time_zone, errors)
    if errors:
        raise Problem("invalid", errors[0]["message"], errors=[{"pointer": "/planned_for", "message": errors[0]["message"]}])
    sent = {name: value for name, value in request.form.items() if name != "planned_for"}
    fields = _read(ProcedureCreate(), sent, planned_for=moment, patient_id=str(patient.id))
    made, _ = lifecycle.plan_procedure(session(), fields)
    return go_to("edit_plan", procedure_id=made.id)


def _scar_form(procedure_id: uuid.UUID, problem: Problem | None = None, typed: Mapping[str, str] | None = None) -> str:
    procedure = record.get(session(), procedure_id)
    shown = typed or _typed()
    return render_template(
        "new_scar.html",
        patient=found(find(session(), Patient, procedure.patient_id)),
        procedure=procedure,
        typed=shown,
        marked=_marked(shown),
        errors=errors_of(problem),
        width=WIDTH,
        height=HEIGHT,
        **_CHOICES,
    )


def _marked(typed: Mapping[str, str]) -> Any:
    """The drawing with the point that is chosen so far, or None."""
    try:
        view, x, y = FaceView(typed.get("view", "")), float(typed.get("x", "")), float(typed.get("y", ""))
    except ValueError:
        return None
    if not (0 <= x <= 1 and 0 <= y <= 1):
        return None
    return face(view, marks([(1, x, y)]), title=f"{CAPTIONS[view]}: the point chosen")


@pages.get("/procedures/<uuid:procedure_id>/scars/new")
@allow(Permission.WRITE_PATIENT)
@reads(Reading.RECORD)
def new_scar(procedure_id: uuid.UUID) -> str:
    """An empty form with the face map."""
    return _scar_form(procedure_id)


@pages.post("/procedures/<uuid:procedure_id>/scars/new")
@allow(Permission.WRITE_PATIENT)
@shown_again_by(_scar_form)
@reads(Reading.RECORD)
def add_scar(procedure_id: uuid.UUID) -> Response:
    """A click on a drawing only chooses the point; the button stores the scar and goes back to the plan."""
    clicked = _clicked()
    if clicked:
        return make_response(_scar_form(procedure_id, typed=_typed() | clicked))
    patient = found(find(session(), Patient, record.get(session(), procedure_id).patient_id))
    patients.create_scar(session(), patient, _read(ScarCreate(), request.form))
    return go_to("edit_plan", procedure_id=procedure_id)


def _clicked() -> dict[str, str]:
    """Where an image button was clicked. A press of Enter on it sends 0, 0, which is no point on the face and chooses only the view."""
    for view in FaceView:
        x, y = (request.form.get(f"map-{view}.{axis}", "") for axis in "xy")
        if x.isascii() and x.isdecimal() and y.isascii() and y.isdecimal() and len(x + y) <= 8:  # noqa: PLR2004  reason: two short numbers
            if x == y == "0":
                return {"view": view}
            return {"view": view, "x": f"{min(int(x) / WIDTH, 1):.4g}", "y": f"{min(int(y) / HEIGHT, 1):.4g}"}
    return {}
