"""Turnbull's estimate: against published masses, against searching for something likelier, and its own laws."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import inf, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reports.statistics.turnbull import Band, Mass, Seen, Turnbull, turnbull
from tests.reports.published import GOLDEN, breasts

ONE = st.builds(
    lambda left, length: Seen(left, None if length is None else left + length), st.integers(0, 30), st.none() | st.integers(0, 40)
)
MANY = st.lists(ONE, min_size=1, max_size=40)


def estimate(seen: list[Seen]) -> Turnbull:
    """Of at least one patient."""
    found = turnbull(seen)
    assert found is not None
    return found


def rounded(found: Turnbull) -> list[Mass]:
    """Its masses to six digits."""
    return [replace(one, mass=round(one.mass, 6)) for one in found.masses]


def chance(found: Turnbull, one: Seen) -> float:
    """What the estimate gives to an interval, by the definition: the masses that lie within it."""
    right = inf if one.right is None else one.right
    return sum(
        mass.mass
        for mass in found.masses
        if one.left <= mass.left and (inf if mass.right is None else mass.right) <= right
        # A day known exactly is not after itself.
        if mass.left != mass.right or mass.left > one.left or one.left == right
    )


@pytest.mark.parametrize("treatment", ["Rad", "RadChem", "None"])
def test_the_masses_of_finkelstein_and_wolfe(treatment: str) -> None:
    golden, found = GOLDEN["turnbull_bcos"][treatment], estimate(breasts(treatment))
    assert found.n == golden["n"]
    assert [(one.left, one.right) for one in found.masses] == [(left, right) for left, right, _ in golden["intervals"]]
    assert [one.mass for one in found.masses] == pytest.approx([mass for _, _, mass in golden["intervals"]], abs=5.1e-5)
    assert found.log_likelihood == pytest.approx(golden["loglik"], abs=1e-6)
    assert found.converged
    assert found.gradient < 1e-8


@given(MANY)
def test_it_is_a_maximum_of_the_likelihood(seen: list[Seen]) -> None:
    """Written out: masses sum to 1, and no mass moved to any other interval, known to somebody, makes what was seen likelier."""
    found = estimate(seen)
    assert found.converged
    assert sum(one.mass for one in found.masses) == pytest.approx(1)
    chances = [chance(found, one) for one in seen]
    assert min(chances) > 0
    assert sum(map(log, chances)) == pytest.approx(found.log_likelihood, abs=1e-6)
    days = sorted({one.left for one in seen} | {one.right for one in seen if one.right is not None})
    points = [*days, *((a + b) / 2 for a, b in pairwise(days)), days[-1] + 1]
    for day in points:  # all mass on that day: the derivative towards it is its mean weight less 1
        weight = [
            (one.left < day <= (inf if one.right is None else one.right) or one.left == one.right == day) / at
            for one, at in zip(seen, chances, strict=True)
        ]
        assert sum(weight) / len(seen) <= 1 + 1e-6


@given(MANY, st.integers(2, 4), st.randoms())
def test_grouping_is_repeating_and_order_is_nothing(seen: list[Seen], times: int, dice: Random) -> None:
    grouped = [Seen(one.left, one.right, many * times) for one, many in Counter(seen).items()]
    repeated = seen * times
    dice.shuffle(repeated)
    one, two = estimate(grouped), estimate(repeated)
    assert one.n == two.n
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-6)
    assert one.log_likelihood == pytest.approx(times * estimate(seen).log_likelihood, abs=1e-5)


@given(MANY, st.lists(st.integers(0, 80), min_size=2, max_size=6))
def test_the_band_rises_from_nothing_to_at_most_everybody(seen: list[Seen], days: list[int]) -> None:
    found = estimate(seen)
    bands = [found.by(day) for day in sorted(days)]
    assert all(0 <= band.low <= band.high <= 1 for band in bands)
    assert [band.low for band in bands] == sorted(band.low for band in bands)
    assert [band.high for band in bands] == sorted(band.high for band in bands)
    assert found.by(-1) == Band(-1, 0, 0)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_days_known_exactly_give_the_plain_shares(days: list[int]) -> None:
    found = estimate([Seen(day, day) for day in days])
    assert {one.left: one.mass for one in found.masses} == pytest.approx({day: days.count(day) / len(days) for day in days})
    for day in range(0, 42, 3):
        assert found.by(day).low == found.by(day).high == pytest.approx(sum(one <= day for one in days) / len(days))


def test_redness_between_two_visits_is_a_band_and_a_check_in_narrows_it() -> None:
    """Red on day 14 and clear on day 90 says only "between"; Mara's check-in on day 21 says more."""
    between = estimate([Seen(14, 90, 8), Seen(0, 14, 2)])
    assert rounded(between) == [Mass(0, 14, 0.2), Mass(14, 90, 0.8)]
    for day, low, high in ((13, 0, 0.2), (14, 0.2, 0.2), (28, 0.2, 1)):
        assert (between.by(day).low, between.by(day).high) == pytest.approx((low, high))
    asked = estimate([Seen(14, 21, 8), Seen(0, 14, 2)])
    assert asked.by(28) == Band(28, 1, 1)


def test_who_was_never_seen_clear_stays_beyond_the_last_day() -> None:
    found = estimate([Seen(7, None, 3), Seen(28, None, 1)])
    assert found.masses == (Mass(28, None, 1),)
    assert (found.by(28).high, found.by(365)) == (0, Band(365, 0, 1))
    assert found.log_likelihood == 0


def test_an_exact_day_lies_before_what_begins_on_it_and_after_what_ends_there() -> None:
    found = estimate([Seen(14, 14), Seen(14, 21), Seen(7, 14)])
    assert rounded(found) == [Mass(14, 14, 0.666667), Mass(14, 21, 0.333333)]


def test_nobody_gives_nothing_and_what_is_no_time_is_refused() -> None:
    assert turnbull([]) is None
    assert turnbull([Seen(1, 2, 0)]) is None
    for bad in (Seen(3, 2), Seen(-1, 2), Seen(float("nan"), 3), Seen(1, float("nan")), Seen(inf, None), Seen(1, 2, -1)):
        with pytest.raises(ValueError, match="no time"):
            turnbull([bad])


def test_a_hundred_thousand_patients_with_hundreds_of_intervals_converge() -> None:
    seen = [Seen(left, left + 1 + (left * 7 + more) % 60, 1 + (left * more) % 50) for left in range(90) for more in range(40)]
    found = estimate(seen)
    assert (found.converged, found.n > 80_000) == (True, True)
