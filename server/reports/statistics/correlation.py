"""Spearman's correlation with an interval that knows which points are of one patient. Only for workers: importing this loads scipy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]
RESAMPLES = 999
EXACT = 2_000
"""Up to so many points ranks are made anew in each resample."""

FEWEST = 3
"""Points for a correlation, and patients for its interval."""


@dataclass(frozen=True)
class Spearman:
    """`rho` of `n` points of `patients`, with a 95 % percentile interval; `used` of the `resamples` drawn from `seed` gave a correlation.

    `rho` is None for fewer than 3 points and where a side is constant; `low` and `high` also for fewer than 3 patients. `reranked` says
    whether ranks were made anew in each resample.
    """

    n: int
    patients: int
    rho: float | None
    low: float | None
    high: float | None
    seed: int
    resamples: int
    used: int
    reranked: bool


def _ranks(values: Numbers) -> Callable[[Numbers], Numbers]:
    """Mid-ranks of the values when each stands there as often as its weight says: as ranking them written out, without sorting again."""
    distinct, place = np.unique(values, return_inverse=True)

    def ranked(weights: Numbers) -> Numbers:
        times = np.bincount(place, weights=weights, minlength=len(distinct))
        return np.asarray((np.cumsum(times) - (times - 1) / 2)[place], dtype=np.float64)

    return ranked


def _correlation(sums: Numbers) -> float | None:
    """Pearson's from the sums of 1, x, y, x², y², xy with x and y about 0; None where a side is constant."""
    n, x, y, xx, yy, xy = (float(one) for one in sums)
    across, up = n * xx - x * x, n * yy - y * y
    if min(across, up) <= 1e-9 * n * n:  # ranks that differ at all have more
        return None
    return float(np.clip((n * xy - x * y) / np.sqrt(across * up), -1.0, 1.0))


def _moments(x: Numbers, y: Numbers) -> Numbers:
    """Six columns, a row for each point."""
    return np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])


def _linear_moments(x: Numbers, y: Numbers) -> Numbers:
    """The same columns for ranks that are not made anew: how each point adds to the products, by itself and by moving others' ranks.

    The first-order expansion of the functional (von Mises 1947; Huber 1981) about the ranks of all. Without the moves
    the interval is too narrow, by a tenth where the correlation is strong, however many points there are.
    """
    n, none = len(x), np.zeros_like(x)
    (first, first_place), (second, second_place) = (np.unique(side, return_inverse=True) for side in (x, y))
    r, s = ((_ranks(side)(np.ones(n)) - (n + 1) / 2) / n for side in (x, y))

    def moved(place: NDArray[np.int_], size: int, others: Numbers) -> Numbers:
        at = np.bincount(place, weights=others, minlength=size)
        return np.asarray(((at.sum() - at) / 2 - (np.cumsum(at) - at))[place] / n, dtype=np.float64)

    r_moves, s_moves = moved(first_place, len(first), r), moved(second_place, len(second), s)
    together = moved(first_place, len(first), s) + moved(second_place, len(second), r)
    added = [r * r + 2 * r_moves, s * s + 2 * s_moves, r * s + together]
    return np.column_stack([none + 1, none, none, *(one - one.mean() * 2 / 3 for one in added)])


def _resampled(x: Numbers, y: Numbers, owner: NDArray[np.int_], seed: int, resamples: int) -> list[float]:
    """Correlations of resamples of as many patients as there are, drawn with replacement, each with all its points."""
    # This generator's numbers are the same in every version of numpy (NEP 19): a report computed again says the same.
    draw, patients = np.random.RandomState(seed), int(owner.max()) + 1
    exact, rank_x, rank_y = len(x) <= EXACT, _ranks(x), _ranks(y)
    rows = np.empty((0, 6)) if exact else _linear_moments(x, y)
    by_patient = np.column_stack([np.bincount(owner[: len(rows)], weights=column, minlength=patients) for column in rows.T])
    found = []
    for _ in range(resamples):
        times = np.bincount(draw.randint(0, patients, patients), minlength=patients).astype(np.float64)
        if exact:
            weights = times[owner]
            middle = (weights.sum() + 1) / 2
            sums = weights @ _moments(rank_x(weights) - middle, rank_y(weights) - middle)
        else:
            sums = times @ by_patient
        if (rho := _correlation(sums)) is not None:
            found.append(rho)
    return found


def spearman(patient: NDArray[Any], x: Numbers, y: Numbers, seed: int, resamples: int = RESAMPLES) -> Spearman:
    """Spearman (1904) by `scipy.stats.spearmanr`, with a 95 % percentile interval (Efron and Tibshirani 1993).

    Points are two numbers of one scar each, and a number that says whose it is. The bootstrap draws patients, in the order in which they
    first come, not points. Up to 2 000 points each resample is ranked anew. Above that ranks are computed once, and a resample is only the
    patients' weights, with ranks moving to first order.
    No p value: it would take points of one patient for independent. ValueError for a number that is not finite.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("points are finite numbers")
    _, first, number = np.unique(patient, return_index=True, return_inverse=True)
    owner = np.argsort(np.argsort(first))[number]
    n, patients, exact = len(x), len(first), len(x) <= EXACT
    if n < FEWEST or (x == x[0]).all() or (y == y[0]).all():
        return Spearman(n, patients, None, None, None, seed, resamples, 0, exact)
    rho = float(np.clip(stats.spearmanr(x, y).statistic, -1.0, 1.0))
    found = _resampled(x, y, owner, seed, resamples) if patients >= FEWEST else []
    low, high = (float(one) for one in np.quantile(found, [0.025, 0.975])) if found else (None, None)
    return Spearman(n, patients, rho, low, high, seed, resamples, len(found), exact)
