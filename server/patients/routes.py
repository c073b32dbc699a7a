"""HTTP of patients and scars."""

import uuid
from typing import Any

from flask import Response

from schemas.patients import (
    PatientChange,
    PatientCreate,
    PatientList,
    PatientOut,
    PatientQuery,
    ScarChange,
    ScarCreate,
    ScarList,
    ScarOut,
)
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.db import find
from server.http import Routes, after_id, answer, found, must_match, page_of, session
from server.patients import service
from server.patients.models import Patient, Scar
from server.reads import reads, saw

routes = Routes("patients", __name__, url_prefix="/api/v1", description="Patients and their scars")


@routes.route("/patients", methods=["POST"])
@routes.arguments(PatientCreate)
@routes.response(201, PatientOut)
@routes.alt_response(200, schema=PatientOut, description="Already stored", success=True)
@routes.refuses(409)
@allow(Permission.WRITE_PATIENT)
def create_patient(body: dict[str, Any]) -> Response:
    """Register a patient."""
    patient, new = service.create_patient(session(), body)
    return answer(patient.document(), 201 if new else 200, etag=patient.write_id)


@routes.route("/patients", methods=["GET"])
@routes.arguments(PatientQuery, location="query")
@routes.response(200, PatientList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_patients(query: dict[str, Any]) -> Response:
    """Find patients by name, number or phone."""
    rows = service.find_patients(session(), q=query.get("q"), after=after_id(query), limit=query["limit"] + 1)
    saw(row.id for row in rows[: query["limit"]])
    return page_of(rows, query["limit"], lambda last: (str(last.id),))


@routes.route("/patients/<uuid:patient_id>", methods=["GET"])
@routes.etag
@routes.response(200, PatientOut)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def get_patient(patient_id: uuid.UUID) -> Response:
    """One patient."""
    patient = found(find(session(), Patient, patient_id))
    return answer(patient.document(), etag=patient.write_id)


@routes.route("/patients/<uuid:patient_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(PatientChange)
@routes.response(200, PatientOut)
@routes.refuses(404, 409)
@allow(Permission.WRITE_PATIENT)
def change_patient(body: dict[str, Any], patient_id: uuid.UUID) -> Response:
    """Change a patient."""
    patient = found(find(session(), Patient, patient_id, lock=True))
    must_match(patient.write_id)
    service.change_patient(session(), patient, body)
    return answer(patient.document(), etag=patient.write_id)


@routes.route("/patients/<uuid:patient_id>/scars", methods=["POST"])
@routes.arguments(ScarCreate)
@routes.response(201, ScarOut)
@routes.alt_response(200, schema=ScarOut, description="Already stored", success=True)
@routes.refuses(404, 409)
@allow(Permission.WRITE_PATIENT)
def create_scar(body: dict[str, Any], patient_id: uuid.UUID) -> Response:
    """Record a scar."""
    patient = found(find(session(), Patient, patient_id))
    scar, new = service.create_scar(session(), patient, body)
    return answer(scar.document(), 201 if new else 200, etag=scar.write_id)


@routes.route("/patients/<uuid:patient_id>/scars", methods=["GET"])
@routes.response(200, ScarList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_scars(patient_id: uuid.UUID) -> Response:
    """All scars of a patient."""
    patient = found(find(session(), Patient, patient_id))
    return answer({"items": [scar.document() for scar in service.scars_of(session(), patient.id)], "next_cursor": None})


@routes.route("/scars/<uuid:scar_id>", methods=["GET"])
@routes.etag
@routes.response(200, ScarOut)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def get_scar(scar_id: uuid.UUID) -> Response:
    """One scar."""
    scar = found(find(session(), Scar, scar_id))
    return answer(scar.document(), etag=scar.write_id)


@routes.route("/scars/<uuid:scar_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(ScarChange)
@routes.response(200, ScarOut)
@routes.refuses(404)
@allow(Permission.WRITE_PATIENT)
def change_scar(body: dict[str, Any], scar_id: uuid.UUID) -> Response:
    """Change a scar."""
    scar = found(find(session(), Scar, scar_id, lock=True))
    must_match(scar.write_id)
    service.change_scar(session(), scar, body)
    return answer(scar.document(), etag=scar.write_id)
