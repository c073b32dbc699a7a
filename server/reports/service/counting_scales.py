"""Counting scores: each scale at each visit, long after the last session against sooner, and the same patients first and last."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import ResponseState
from server.dates import days_between
from server.db import table_of
from server.followup.models import Visit
from server.outcomes.models import Response, Score
from server.reports.service.cohort import Frame
from server.reports.shape import MOST_POINTS

_SCORE, _R, _V = table_of(Score), table_of(Response), table_of(Visit)
YEAR_DAYS = 365
_BEGIN = date(1900, 1, 1)
_FOR_VALUE = 10_000_000
"""A day and a score in one number, the day first: of each patient the latest is then simply the largest, and no row is sorted."""

Bins = dict[int, int]
"""Score in thousandths → how many have it."""
Key = tuple[str, str]
"""(instrument, scale)."""


@dataclass
class Counted:
    """Of one scale: `visits` by step ("" without a visit), patients' latest scores by how long after the last session, changes."""

    visits: dict[str, Bins] = field(default_factory=dict)
    points: dict[str, list[tuple[int, uuid.UUID]]] = field(default_factory=dict)
    later: Bins = field(default_factory=dict)
    sooner: Bins = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    changes: dict[float, int] = field(default_factory=dict)


def _scores(frame: Frame) -> sa.Select[Any]:
    """Standing scores of the cohort, as a selection of nothing yet; `step` is their visit's."""
    chosen = frame.procedures()
    gone = sa.select(_R.c.id).where(frame.of_clinic(_R), _R.c.state != ResponseState.COMPLETE)
    return (
        sa.select()
        .select_from(_SCORE)
        .join(chosen, chosen.c.id == _SCORE.c.procedure_id)
        .where(frame.of_clinic(_SCORE), _SCORE.c.value_e3.is_not(None), _SCORE.c.response_id.not_in(gone))
    )


def _at_visits(frame: Frame) -> tuple[sa.Select[Any], sa.ColumnElement[str]]:
    step = sa.func.coalesce(_V.c.step, "").label("step")
    return _scores(frame).outerjoin(_V, sa.and_(frame.of_clinic(_V), _V.c.id == _SCORE.c.visit_id)), step


def scales(frame: Frame) -> dict[Key, Counted]:
    """Every scale that has a score, by instrument and scale."""
    query, step = _at_visits(frame)
    columns = (_SCORE.c.instrument, _SCORE.c.scale, step, _SCORE.c.value_e3)
    found: dict[Key, Counted] = {}
    for instrument, scale, at, value, number in sorted(frame.rows(query.add_columns(*columns, sa.func.count()).group_by(*columns))):
        found.setdefault((instrument, scale), Counted()).visits.setdefault(at, {})[value] = number
    _add_points(frame, found)
    for counted in found.values():
        steps = [one for one in frame.steps if one in counted.visits]
        if len(steps) > 1:
            counted.first, counted.last = steps[0], steps[-1]
    if found:
        _add_tests(frame, found)
    return found


def _add_points(frame: Frame, found: dict[Key, Counted]) -> None:
    """The single scores, where there are few."""
    few = [(*key, at) for key, counted in found.items() for at, bins in counted.visits.items() if sum(bins.values()) <= MOST_POINTS]
    if not few:
        return
    query, step = _at_visits(frame)
    columns = (_SCORE.c.instrument, _SCORE.c.scale, step, _SCORE.c.value_e3, _SCORE.c.procedure_id)
    wanted = sa.tuple_(_SCORE.c.instrument, _SCORE.c.scale, step).in_(few)
    for instrument, scale, at, value, procedure in frame.rows(query.add_columns(*columns).where(wanted).order_by(_SCORE.c.id)):
        found[instrument, scale].points.setdefault(at, []).append((value, procedure))


def _by_patient(frame: Frame) -> sa.CTE:
    """Of each patient, scale and step: sum and number of the scores, and the latest of them packed with its day."""
    query, step = _at_visits(frame)
    packed = days_between(_SCORE.c.answered_on, sa.literal(_BEGIN)) * _whole(_FOR_VALUE) + _SCORE.c.value_e3 + _whole(_FOR_VALUE // 2)
    columns = (_SCORE.c.patient_id, _SCORE.c.instrument, _SCORE.c.scale, step)
    numbers = (sa.func.sum(_SCORE.c.value_e3).label("total"), sa.func.count().label("number"), sa.func.max(packed).label("packed"))
    return query.add_columns(*columns, *numbers).group_by(*columns).cte("by_patient")


def _whole(number: int) -> sa.BindParameter[int]:
    return sa.literal(number, sa.BigInteger)


def _sessions(frame: Frame) -> sa.Subquery:
    """Of each session its day, and the day of the patient's next one or null."""
    every = frame.done().subquery("every")
    held = sa.select(every.c.patient_id, days_between(frame.day(every.c.performed_at), sa.literal(_BEGIN)).label("day")).subquery("held")
    until = sa.func.lead(held.c.day).over(partition_by=held.c.patient_id, order_by=held.c.day).label("until")
    return sa.select(held.c.patient_id, held.c.day, until).subquery("sessions")


_LATEST, _CHANGE = 0, 1


def _add_tests(frame: Frame, found: dict[Key, Counted]) -> None:
    """Both tests' numbers in one statement, so that the scores are walked through once for them.

    Latest: each patient counts once, and the last session is the last one that had been by then. Change: mean of the last visit less
    mean of the first, of each patient who has both.
    """
    by, sessions = _by_patient(frame), _sessions(frame)
    keys = (by.c.instrument, by.c.scale)
    latest = sa.select(by.c.patient_id, *keys, sa.func.max(by.c.packed).label("packed")).group_by(by.c.patient_id, *keys).subquery("latest")
    day = sa.cast(sa.func.floor(latest.c.packed / _whole(_FOR_VALUE)), sa.BigInteger)
    value = latest.c.packed % _whole(_FOR_VALUE) - _whole(_FOR_VALUE // 2)
    long_after = sa.case((day - sessions.c.day > YEAR_DAYS, 1), else_=0)
    each = (
        sa.select(latest.c.instrument, latest.c.scale, long_after.label("long_after"), sa.cast(value, sa.Float).label("value"))
        .join(sessions, sessions.c.patient_id == latest.c.patient_id)
        .where(sessions.c.day <= day, sa.or_(sessions.c.until.is_(None), sessions.c.until > day))
        .subquery("each")
    )
    groups = (each.c.instrument, each.c.scale, each.c.long_after, each.c.value)
    parts = [sa.select(sa.literal(_LATEST).label("part"), *groups, sa.func.count().label("patients")).group_by(*groups)]
    parts.append(_changes(by, found))
    for part, instrument, scale, after, score, number in frame.rows(sa.union_all(*parts)):
        counted = found[instrument, scale]
        if part == _CHANGE:
            counted.changes[float(score)] = number
        else:
            (counted.later if after else counted.sooner)[int(score)] = number


def _changes(by: sa.CTE, found: dict[Key, Counted]) -> sa.Select[Any]:
    def at(step: Callable[[Counted], str | None]) -> sa.ColumnElement[bool]:
        one_of = [
            sa.and_(by.c.instrument == key[0], by.c.scale == key[1], by.c.step == step(one)) for key, one in found.items() if one.first
        ]
        return sa.or_(sa.false(), *one_of)

    def mean(here: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        total, number = (sa.func.sum(sa.case((here, column))) for column in (by.c.total, by.c.number))
        return sa.cast(total, sa.Float) / number

    first, last = at(lambda one: one.first), at(lambda one: one.last)
    change = (mean(last) - mean(first)).label("change")
    keys = (by.c.instrument, by.c.scale)
    each = sa.select(*keys, change).where(sa.or_(first, last)).group_by(by.c.patient_id, *keys).subquery("changes")
    groups = (each.c.instrument, each.c.scale, each.c.change)
    query = sa.select(sa.literal(_CHANGE), each.c.instrument, each.c.scale, sa.literal(0), each.c.change, sa.func.count())
    return query.where(each.c.change.is_not(None)).group_by(*groups)


def spread(bins: Bins) -> list[float]:
    """The scores themselves, in order and in the scale's own unit."""
    return [value / 1000 for value in sorted(bins) for _ in range(bins[value])]


def quantile(bins: Bins, share: float) -> float | None:
    """Of the ordered scores the one at `share` of the way, between two neighbours in proportion; None without scores."""
    n = sum(bins.values())
    if not n:
        return None
    place = share * (n - 1)
    below, above = _at(bins, int(place)), _at(bins, min(int(place) + 1, n - 1))
    return (below + (above - below) * (place - int(place))) / 1000


def _at(bins: Bins, place: int) -> int:
    for value in sorted(bins):
        place -= bins[value]
        if place < 0:
            return value
    raise IndexError(place)


def in_order(steps: Sequence[str], counted: Counted) -> list[str]:
    """Its visits in the order of time; what belongs to no visit, or to one that the flow does not know, comes last."""
    known = [one for one in steps if one in counted.visits]
    return known + sorted(set(counted.visits) - set(known))
