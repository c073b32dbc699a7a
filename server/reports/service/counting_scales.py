"""Counting scores: each scale at each visit, long after the last session against sooner, and the same patients first and last."""

import uuid
from collections.abc import Sequence
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
    _add_latest(frame, found)
    for key, counted in found.items():
        steps = [one for one in frame.steps if one in counted.visits]
        if len(steps) > 1:
            counted.first, counted.last = steps[0], steps[-1]
            counted.changes = _changes(frame, key, steps[0], steps[-1])
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


def _add_latest(frame: Frame, found: dict[Key, Counted]) -> None:
    """Each patient counts once, with the latest score; the last session is the last one that had been by then."""
    packed = days_between(_SCORE.c.answered_on, sa.literal(_BEGIN)) * sa.literal(_FOR_VALUE, sa.BigInteger) + _SCORE.c.value_e3
    columns = (_SCORE.c.patient_id, _SCORE.c.instrument, _SCORE.c.scale)
    offset = sa.literal(_FOR_VALUE // 2, sa.BigInteger)  # so that a score below zero stays on its own day
    latest = _scores(frame).add_columns(*columns, sa.func.max(packed + offset).label("packed")).group_by(*columns).subquery("latest")
    every = frame.done().subquery("every")
    held = sa.select(every.c.patient_id, days_between(frame.day(every.c.performed_at), sa.literal(_BEGIN)).label("day")).subquery("held")
    until = sa.func.lead(held.c.day).over(partition_by=held.c.patient_id, order_by=held.c.day).label("until")
    sessions = sa.select(held.c.patient_id, held.c.day, until).subquery("sessions")
    day = sa.cast(sa.func.floor(latest.c.packed / sa.literal(_FOR_VALUE, sa.BigInteger)), sa.BigInteger)
    value = latest.c.packed % sa.literal(_FOR_VALUE, sa.BigInteger) - offset
    long_after = sa.case((day - sessions.c.day > YEAR_DAYS, 1), else_=0)
    each = (
        sa.select(latest.c.instrument, latest.c.scale, long_after.label("long_after"), value.label("value"))
        .join(sessions, sessions.c.patient_id == latest.c.patient_id)
        .where(sessions.c.day <= day, sa.or_(sessions.c.until.is_(None), sessions.c.until > day))
        .subquery("each")
    )
    groups = (each.c.instrument, each.c.scale, each.c.long_after, each.c.value)
    for instrument, scale, after, score, number in frame.rows(sa.select(*groups, sa.func.count()).group_by(*groups)):
        counted = found[instrument, scale]
        (counted.later if after else counted.sooner)[int(score)] = number


def _changes(frame: Frame, key: Key, first: str, last: str) -> dict[float, int]:
    """Mean of the last visit less mean of the first, in thousandths, of each patient who has both → patients."""
    query, _ = _at_visits(frame)

    def mean(step: str) -> sa.ColumnElement[Any]:
        of_step = sa.case((_V.c.step == step, _SCORE.c.value_e3))
        return sa.cast(sa.func.sum(of_step), sa.Float) / sa.func.nullif(sa.func.count(of_step), 0)

    each = (
        query.add_columns((mean(last) - mean(first)).label("change"))
        .where(_SCORE.c.instrument == key[0], _SCORE.c.scale == key[1], _V.c.step.in_((first, last)))
        .group_by(_SCORE.c.patient_id)
        .subquery("each")
    )
    found = frame.rows(sa.select(each.c.change, sa.func.count()).where(each.c.change.is_not(None)).group_by(each.c.change))
    return {float(change): number for change, number in found}


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
