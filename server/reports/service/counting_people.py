"""Counting patients: how many, for how many a visit was due, how many answered, and of whom nothing is known."""

import uuid
from dataclasses import dataclass
from datetime import date

import numpy as np
import sqlalchemy as sa

from schemas.vocabulary import Sex
from server.db import table_of
from server.patients.models import Patient
from server.reports.digest import form
from server.reports.digest.chosen import Chosen, id_of
from server.reports.digest.columns import Numbers
from server.reports.service.counting_flow import Visits
from server.reports.shape import MOST_POINTS

_PATIENT = table_of(Patient)


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


def _answered(chosen: Chosen) -> Numbers:
    return chosen.by_patient(chosen.clinic.patient[chosen.records("responses").owner])


def people(chosen: Chosen, of: Visits) -> People:
    """Patients by sex, and those of them who were due for a visit, and who answered."""
    ours, answered = chosen.by_patient(chosen.patient), _answered(chosen)
    due = chosen.by_patient(of.patient[of.came & of.is_visit]) | answered
    sex = np.zeros(chosen.clinic.patients, dtype=np.int64)
    sex[chosen.clinic.patient] = chosen.clinic.facts["sex"]

    def by_sex(which: Numbers) -> dict[Sex, int]:
        return {one: int(chosen.is_word(sex[which], one).sum()) for one in Sex}

    return People(
        procedures=chosen.number,
        surgeons=len(np.unique(chosen.facts("surgeon"))),
        due=int(due.sum()),
        by_sex=by_sex(ours),
        answered_by_sex=by_sex(answered),
    )


def silent(chosen: Chosen, of: Visits) -> list[Silent]:
    """Patients who were due and never answered, those whose last session is longest ago first; at most MOST_POINTS."""
    missing = chosen.by_patient(of.patient[of.came & of.is_visit]) & ~_answered(chosen)
    facts = chosen.clinic.facts
    hers = chosen.places[missing[chosen.patient]]
    in_time = hers[np.lexsort((facts["procedure"][hers], facts["performed_at"][hers]))]
    last = np.full(chosen.clinic.patients, -1, dtype=np.int64)
    last[chosen.clinic.patient[in_time]] = in_time  # of several to one place the last is kept
    lasts = last[last >= 0]
    first = lasts[np.lexsort((facts["patient"][lasts], facts["performed_at"][lasts]))][:MOST_POINTS]
    mrns = _numbers(chosen, [id_of(one) for one in facts["patient"][first]])
    return [
        Silent(patient, mrns[patient], chosen.procedure(place), day)
        for place in first
        for patient in (id_of(facts["patient"][place]),)
        if (day := form.day_of(facts["performed_on"][place])) is not None
    ]


def _numbers(chosen: Chosen, patients: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    query = sa.select(_PATIENT.c.id, _PATIENT.c.mrn).where(chosen.frame.of_clinic(_PATIENT), _PATIENT.c.id.in_(patients))
    return {row.id: row.mrn for row in chosen.frame.rows(query)}
