"""Counting ratings: each rater's grades, the panel's grade of each pair, and which pair speaks for a patient and for a scar."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import PhotoView
from server.clinics.models import User
from server.db import table_of
from server.outcomes.models import Rating, RatingPair, RatingQueue
from server.patients.models import Scar
from server.reports.service.cohort import Frame

GRADES = (-3, -2, -1, 0, 1, 2, 3)
PANEL = 3
"""So many must have graded a pair before it speaks for anybody."""
_PAIR, _G, _U, _S = table_of(RatingPair), table_of(Rating), table_of(User), table_of(Scar)
_Q = table_of(RatingQueue)
_NAMES = tuple(f"g{place}" for place in range(len(GRADES)))

Pattern = tuple[int, ...]
"""How many raters gave each grade, -3 first."""


@dataclass(frozen=True)
class Graded:
    """One rater's grades: `counts` as a pattern, `cannot` of pairs that could not be judged; `number` stands for her name."""

    rater_id: uuid.UUID
    name: str
    number: int
    counts: Pattern
    cannot: int


def raters(frame: Frame) -> list[Graded]:
    """Who has rated pairs of the cohort, by name."""
    chosen = frame.procedures()
    query = (
        sa.select(_G.c.rater_id, _U.c.name, _G.c.grade, sa.func.count().label("number"))
        .join(_PAIR, sa.and_(frame.of_clinic(_PAIR), _PAIR.c.id == _G.c.pair_id))
        .join(chosen, chosen.c.id == _PAIR.c.procedure_id)
        .join(_U, sa.and_(frame.of_clinic(_U), _U.c.id == _G.c.rater_id))
        .where(frame.of_clinic(_G))
        .group_by(_G.c.rater_id, _U.c.name, _G.c.grade)
    )
    each: dict[tuple[str, uuid.UUID], dict[int | None, int]] = {}
    for row in frame.rows(query):
        each.setdefault((row.name, row.rater_id), {})[row.grade] = row.number
    numbers = _numbers(frame, {rater for _, rater in each})
    return [
        Graded(rater, name, numbers[rater], tuple(given.get(grade, 0) for grade in GRADES), given.get(None, 0))
        for (name, rater), given in sorted(each.items(), key=lambda one: (one[0][0], str(one[0][1])))
    ]


def _numbers(frame: Frame, raters: set[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Raters in the order in which they began to rate at this clinic: whoever begins later, or is filtered out, changes no number."""
    began = [row.rater_id for row in frame.rows(sa.select(_Q.c.rater_id).where(frame.of_clinic(_Q)).order_by(_Q.c.created_at, _Q.c.id))]
    return {rater: number for number, rater in enumerate([*began, *sorted(raters - set(began))], 1)}


def together(frame: Frame, panel: Sequence[uuid.UUID]) -> dict[tuple[int, ...], int]:
    """Grades of those pairs that all of the panel have graded, in its order → how many pairs have just these."""
    chosen = frame.procedures()
    grades = [sa.func.max(sa.case((_G.c.rater_id == one, _G.c.grade))).label(f"r{place}") for place, one in enumerate(panel)]
    each = (
        sa.select(*grades)
        .join(_PAIR, sa.and_(frame.of_clinic(_PAIR), _PAIR.c.id == _G.c.pair_id))
        .join(chosen, chosen.c.id == _PAIR.c.procedure_id)
        .where(frame.of_clinic(_G), _G.c.rater_id.in_(panel), _G.c.grade.is_not(None))
        .group_by(_G.c.pair_id)
        .having(sa.func.count() == len(panel))
        .subquery("each")
    )
    columns = [each.c[f"r{place}"] for place in range(len(panel))]
    return {tuple(row[:-1]): row[-1] for row in frame.rows(sa.select(*columns, sa.func.count()).group_by(*columns))}


def _judged(frame: Frame) -> sa.Subquery:
    """Pairs of the cohort that a whole panel has graded, with its pattern, how late the visit was, and when the procedure was."""
    chosen = frame.procedures()
    order = {step: place for place, step in enumerate(frame.steps, 1)}
    late = sa.case(order, value=_PAIR.c.step, else_=0) if order else sa.literal(0)
    counted = [sa.func.sum(sa.case((_G.c.grade == grade, 1), else_=0)).label(name) for grade, name in zip(GRADES, _NAMES, strict=True)]
    whole = (
        sa.select(_G.c.pair_id, *counted)
        .where(frame.of_clinic(_G), _G.c.grade.is_not(None))
        .group_by(_G.c.pair_id)
        .having(sa.func.count() >= PANEL)
        .subquery("whole")
    )
    return (
        sa.select(
            _PAIR.c.id,
            _PAIR.c.patient_id,
            _PAIR.c.procedure_id,
            _PAIR.c.scar_id,
            late.label("late"),
            sa.case((_PAIR.c.view == PhotoView.FRONT, 1), else_=0).label("front"),
            chosen.c.performed_at,
            *(whole.c[name] for name in _NAMES),
        )
        .join(whole, whole.c.pair_id == _PAIR.c.id)
        .join(chosen, chosen.c.id == _PAIR.c.procedure_id)
        .where(frame.of_clinic(_PAIR))
        .subquery("judged")
    )


def patients(frame: Frame) -> dict[Pattern, int]:
    """Pattern → patients. One pair speaks for a patient: of the latest visit, of the whole face where there is one, from the front."""
    judged = _judged(frame)
    whole_face = sa.case((judged.c.scar_id.is_(None), 1), else_=0)
    order = (judged.c.late.desc(), whole_face.desc(), judged.c.front.desc(), judged.c.performed_at.desc(), judged.c.id)
    place = sa.func.row_number().over(partition_by=judged.c.patient_id, order_by=order).label("place")
    first = sa.select(*(judged.c[name] for name in _NAMES), place).subquery("first")
    columns = [first.c[name] for name in _NAMES]
    query = sa.select(*columns, sa.func.count()).where(first.c.place == 1).group_by(*columns)
    return {tuple(map(int, row[:-1])): row[-1] for row in frame.rows(query)}


@dataclass(frozen=True)
class ScarGrade:
    """A scar that the panel judged, with all that it had been given until the procedure that was judged, in µL."""

    patient_id: uuid.UUID
    procedure_id: uuid.UUID
    subunit: str
    side: str
    volume_ul: int
    area_cm2: float | None
    pattern: Pattern


def scars(frame: Frame) -> list[ScarGrade]:
    """A scar's own pair speaks for it, of the latest visit; without one, the whole face's pair of a procedure that injected it."""
    judged, here = _judged(frame), frame.injections()
    treated = sa.select(here.c.procedure_id, here.c.scar_id).where(frame.counts(here.c.procedure_id)).distinct().subquery("treated")
    mine = sa.or_(judged.c.scar_id == treated.c.scar_id, judged.c.scar_id.is_(None))
    own = sa.case((judged.c.scar_id.is_(None), 0), else_=1)
    place = (
        sa.func.row_number()
        .over(
            partition_by=treated.c.scar_id,
            order_by=(own.desc(), judged.c.late.desc(), judged.c.front.desc(), judged.c.performed_at.desc(), judged.c.id),
        )
        .label("place")
    )
    speaking = (
        sa.select(judged, treated.c.scar_id.label("of_scar"), place)
        .join(treated, sa.and_(treated.c.procedure_id == judged.c.procedure_id, mine))
        .cte("speaking")
    )
    given, every = frame.injections(), frame.done().subquery("every")
    sums = (
        sa.select(speaking.c.of_scar, sa.func.sum(given.c.volume_ul).label("volume_ul"))
        .join(given, given.c.scar_id == speaking.c.of_scar)
        .join(every, every.c.id == given.c.procedure_id)
        .where(speaking.c.place == 1, every.c.performed_at <= speaking.c.performed_at)
        .group_by(speaking.c.of_scar)
        .subquery("sums")
    )
    size = [_S.c[name] for name in ("subunit", "side", *_AREA)]
    query = (
        sa.select(speaking.c.patient_id, speaking.c.procedure_id, sums.c.volume_ul, *size, *(speaking.c[name] for name in _NAMES))
        .join(sums, sums.c.of_scar == speaking.c.of_scar)
        .join(_S, sa.and_(frame.of_clinic(_S), _S.c.id == speaking.c.of_scar))
        .where(speaking.c.place == 1, *frame.scar_filters())
        .order_by(speaking.c.performed_at, speaking.c.of_scar)
    )
    return [_scar_grade(row) for row in frame.rows(query)]


_AREA = ("area_mm2_e1", "length_um", "width_um", "morphology")


@lru_cache(maxsize=4096)
def _area_cm2(*stored: Any) -> float | None:
    """By the rule of `Scar` itself, asked once for scars of the same size."""
    return Scar(**dict(zip(_AREA, stored, strict=True))).area_for_dose_cm2


def _scar_grade(row: sa.Row[Any]) -> ScarGrade:
    patient, procedure, volume, subunit, side, *rest = tuple(row)
    size, pattern = rest[: len(_AREA)], rest[len(_AREA) :]
    return ScarGrade(patient, procedure, str(subunit), str(side), int(volume), _area_cm2(*size), tuple(map(int, pattern)))


def places(frame: Frame) -> dict[tuple[str, str], int]:
    """(subunit, side) → scars injected in the cohort."""
    here = frame.injections()
    treated = sa.select(here.c.scar_id).where(frame.counts(here.c.procedure_id)).distinct().subquery("treated")
    query = (
        sa.select(_S.c.subunit, _S.c.side, sa.func.count())
        .join(treated, treated.c.scar_id == _S.c.id)
        .where(frame.of_clinic(_S), *frame.scar_filters())
        .group_by(_S.c.subunit, _S.c.side)
    )
    return {(str(subunit), str(side)): count for subunit, side, count in frame.rows(query)}
