"""The comparisons of the invented report, computed of its own scores by the normal approximation: pages load no scipy."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, mean, median

from server.reports.shape import Association, OverYear, Paired


def quantile(values: Sequence[float], share: float) -> float:
    """Between two neighbours in proportion, as the report has it."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below, above = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (above - below) * (place - int(place))


def ranks(values: Sequence[float]) -> list[float]:
    """From 1 on; equal values share the mean of theirs."""
    places, before = {}, 0
    for one, times in sorted(Counter(values).items()):
        places[one] = before + (times + 1) / 2
        before += times
    return [places[one] for one in values]


def _ties(values: Sequence[float]) -> int:
    return sum(times**3 - times for times in Counter(values).values())


def _shift(later: Sequence[float], sooner: Sequence[float]) -> float:
    """Median of all differences, counted by their values."""
    found = Counter[float]()
    for one, times in Counter(later).items():
        for other, more in Counter(sooner).items():
            found[one - other] += times * more
    middle, reached = len(later) * len(sooner) / 2, 0
    ends = []
    for value, times in sorted(found.items()):
        if reached <= middle <= reached + times:
            ends.append(value)
        reached += times
    return mean(ends)


def _two_sided(away: float, deviation: float) -> float:
    """With the correction for continuity; nothing differs where everything is alike."""
    return 2 * NormalDist().cdf(-max(0.0, abs(away) - 0.5) / deviation) if deviation else 1.0


def over_year(later: Sequence[float], sooner: Sequence[float]) -> OverYear:
    """Mann-Whitney with ties, rank-biserial correlation, and the median of all differences."""
    more, less = len(later), len(sooner)
    every = [*later, *sooner]
    u, n = sum(ranks(every)[:more]) - more * (more + 1) / 2, more + less
    deviation = math.sqrt(more * less / 12 * (n + 1 - _ties(every) / (n * (n - 1))))
    return OverYear(
        n_more=more,
        n_less=less,
        median_more=median(later),
        median_less=median(sooner),
        p=_two_sided(u - more * less / 2, deviation),
        p_holm=None,
        rank_biserial=2 * u / (more * less) - 1,
        shift=_shift(later, sooner),
    )


def paired(changes: Sequence[float], first: str, last: str) -> Paired:
    """Wilcoxon's signed-rank test with Pratt's zeros: they have ranks, which then do not count."""
    sizes = [abs(one) for one in changes]
    n, still = len(changes), sizes.count(0)
    upwards = sum(rank for rank, one in zip(ranks(sizes), changes, strict=True) if one > 0)
    expected = (n * (n + 1) - still * (still + 1)) / 4
    variance = (n * (n + 1) * (2 * n + 1) - still * (still + 1) * (2 * still + 1) - _ties([one for one in sizes if one]) / 2) / 24
    return Paired(
        n=n, first=first, last=last, median_change=median(changes), p=_two_sided(upwards - expected, math.sqrt(variance)), p_holm=None
    )


def association(points: Sequence[tuple[float, float]]) -> Association:
    """Spearman's rho; its bounds by Fisher's transformation, where the report resamples."""
    x, y = ranks([one for one, _ in points]), ranks([other for _, other in points])
    middle_x, middle_y = mean(x), mean(y)
    along = sum((one - middle_x) * (other - middle_y) for one, other in zip(x, y, strict=True))
    rho = along / math.sqrt(sum((one - middle_x) ** 2 for one in x) * sum((one - middle_y) ** 2 for one in y))
    half = 1.96 / math.sqrt(len(points) - 3)
    low, high = math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
    return Association(rho=rho, low=low, high=high, p=None, resamples=2000, seed=1)
