"""HTTP of what photographs may be shown for, and of how well they can be compared."""

import uuid
from typing import Any

from flask import Response

from schemas.photos import PhotoConsentCreate, PhotoConsentList, PhotoConsentOut, PhotoGradeCreate, PhotoGradeList, PhotoGradeOut
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.db import find
from server.http import Routes, answer, found, session
from server.patients.models import Patient
from server.photos.service import consents, grades
from server.reads import reads

routes = Routes("photo_judging", __name__, url_prefix="/api/v1", description="What photographs may be shown for, and how well they compare")


@routes.route("/patients/<uuid:patient_id>/photo-consents", methods=["POST"])
@routes.arguments(PhotoConsentCreate)
@routes.response(201, PhotoConsentOut)
@routes.alt_response(200, schema=PhotoConsentOut, description="Already recorded", success=True)
@routes.refuses(404, 409)
@allow(Permission.WRITE_PATIENT)
def record_photo_consent(body: dict[str, Any], patient_id: uuid.UUID) -> Response:
    """Record that the patient agrees to one purpose, or takes it back."""
    consent, new = consents.decide(session(), patient_id, body)
    return answer(consent.document(), 201 if new else 200)


@routes.route("/patients/<uuid:patient_id>/photo-consents", methods=["GET"])
@routes.response(200, PhotoConsentList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def list_photo_consents(patient_id: uuid.UUID) -> Response:
    """All decisions, the newest first."""
    patient = found(find(session(), Patient, patient_id))
    return answer({"items": [one.document() for one in consents.history(session(), patient.id)]})


@routes.route("/photos/<uuid:photo_id>/grades", methods=["POST"])
@routes.arguments(PhotoGradeCreate)
@routes.response(201, PhotoGradeOut)
@routes.alt_response(200, schema=PhotoGradeOut, description="Already recorded", success=True)
@routes.refuses(404, 409, 410)
@allow(Permission.RECORD)
def grade_photo(body: dict[str, Any], photo_id: uuid.UUID) -> Response:
    """Judge how well it can be compared. A later grade takes the place of an earlier one, which stays."""
    made, new = grades.grade(session(), photo_id, body)
    return answer(made.document(), 201 if new else 200)


@routes.route("/photos/<uuid:photo_id>/grades", methods=["GET"])
@routes.response(200, PhotoGradeList)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def list_grades(photo_id: uuid.UUID) -> Response:
    """All grades of a photograph, the newest first."""
    return answer({"items": [one.document() for one in grades.of_photo(session(), photo_id)]})
