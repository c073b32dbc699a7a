"""Counting ratings: each rater's grades, the panel's grade of each pair, and which pair speaks for a patient and for a scar."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sqlalchemy as sa

from server.clinics.models import User
from server.db import table_of
from server.outcomes.models import RatingQueue
from server.reports.digest import form
from server.reports.digest.chosen import Chosen, Records
from server.reports.digest.columns import Numbers
from server.reports.terms import GRADES, PANEL

_U, _Q = table_of(User), table_of(RatingQueue)


@dataclass(frozen=True)
class Graded:
    """One rater's grades: `counts` of each grade, -3 first, `cannot` of pairs that could not be judged; `number` stands for her name."""

    rater_id: uuid.UUID
    name: str
    number: int
    counts: tuple[int, ...]
    cannot: int


class Ratings:
    """The cohort's pairs of photographs and what was said of them."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.pairs = chosen.records("pairs")
        ratings = chosen.records("ratings")
        at = np.zeros(len(self.pairs.all), dtype=np.int64)
        at[self.pairs.place] = np.arange(len(self.pairs))
        self.pair = at[chosen.clinic.first("pairs")[ratings.owner] + ratings["place"]]
        self.rater, self.grade = ratings["rater"], ratings["grade"]
        self.given = self.grade != form.NO_GRADE

    @cached_property
    def patterns(self) -> Numbers:
        """A row for each pair, a column for each grade: how many raters gave it."""
        flat = self.pair[self.given] * len(GRADES) + (self.grade[self.given].astype(np.int64) - GRADES[0])
        return np.bincount(flat, minlength=len(self.pairs) * len(GRADES)).reshape(-1, len(GRADES))

    @cached_property
    def judged(self) -> Numbers:
        """Places of the pairs that a whole panel has graded."""
        return np.flatnonzero(self.patterns.sum(axis=1) >= PANEL)

    @cached_property
    def late(self) -> Numbers:
        """How late the visit of each pair was; 0 of one that the flow does not know."""
        order = np.zeros(len(self.chosen.clinic.words.list) + 1, dtype=np.int32)
        for place, step in enumerate(self.chosen.frame.steps, 1):
            order[self.chosen.clinic.words.find(step)] = place
        return order[self.pairs["step"]]

    @cached_property
    def performed_at(self) -> Numbers:
        """Of each pair."""
        return self.chosen.clinic.facts["performed_at"][self.pairs.owner]


def raters(ratings: Ratings) -> list[Graded]:
    """Who has rated pairs of the cohort, by name."""
    chosen = ratings.chosen
    each = {uuid.UUID(chosen.word(number)): ratings.rater == number for number in np.unique(ratings.rater)}
    names, numbers = _names(chosen, list(each)), _numbers(chosen, set(each))
    return [
        Graded(
            rater,
            names[rater],
            numbers[rater],
            tuple(int((ratings.grade[his] == grade).sum()) for grade in GRADES),
            int((~ratings.given[his]).sum()),
        )
        for rater, his in sorted(each.items(), key=lambda one: (names[one[0]], str(one[0])))
    ]


def _names(chosen: Chosen, raters: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    query = sa.select(_U.c.id, _U.c.name).where(chosen.frame.of_clinic(_U), _U.c.id.in_(raters))
    return {row.id: row.name for row in chosen.frame.rows(query)}


def _numbers(chosen: Chosen, raters: set[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Raters in the order in which they began to rate at this clinic: whoever begins later, or is filtered out, changes no number."""
    query = sa.select(_Q.c.rater_id).where(chosen.frame.of_clinic(_Q)).order_by(_Q.c.created_at, _Q.c.id)
    began = [row.rater_id for row in chosen.frame.rows(query)]
    return {rater: number for number, rater in enumerate([*began, *sorted(raters - set(began))], 1)}


def together(ratings: Ratings, panel: Sequence[uuid.UUID]) -> dict[tuple[int, ...], int]:
    """Grades of those pairs that all of the panel have graded, in its order → how many pairs have just these."""
    table = np.full((len(ratings.pairs), len(panel)), form.NO_GRADE, dtype=np.int16)
    for place, one in enumerate(panel):
        his = ratings.given & ratings.chosen.is_word(ratings.rater, str(one))
        table[ratings.pair[his], place] = ratings.grade[his]
    return counted(table[(table != form.NO_GRADE).all(axis=1)])


def counted(rows: Numbers) -> dict[tuple[int, ...], int]:
    """Row of whole numbers → how many there are of it. Each is written as one number, which sorts faster than a row."""
    if not len(rows):
        return {}
    code = np.zeros(len(rows), dtype=np.int64)
    for column in rows.astype(np.int64).T:
        low, high = int(column.min()), int(column.max())
        code = code * (high - low + 1) + (column - low)
    _, first, numbers = np.unique(code, return_index=True, return_counts=True)
    return {tuple(row): number for row, number in zip(rows[first].astype(np.int64).tolist(), numbers.tolist(), strict=True)}


def _first_of(group: Numbers) -> Numbers:
    """Of numbers in order the places at which another begins."""
    return np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else np.zeros(0, dtype=np.int64)


def patients(ratings: Ratings) -> Numbers:
    """A pattern for each patient. One pair speaks for her: of the latest visit, of the whole face where there is one, from the front."""
    judged, pairs = ratings.judged, ratings.pairs
    patient = ratings.chosen.clinic.patient[pairs.owner][judged]
    whole_face, front = pairs["scar"][judged] == b"", pairs["front"][judged].astype(np.int8)
    order = np.lexsort((pairs["pair"][judged], -ratings.performed_at[judged], -front, ~whole_face, -ratings.late[judged], patient))
    return ratings.patterns[judged[order[_first_of(patient[order])]]]


@dataclass(frozen=True)
class ScarGrades:
    """Scars that the panel judged, a record each, with all that each had been given until the procedure that was judged, in µL.

    `place` is that procedure's in the clinic's facts, `area_cm2` is nan where it is not known, `pattern` has a row for each.
    """

    patient: Numbers
    place: Numbers
    subunit: Numbers
    side: Numbers
    volume_ul: Numbers
    area_cm2: Numbers
    pattern: Numbers

    def __len__(self) -> int:
        return len(self.place)


def scars(ratings: Ratings) -> ScarGrades:
    """A scar's own pair speaks for it, of the latest visit; without one, the whole face's pair of a procedure that injected it."""
    chosen, pairs, judged = ratings.chosen, ratings.pairs, ratings.judged
    every = chosen.clinic.sections["scars"]
    treated, numbers = chosen.clinic.first("scars"), np.bincount(chosen.clinic.owner["scars"], minlength=len(chosen.clinic.facts))
    times = numbers[pairs.owner[judged]]
    pair = np.repeat(judged, times)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    record = treated[pairs.owner[pair]] + within
    about = pairs["scar"][pair]
    mine = (about == b"") | (about == every["scar"][record])
    pair, record = pair[mine], record[mine]
    scar = chosen.scar
    own, front = (pairs["scar"][pair] != b""), pairs["front"][pair].astype(np.int8)
    order = np.lexsort((pairs["pair"][pair], -ratings.performed_at[pair], -front, -ratings.late[pair], ~own, scar[record]))
    first = order[_first_of(scar[record][order])]
    pair, record = pair[first], record[first]
    wanted = chosen.scars_wanted(Records(every, record, record))
    pair, record = pair[wanted], record[wanted]
    order = np.lexsort((every["scar"][record], ratings.performed_at[pair]))
    pair, record = pair[order], record[order]
    return ScarGrades(
        patient=chosen.clinic.patient[pairs.owner[pair]],
        place=pairs.owner[pair],
        subunit=every["subunit"][record],
        side=every["side"][record],
        volume_ul=_given_until(chosen, scar, scar[record], ratings.performed_at[pair]),
        area_cm2=every["area_cm2"][record],
        pattern=ratings.patterns[pair],
    )


def _given_until(chosen: Chosen, scar: Numbers, wanted: Numbers, until: Numbers) -> Numbers:
    """What these scars were given at procedures up to these instants, be they of the cohort or not."""
    latest = np.full(int(scar.max(initial=-1)) + 1, np.iinfo(np.int64).min)
    latest[wanted] = until
    performed = chosen.clinic.facts["performed_at"][chosen.clinic.owner["scars"]]
    counts = performed <= latest[scar]
    sums = np.bincount(scar[counts], weights=chosen.clinic.sections["scars"]["volume_ul"][counts], minlength=len(latest))
    return sums[wanted].astype(np.int64)


def places(chosen: Chosen) -> dict[tuple[str, str], int]:
    """(subunit, side) → scars injected in the cohort."""
    here = chosen.records("scars")
    wanted = chosen.scars_wanted(here)
    _, first = np.unique(chosen.scar[here.place][wanted], return_index=True)
    both = np.column_stack([here["subunit"][wanted], here["side"][wanted]])[first]
    return {(chosen.word(subunit), chosen.word(side)): number for (subunit, side), number in counted(both).items()}
