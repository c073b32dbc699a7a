"""A share with its interval, and how far the missing could move it. Pure."""

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True)
class Share:
    """`k` of `n`, as shares of 1 with Wilson's 95 % interval; all three None where there is nobody to count (n = 0)."""

    k: int
    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Extremes:
    """The share among the known, and among everybody if all the missing were without (`worst`) or with (`best`) what is counted."""

    known: Share
    missing: int
    worst: Share
    best: Share


def wilson(k: int, n: int) -> Share:
    """Score interval of Wilson (1927), without continuity correction.

    Of a zero count its upper bound says what was not ruled out: 0 of 44, up to 8.0 %. ValueError where k is not a part of n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        return Share(0, 0, None, None, None)
    share, z2 = k / n, Z95 * Z95
    middle = (k + z2 / 2) / (n + z2)
    half = Z95 * sqrt(n) / (n + z2) * sqrt(share * (1 - share) + z2 / (4 * n))
    # At the ends the formula gives exactly 0 and 1 on paper; in floating point almost.
    return Share(k, n, share, 0.0 if k == 0 else max(0.0, middle - half), 1.0 if k == n else min(1.0, middle + half))


def extremes(k: int, n: int, missing: int) -> Extremes:
    """`k` of the `n` known, and what it becomes when the `missing` are counted too. ValueError for a negative number of missing."""
    if missing < 0:
        raise ValueError(f"{missing} cannot be missing")
    return Extremes(wilson(k, n), missing, wilson(k, n + missing), wilson(k + missing, n + missing))
