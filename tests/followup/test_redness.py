"""Redness over time: what a check-in stores, the interval that is left open, and what is known after a correction."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from schemas.questions import Given, Question
from schemas.vocabulary import ProcedureState, VisitState
from server import clock
from server.db import Database, find
from server.followup.models import Redness, Visit
from server.followup.service import answers, redness
from server.followup.spans import span
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.api import Api

LATE_ON_MONDAY = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
"""Half past eleven at Riverside."""
SEEN = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([True, False, None])), max_size=12)


@pytest.fixture
def procedure(db: Database, clinic: make.Clinic) -> dict[str, Any]:
    """Anna's, which ended on Monday 2 March 2026."""
    with clock.at(LATE_ON_MONDAY):
        return make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=LATE_ON_MONDAY)


def say(
    db: Database, clinic: make.Clinic, procedure: dict[str, Any], day: int, given: Given, *, step: str | None = None, hour: int = 8
) -> None:
    """Anna answers the check-in of that day, so many days after."""
    at = datetime(2026, 3, 2, hour, 0, tzinfo=UTC) + timedelta(days=day)
    with clock.at(at), db.transaction(clinic.id) as session:
        query = sa.select(Visit.id).where(Visit.procedure_id == uuid.UUID(procedure["id"]), Visit.step == (step or f"d{day}"))
        visit = find(session, Visit, session.scalars(query).one(), lock=True)
        assert visit is not None
        answers.record(session, visit, Question.REDNESS, given, via=answers.BY_LINK)
        assert visit.state == VisitState.ANSWERED


def known(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> tuple[int | None, int | None]:
    """The interval as the clinic knows it."""
    with db.transaction(clinic.id, write=False) as session:
        return redness.span(session, uuid.UUID(procedure["id"]))


def rows(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> list[Redness]:
    """All that is stored, by day."""
    with db.transaction(clinic.id, write=False) as session:
        return list(redness.observations(session, uuid.UUID(procedure["id"])))


def test_red_on_day_14_and_clear_on_day_21_ended_between(
    db: Database, clinic: make.Clinic, procedure: dict[str, Any], as_: Callable[[make.Person], Api]
) -> None:
    for day, given_ in ((7, Given.YES), (14, Given.YES), (21, Given.NO), (28, Given.NO)):
        say(db, clinic, procedure, day, given_)
    shown = as_(clinic.coordinator).get(f"/procedures/{procedure['id']}/redness")
    assert (shown["last_present"], shown["first_absent"]) == (14, 21)
    assert [(one["day"], one["red"], one["seen_on"], one["source"]) for one in shown["items"]] == [
        (7, True, "2026-03-09", "check_in"),
        (14, True, "2026-03-16", "check_in"),
        (21, False, "2026-03-23", "check_in"),
        (28, False, "2026-03-30", "check_in"),
    ]


def test_red_again_after_a_clear_day_is_red_until_then(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> None:
    for day, given_ in ((7, Given.YES), (14, Given.NO), (21, Given.YES)):
        say(db, clinic, procedure, day, given_)
    assert known(db, clinic, procedure) == (21, None)
    say(db, clinic, procedure, 28, Given.NO)
    assert known(db, clinic, procedure) == (21, 28)


def test_who_is_not_sure_says_nothing(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> None:
    for day, given_ in ((7, Given.YES), (14, Given.NOT_SURE), (21, Given.NO)):
        say(db, clinic, procedure, day, given_)
    assert known(db, clinic, procedure) == (7, 21)
    assert [one.red for one in rows(db, clinic, procedure)] == [True, None, False]


def test_the_answer_of_another_hour_of_the_day_counts_and_the_first_one_stays(
    db: Database, clinic: make.Clinic, procedure: dict[str, Any]
) -> None:
    say(db, clinic, procedure, 7, Given.NO)
    say(db, clinic, procedure, 7, Given.YES, hour=18)
    first, second = rows(db, clinic, procedure)
    assert (first.red, second.red, second.replaces) == (False, True, first.id)
    assert known(db, clinic, procedure) == (7, None)


def test_an_answer_two_days_late_is_about_the_day_on_which_it_was_given(
    db: Database, clinic: make.Clinic, procedure: dict[str, Any]
) -> None:
    say(db, clinic, procedure, 7, Given.YES)
    say(db, clinic, procedure, 9, Given.NO, step="d7")
    assert known(db, clinic, procedure) == (7, 9)


def test_a_corrected_end_counts_the_days_anew(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> None:
    """The procedure was two days earlier than was written down first."""
    say(db, clinic, procedure, 7, Given.YES)
    say(db, clinic, procedure, 14, Given.NO)
    earlier = LATE_ON_MONDAY - timedelta(days=2)
    with clock.at(LATE_ON_MONDAY + timedelta(days=20)), db.transaction(clinic.id, actor=clinic.surgeon) as session:
        found = find(session, Procedure, uuid.UUID(procedure["id"]), lock=True)
        assert found is not None
        lifecycle.change_procedure(session, found, {"started_at": earlier - timedelta(hours=1), "ended_at": earlier})
    assert known(db, clinic, procedure) == (9, 16)
    assert [one.day for one in rows(db, clinic, procedure)] == [7, 9, 14, 16]


def test_hillside_sees_no_redness_of_riverside(
    other_clinic: make.Clinic, procedure: dict[str, Any], as_: Callable[[make.Person], Api]
) -> None:
    as_(other_clinic.coordinator).get(f"/procedures/{procedure['id']}/redness", 404)


@given(SEEN)
def test_the_interval_is_an_interval_of_what_was_seen(seen: list[tuple[int, bool | None]]) -> None:
    last_present, first_absent = span(seen)
    assert last_present == max([day for day, red in seen if red], default=None)
    if first_absent is not None:
        assert (first_absent, False) in seen
        assert last_present is None or last_present < first_absent
    nothing_between = [day for day, red in seen if red is False and (last_present is None or day > last_present)]
    assert first_absent == min(nothing_between, default=None)


@given(SEEN, st.randoms(use_true_random=False), st.integers(0, 60))
def test_order_repetition_and_doubt_change_nothing(seen: list[tuple[int, bool | None]], dice: Any, day: int) -> None:
    other = [*seen, *seen, (day, None)]
    dice.shuffle(other)
    assert span(other) == span(seen)


@given(SEEN, st.integers(0, 60))
def test_a_day_on_which_it_was_seen_never_lies_after_its_end(seen: list[tuple[int, bool | None]], day: int) -> None:
    last_present, first_absent = span([*seen, (day, True)])
    assert last_present is not None
    assert last_present >= day
    assert first_absent is None or first_absent > day
