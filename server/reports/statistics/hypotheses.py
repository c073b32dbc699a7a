"""Rank tests of two groups and of change, by scipy. Only for workers: importing this loads scipy.

Both p values are two-sided, from the normal approximation with the correction for ties and for continuity, whatever the number of patients:
scores are full of ties, for which no exact distribution is tabulated, and one method is compared with itself when a cohort grows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]
PAIRS = 1_000_000
"""So many differences are made and sorted; of more the middle is searched for."""

DIGITS = 9
"""Changes that differ later than that differ by their arithmetic only, and are ties."""


@dataclass(frozen=True)
class MannWhitney:
    """`u` counts the pairs in which the first is higher, ties half. None where a group is empty; `p` also where all values are the same.

    `rank_biserial` from -1 to 1: share of pairs with the first higher less share with the second higher (Kerby 2014). `shift` is the
    median of all differences, first less second (Hodges and Lehmann 1963), in the unit of the values.
    """

    n_first: int
    n_second: int
    median_first: float | None
    median_second: float | None
    u: float | None
    p: float | None
    rank_biserial: float | None
    shift: float | None


@dataclass(frozen=True)
class SignedRank:
    """Of `pairs` before and after in `patients`, of whom `unchanged` have a mean change of 0.

    `statistic` is the smaller sum of ranks. `median_change` is of the patients' means, None without patients. `p` and `statistic` are None
    where nobody has changed.
    """

    patients: int
    pairs: int
    unchanged: int
    median_change: float | None
    statistic: float | None
    p: float | None


def _numbers(values: Sequence[float]) -> Numbers:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("values are finite numbers")
    return numbers


def _median(values: Numbers) -> float | None:
    return float(np.median(values)) if len(values) else None


def _middle(first: Numbers, second: Numbers) -> float:
    """Median of all differences. Counted by distinct values; of very many, by halving until the middle one is known to the last digits."""
    a, a_times = np.unique(first, return_counts=True)
    b, b_times = np.unique(second, return_counts=True)
    total = len(first) * len(second)
    wanted = ((total + 1) // 2, total // 2 + 1)
    if len(a) * len(b) <= PAIRS:
        differences = np.subtract.outer(a, b).ravel()
        order = np.argsort(differences, kind="stable")
        reached = np.cumsum(np.multiply.outer(a_times, b_times).ravel()[order])
        return float(np.mean([differences[order[np.searchsorted(reached, place)]] for place in wanted]))
    ordered = np.sort(first)
    return float(np.mean([_place(ordered, b, b_times, place) for place in wanted]))


def _place(ordered: Numbers, b: Numbers, times: NDArray[np.int_], place: int) -> float:
    low, high = float(ordered[0] - b[-1]), float(ordered[-1] - b[0])
    while low < (half := low + (high - low) / 2) < high and high - low > 1e-13 * max(abs(low), abs(high)):
        if int(np.searchsorted(ordered, b + half, side="right") @ times) >= place:
            high = half
        else:
            low = half
    return high


def _mean(several: Sequence[float]) -> float:
    """Of fractions, as floats are: exact until the last step. Most patients have one change only, which is its own mean."""
    return several[0] if len(several) == 1 else float(sum(map(Fraction, several)) / len(several))


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> MannWhitney:
    """Mann and Whitney (1947): `scipy.stats.mannwhitneyu`, asymptotic. ValueError for a value that is not finite."""
    a, b = _numbers(first), _numbers(second)
    medians = (_median(a), _median(b))
    if not len(a) or not len(b):
        return MannWhitney(len(a), len(b), *medians, None, None, None, None)
    same = bool((a == a[0]).all() and (b == a[0]).all())
    if same:
        u, p = len(a) * len(b) / 2, None
    else:
        result = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic", use_continuity=True)
        u, p = float(result.statistic), float(result.pvalue)
    return MannWhitney(len(a), len(b), *medians, u, p, 2 * u / (len(a) * len(b)) - 1, _middle(a, b))


def signed_rank(changes: Sequence[tuple[object, float]]) -> SignedRank:
    """Wilcoxon (1945) with the zeros of Pratt (1959): `scipy.stats.wilcoxon`, asymptotic with correction for continuity.

    `changes` are (patient, after less before), one for each scar. Those of one patient are not independent: the mean of each is ranked.
    ValueError for a change that is not finite.
    """
    by_patient: defaultdict[object, list[float]] = defaultdict(list)
    for patient, change in changes:
        if not isfinite(change):
            raise ValueError("changes are finite numbers")
        by_patient[patient].append(change)
    return _signed_rank(np.array([_mean(several) for several in by_patient.values()], dtype=np.float64), len(changes))


def signed_rank_of_means(patients: Mapping[float, int]) -> SignedRank:
    """The same of patients who have one change each: change → how many have it. ValueError for a change that is not finite."""
    means = np.repeat(_numbers(sorted(patients)), [patients[one] for one in sorted(patients)])
    return _signed_rank(means, len(means))


def _signed_rank(changes: Numbers, pairs: int) -> SignedRank:
    means = np.round(changes, DIGITS)
    unchanged = int((means == 0).sum())
    if unchanged == len(means):
        return SignedRank(len(means), pairs, unchanged, _median(means), None, None)
    result = stats.wilcoxon(means, zero_method="pratt", correction=True, alternative="two-sided", method="asymptotic")
    return SignedRank(len(means), pairs, unchanged, _median(means), float(result.statistic), float(result.pvalue))
