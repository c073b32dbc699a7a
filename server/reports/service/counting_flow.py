"""Counting visits: of the procedures, how many were due for each visit, asked, and answered; and when the redness ended."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import CallOutcome, ReminderState, VisitState
from server.dates import days_between
from server.db import table_of
from server.followup.models import PATIENT, Call, Redness, Reminder, Visit
from server.outcomes.models import Response
from server.reports.service.cohort import Frame

_V, _M, _C, _R, _RED = table_of(Visit), table_of(Reminder), table_of(Call), table_of(Response), table_of(Redness)
BEYOND = (VisitState.ATTENDED, VisitState.ANSWERED, VisitState.MISSED, VisitState.DECLINED, VisitState.LOST_TO_FOLLOW_UP)
"""A visit that stands here was due, whatever its date says by now."""

TAKEN = (ReminderState.ACCEPTED, ReminderState.DELIVERED)
REACHED = (CallOutcome.BOOKED, CallOutcome.CALL_LATER, CallOutcome.ANSWERED, CallOutcome.DECLINED)
"""Calls in which the patient was spoken to."""


@dataclass(frozen=True)
class Step:
    """One step of the protocol in visits, of which each procedure has one; `after` is how many days after it, on average."""

    step: str
    title: str
    after: float
    due: int
    asked: int
    answered: int
    seen: int


def steps(frame: Frame) -> list[Step]:
    """Each step, in the order of time. Cancelled visits were never due; whoever answered was asked, by whatever way."""
    chosen, filled = frame.procedures(), _filled(frame)
    answered = sa.or_(_V.c.state == VisitState.ANSWERED, filled.c.visit_id.is_not(None))
    due = sa.or_(_V.c.target_date <= frame.today, _V.c.state.in_(BEYOND), answered)

    def number(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0))

    visits = _V.join(chosen, chosen.c.id == _V.c.procedure_id).outerjoin(filled, filled.c.visit_id == _V.c.id)
    counting = [frame.of_clinic(_V), _V.c.state != VisitState.CANCELLED]
    if frame.filters.protocol:
        counting.append(_V.c.protocol_version == frame.filters.protocol)
    query = (
        sa.select(
            _V.c.step,
            sa.func.max(_V.c.title).label("title"),
            sa.func.avg(days_between(_V.c.target_date, chosen.c.performed_at)).label("after"),
            number(due).label("due"),
            number(answered).label("answered"),
            number(_V.c.state == VisitState.ATTENDED).label("seen"),
        )
        .select_from(visits)
        .where(*counting)
        .group_by(_V.c.step)
    )
    silent = sa.and_(_V.c.state != VisitState.ANSWERED, filled.c.visit_id.is_(None))
    told, called = _told(frame)
    in_vain = sa.select(_V.c.step, sa.func.count()).select_from(visits).where(*counting, due, silent).group_by(_V.c.step)
    only_asked = Counter(dict(frame.rows(in_vain.where(told)))) + Counter(dict(frame.rows(in_vain.where(~told, called))))
    found = [
        Step(
            step=row.step,
            title=row.title,
            after=float(row.after),
            due=int(row.due),
            asked=int(row.answered) + only_asked[row.step],
            answered=int(row.answered),
            seen=int(row.seen),
        )
        for row in frame.rows(query)
    ]
    return sorted(found, key=lambda one: (one.after, one.step))


def _filled(frame: Frame) -> sa.Subquery:
    """Visits with a complete response."""
    return frame.responses().add_columns(_R.c.visit_id).where(_R.c.visit_id.is_not(None)).distinct().subquery("filled")


def _told(frame: Frame) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """(a message about it was taken, the patient was spoken to). Written as the index says it, so that PostgreSQL knows it."""
    taken: list[Any] = [sa.literal_column(f"'{one}'") for one in TAKEN]
    to_patient = _M.c.recipient == sa.literal_column(f"'{PATIENT}'")
    told = sa.exists().where(frame.of_clinic(_M), _M.c.visit_id == _V.c.id, _M.c.state.in_(taken), to_patient, _M.c.visit_id.is_not(None))
    return told, sa.exists().where(frame.of_clinic(_C), _C.c.visit_id == _V.c.id, _C.c.outcome.in_(REACHED))


@dataclass(frozen=True)
class Reds:
    """`intervals` are (last day seen red, first day seen clear after it, or None) with the number of procedures; patients for `ever`."""

    never_red: int
    intervals: dict[tuple[int, int | None], int]
    patients_seen: int
    patients_red: int


def reds(frame: Frame) -> Reds:
    """When redness ended, per procedure: it lasted until the last day on which it was seen, even if it had gone and come back."""
    chosen = frame.procedures()
    later, again = _RED.alias("later"), _RED.alias("again")
    replaced = sa.select(later.c.replaces).where(frame.of_clinic(later), later.c.replaces.is_not(None))
    last = sa.func.max(sa.case((_RED.c.red, _RED.c.day)))
    each = (
        sa.select(
            _RED.c.procedure_id,
            chosen.c.patient_id,
            last.label("left_day"),
            sa.func.min(sa.case((~_RED.c.red, _RED.c.day))).label("first_clear"),
            sa.func.max(sa.case((~_RED.c.red, _RED.c.day))).label("last_clear"),
        )
        .join(chosen, chosen.c.id == _RED.c.procedure_id)
        .where(frame.of_clinic(_RED), _RED.c.red.is_not(None), _RED.c.id.not_in(replaced))
        .group_by(_RED.c.procedure_id, chosen.c.patient_id)
        .subquery("each")
    )
    after = (
        sa.select(sa.func.min(again.c.day))
        .where(frame.of_clinic(again), again.c.procedure_id == each.c.procedure_id, ~again.c.red, again.c.day > each.c.left_day)
        .where(again.c.id.not_in(replaced))
        .scalar_subquery()
    )
    right = sa.case(
        (each.c.first_clear > each.c.left_day, each.c.first_clear),
        (each.c.last_clear > each.c.left_day, after),  # clear, red again, clear again: asked for these few only
    ).label("right_day")
    by_interval = sa.select(each.c.left_day, right, sa.literal(1).label("one")).subquery("by_interval")
    query = sa.select(by_interval.c.left_day, by_interval.c.right_day, sa.func.count()).group_by(
        by_interval.c.left_day, by_interval.c.right_day
    )
    found = {(left, right_day): count for left, right_day, count in frame.rows(query)}
    hers = sa.select(each.c.patient_id, sa.func.max(each.c.left_day).label("red")).group_by(each.c.patient_id).subquery("hers")
    seen, red = frame.rows(sa.select(sa.func.count(), sa.func.count(hers.c.red)).select_from(hers))[0]
    intervals = {days: count for days, count in found.items() if days[0] is not None}
    return Reds(sum(found.values()) - sum(intervals.values()), intervals, seen, red)
