"""Counting scores: each scale at each visit, long after the last session against sooner, and the same patients first and last."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy
from server.dates import days_between
from server.db import table_of
from server.followup.models import Visit
from server.outcomes.models import Response, Score
from server.reports.service.cohort import Frame
from server.reports.shape import MOST_POINTS

_SCORE, _R, _V = table_of(Score), table_of(Response), table_of(Visit)
YEAR_DAYS = 365
_OUTSIDE = sa.case((_R.c.via == AnsweredBy.SCORE, 1), else_=0).label("outside")

Bins = dict[int, int]
"""Score in thousandths → how many have it."""
Key = tuple[str, str, int]
"""(instrument, scale, 1 where somebody else scored it): what the server adds up and a 0 to 100 from elsewhere are two measures."""


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


_EARLIER, _SOONER, _LATER = 0, 1, 2
"""Of a response: the patient has given a later one; it is her latest, within a year of her last session until then; or after more."""


def _sessions(frame: Frame) -> sa.Subquery:
    """Of each session its day, and the day of the patient's next one or null."""
    every = frame.done().subquery("every")
    held = sa.select(every.c.patient_id, frame.day(every.c.performed_at).label("day")).subquery("held")
    until = sa.func.lead(held.c.day).over(partition_by=held.c.patient_id, order_by=held.c.day).label("until")
    return sa.select(held.c.patient_id, held.c.day, until).subquery("sessions")


def _given(frame: Frame, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Standing responses of the cohort: id, patient_id, procedure_id, answered_on, outside, and their visit's step ("" without one)."""
    columns = (_R.c.id, _R.c.patient_id, _R.c.procedure_id, _R.c.answered_on, _OUTSIDE, sa.func.coalesce(_V.c.step, "").label("step"))
    return (
        frame.responses()
        .add_columns(*columns, *more)
        .outerjoin(_V, sa.and_(frame.of_clinic(_V), _V.c.id == _R.c.visit_id))
        .where(frame.counts(_R.c.procedure_id))
    )


def _responses(frame: Frame) -> sa.Subquery:
    """The same with how late they are."""
    sessions, newest_first = _sessions(frame), (_R.c.answered_on.desc(), _R.c.id.desc())
    place = sa.func.row_number().over(partition_by=(_R.c.patient_id, _R.c.instrument, _OUTSIDE), order_by=newest_first).label("place")
    each = _given(frame, place).subquery("each")
    by_then = sa.and_(
        sessions.c.patient_id == each.c.patient_id,
        sessions.c.day <= each.c.answered_on,
        sa.or_(sessions.c.until.is_(None), sessions.c.until > each.c.answered_on),
    )
    late = sa.case(
        (sa.or_(each.c.place > 1, sessions.c.day.is_(None)), _EARLIER),
        (days_between(each.c.answered_on, sessions.c.day) > YEAR_DAYS, _LATER),
        else_=_SOONER,
    )
    return sa.select(each.c.id, each.c.outside, each.c.step, late.label("late")).outerjoin(sessions, by_then).subquery("answered")


def scales(frame: Frame) -> dict[Key, Counted]:
    """Every scale that has a score. The scores are walked through once for visits and for lateness."""
    answered = _responses(frame)
    columns = (_SCORE.c.instrument, _SCORE.c.scale, answered.c.outside, answered.c.step, answered.c.late, _SCORE.c.value_e3)
    query = _scored(frame, answered).add_columns(*columns, sa.func.count()).group_by(*columns)
    found: dict[Key, Counted] = {}
    for *key, at, late, value, number in sorted(frame.rows(query)):
        counted = found.setdefault(_key(key), Counted())
        for bins in (counted.visits.setdefault(at, {}), *({_SOONER: [counted.sooner], _LATER: [counted.later]}.get(late, []))):
            bins[value] = bins.get(value, 0) + number
    _add_points(frame, found)
    for counted in found.values():
        steps = [one for one in frame.steps if one in counted.visits]
        if len(steps) > 1:
            counted.first, counted.last = steps[0], steps[-1]
    _add_changes(frame, found)
    return found


def _key(columns: Sequence[Any]) -> Key:
    instrument, scale, outside = columns
    return instrument, scale, outside


def _scored(frame: Frame, answered: sa.Subquery) -> sa.Select[Any]:
    of_response = answered.c.id == _SCORE.c.response_id
    return sa.select().select_from(_SCORE).join(answered, of_response).where(frame.of_clinic(_SCORE), _SCORE.c.value_e3.is_not(None))


def _add_points(frame: Frame, found: dict[Key, Counted]) -> None:
    """The single scores, where there are few."""
    few = [(*key, at) for key, counted in found.items() for at, bins in counted.visits.items() if sum(bins.values()) <= MOST_POINTS]
    if not few:
        return
    answered = _given(frame).subquery("answered")
    keys = (_SCORE.c.instrument, _SCORE.c.scale, answered.c.outside, answered.c.step)
    query = _scored(frame, answered).add_columns(*keys, _SCORE.c.value_e3, answered.c.procedure_id).where(sa.tuple_(*keys).in_(few))
    for *key, at, value, procedure in frame.rows(query.order_by(_SCORE.c.id)):
        found[_key(key)].points.setdefault(at, []).append((value, procedure))


def _add_changes(frame: Frame, found: dict[Key, Counted]) -> None:
    """Mean of the last visit less mean of the first, in thousandths, of each patient who has both."""
    moved = {key: one for key, one in found.items() if one.first and one.last}
    if not moved:
        return
    answered = _given(frame).subquery("answered")
    keys = (_SCORE.c.instrument, _SCORE.c.scale, answered.c.outside)

    def at(step: Callable[[Counted], str | None]) -> sa.ColumnElement[bool]:
        """Most often all scales are asked at the same visits, and only the step has to be looked at."""
        every = {step(one) for one in moved.values()}
        if len(every) == 1 and len(moved) == len(found):
            return answered.c.step == every.pop()
        each = (
            sa.and_(*(column == value for column, value in zip((*keys, answered.c.step), (*key, step(one)), strict=True)))
            for key, one in moved.items()
        )
        return sa.or_(*each)

    def mean(here: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        one = sa.case((here, _SCORE.c.value_e3))
        return sa.cast(sa.func.sum(one), sa.Float) / sa.func.nullif(sa.func.count(one), 0)

    first, last = at(lambda one: one.first), at(lambda one: one.last)
    each = (
        _scored(frame, answered)
        .add_columns(*keys, (mean(last) - mean(first)).label("change"))
        .where(sa.or_(first, last))
        .group_by(answered.c.patient_id, *keys)
        .subquery("changes")
    )
    groups = (each.c.instrument, each.c.scale, each.c.outside, each.c.change)
    for *key, change, number in frame.rows(sa.select(*groups, sa.func.count()).where(each.c.change.is_not(None)).group_by(*groups)):
        found[_key(key)].changes[float(change)] = number


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
