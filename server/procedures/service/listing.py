"""The list of procedures, newest first, filtered, a page at a time."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState, Subunit
from server.canonical import number
from server.clinics import service as clinics
from server.clinics.models import User
from server.patients.models import Patient, Scar
from server.problems import invalid
from server.procedures.models import Entry, PlannedInjection, Procedure
from server.procedures.service.sums import volumes


def procedures(
    session: Session,
    *,
    limit: int,
    after: Sequence[str] | None = None,
    state: ProcedureState | None = None,
    surgeon_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    planned_from: date | None = None,
    planned_to: date | None = None,
    subunit: Subunit | None = None,
    q: str | None = None,
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """(rows in wire form, cursor parts or None). Dates are days of the clinic's zone, both included."""
    query = sa.select(Procedure, Patient, User).join(
        Patient, sa.and_(Patient.clinic_id == Procedure.clinic_id, Patient.id == Procedure.patient_id)
    ).join(User, sa.and_(User.clinic_id == Procedure.clinic_id, User.id == Procedure.surgeon_id))
    query = _filtered(session, query, planned_from, planned_to, subunit, q)
    for column, value in ((Procedure.state, state), (Procedure.surgeon_id, surgeon_id), (Procedure.patient_id, patient_id)):
        if value is not None:
            query = query.where(column == value)
    if after:
        query = query.where(sa.tuple_(Procedure.planned_for, Procedure.id) < _position(after))
    query = query.order_by(Procedure.planned_for.desc(), Procedure.id.desc()).limit(limit + 1)
    found = session.execute(query).all()
    page = found[:limit]
    sums = volumes(session, [row[0].id for row in page])
    rows = [_row(procedure, patient, surgeon, sums.get(procedure.id, {})) for procedure, patient, surgeon in page]
    last = page[-1][0] if len(found) > limit else None
    return rows, (last.planned_for.isoformat(), str(last.id)) if last else None


def _position(after: Sequence[str]) -> tuple[datetime, uuid.UUID]:
    try:
        moment, last = datetime.fromisoformat(after[0]), uuid.UUID(after[1])
    except ValueError:
        raise invalid("/cursor", "Not a cursor.") from None
    if moment.tzinfo is None:
        raise invalid("/cursor", "Not a cursor.")
    return moment, last


def _filtered(
    session: Session, query: sa.Select[Any], planned_from: date | None, planned_to: date | None, subunit: Subunit | None, q: str | None
) -> sa.Select[Any]:
    zone = clinics.zone_of(session)
    if planned_from:
        query = query.where(Procedure.planned_for >= datetime.combine(planned_from, time(), zone))
    if planned_to:
        query = query.where(Procedure.planned_for < datetime.combine(planned_to + timedelta(days=1), time(), zone))
    if subunit:
        here = sa.and_(Scar.clinic_id == Procedure.clinic_id, Scar.subunit == subunit)
        planned = sa.exists().where(here, PlannedInjection.clinic_id == Procedure.clinic_id,
                                    PlannedInjection.procedure_id == Procedure.id, PlannedInjection.scar_id == Scar.id)
        injected = sa.exists().where(here, Entry.clinic_id == Procedure.clinic_id, Entry.procedure_id == Procedure.id, Entry.scar_id == Scar.id)
        query = query.where(sa.or_(planned, injected))
    for word in (q or "").casefold().split():
        query = query.where(sa.or_(Patient.search.contains(word, autoescape=True), sa.func.lower(Procedure.title).contains(word, autoescape=True)))
    return query


def _row(procedure: Procedure, patient: Patient, surgeon: User, sums: dict[str, Any]) -> dict[str, Any]:
    return procedure.document() | {
        "patient": {"id": str(patient.id), "mrn": patient.mrn, "name": patient.name},
        "surgeon": {"id": str(surgeon.id), "name": surgeon.name},
        "injected_ml": None if sums.get("injected_ul") is None else number(sums["injected_ul"], 1000),
        "scars": sums.get("scars", 0),
    }
