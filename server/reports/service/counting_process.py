"""Counting the process: values of single cases in their order, and complications with their events."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import ClavienDindo, Complication, Presence
from server.db import table_of
from server.outcomes.models import Finding
from server.procedures.service.sums import volumes
from server.reports.service.cohort import Frame
from server.reports.shape import MOST_POINTS

_F = table_of(Finding)
SERIOUS_GRADES = (ClavienDindo.IIIA, ClavienDindo.IIIB, ClavienDindo.IVA, ClavienDindo.IVB, ClavienDindo.V)
SERIOUS_CTCAE = 3
SERIOUS = (
    *(Complication.SKIN_NECROSIS, Complication.VISION_CHANGE, Complication.NEURO_DEFICIT, Complication.VISCERAL_INJURY),
    *(Complication.LOCAL_ANAESTHETIC_TOXICITY, Complication.VENOUS_THROMBOEMBOLISM, Complication.FAT_EMBOLISM),
)
"""Serious however anybody graded them, or did not."""


@dataclass(frozen=True)
class Case:
    """One procedure's values, None where not recorded: `yield_ml` of nanofat from 100 mL of lipoaspirate, `minutes` from start to end."""

    procedure_id: uuid.UUID
    performed_at: datetime
    yield_ml: float | None
    passes: int | None
    minutes: float | None


def minutes(started_at: datetime | None, ended_at: datetime | None) -> float | None:
    """A procedure's length in minutes, to a tenth; None where either is not known or they stand the other way round."""
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return float(round((ended_at - started_at).total_seconds() / 60, 1))


def _case(row: sa.Row[Any], sums: Mapping[str, Any]) -> Case:
    nanofat, lipoaspirate = sums.get("nanofat_ul"), sums.get("lipoaspirate_ul")
    taken = round(nanofat / lipoaspirate * 100, 1) if nanofat is not None and lipoaspirate else None
    return Case(row.id, row.performed_at, taken, sums.get("passes"), minutes(row.started_at, row.ended_at))


def newest_cases(frame: Frame) -> list[Case]:
    """The newest MOST_POINTS cases, the oldest of them first: a run chart is about the process as it is now."""
    chosen = frame.procedures()
    rows = frame.rows(sa.select(chosen).order_by(chosen.c.performed_at.desc(), chosen.c.id.desc()).limit(MOST_POINTS))
    sums = volumes(frame.session, [row.id for row in rows])
    return [_case(row, sums.get(row.id, {})) for row in reversed(rows)]


def first_cases(frame: Frame) -> tuple[int, list[tuple[uuid.UUID, float]]]:
    """(how many cases have a length, the first MOST_POINTS of them with it in minutes): learning is about the first ones."""
    chosen = frame.procedures()
    timed = sa.and_(chosen.c.started_at.is_not(None), chosen.c.ended_at >= chosen.c.started_at)
    number = frame.rows(sa.select(sa.func.count()).select_from(chosen).where(timed))[0][0]
    rows = frame.rows(sa.select(chosen).where(timed).order_by(chosen.c.performed_at, chosen.c.id).limit(MOST_POINTS))
    return number, [(row.id, lasted) for row in rows if (lasted := minutes(row.started_at, row.ended_at)) is not None]


@dataclass(frozen=True)
class Complications:
    """Procedures: `assessed` at least once, and by what was `asked` of each complication, and of the serious ones (`looked_for`)."""

    assessed: int
    asked: dict[Complication, int]
    with_it: dict[Complication, int]
    looked_for: int
    serious: int


def _serious() -> sa.ColumnElement[bool]:
    return sa.or_(_F.c.clavien_dindo.in_(SERIOUS_GRADES), _F.c.ctcae >= SERIOUS_CTCAE, _F.c.complication.in_(SERIOUS))


def complications(frame: Frame) -> Complications:
    """Of standing assessments only. A complication was asked about where one of them says yes or no of it, and was there if any says yes.

    A serious one was looked for where all of SERIOUS were asked about, be it at several assessments, or one was found.
    """
    assessed = frame.assessments()
    looked = sa.select(assessed.c.procedure_id).where(frame.counts(assessed.c.procedure_id)).distinct().subquery("looked")
    number = frame.rows(sa.select(sa.func.count()).select_from(looked))[0][0]
    yes = _F.c.present == Presence.YES
    each = (
        sa.select(
            _F.c.procedure_id,
            _F.c.complication,
            sa.func.max(sa.case((yes, 1), else_=0)).label("there"),
            sa.func.max(sa.case((sa.and_(yes, _serious()), 1), else_=0)).label("grave"),
        )
        .join(assessed, assessed.c.id == _F.c.assessment_id)
        .where(frame.of_clinic(_F), _F.c.present.in_((Presence.YES, Presence.NO)), frame.counts(_F.c.procedure_id))
        .group_by(_F.c.procedure_id, _F.c.complication)
        .cte("each")
    )
    by_kind = sa.select(each.c.complication, sa.func.count(), sa.func.sum(each.c.there)).group_by(each.c.complication)
    grave = sa.func.max(each.c.grave)
    of_serious = sa.func.sum(sa.case((each.c.complication.in_(SERIOUS), 1), else_=0))
    known = (
        sa.select(grave.label("grave"))
        .group_by(each.c.procedure_id)
        .having(sa.or_(of_serious == len(SERIOUS), grave == 1))
        .subquery("known")
    )
    kind = sa.cast(sa.null(), _F.c.complication.type)
    # In one statement, so that the findings are walked through once; the row without a complication is that of the serious ones.
    found = frame.rows(sa.union_all(by_kind, sa.select(kind, sa.func.count(), sa.func.coalesce(sa.func.sum(known.c.grave), 0))))
    asked = {Complication(row[0]): row[1] for row in found if row[0] is not None}
    with_it = {Complication(row[0]): int(row[2]) for row in found if row[0] is not None}
    looked_for, serious = next((row[1], int(row[2])) for row in found if row[0] is None)
    return Complications(number, asked, with_it, looked_for, serious)


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


def events(frame: Frame) -> tuple[int, list[Event]]:
    """(how many there were, the newest MOST_POINTS). Seen several times, an event began at its first onset, else when it was first seen."""
    chosen, assessed = frame.procedures(), frame.assessments()
    here = sa.case((_F.c.present == Presence.YES, 1), else_=0)
    began = sa.func.min(sa.case((_F.c.present == Presence.YES, sa.func.coalesce(_F.c.onset_on, assessed.c.assessed_on))))
    still = sa.case((_F.c.present == Presence.YES, assessed.c.assessed_on))
    query = (
        sa.select(
            _F.c.event_id,
            _F.c.procedure_id,
            sa.func.min(_F.c.complication).label("complication"),
            began.label("began"),
            sa.func.max(_F.c.last_present).label("said_last"),
            sa.func.max(still).label("seen_last"),
            sa.func.min(_F.c.first_absent).label("gone"),
            sa.func.max(_F.c.clavien_dindo).label("clavien_dindo"),
            sa.func.max(_F.c.ctcae).label("ctcae"),
            sa.func.min(frame.day(chosen.c.performed_at)).label("performed_on"),
            sa.func.count().over().label("of_all"),
        )
        .join(assessed, assessed.c.id == _F.c.assessment_id)
        .join(chosen, chosen.c.id == _F.c.procedure_id)
        .where(frame.of_clinic(_F))
        .group_by(_F.c.event_id, _F.c.procedure_id)
        .having(sa.func.sum(here) > 0)
    )
    newest = frame.rows(query.order_by(began.desc(), _F.c.event_id).limit(MOST_POINTS))
    return newest[0].of_all if newest else 0, [_event(row) for row in newest]


def _event(row: sa.Row[Any]) -> Event:
    def after(day: date | None) -> int | None:
        return None if day is None else (day - row.performed_on).days

    last = max(day for day in (row.said_last, row.seen_last) if day is not None)
    gone = row.gone if row.gone is not None and row.gone > last else None
    return Event(
        row.procedure_id,
        Complication(row.complication),
        after(row.began) or 0,
        after(last),
        after(gone),
        ClavienDindo(row.clavien_dindo) if row.clavien_dindo else None,
        row.ctcae,
    )
