"""The list of procedures, newest first, filtered, a page at a time."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from schemas.vocabulary import ProcedureState, Subunit
from server.canonical import number
from server.clinics import service as clinics
from server.clinics.models import User
from server.patients.models import Patient, Scar
from server.patients.rules import fold
from server.problems import bad_cursor
from server.procedures.models import Entry, PlannedInjection, Procedure
from server.procedures.service.lifecycle import CHANGEABLE
from server.procedures.service.sums import volumes

UNSIGNED = Procedure.state.in_(sorted(CHANGEABLE))
"""What may still be signed: neither signed nor withdrawn."""


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
    also: Sequence[sa.ColumnElement[bool]] = (),
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """(rows in wire form, cursor parts or None). Dates are days of the clinic's zone, both included.

    `also` are conditions on a procedure: those of features above, and `UNSIGNED`.
    """
    wanted = [*_wanted(session, planned_from, planned_to, subunit, q), *also]
    for column, value in ((Procedure.state, state), (Procedure.surgeon_id, surgeon_id), (Procedure.patient_id, patient_id)):
        if value is not None:
            wanted.append(column == value)
    if after:
        wanted.append(sa.tuple_(Procedure.planned_for, Procedure.id) < _position(after))
    query = (
        sa.select(Procedure, Patient, User)
        .join(Patient, sa.and_(Patient.clinic_id == Procedure.clinic_id, Patient.id == Procedure.patient_id))
        .join(User, sa.and_(User.clinic_id == Procedure.clinic_id, User.id == Procedure.surgeon_id))
        .options(lazyload(Procedure.injections))
        .where(*wanted)
        .order_by(Procedure.planned_for.desc(), Procedure.id.desc())
        .limit(limit + 1)
    )
    found = session.execute(query).all()
    page = found[:limit]
    _add_plans(session, [row[0] for row in page])
    sums = volumes(session, [row[0].id for row in page])
    rows = [_row(procedure, patient, surgeon, sums.get(procedure.id, {})) for procedure, patient, surgeon in page]
    last = page[-1][0] if len(found) > limit else None
    return rows, (last.planned_for.isoformat(), str(last.id)) if last else None


def _position(after: Sequence[str]) -> tuple[datetime, uuid.UUID]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def _wanted(
    session: Session, planned_from: date | None, planned_to: date | None, subunit: Subunit | None, q: str | None
) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = []
    zone = clinics.zone_of(session) if planned_from or planned_to else UTC
    if planned_from:
        wanted.append(Procedure.planned_for >= datetime.combine(planned_from, time(), zone))
    if planned_to:
        wanted.append(Procedure.planned_for < datetime.combine(planned_to + timedelta(days=1), time(), zone))
    if subunit:
        here = sa.and_(Scar.clinic_id == Procedure.clinic_id, Scar.subunit == subunit)
        planned = sa.exists().where(
            here,
            PlannedInjection.clinic_id == Procedure.clinic_id,
            PlannedInjection.procedure_id == Procedure.id,
            PlannedInjection.scar_id == Scar.id,
        )
        injected = sa.exists().where(
            here, Entry.clinic_id == Procedure.clinic_id, Entry.procedure_id == Procedure.id, Entry.scar_id == Scar.id
        )
        wanted.append(sa.or_(planned, injected))
    for word in (q or "").split():
        in_patient = Patient.search.contains(fold(word), autoescape=True)
        wanted.append(sa.or_(in_patient, sa.func.lower(Procedure.title).contains(word.lower(), autoescape=True)))
    return wanted


def _add_plans(session: Session, procedures: Sequence[Procedure]) -> None:
    """Load the plans of a page by the index. The relationship itself asks for pairs of ids, for which SQLite reads the whole table."""
    planned: dict[uuid.UUID, list[PlannedInjection]] = {procedure.id: [] for procedure in procedures}
    query = sa.select(PlannedInjection).where(
        PlannedInjection.clinic_id == session.info["clinic_id"], PlannedInjection.procedure_id.in_(planned)
    )
    for one in session.scalars(query.order_by(PlannedInjection.position)):
        planned[one.procedure_id].append(one)
    for procedure in procedures:
        set_committed_value(procedure, "injections", planned[procedure.id])


def _row(procedure: Procedure, patient: Patient, surgeon: User, sums: dict[str, Any]) -> dict[str, Any]:
    return procedure.document() | {
        "patient": {"id": str(patient.id), "mrn": patient.mrn, "name": patient.name},
        "surgeon": {"id": str(surgeon.id), "name": surgeon.name},
        "injected_ml": None if sums.get("injected_ul") is None else number(sums["injected_ul"], 1000),
        "scars": sums.get("scars", 0),
    }
