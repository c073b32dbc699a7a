"""Rank tests and Spearman's correlation: against scipy, against definitions written out, and their own laws."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from itertools import product
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from server.reports.statistics import correlation, hypotheses
from server.reports.statistics.correlation import RESAMPLES, Spearman
from server.reports.statistics.hypotheses import mann_whitney, signed_rank
from tests.reports.published import untimed

SCORES = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=25)


@dataclass(frozen=True)
class Point:
    """Two numbers of one scar, and whose it is."""

    patient: object
    x: float
    y: float


def spearman(points: Sequence[Point], seed: int, resamples: int = RESAMPLES) -> Spearman:
    """Of points, by the order in which their patients first come."""
    numbers: dict[object, int] = {}
    patient = np.array([numbers.setdefault(one.patient, len(numbers)) for one in points], dtype=np.int64)
    return correlation.spearman(patient, np.array([one.x for one in points]), np.array([one.y for one in points]), seed, resamples)


POINTS = st.lists(st.builds(Point, st.integers(0, 8), st.integers(0, 9).map(float), st.integers(0, 9).map(float)), max_size=25)


@untimed
@given(SCORES, SCORES)
def test_mann_whitney_is_its_definition_and_scipys_p(first: list[float], second: list[float]) -> None:
    found = mann_whitney(first, second)
    wins, losses = (sum(sign * (a - b) > 0 for a, b in product(first, second)) for sign in (1, -1))
    pairs = len(first) * len(second)
    assert found.u == pytest.approx(wins + (pairs - wins - losses) / 2)
    assert found.rank_biserial == pytest.approx((wins - losses) / pairs)
    assert found.shift == pytest.approx(median(a - b for a, b in product(first, second)))
    assert (found.median_first, found.median_second) == (median(first), median(second))
    if len({*first, *second}) == 1:
        assert found.p is None
    else:
        assert found.p == pytest.approx(stats.mannwhitneyu(first, second, method="asymptotic").pvalue)
    turned = mann_whitney(second, first)
    assert (turned.p, turned.shift) == pytest.approx((found.p, -(found.shift or 0)))


def test_groups_that_are_empty_or_all_alike_have_no_p() -> None:
    assert astuple(mann_whitney([], [1.0, 3.0])) == (0, 2, None, 2, None, None, None, None)
    assert mann_whitney([], []).shift is None
    alike = mann_whitney([5, 5], [5])
    assert (alike.p, alike.rank_biserial, alike.shift) == (None, 0, 0)
    with pytest.raises(ValueError, match="finite"):
        mann_whitney([float("nan")], [1])


@untimed
@given(SCORES, SCORES)
def test_the_middle_of_very_many_differences_is_searched_for_as_well(first: list[float], second: list[float]) -> None:
    a, b = np.array(first), np.array(second)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hypotheses, "PAIRS", 0)
        assert hypotheses._middle(a, b) == pytest.approx(median(x - y for x, y in product(first, second)), abs=1e-6)


@untimed
@given(st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=30))
def test_signed_ranks_are_scipys(changes: list[float]) -> None:
    found = signed_rank(list(enumerate(changes)))
    assert (found.patients, found.pairs, found.unchanged) == (len(changes), len(changes), changes.count(0))
    assert found.median_change == median(changes)
    if not any(changes):
        assert (found.p, found.statistic) == (None, None)
    else:
        theirs = stats.wilcoxon(changes, zero_method="pratt", correction=True, method="asymptotic")
        assert (found.p, found.statistic) == pytest.approx((theirs.pvalue, theirs.statistic))


def test_zeros_are_ranked_and_then_left_out_as_pratt_did() -> None:
    """By hand: |changes| 0 1 2 3 4 have ranks 1 to 5; the one that rose has rank 2."""
    assert signed_rank([("a", 0), ("b", 1), ("c", -2), ("d", -3), ("e", -4)]).statistic == 2


def test_scars_of_one_patient_count_once() -> None:
    """Ana has three scars, Ben and Cleo one each: her mean change is one value, as exact as if it were recorded."""
    several = [("Ana", -0.1), ("Ana", -0.2), ("Ana", -0.3), ("Ben", -0.2), ("Cleo", 0.5)]
    found, once = signed_rank(several), signed_rank([("Ana", -0.2), ("Ben", -0.2), ("Cleo", 0.5)])
    assert (found.patients, found.pairs, found.median_change) == (3, 5, -0.2)
    assert (found.p, found.statistic) == (once.p, once.statistic)


def test_no_change_at_all_and_nobody_have_no_p() -> None:
    assert astuple(signed_rank([])) == (0, 0, 0, None, None, None)
    assert astuple(signed_rank([(1, 1.0), (1, -1.0)])) == (1, 2, 1, 0, None, None)
    with pytest.raises(ValueError, match="finite"):
        signed_rank([(1, float("inf"))])


def cohort(size: int, slope: float) -> list[Point]:
    """Scars with ties, about two to a patient."""
    draw = np.random.RandomState(3)
    x = draw.normal(size=size).round(1)
    y = (slope * x + draw.normal(size=size)).round(1)
    return [Point(int(owner), float(a), float(b)) for owner, a, b in zip(draw.randint(0, size // 2, size), x, y, strict=True)]


@untimed
@given(POINTS)
def test_spearman_is_scipys_or_unknown(points: list[Point]) -> None:
    found = spearman(points, seed=1, resamples=20)
    x, y = [one.x for one in points], [one.y for one in points]
    if len(points) < 3 or len(set(x)) == 1 or len(set(y)) == 1:
        assert (found.rho, found.low, found.high) == (None, None, None)
        return
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)
    assert (found.low is None) == (found.patients < 3 or not found.used)
    if found.low is not None and found.high is not None:
        assert -1 <= found.low <= found.high <= 1


@pytest.mark.parametrize("bend", [np.exp, lambda x: x**3 + 7, lambda x: 2 * x])
def test_spearman_sees_only_the_order(bend: Callable[[float], float]) -> None:
    points = cohort(60, 1)
    assert spearman([Point(one.patient, float(bend(one.x)), one.y) for one in points], 5) == spearman(points, 5)


def test_a_resample_is_ranked_as_if_it_were_written_out() -> None:
    """Sixty points, patients drawn again by hand, and scipy's correlation of each resample."""
    points, seed = cohort(60, 0.5), 11
    draw, people = np.random.RandomState(seed), list(dict.fromkeys(one.patient for one in points))
    found = []
    for _ in range(99):
        drawn = [people[place] for place in draw.randint(0, len(people), len(people))]
        written = [one for person in drawn for one in points if one.patient == person]
        found.append(stats.spearmanr([one.x for one in written], [one.y for one in written]).statistic)
    ours = spearman(points, seed, resamples=99)
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(found, [0.025, 0.975])))
    assert (ours.used, ours.reranked) == (99, True)


@pytest.mark.parametrize("slope", [0, 1, 4])
def test_ranks_computed_once_say_nearly_the_same(slope: float, monkeypatch: pytest.MonkeyPatch) -> None:
    points = cohort(1_500, slope)
    anew = spearman(points, 7)
    monkeypatch.setattr(correlation, "EXACT", 0)
    once = spearman(points, 7)
    assert (anew.reranked, once.reranked, once.rho) == (True, False, anew.rho)
    assert anew.low is not None
    assert anew.high is not None
    assert (once.low, once.high) == pytest.approx((anew.low, anew.high), abs=0.1 * (anew.high - anew.low))


def test_a_seed_gives_the_same_interval_in_every_version() -> None:
    found = spearman(cohort(60, 1), 2026)
    assert found == spearman(cohort(60, 1), 2026)
    assert found.low != spearman(cohort(60, 1), 2027).low
    assert np.random.RandomState(2026).randint(0, 1000, 5).tolist() == [257, 390, 794, 952, 77]


def test_points_of_one_patient_are_not_independent() -> None:
    """Each patient's point five times over says no more than once; as if of five patients, it would seem to."""
    once = cohort(40, 0.5)
    alone = [Point(place, one.x, one.y) for place, one in enumerate(once)]
    repeated = [one for one in alone for _ in range(5)]
    claimed = [Point((one.patient, copy), one.x, one.y) for one in alone for copy in range(5)]

    def width(found: Spearman) -> float:
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    assert width(spearman(repeated, 3)) == pytest.approx(width(spearman(alone, 3)), rel=0.05)
    assert width(spearman(claimed, 3)) < 0.6 * width(spearman(alone, 3))


def test_few_patients_have_no_interval_and_what_is_no_number_is_refused() -> None:
    two = spearman([Point("Ana", 1, 1), Point("Ana", 2, 3), Point("Ben", 3, 2)], 1)
    assert (two.rho, two.low, two.high, two.used) == (0.5, None, None, 0)
    assert spearman([], 1).rho is None
    with pytest.raises(ValueError, match="finite"):
        spearman([Point(1, float("nan"), 1)] * 3, 1)
