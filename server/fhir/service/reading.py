"""One resource by type and id: the row that it is made of says in which part it is found, so a read and an export say the same."""

import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.clinics import service as clinics
from server.clinics.models import Device, User
from server.db import find
from server.fhir.datatypes import Json
from server.fhir.maps import devices, people
from server.fhir.scope import Scope
from server.fhir.service import parts
from server.followup.models import PATIENT, Answer, Attempt, Call, Redness, Reminder, Visit
from server.outcomes.models.assessments import Assessment, Finding, ScarMeasurement
from server.outcomes.models.questionnaires import Response, Score
from server.patients.models import Patient, Scar
from server.photos.models import Photo, PhotoConsent
from server.procedures.models import Addendum, Entry, Procedure, Signature

SOURCES: dict[str, tuple[type[Any], ...]] = {
    "Patient": (Patient,),
    "BodyStructure": (Scar,),
    "Consent": (PhotoConsent, Procedure),
    "Media": (Photo,),
    "Procedure": (Procedure, Entry),
    "ServiceRequest": (Procedure,),
    "CarePlan": (Procedure,),
    "Specimen": (Entry,),
    "MedicationAdministration": (Entry,),
    "AdverseEvent": (Entry, Finding),
    "Observation": (Entry, Scar, Assessment, Finding, ScarMeasurement, Redness, Score),
    "QuestionnaireResponse": (Procedure, Answer, Response),
    "Composition": (Procedure, Addendum),
    "DocumentReference": (Procedure, Signature, Addendum),
    "Provenance": (Signature, Addendum, Entry),
    "Appointment": (Visit,),
    "CommunicationRequest": (Reminder,),
    "Communication": (Attempt, Call),
    "Device": (Entry,),
}
"""Type → tables whose rows make resources of it, each under the row's own id or that with a suffix."""

OF_CLINIC = frozenset({"Organization", "Practitioner", "PractitionerRole", "Device"})
"""Types that belong to no patient; a device is a tablet, or what an entry says was opened."""

OF_PATIENT = tuple(SOURCES)


def read(session: Session, scope: Scope, kind: str, resource_id: str) -> tuple[Json, uuid.UUID | None] | None:
    """(resource, whose record it is of), or None where there is none."""
    own_id = row_id(resource_id)
    if own_id is None:
        return None
    if kind in OF_CLINIC and resource_id == str(own_id) and (own := of_clinic(session, scope, kind, own_id)):
        return own, None
    for model in SOURCES.get(kind, ()):
        row = find(session, model, own_id)
        if row is None:
            continue
        patient_id, made = _part(session, scope, row)
        for one in made:
            if (one["resourceType"], one["id"]) == (kind, resource_id):
                return one, patient_id
    return None


def row_id(resource_id: str) -> uuid.UUID | None:
    """The row's id before the suffix, in the one way that we write it."""
    text = resource_id.partition(".")[0]
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def of_clinic(session: Session, scope: Scope, kind: str, row_id: uuid.UUID) -> Json | None:
    """The clinic, a person of it, or a tablet."""
    if kind == "Organization":
        return people.organization(scope, clinics.current(session)) if row_id == scope.clinic_id else None
    if kind == "Device":
        tablet = find(session, Device, row_id)
        return devices.tablet(scope, tablet) if tablet else None
    user = find(session, User, row_id)
    if user is None:
        return None
    return people.role(scope, user) if kind == "PractitionerRole" else people.practitioner(scope, user)


def _part(session: Session, scope: Scope, row: Any) -> tuple[uuid.UUID | None, Iterator[Json]]:
    """(whose record, all resources of the part that the row is in)."""
    if isinstance(row, Patient | Scar | PhotoConsent) or (isinstance(row, Photo) and row.procedure_id is None):
        patient_id = row.id if isinstance(row, Patient) else row.patient_id
        if isinstance(row, Photo):
            return patient_id, parts.album(session, scope, patient_id)
        return patient_id, parts.person(session, scope, session.get_one(Patient, (scope.clinic_id, patient_id)))
    procedure = find(session, Procedure, found) if (found := _procedure_id(session, row)) else None
    if procedure is None:
        return None, iter(())
    return procedure.patient_id, parts.of_procedure(session, scope, procedure)


def _procedure_id(session: Session, row: Any) -> uuid.UUID | None:
    found: uuid.UUID | None
    if isinstance(row, Procedure):
        return row.id
    if isinstance(row, Reminder) and row.recipient != PATIENT:
        return None
    if isinstance(row, ScarMeasurement):
        found = session.scalar(sa.select(Assessment.procedure_id).where(Assessment.id == row.assessment_id))
    elif isinstance(row, Answer | Call):
        found = session.scalar(sa.select(Visit.procedure_id).where(Visit.id == row.visit_id))
    elif isinstance(row, Attempt):
        found = session.scalar(sa.select(Reminder.procedure_id).where(Reminder.id == row.reminder_id))
    else:
        found = row.procedure_id
    return found
