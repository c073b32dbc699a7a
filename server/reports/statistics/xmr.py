"""XmR charts of single values in their order, and the running median of a learning curve. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import fsum
from statistics import median

NATURAL = 2.660
"""Limits of single values: 3 / d2 with d2 = 1.128 for ranges of two (Shewhart 1931; Wheeler 1992)."""

RANGES = 3.267
"""Upper limit of moving ranges: D4 for ranges of two (the same)."""

FEWEST = 10
"""Below that many points limits say nothing: points only."""

RUN = 8
"""So many in a row on one side of the mean are not chance (Wheeler 1992, rule 4)."""


@dataclass(frozen=True)
class Run:
    """Points `first` to `last`, counted from 0, all above or all below the mean."""

    first: int
    last: int
    above: bool


@dataclass(frozen=True)
class Chart:
    """What is drawn around `n` points, in their own unit.

    `mean` is None without points, `mean_range` below 2. Limits are None below 10 points, and nothing is marked there.
    `outside` are the points beyond a limit, `jumps` the points whose distance from the one before is above `range_upper`; counted from 0.
    """

    n: int
    mean: float | None
    mean_range: float | None
    lower: float | None
    upper: float | None
    range_upper: float | None
    outside: tuple[int, ...]
    jumps: tuple[int, ...]
    runs: tuple[Run, ...]


def _runs(values: Sequence[float], mean: float) -> tuple[Run, ...]:
    """A point on the mean itself ends a run."""
    found, place = [], 0
    for side, points in groupby(values, key=lambda value: (value > mean) - (value < mean)):
        length = len(list(points))
        if side and length >= RUN:
            found.append(Run(place, place + length - 1, above=side > 0))
        place += length
    return tuple(found)


def xmr(values: Sequence[float]) -> Chart:
    """Individuals and moving range chart: mean ± 2.660 × mean moving range, ranges up to 3.267 × their mean (Wheeler 1992)."""
    mean = fsum(values) / len(values) if values else None
    ranges = [abs(after - before) for before, after in pairwise(values)]
    mean_range = fsum(ranges) / len(ranges) if ranges else None
    if mean is None or mean_range is None or len(values) < FEWEST:
        return Chart(len(values), mean, mean_range, None, None, None, (), (), ())
    lower, upper, highest = mean - NATURAL * mean_range, mean + NATURAL * mean_range, RANGES * mean_range
    if mean_range == 0:  # all the same: no point is outside for the last digit of their mean
        lower = upper = mean = float(values[0])
    return Chart(
        n=len(values),
        mean=mean,
        mean_range=mean_range,
        lower=lower,
        upper=upper,
        range_upper=highest,
        outside=tuple(place for place, value in enumerate(values) if not lower <= value <= upper),
        jumps=tuple(place for place, moved in enumerate(ranges, start=1) if moved > highest),
        runs=_runs(values, mean),
    )


def running_median(values: Sequence[float], width: int) -> tuple[float | None, ...]:
    """For each case the median of it and the `width` - 1 before it: only what was known by then. None until there are `width`."""
    if width < 1:
        raise ValueError("a running median needs at least one value")
    return tuple(None if place < width else float(median(values[place - width : place])) for place in range(1, len(values) + 1))
