"""Read assessments, and the adverse events that they tell over time."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from server.clinics import service as clinics
from server.db import find
from server.outcomes.models import Assessment, Finding, ScarMeasurement
from server.outcomes.rules import course
from server.outcomes.rules.remarks import remarks
from server.patients.models import Patient
from server.procedures.days import day_zero
from server.procedures.models import Procedure

_FINDING = tuple(column.key for column in sa.inspect(Finding).columns)


def operated_on(session: Session, procedure: Procedure) -> date:
    """The procedure's day zero."""
    return day_zero(procedure, clinics.zone_of(session))


def of_procedure(session: Session, procedure_id: uuid.UUID) -> list[Assessment]:
    """All of a procedure, the oldest first; those replaced or withdrawn included."""
    return _in_order(session, Assessment.procedure_id == procedure_id)


def of_visit(session: Session, visit_id: uuid.UUID) -> list[Assessment]:
    """The same of a visit."""
    return _in_order(session, Assessment.visit_id == visit_id)


def _in_order(session: Session, *which: sa.ColumnElement[bool]) -> list[Assessment]:
    return list(session.scalars(sa.select(Assessment).where(*which).order_by(Assessment.assessed_on, Assessment.id)))


def standing(found: Iterable[Assessment]) -> list[Assessment]:
    """Those that count: neither replaced nor a withdrawal. `found` are all of one procedure."""
    known = list(found)
    replaced = {one.replaces for one in known}
    return [one for one in known if one.id not in replaced and not one.withdrawn]


def standing_findings(session: Session, procedure_id: uuid.UUID, without: uuid.UUID | None = None) -> list[course.Seen]:
    """Columns of the findings of a procedure that count, each with `assessed_on`, in order of time."""
    days = {one.id: one.assessed_on for one in standing(of_procedure(session, procedure_id)) if one.id != without}
    rows = session.scalars(sa.select(Finding).where(Finding.procedure_id == procedure_id, Finding.assessment_id.in_(days)))
    return sorted((_seen(one, days[one.assessment_id]) for one in rows), key=_place)


def adverse_events(session: Session, procedure: Procedure) -> list[dict[str, Any]]:
    """Wire form of each event that was ever present, by when it was first seen."""
    seen = standing_findings(session, procedure.id)
    return [_plain(one) for one in course.events(seen, operated_on(session, procedure))]


def events_of(session: Session, procedures: Sequence[Procedure]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """The same of many procedures, in two questions."""
    ids = [one.id for one in procedures]
    known: dict[uuid.UUID, list[Assessment]] = {}
    for one in session.scalars(sa.select(Assessment).where(Assessment.procedure_id.in_(ids))):
        known.setdefault(one.procedure_id, []).append(one)
    days = {one.id: one.assessed_on for some in known.values() for one in standing(some)}
    seen: dict[uuid.UUID, list[course.Seen]] = {}
    for finding in session.scalars(sa.select(Finding).where(Finding.procedure_id.in_(known))):
        if finding.assessment_id in days:
            seen.setdefault(finding.procedure_id, []).append(_seen(finding, days[finding.assessment_id]))
    return {
        one.id: [_plain(event) for event in course.events(sorted(seen[one.id], key=_place), operated_on(session, one))]
        for one in procedures
        if one.id in seen
    }


def counts(session: Session, procedure_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many assessments of each procedure stand; those without any are left out."""
    later = aliased(Assessment)
    corrected = sa.exists().where(later.clinic_id == Assessment.clinic_id, later.replaces == Assessment.id)
    query = sa.select(Assessment.procedure_id, sa.func.count()).where(
        Assessment.procedure_id.in_(procedure_ids), Assessment.withdrawn.is_(False), ~corrected
    )
    rows = session.execute(query.group_by(Assessment.procedure_id))
    return {procedure_id: count for procedure_id, count in rows}  # noqa: C416  reason: rows are no pairs to mypy


def _seen(one: Finding, day: date) -> course.Seen:
    return {name: getattr(one, name) for name in _FINDING} | {"assessed_on": day}


def _place(one: course.Seen) -> tuple[date, str, str]:
    return one["assessed_on"], str(one["assessment_id"]), str(one["id"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def whole(session: Session, one: Assessment) -> dict[str, Any]:
    """Wire form of an assessment with all that it found."""
    return wholes(session, [one])[0]


def wholes(session: Session, some: Sequence[Assessment]) -> list[dict[str, Any]]:
    """The same of several, all of one procedure."""
    if not some:
        return []
    ids = [one.id for one in some]
    procedure = session.get_one(Procedure, (some[0].clinic_id, some[0].procedure_id))
    patient = find(session, Patient, procedure.patient_id)
    begun = operated_on(session, procedure)
    corrected = sa.select(Assessment).where(Assessment.replaces.in_(ids))
    by = {one.replaces: one.id for one in session.scalars(corrected)}
    findings, measured = _rows(session, Finding, ids), _rows(session, ScarMeasurement, ids)
    documents = []
    for one in some:
        document, found, sizes = one.document(), findings.get(one.id, []), measured.get(one.id, [])
        day, died = (one.assessed_on - begun).days, bool(patient and patient.died_on)
        documents.append(
            document
            | {
                "replaced_by": str(by[one.id]) if one.id in by else None,
                "findings": found,
                "measurements": sizes,
                "warnings": list(remarks(document, found, sizes, day=day, died=died)),
            }
        )
    return documents


def _rows(session: Session, model: Any, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    rows: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for one in session.scalars(sa.select(model).where(model.assessment_id.in_(ids)).order_by(model.id)):
        rows.setdefault(one.assessment_id, []).append(one.document())
    return rows
