"""Resources of one type and one patient, a page at a time, part by part; patients by their number; readings of a record."""

import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import find
from server.fhir.datatypes import Json
from server.fhir.maps.audit import audit_event
from server.fhir.maps.patient import identifier_system
from server.fhir.maps.patient import patient as patient_resource
from server.fhir.scope import Scope
from server.fhir.service import parts
from server.fhir.service.everything import procedures_of
from server.journal.access import AccessRow
from server.patients.models import Patient
from server.procedures.models import Procedure

Place = tuple[int, int]
"""(part, how many of it were told): where a page begins."""


def of_patient(session: Session, scope: Scope, kind: str, patient: Patient, *, after: Place, limit: int) -> tuple[list[Json], Place | None]:
    """(up to `limit` resources, where the next page begins). Parts: the patient, her photographs, then each procedure, the oldest first."""
    page: list[Json] = []
    ids = procedures_of(session, patient.id)
    for number in range(after[0], len(ids) + 2):
        skipped = after[1] if number == after[0] else 0
        found = [one for one in _part(session, scope, patient, ids, number) if one["resourceType"] == kind][skipped:]
        room = limit - len(page)
        page += found[:room]
        if len(found) > room:
            return page, (number, skipped + room)
    return page, None


def _part(session: Session, scope: Scope, patient: Patient, ids: list[uuid.UUID], number: int) -> Iterable[Json]:
    if number == 0:
        return parts.person(session, scope, patient)
    if number == 1:
        return parts.album(session, scope, patient.id)
    return parts.of_procedure(session, scope, session.get_one(Procedure, (scope.clinic_id, ids[number - 2])))


def patients(
    session: Session, scope: Scope, *, identifier: str | None, after: uuid.UUID | None, limit: int
) -> tuple[list[Json], uuid.UUID | None]:
    """(up to `limit` patients by id, the last one's id where there are more). `identifier`: number, or system|number."""
    query = sa.select(Patient).order_by(Patient.id).limit(limit + 1)
    if identifier is not None:
        system, bar, number = identifier.rpartition("|")
        if bar and system != identifier_system(scope):
            return [], None
        query = query.where(Patient.mrn == number)
    rows = session.scalars(query.where(Patient.id > after) if after else query).all()
    return [patient_resource(scope, one) for one in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


def readings(
    session: Session, scope: Scope, patient_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> tuple[list[Json], uuid.UUID | None]:
    """(up to `limit` readings of the patient's record, the newest first, the last one's id where there are more)."""
    query = sa.select(AccessRow).where(AccessRow.patient_id == patient_id).order_by(AccessRow.id.desc()).limit(limit + 1)
    rows = session.scalars(query.where(AccessRow.id < after) if after else query).all()
    return [audit_event(scope, one) for one in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


def reading(session: Session, scope: Scope, row_id: uuid.UUID) -> tuple[Json, uuid.UUID] | None:
    """(one reading, whose record was read); None for a tablet's sync too, which concerns nobody in particular."""
    row = find(session, AccessRow, row_id)
    return (audit_event(scope, row), row.patient_id) if row and row.patient_id else None


def whose(session: Session, text: str) -> Patient | None:
    """The patient that a search names, by id or as a reference."""
    try:
        return find(session, Patient, uuid.UUID(text.removeprefix("Patient/")))
    except ValueError:
        return None
