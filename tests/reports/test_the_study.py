"""The study as a test: 52 patients whose answers have the counts that were published in 2021 print the published table."""

from datetime import date, timedelta

import pytest

from schemas.outcome_words import Complication, Presence
from schemas.vocabulary import ReminderState, Sex, VisitState
from server.db import Database
from server.reports.rules import Filters
from server.reports.service import asking, running
from server.reports.shape import Cohort, Share
from server.reports.terms import SERIOUS
from tests import make
from tests.reports.lives import Lives, noon, raters

OPERATED, ANSWERED, WOMEN, RED, IMPROVED = 52, 44, 29, 41, 40
BEGAN = date(2023, 1, 10)
ASKED = (*SERIOUS, Complication.NODULE)


def the_study(db: Database, clinic: make.Clinic) -> None:
    """29 women and 15 men answer; 8 are never heard of again. 41 have been red, of 40 two of three raters say that they look better."""
    lives, panel = Lives(clinic), raters(db, clinic)
    for number in range(OPERATED):
        is_woman = number < WOMEN or number >= ANSWERED
        patient, day = lives.patient(sex=Sex.FEMALE if is_woman else Sex.MALE), BEGAN + timedelta(days=7 * number)
        done = lives.procedure(patient, noon(day))
        lives.injection(done, lives.scar(patient), 1000 + 100 * (number % 9))
        lives.processing(done)
        year = lives.visit(done, "1y", 365, VisitState.ATTENDED if number < ANSWERED else VisitState.MISSED)
        lives.message(year, ReminderState.DELIVERED)
        if number >= ANSWERED:
            continue
        lives.response(done, day + timedelta(days=300 + number * 5), {"satisfaction": 50_000 + 1000 * number}, visit=year)
        look = lives.assessment(done, day + timedelta(days=90))
        for complication in ASKED:
            lives.finding(look, complication, Presence.NO)
        lives.redness(done, 14, number < RED)
        lives.redness(done, 21, red=False)
        lives.pair(done, dict(zip(panel, (2, 1, 0) if number < IMPROVED else (1, 0, -1), strict=True)), step="1y")
    lives.store(db)


@pytest.fixture
def printed(db: Database, clinic: make.Clinic) -> Cohort:
    """The report of all."""
    the_study(db, clinic)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        report = asking.ask(session, Filters(), clinic.surgeon.user_id)
    assert running.run_waiting(db) >= 1
    with db.transaction(clinic.id, write=False) as session:
        return asking.cohort_of(session, asking.get(session, report.id))


def percent(*shares: float | None) -> list[str]:
    """As a table prints them."""
    return [f"{100 * one:.1f}" for one in shares if one is not None]


def said(share: Share) -> str:
    """The same with its parts."""
    whole, low, high = percent(share["share"], share["low"], share["high"])
    return f"{share['numerator']} of {share['denominator']}: {whole} ({low}–{high})"


def test_the_published_table_is_printed_from_those_who_answered(printed: Cohort) -> None:
    assert said(printed["flow"]["responded"]) == "44 of 52: 84.6 (72.5–92.0)"
    assert said(printed["flow"]["women"]) == "29 of 44: 65.9 (51.1–78.1)"
    assert printed["flow"]["men"]["numerator"] == 15
    assert said(printed["redness"]["ever"]) == "41 of 44: 93.2 (81.8–97.7)"
    assert said(printed["physicians"]["improved"]) == "40 of 44: 90.9 (78.8–96.4)"


def test_the_eight_who_are_missing_are_named_and_could_change_it_so_far(printed: Cohort) -> None:
    missing, improved = printed["flow"]["missing"], printed["physicians"]["improved"]
    assert printed["flow"]["not_due"] == 0
    assert printed["flow"]["missing_total"] == len(missing) == len({one["mrn"] for one in missing}) == 8
    assert [one["last_session"] for one in missing] == sorted(one["last_session"] for one in missing)
    worst, best = improved["worst"], improved["best"]
    assert worst is not None
    assert best is not None
    assert (worst["numerator"], worst["denominator"], best["numerator"], best["denominator"]) == (40, 52, 48, 52)
    assert percent(worst["share"], worst["low"], worst["high"]) == ["76.9", "63.9", "86.3"]
    assert percent(best["share"], best["low"], best["high"]) == ["92.3", "81.8", "97.0"]


def test_no_serious_complication_in_44_leaves_up_to_eight_per_cent_possible(printed: Cohort) -> None:
    serious = printed["process"]["serious"]
    assert (serious["numerator"], serious["denominator"], serious["missing"]) == (0, 44, 8)
    assert percent(serious["high"]) == ["8.0"]


def test_a_complication_that_was_asked_of_all_is_none_of_44_and_one_that_was_never_asked_is_unknown(printed: Cohort) -> None:
    found = {one["complication"]: one["share"] for one in printed["process"]["complications"]}
    assert len(found) == len(Complication)
    for asked in ASKED:
        assert (found[asked]["numerator"], found[asked]["denominator"], percent(found[asked]["high"])) == (0, 44, ["8.0"])
    for never in set(Complication) - set(ASKED):
        one = found[never]
        assert (one["denominator"], one["missing"], one["share"], one["high"], one["worst"]) == (0, 52, None, None, None)


def test_those_long_after_their_last_session_are_held_against_the_others(printed: Cohort) -> None:
    (scale,) = printed["satisfaction"]["scales"]
    tested = scale["over_year"]
    assert tested["n_more"] + tested["n_less"] == ANSWERED
    assert tested["p"] is not None
    assert 0 < tested["p"] < 0.05
    assert tested["p_holm"] == tested["p"]


def test_redness_ended_between_two_looks(printed: Cohort) -> None:
    redness = printed["redness"]
    assert (redness["n"], redness["never_red"], redness["still_red"]) == (44, 3, 0)
    masses = [(one["left"], one["right"], round(one["mass"] * 44, 6)) for one in redness["masses"]]
    assert masses == [(0, 14, 3.0), (14, 21, 41.0)]
    known = [(one["day"], round(one["low"] * 44, 6), round(one["high"] * 44, 6)) for one in redness["clear_by"]]
    assert known == [(14, 3.0, 3.0), (21, 44.0, 44.0), (28, 44.0, 44.0)]


def test_each_step_of_the_flow_is_part_of_the_one_before(printed: Cohort) -> None:
    (year,) = printed["flow"]["steps"]
    assert [year["operated"], year["due"], year["asked"], year["answered"], year["seen"]] == [52, 52, 52, 44, 44]
    assert said(year["rate"]) == "44 of 52: 84.6 (72.5–92.0)"
