"""Counting patients: how many, for how many a visit was due, how many answered, and of whom nothing is known."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import Sex, VisitKind, VisitState
from server.db import table_of
from server.followup.models import Visit
from server.outcomes.models import Response
from server.patients.models import Patient
from server.reports.service.cohort import Frame
from server.reports.service.counting_flow import BEYOND
from server.reports.shape import MOST_POINTS

_PATIENT, _R, _V = table_of(Patient), table_of(Response), table_of(Visit)


@dataclass(frozen=True)
class People:
    """`by_sex` and `answered_by_sex` count patients; `answered` ones have a complete response to one of the procedures at least.

    `due`: those for whom a visit was due, and those who answered without one.
    """

    procedures: int
    surgeons: int
    due: int
    by_sex: dict[Sex, int]
    answered_by_sex: dict[Sex, int]

    @property
    def patients(self) -> int:
        """All of the cohort."""
        return sum(self.by_sex.values())

    @property
    def answered(self) -> int:
        """Those who answered."""
        return sum(self.answered_by_sex.values())


@dataclass(frozen=True)
class Silent:
    """A patient who was due for a visit and of whom no response is complete, with the last of her procedures in the cohort."""

    patient_id: uuid.UUID
    mrn: str
    procedure_id: uuid.UUID
    last_session: date


def _patients(frame: Frame) -> tuple[sa.Subquery, sa.Subquery]:
    """(patients with the number and the time of their procedures, those who answered)."""
    chosen = frame.procedures()
    each = (
        sa.select(chosen.c.patient_id, sa.func.count().label("sessions"), sa.func.max(chosen.c.performed_at).label("last_at"))
        .group_by(chosen.c.patient_id)
        .subquery("each")
    )
    answered = frame.responses().add_columns(_R.c.patient_id).where(frame.counts(_R.c.procedure_id)).distinct().subquery("answered")
    return each, answered


def _due(frame: Frame) -> sa.Subquery:
    """Patients for whom a visit was due, by the flow's rule. A check-in asks about the skin, with no questionnaire."""
    came = sa.or_(_V.c.target_date <= frame.today, _V.c.state.in_(BEYOND))
    wanted = [frame.of_clinic(_V), _V.c.kind == VisitKind.VISIT, _V.c.state != VisitState.CANCELLED, came]
    if frame.filters.protocol:
        wanted.append(_V.c.protocol_version == frame.filters.protocol)
    return sa.select(_V.c.patient_id).where(*wanted, frame.counts(_V.c.procedure_id)).distinct().subquery("due")


def people(frame: Frame) -> People:
    """Patients by sex, and those of them who were due for a visit, and who answered."""
    (each, answered), due = _patients(frame), _due(frame)
    spoke, was_due = answered.c.patient_id.is_not(None).label("spoke"), due.c.patient_id.is_not(None).label("was_due")
    query = (
        sa.select(_PATIENT.c.sex, spoke, was_due, sa.func.count(), sa.func.sum(each.c.sessions))
        .select_from(each)
        .join(_PATIENT, sa.and_(frame.of_clinic(_PATIENT), _PATIENT.c.id == each.c.patient_id))
        .outerjoin(answered, answered.c.patient_id == each.c.patient_id)
        .outerjoin(due, due.c.patient_id == each.c.patient_id)
        .group_by(_PATIENT.c.sex, spoke, was_due)
    )
    all_of, who_answered, procedures, of_whom = dict.fromkeys(Sex, 0), dict.fromkeys(Sex, 0), 0, 0
    for sex, has_answered, one_was_due, count, sessions in frame.rows(query):
        all_of[Sex(sex)] += count
        who_answered[Sex(sex)] += count if has_answered else 0
        of_whom += count if has_answered or one_was_due else 0
        procedures += int(sessions)
    chosen = frame.procedures()
    surgeons = sa.select(chosen.c.surgeon_id).distinct().subquery()
    return People(procedures, frame.rows(sa.select(sa.func.count()).select_from(surgeons))[0][0], of_whom, all_of, who_answered)


def silent(frame: Frame) -> list[Silent]:
    """Patients who were due and never answered, those whose last session is longest ago first; at most MOST_POINTS."""
    (each, answered), due = _patients(frame), _due(frame)
    query = (
        sa.select(each.c.patient_id, _PATIENT.c.mrn, frame.day(each.c.last_at).label("last_on"))
        .select_from(each)
        .join(_PATIENT, sa.and_(frame.of_clinic(_PATIENT), _PATIENT.c.id == each.c.patient_id))
        .join(due, due.c.patient_id == each.c.patient_id)
        .outerjoin(answered, answered.c.patient_id == each.c.patient_id)
        .where(answered.c.patient_id.is_(None))
        .order_by(each.c.last_at, each.c.patient_id)
        .limit(MOST_POINTS)
    )
    found = frame.rows(query)
    lasts = _last_procedures(frame, [row.patient_id for row in found])
    return [Silent(row.patient_id, row.mrn, lasts[row.patient_id], row.last_on) for row in found]


def _last_procedures(frame: Frame, patients: list[uuid.UUID]) -> dict[Any, uuid.UUID]:
    chosen = frame.procedures()
    query = sa.select(chosen.c.patient_id, chosen.c.id).where(chosen.c.patient_id.in_(patients))
    return {row.patient_id: row.id for row in frame.rows(query.order_by(chosen.c.performed_at, chosen.c.id))}
