"""Counting the process: values of single cases in their order, and complications with their events."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from schemas.outcome_words import ClavienDindo, Complication
from server.db import table_of
from server.procedures import days
from server.procedures.models import Procedure
from server.procedures.service.sums import volumes
from server.reports.digest import form
from server.reports.digest.chosen import Chosen
from server.reports.service.cohort import Frame
from server.reports.shape import MOST_POINTS
from server.reports.terms import minutes

_P = table_of(Procedure)


@dataclass(frozen=True)
class Case:
    """One procedure's values, None where not recorded: `yield_ml` of nanofat from 100 mL of lipoaspirate, `minutes` from start to end."""

    procedure_id: uuid.UUID
    performed_at: datetime
    yield_ml: float | None
    passes: int | None
    minutes: float | None


def _case(row: sa.Row[Any], sums: Mapping[str, Any]) -> Case:
    nanofat, lipoaspirate = sums.get("nanofat_ul"), sums.get("lipoaspirate_ul")
    taken = round(nanofat / lipoaspirate * 100, 1) if nanofat is not None and lipoaspirate else None
    return Case(row.id, row.performed_at, taken, sums.get("passes"), minutes(row.started_at, row.ended_at))


def _in_time(chosen: Chosen) -> Any:
    """Places of the cohort's procedures in the order in which they were performed."""
    return chosen.places[np.lexsort((chosen.facts("procedure"), chosen.facts("performed_at")))]


def _rows(frame: Frame, ids: Sequence[uuid.UUID]) -> list[sa.Row[Any]]:
    query = sa.select(_P.c.id, _P.c.started_at, _P.c.ended_at, days.performed(_P)).where(frame.of_clinic(_P), _P.c.id.in_(ids))
    by_id = {row.id: row for row in frame.rows(query)}
    return [by_id[one] for one in ids]


def newest_cases(chosen: Chosen) -> list[Case]:
    """The newest MOST_POINTS cases, the oldest of them first: a run chart is about the process as it is now."""
    ids = [chosen.procedure(place) for place in _in_time(chosen)[-MOST_POINTS:]]
    sums = volumes(chosen.frame.session, ids)
    return [_case(row, sums.get(row.id, {})) for row in _rows(chosen.frame, ids)]


def first_cases(chosen: Chosen) -> tuple[int, list[tuple[uuid.UUID, float]]]:
    """(how many cases have a length, the first MOST_POINTS of them with it in minutes): learning is about the first ones."""
    timed = chosen.clinic.facts["timed"].astype(bool)
    every = _in_time(chosen)
    known = every[timed[every]]
    rows = _rows(chosen.frame, [chosen.procedure(place) for place in known[:MOST_POINTS]])
    return len(known), [(row.id, lasted) for row in rows if (lasted := minutes(row.started_at, row.ended_at)) is not None]


@dataclass(frozen=True)
class Complications:
    """Procedures: `assessed` at least once, and by what was `asked` of each complication, and of the serious ones (`looked_for`)."""

    assessed: int
    asked: dict[Complication, int]
    with_it: dict[Complication, int]
    looked_for: int
    serious: int


def complications(chosen: Chosen) -> Complications:
    """Of standing assessments only. A complication was asked about where one says yes or no of it, and was there where one says yes."""
    asked, present = chosen.facts("asked"), chosen.facts("present")

    def by_kind(bits: Any) -> dict[Complication, int]:
        return {one: int((bits >> np.uint64(place) & np.uint64(1)).sum()) for place, one in enumerate(form.COMPLICATIONS)}

    assessed, looked_for, serious = (int(chosen.facts(name).sum()) for name in ("assessed", "looked_for", "serious"))
    return Complications(assessed, by_kind(asked), by_kind(present), looked_for, serious)


@dataclass(frozen=True)
class Event:
    """One adverse event, in days after its procedure."""

    procedure_id: uuid.UUID
    complication: Complication
    from_day: int
    last_day: int | None
    absent_day: int | None
    clavien_dindo: ClavienDindo | None
    ctcae: int | None


def events(chosen: Chosen) -> tuple[int, list[Event]]:
    """(how many there were, the newest MOST_POINTS)."""
    every = chosen.records("events")
    newest = np.lexsort((every["event"], -every["began_on"].astype(np.int64)))[:MOST_POINTS]

    def event(place: int) -> Event:
        one = every.all[every.place[place]]
        grade = chosen.word(one["clavien_dindo"])
        return Event(
            chosen.procedure(every.owner[place]),
            Complication(chosen.word(one["complication"])),
            int(one["from_day"]),
            int(one["last_day"]),
            None if one["absent_day"] == form.NEVER else int(one["absent_day"]),
            ClavienDindo(grade) if grade else None,
            int(one["ctcae"]) or None,
        )

    return len(every), [event(place) for place in newest]
