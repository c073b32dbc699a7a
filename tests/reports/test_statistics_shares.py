"""Shares, Holm's correction, XmR charts and figures that cannot be: against published values, scipy, and their own laws."""

from itertools import pairwise
from math import sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from server.reports.statistics.consistency import counts_for, grim, sd_floor
from server.reports.statistics.holm import holm
from server.reports.statistics.shares import Share, extremes, wilson
from server.reports.statistics.xmr import Run, running_median, xmr
from tests.reports.published import GOLDEN, rows

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=10, max_size=60)


@pytest.mark.parametrize("counted", GOLDEN["wilson95"])
def test_shares_of_the_study_have_the_intervals_computed_elsewhere(counted: str) -> None:
    found = wilson(*map(int, counted.split("/")))
    assert (found.share, found.low, found.high) == pytest.approx(GOLDEN["wilson95"][counted], abs=1e-6)


@given(COUNTS)
def test_wilson_is_scipys(counted: tuple[int, int]) -> None:
    k, n = counted
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    found = wilson(k, n)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(COUNTS)
def test_an_interval_holds_its_share_mirrors_and_narrows(counted: tuple[int, int]) -> None:
    k, n = counted
    one, mirrored, more = wilson(k, n), wilson(n - k, n), wilson(2 * k, 2 * n)
    assert one.share is not None
    assert one.low is not None
    assert one.high is not None
    assert 0 <= one.low <= one.share <= one.high <= 1
    assert mirrored.low == pytest.approx(1 - one.high)
    assert more.low is not None
    assert more.high is not None
    assert more.high - more.low < one.high - one.low


def test_nobody_is_no_share_and_a_part_is_no_more_than_the_whole() -> None:
    assert wilson(0, 0) == Share(0, 0, None, None, None)
    for k, n in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no share"):
            wilson(k, n)


def test_the_eight_missing_could_move_the_improved_from_77_to_92_per_cent() -> None:
    found = extremes(40, 44, 8)
    assert (found.worst, found.known, found.best) == (wilson(40, 52), wilson(40, 44), wilson(48, 52))
    assert extremes(0, 0, 0).best.share is None
    with pytest.raises(ValueError, match="missing"):
        extremes(1, 2, -1)


def test_holm_by_hand() -> None:
    """The example of Wright (1992): four tests, ordered and multiplied by 4, 3, 2, 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.03, None, 0.5]) == (0.06, None, 0.5)
    assert holm([]) == ()
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.5])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_only_raises(ps: list[float]) -> None:
    done = [(p, after) for p, after in zip(ps, holm(ps), strict=True) if after is not None]
    assert len(done) == len(ps)
    assert all(p <= after <= 1 for p, after in done)
    assert all(one[1] <= two[1] for one, two in pairwise(sorted(done)))


def test_a_chart_by_hand_marks_the_point_outside_and_its_jump() -> None:
    values = [10.0, 12.0, 10.0, 12.0, 10.0, 12.0, 10.0, 12.0, 10.0, 40.0]
    found = xmr(values)
    mean_range = (8 * 2 + 30) / 9
    assert (found.mean, found.mean_range) == pytest.approx((13.8, mean_range))
    assert (found.lower, found.upper) == pytest.approx((13.8 - 2.66 * mean_range, 13.8 + 2.66 * mean_range))
    assert found.range_upper == pytest.approx(3.267 * mean_range)
    assert (found.outside, found.jumps) == ((9,), (9,))
    assert found.runs == (Run(0, 8, above=False),)


def test_eight_on_one_side_are_a_run_and_seven_are_none() -> None:
    assert xmr([1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3]).runs == (Run(7, 14, above=True),)
    assert xmr([1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3]).runs == ()
    assert xmr([1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3]).mean == 2
    assert [run.first for run in xmr([1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3]).runs] == [9], "a point on the mean ends a run"


def test_few_points_have_no_limits_and_none_nothing() -> None:
    nine = xmr([1, 2, 3, 4, 5, 6, 7, 8, 90])
    assert (nine.mean_range, nine.lower, nine.upper, nine.range_upper, nine.outside) == (11.125, None, None, None, ())
    assert (xmr([5]).mean, xmr([5]).mean_range, xmr([]).mean) == (5, None, None)
    assert xmr([0.1] * 12).outside == ()


@given(VALUES, st.integers(-500, 500))
def test_limits_lie_around_the_mean_and_move_with_the_values(values: list[float], by: int) -> None:
    found, moved = xmr(values), xmr([value + by for value in values])
    assert found.lower is not None
    assert found.mean is not None
    assert found.upper is not None
    assert found.lower <= found.mean <= found.upper
    assert (moved.lower, moved.upper) == pytest.approx((found.lower + by, found.upper + by))
    assert all(not found.lower <= values[place] <= found.upper for place in found.outside)


def test_a_running_median_knows_only_what_was_known_by_then() -> None:
    assert running_median([90, 60, 70, 50, 40], 3) == (None, None, 70, 60, 50)
    assert running_median([3, 1], 1) == (3, 1)
    with pytest.raises(ValueError, match="at least one"):
        running_median([1], 0)


def test_the_percentages_of_the_study_were_taken_of_44() -> None:
    assert (counts_for("91", 44).counts, counts_for("93", 44).counts) == ((40,), (41,))
    assert not counts_for("91", 52).possible
    assert not counts_for("93", 52).possible
    assert not counts_for("76", 52).possible, "40 of 52 are 77 per cent"
    assert counts_for("100", 3).counts == (3,)
    assert counts_for("12.5", 8).counts == (1,)


def test_means_of_whole_numbers_are_whole_when_multiplied_back() -> None:
    assert grim("6.4", 5).sums == (32,)
    assert not grim("6.3", 5).possible
    assert grim("6.3", 5, items=2).sums == (63,)
    assert grim("2.5", 2).sums == (5,)
    assert not grim("5.19", 28).possible, "the first example of Brown and Heathers"
    assert grim("5.18", 28).possible
    for bad in ("six", "NaN", "inf"):
        with pytest.raises(ValueError, match="no printed number"):
            grim(bad, 5)
    with pytest.raises(ValueError, match="at least one"):
        grim("1", 0)


@given(st.lists(st.integers(1, 10), min_size=2, max_size=40))
def test_what_whole_numbers_really_give_is_never_called_impossible(scores: list[int]) -> None:
    assert sum(scores) in grim(f"{mean(scores):.2f}", len(scores)).sums
    exact = sd_floor(str(round(mean(scores), 12)), len(scores))
    assert exact.sample is not None
    assert stdev(scores) >= exact.sample - 1e-5


def test_five_of_the_eight_printed_deviations_are_too_small_for_whole_numbers() -> None:
    """Gu 2018 prints standard errors as deviations; the scores behind them give the printed figures as errors."""
    gu = [row for row in rows("reconstructed-score-sets.csv") if row["study"] == "Gu2018"]
    assert len(gu) == 8
    floors = [(float(row["published_dispersion"]), sd_floor(row["published_mean"], 5).population) for row in gu]
    assert sum(printed < round(least, 2) for printed, least in floors) == 5
    for row in gu:
        scores = [int(one) for one in row["one_solution"].split(";")]
        assert grim(row["published_mean"], 5).sums == (sum(scores),)
        assert stdev(scores) / sqrt(5) == pytest.approx(float(row["published_dispersion"]), abs=0.006)
    assert sd_floor("6.4", 1).sample is None
    assert sd_floor("6.4", 5).population == pytest.approx(sqrt(0.24))
