"""Of whom each number of the cohort is: nobody who was not asked is a no, and nobody who could not have answered is missing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.outcome_words import Complication, Presence
from schemas.vocabulary import VisitKind, VisitState
from server import clock
from server.db import Database
from server.outcomes.models import Assessment
from server.procedures.models import Procedure
from server.reports.rules import Filters
from server.reports.service import panel as panel_report
from server.reports.service.agreeing import agreement
from server.reports.service.cohort import frame_of
from server.reports.service.computing import compute
from server.reports.shape import Cohort, Share
from server.reports.terms import SERIOUS
from server.snapshot import moment
from tests import make
from tests.reports.lives import Lives, noon, raters

TODAY = date(2026, 3, 10)


@pytest.fixture
def lives(clinic: make.Clinic) -> Lives:
    """Riverside's patients."""
    return Lives(clinic)


Told = Callable[[], Cohort]


@pytest.fixture
def told(db: Database, clinic: make.Clinic, lives: Lives) -> Told:
    """Stores them, and gives the report of TODAY."""

    def report() -> Cohort:
        with clock.at(noon(TODAY)):
            lives.store(db)
        with moment(db, clinic.id) as session:
            return compute(frame_of(session, Filters()))

    return report


def operated(lives: Lives, days_ago: int) -> Procedure:
    """Somebody, so long ago."""
    return lives.procedure(lives.patient(), noon(TODAY - timedelta(days=days_ago)))


def parts(share: Share) -> tuple[int, int, int]:
    """Of how many, and how many are missing."""
    return share["numerator"], share["denominator"], share["missing"]


def asked(lives: Lives, look: Assessment, present: Presence, *items: Complication, **graded: Any) -> None:
    """What the clinician said of these."""
    for one in items:
        lives.finding(look, one, present, **graded)


def test_whoever_was_operated_last_week_is_no_non_responder(lives: Lives, told: Told) -> None:
    anna, beata, cili, dora, edit = (operated(lives, days) for days in (400, 300, 8, 8, 40))
    lives.response(anna, TODAY, {"satisfaction": 70_000}, visit=lives.visit(anna, "1y", 365, VisitState.ATTENDED))
    lives.visit(beata, "1y", 365, VisitState.PLANNED)
    lives.visit(beata, "3m", 90, VisitState.MISSED)
    for new in (cili, dora):
        lives.visit(new, "d7", 7, VisitState.ANSWERED, kind=VisitKind.CHECK_IN)
        lives.visit(new, "2w", 14, VisitState.PLANNED)
    lives.response(dora, TODAY, {"satisfaction": 60_000})  # of her own accord
    lives.visit(edit, "2w", 14, VisitState.CANCELLED)
    flow = told()["flow"]
    assert (parts(flow["responded"]), flow["not_due"], flow["missing_total"]) == ((2, 3, 0), 2, 1)
    assert [one["procedure_id"] for one in flow["missing"]] == [str(beata.id)]


def test_a_complication_is_of_those_who_were_asked_about_it(lives: Lives, told: Told) -> None:
    first, second, unsure, never = (operated(lives, 200) for _ in range(4))
    asked(lives, lives.assessment(first, TODAY), Presence.YES, Complication.NODULE)
    asked(lives, lives.assessment(second, TODAY - timedelta(days=50)), Presence.YES, Complication.NODULE)
    asked(lives, lives.assessment(second, TODAY), Presence.NO, Complication.NODULE, Complication.OIL_CYST)
    asked(lives, lives.assessment(unsure, TODAY), Presence.UNKNOWN, Complication.NODULE)
    lives.assessment(never, TODAY)
    process = told()["process"]
    found = {one["complication"]: parts(one["share"]) for one in process["complications"]}
    assert process["assessed"] == 4
    assert (found["nodule"], found["oil_cyst"], found["fever"]) == ((2, 2, 2), (0, 1, 3), (0, 0, 4))


def test_a_serious_one_is_of_those_in_which_it_was_looked_for(lives: Lives, told: Told) -> None:
    at_once, in_two, in_part, grave, mild = (operated(lives, 200) for _ in range(5))
    asked(lives, lives.assessment(at_once, TODAY), Presence.NO, *SERIOUS)
    asked(lives, lives.assessment(in_two, TODAY - timedelta(days=90)), Presence.NO, *SERIOUS[:3])
    asked(lives, lives.assessment(in_two, TODAY), Presence.NO, *SERIOUS[2:])
    asked(lives, lives.assessment(in_part, TODAY), Presence.NO, *SERIOUS[1:], Complication.NODULE)
    asked(lives, lives.assessment(grave, TODAY), Presence.YES, Complication.INFECTION_DEEP, ctcae=3)
    asked(lives, lives.assessment(mild, TODAY), Presence.YES, Complication.INFECTION_DEEP, ctcae=2)
    assert parts(told()["process"]["serious"]) == (1, 3, 2)


def test_a_day_that_is_red_to_one_and_clear_to_another_is_red_and_told(lives: Lives, told: Told) -> None:
    for number in range(10):
        done = operated(lives, 100)
        lives.redness(done, 14, red=True)
        if number < 3:
            lives.redness(done, 14, red=False)
        lives.redness(done, 28, red=False)
    redness = told()["redness"]
    assert (redness["contradicted"], redness["never_red"], redness["still_red"]) == (3, 0, 0)
    assert [(one["left"], one["right"]) for one in redness["masses"]] == [(14, 28)]


def test_who_was_clear_at_the_first_look_is_in_the_estimate(lives: Lives, told: Told) -> None:
    for number in range(12):
        done = operated(lives, 100)
        lives.redness(done, -1, red=True)  # before the procedure, whose end was corrected later
        lives.redness(done, 7, red=number < 9)
        lives.redness(done, 14, red=number == 8)
    redness = told()["redness"]
    assert (redness["n"], redness["never_red"], redness["still_red"], redness["enough"]) == (12, 3, 1, True)
    known = {one["day"]: (round(12 * one["low"], 6), round(12 * one["high"], 6)) for one in redness["curve"]}
    assert (known[0], known[7], known[14]) == ((0, 0), (3, 3), (11, 11))


def test_an_answer_of_the_one_year_visit_is_late_or_not_by_its_day_and_few_are_not_compared(lives: Lives, told: Told) -> None:
    for number in range(22):
        done = operated(lives, 500)
        late = 366 if number < 9 else 365
        lives.response(done, TODAY - timedelta(days=500 - late), {"satisfaction": 1000 * number}, visit=None)
    (scale,) = told()["satisfaction"]["scales"]
    assert (scale["over_year"]["n_more"], scale["over_year"]["n_less"], scale["over_year"]["p"]) == (9, 13, None)
    done = operated(lives, 500)
    lives.response(done, TODAY, {"satisfaction": 90_000})
    (scale,) = told()["satisfaction"]["scales"]
    assert (scale["over_year"]["n_more"], scale["over_year"]["n_less"]) == (10, 13)
    assert scale["over_year"]["p"] is not None


def test_the_panel_s_page_and_the_cohort_say_the_same_of_the_same_raters(
    db: Database, clinic: make.Clinic, lives: Lives, told: Told
) -> None:
    panel = raters(db, clinic, 4)
    for number in range(12):
        grades: dict[Any, int | None] = {one: (number * place + number) % 4 - 1 for place, one in enumerate(panel[:3])}
        if number == 11:
            grades[panel[1]] = None
        if number < 2:
            grades[panel[3]] = 3  # who has just begun
        lives.pair(operated(lives, 100), grades)
    said = told()["physicians"]["agreement"]
    assert (said["raters"], said["pairs"]) == (3, 11)
    with db.transaction(clinic.id, write=False) as session:
        (step,) = [one for one in panel_report.report(session)["steps"] if one["pairs"]]
    assert step["agreement"] == pytest.approx(dict(said))
    assert None not in said.values()


def test_nine_pairs_are_too_few_for_a_coefficient_and_ten_are_not() -> None:
    rows = [[1, 1, number % 3 - 1] for number in range(10)]
    few, enough = agreement(3, rows[:9]), agreement(3, rows)
    assert (few["pairs"], few["alike"], few["raw"], few["icc_mean"]) == (9, 3, None, None)
    assert (enough["pairs"], enough["alike"]) == (10, 3)
    assert enough["raw"] is not None
    assert agreement(1, [[1]] * 12)["raw"] is None
