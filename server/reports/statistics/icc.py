"""How far raters agree about numbers: the six intraclass correlations. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

FEWEST = 2
"""Subjects and raters without which there is no variance to divide."""


@dataclass(frozen=True)
class Icc:
    """Of `subjects`, each rated by all `raters`; `left_out` were not.

    `one_1`: each subject has raters of its own. `two_1`: the raters are a sample, and agreement is absolute. `three_1`: these raters, and
    a rater who is always higher by the same is no disagreement. `…_k`: the same of the mean of all raters. They are not cut off at 0.
    All None with fewer than two subjects or raters, and where the subjects' means are all the same; `two_k` also where its denominator,
    an estimate of variance, is not above 0.
    """

    subjects: int
    left_out: int
    raters: int
    one_1: float | None
    two_1: float | None
    three_1: float | None
    one_k: float | None
    two_k: float | None
    three_k: float | None


def _whole(rows: Sequence[Sequence[float]]) -> list[list[int]]:
    """The same in a unit in which all are whole numbers (floats are fractions): sums are exact, and no variance is exactly none."""
    if all(isinstance(value, int) for row in rows for value in row):
        return [list(map(int, row)) for row in rows]
    unit = lcm(*(value.as_integer_ratio()[1] for row in rows for value in row))
    return [[int(Fraction(value) * unit) for value in row] for row in rows]


def _ratio(part: Fraction, whole: Fraction) -> float | None:
    return float(part / whole) if whole > 0 else None


def icc(ratings: Sequence[Sequence[float | None]]) -> Icc:
    """The six of Shrout and Fleiss (1979), of rows of subjects and columns of raters, None where missing.

    ValueError for a number that is not finite.
    """
    complete = Counter(tuple(value for value in row if value is not None) for row in ratings if row and None not in row)
    if any(value - value != 0 for row in complete for value in row):
        raise ValueError("ratings are finite numbers")
    if len({len(row) for row in complete}) > 1:
        raise ValueError("each subject needs the same number of raters")
    n, k = complete.total(), len(next(iter(complete), ()))
    rows = list(zip(_whole(list(complete)), complete.values(), strict=True))  # subjects that were rated alike are looked at once
    left_out, total = len(ratings) - n, sum(times * sum(row) for row, times in rows)
    if n < FEWEST or k < FEWEST or len({sum(row) for row, _ in rows}) == 1:
        return Icc(n, left_out, k, None, None, None, None, None, None)
    columns = [sum(times * row[rater] for row, times in rows) for rater in range(k)]
    # Sums of squares about their means.
    everything = sum(times * value * value for row, times in rows for value in row) - Fraction(total**2, n * k)
    subjects = Fraction(sum(times * sum(row) ** 2 for row, times in rows), k) - Fraction(total**2, n * k)
    raters = Fraction(sum(one**2 for one in columns), n) - Fraction(total**2, n * k)
    # Mean squares, named as in the paper: between subjects, within them, between judges, what is left.
    bms, wms = subjects / (n - 1), (everything - subjects) / (n * (k - 1))
    jms, ems = raters / (k - 1), (everything - subjects - raters) / ((n - 1) * (k - 1))
    return Icc(
        subjects=n,
        left_out=left_out,
        raters=k,
        one_1=_ratio(bms - wms, bms + (k - 1) * wms),
        two_1=_ratio(bms - ems, bms + (k - 1) * ems + k * (jms - ems) / n),
        three_1=_ratio(bms - ems, bms + (k - 1) * ems),
        one_k=_ratio(bms - wms, bms),
        two_k=_ratio(bms - ems, bms + (jms - ems) / n),
        three_k=_ratio(bms - ems, bms),
    )
