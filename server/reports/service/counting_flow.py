"""Counting visits: of the procedures, how many were due for each visit, asked, and answered; and when the redness ended."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import ResponseState
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
    chosen, stand = frame.procedures(), _stand(frame)
    counting = [frame.of_clinic(_V), _V.c.state != VisitState.CANCELLED]
    if frame.filters.protocol:
        counting.append(_V.c.protocol_version == frame.filters.protocol)
    each = (_V.c.step, (_V.c.target_date <= frame.today).label("past"), _V.c.state, stand.label("stand"))
    query = (
        sa.select(
            *each,
            sa.func.max(_V.c.title).label("title"),
            sa.func.sum(days_between(_V.c.target_date, chosen.c.performed_at)).label("after"),
            sa.func.count().label("number"),
        )
        .join(chosen, chosen.c.id == _V.c.procedure_id)
        .where(*counting)
        .group_by(*each)
    )
    by_step: defaultdict[str, list[Any]] = defaultdict(list)
    for row in frame.rows(query):
        by_step[row.step].append(row)
    return sorted((_step(step, rows) for step, rows in by_step.items()), key=lambda one: (one.after, one.step))


def _step(step: str, rows: list[Any]) -> Step:
    """From the visits of one step, counted by whether their day is past, their state, and how far they came."""

    def number(of: Callable[[Any], bool]) -> int:
        return sum(row.number for row in rows if of(row))

    due = [row for row in rows if row.past or row.state in BEYOND or row.stand == _ANSWERED]
    return Step(
        step=step,
        title=max(row.title for row in rows),
        after=float(sum(row.after for row in rows)) / sum(row.number for row in rows),
        due=sum(row.number for row in due),
        asked=sum(row.number for row in due if row.stand != _SILENT),
        answered=number(lambda row: row.stand == _ANSWERED),
        seen=number(lambda row: row.state == VisitState.ATTENDED),
    )


_SILENT, _ASKED, _ANSWERED = 0, 1, 2


def _stand(frame: Frame) -> sa.ColumnElement[int]:
    """Of a visit: answered, by a complete response or a tap; only asked (a message about it was taken, or she was spoken to); neither.

    Messages are asked for as their index says it, so that PostgreSQL knows it.
    """
    taken: list[Any] = [sa.literal_column(f"'{one}'") for one in TAKEN]
    to_patient = _M.c.recipient == sa.literal_column(f"'{PATIENT}'")
    filled = sa.exists().where(frame.of_clinic(_R), _R.c.state == ResponseState.COMPLETE, _R.c.visit_id == _V.c.id)
    told = sa.exists().where(frame.of_clinic(_M), _M.c.visit_id == _V.c.id, _M.c.state.in_(taken), to_patient, _M.c.visit_id.is_not(None))
    called = sa.exists().where(frame.of_clinic(_C), _C.c.visit_id == _V.c.id, _C.c.outcome.in_(REACHED))
    return sa.case(
        (sa.or_(_V.c.state == VisitState.ANSWERED, filled), sa.literal_column(str(_ANSWERED))),
        (sa.or_(told, called), sa.literal_column(str(_ASKED))),
        else_=sa.literal_column(str(_SILENT)),
    )


@dataclass(frozen=True)
class Reds:
    """`intervals` are (last day seen red, first day seen clear after it, or None) with the number of procedures; patients for `ever`.

    Of those `never_red` the first is 0: they were clear from a day on that is not later than their first look.
    """

    never_red: int
    contradicted: int
    intervals: dict[tuple[int, int | None], int]
    patients_seen: int
    patients_red: int


def reds(frame: Frame) -> Reds:
    """When redness ended, per procedure: it lasted until the last day on which it was seen, even if it had gone and come back.

    On a day on which somebody saw red and somebody clear it is red. What was seen before the procedure ended is not of it.
    """
    chosen = frame.procedures()
    again = _RED.alias("again")
    replaced = _replaced(frame)
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
        .where(frame.of_clinic(_RED), _RED.c.red.is_not(None), _RED.c.day >= 0, _RED.c.id.not_in(replaced))
        .group_by(_RED.c.procedure_id, chosen.c.patient_id)
        .cte("each")
    )
    after = (
        sa.select(sa.func.min(again.c.day))
        .where(frame.of_clinic(again), again.c.procedure_id == each.c.procedure_id, ~again.c.red, again.c.day > each.c.left_day)
        .where(again.c.id.not_in(replaced))
        .scalar_subquery()
    )
    right = sa.case(
        (sa.or_(each.c.left_day.is_(None), each.c.first_clear > each.c.left_day), each.c.first_clear),
        (each.c.last_clear > each.c.left_day, after),  # clear, red again, clear again: asked for these few only
    ).label("right_day")
    by_interval = sa.select(each.c.left_day, right, sa.literal(1).label("one")).subquery("by_interval")
    days = (by_interval.c.left_day, by_interval.c.right_day)
    hers = sa.select(each.c.patient_id, sa.func.max(each.c.left_day).label("red")).group_by(each.c.patient_id).subquery("hers")
    nothing: tuple[Any, Any] = (sa.cast(sa.null(), sa.Integer), sa.cast(sa.null(), sa.Integer))
    # In one statement, so that every procedure is looked at once; the row of all patients is the one whose last column is not null.
    found = frame.rows(
        sa.union_all(
            sa.select(*days, sa.func.count(), nothing[0]).group_by(*days),
            sa.select(*nothing, sa.func.count(), sa.func.count(hers.c.red)).select_from(hers),
        )
    )
    seen, red = next((number, of_them) for *_, number, of_them in found if of_them is not None)
    counted = {(left, right_day): number for left, right_day, number, of_them in found if of_them is None}
    intervals: Counter[tuple[int, int | None]] = Counter()
    for (left, right_day), number in counted.items():
        intervals[left or 0, right_day] += number
    never = sum(number for (left, _), number in counted.items() if left is None)
    return Reds(never, _contradicted(frame), dict(intervals), seen, red)


def _replaced(frame: Frame) -> sa.Select[Any]:
    later = _RED.alias("later")
    return sa.select(later.c.replaces).where(frame.of_clinic(later), later.c.replaces.is_not(None))


def _contradicted(frame: Frame) -> int:
    """Procedures of which on one day somebody says red and somebody clear."""
    other, replaced = _RED.alias("other"), _replaced(frame)
    same_day = sa.and_(other.c.procedure_id == _RED.c.procedure_id, other.c.day == _RED.c.day, ~other.c.red)
    query = (
        sa.select(sa.func.count(sa.distinct(_RED.c.procedure_id)))
        .join(other, sa.and_(frame.of_clinic(other), same_day))
        .where(frame.of_clinic(_RED), _RED.c.red, _RED.c.day >= 0, _RED.c.id.not_in(replaced), other.c.id.not_in(replaced))
        .where(frame.counts(_RED.c.procedure_id))
    )
    return int(frame.rows(query)[0][0])
