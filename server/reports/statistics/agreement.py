"""How far raters agree about categories: raw agreement, Fleiss' kappa, Gwet's AC1, and weighted kappa. Pure.

Ratings are rows of subjects and columns of raters, None where somebody did not rate. Fleiss' kappa is of the subjects that every rater has
rated; raw agreement and AC1 take each subject with at least two ratings; weighted kappa of a pair of raters what both have rated.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt

Ratings = Sequence[Sequence[Hashable | None]]
FEWEST = 2
"""Raters, and categories, without which there is nothing to agree about."""


@dataclass(frozen=True)
class Fleiss:
    """`kappa` and `z`, its distance from 0 in standard errors, of `subjects`, each rated by all `raters`; `left_out` were not.

    Both None without such subjects, with one rater, and where every rating is the same category: chance agreement is then complete.
    """

    subjects: int
    left_out: int
    raters: int
    kappa: float | None
    z: float | None


@dataclass(frozen=True)
class Agreement:
    """Of `subjects` with at least two ratings. `raw` is the mean share of agreeing pairs of raters, `ac1` Gwet's coefficient.

    Both None without such subjects. AC1 is defined where kappa is not: all the same category gives 1.
    """

    subjects: int
    raw: float | None
    ac1: float | None


@dataclass(frozen=True)
class WeightedKappa:
    """Of the `subjects` that both rated; None without any, and where both gave one and the same grade to all."""

    subjects: int
    kappa: float | None


@dataclass(frozen=True)
class Light:
    """Mean of the weighted kappas of those `defined` among all `pairs` of raters; None where none is."""

    pairs: int
    defined: int
    kappa: float | None


def fleiss_of_counts(counts: Sequence[Sequence[int]], left_out: int = 0) -> Fleiss:
    """Fleiss (1971) from how many raters put each subject (row) into each category (column); z by Fleiss, Nee and Landis (1979).

    ValueError where subjects have different numbers of raters.
    """
    raters = sum(counts[0]) if counts else 0
    if any(sum(row) != raters for row in counts):
        raise ValueError("each subject needs the same number of raters")
    return _fleiss(Counter(map(tuple, counts)), raters, left_out)


def _fleiss(counts: Counter[tuple[int, ...]], raters: int, left_out: int) -> Fleiss:
    """The same of how many subjects have these counts: subjects that were rated alike are looked at once."""
    subjects = counts.total()
    sums = [sum(column) for column in zip(*([count * times for count in row] for row, times in counts.items()), strict=True)]
    shares = [one / (subjects * raters) for one in sums] if raters else []
    used = sum(1 for share in shares if share > 0)
    if raters < FEWEST or used < FEWEST:
        return Fleiss(subjects, left_out, raters, None, None)
    alike = sum(times * sum(count * (count - 1) for count in row) for row, times in counts.items())
    agreed = alike / (subjects * raters * (raters - 1))
    spread = fsum(share * (1 - share) for share in shares)
    kappa = 1 - (1 - agreed) / spread
    variance = 2 * (spread**2 - fsum(share * (1 - share) * (1 - 2 * share) for share in shares))
    return Fleiss(subjects, left_out, raters, kappa, kappa * spread * sqrt(subjects * raters * (raters - 1) / variance))


def fleiss(ratings: Ratings) -> Fleiss:
    """Fleiss' kappa of the subjects that all raters have rated. ValueError where they have different numbers of raters."""
    whole = Counter(tuple(row) for row in ratings if row and None not in row)
    raters = {len(row) for row in whole} or {0}
    if len(raters) > 1:
        raise ValueError("each subject needs the same number of raters")
    categories = dict.fromkeys(one for row in whole for one in row)
    counts: Counter[tuple[int, ...]] = Counter()
    for row, times in whole.items():
        counts[tuple(row.count(one) for one in categories)] += times
    return _fleiss(counts, raters.pop(), len(ratings) - whole.total())


def agreement(ratings: Ratings, categories: Collection[Hashable]) -> Agreement:
    """Raw agreement and AC1 (Gwet 2008; with subjects rated by different numbers of raters, Gwet 2014).

    `categories` are all that could have been chosen: AC1 counts them whether they were or not. A subject with one rating counts for how
    often a category is chosen, not for agreement. ValueError for fewer than two categories or a rating that is none of them.
    """
    scale = set(categories)
    if len(scale) < FEWEST:
        raise ValueError("agreement needs at least two categories")
    rows = [(Counter(one for one in row if one is not None), times) for row, times in Counter(map(tuple, ratings)).items()]
    if strange := {one for row, _ in rows for one in row} - scale:
        raise ValueError(f"{sorted(map(str, strange))} are no categories of this scale")
    rated = [(row, row.total(), times) for row, times in rows if row]
    several = [(row, raters, times) for row, raters, times in rated if raters >= FEWEST]
    subjects, all_rated = sum(times for *_, times in several), sum(times for *_, times in rated)
    if not subjects:
        return Agreement(0, None, None)
    alike = (times * sum(count * (count - 1) for count in row.values()) / (raters * (raters - 1)) for row, raters, times in several)
    agreed = fsum(alike) / subjects
    shares = [fsum(times * row[one] / raters for row, raters, times in rated) / all_rated for one in scale]
    chance = fsum(share * (1 - share) for share in shares) / (len(scale) - 1)
    return Agreement(subjects, agreed, (agreed - chance) / (1 - chance))


def weighted_kappa(one: Sequence[int | None], two: Sequence[int | None]) -> WeightedKappa:
    """Kappa of two raters with quadratic weights (Cohen 1968; Fleiss and Cohen 1973).

    Grades are whole numbers, equally far apart; how many the scale has does not matter. Counted in whole numbers: none is exactly none.
    """
    both = Counter((a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None)
    n = both.total()
    observed = n * sum(times * (a - b) ** 2 for (a, b), times in both.items())
    # Over all n × n pairs of a grade of one and a grade of two, without making them.
    sums = [sum(times * pair[side] for pair, times in both.items()) for side in (0, 1)]
    squares = sum(times * (a * a + b * b) for (a, b), times in both.items())
    expected = n * squares - 2 * sums[0] * sums[1]
    return WeightedKappa(n, 1 - observed / expected if expected else None)


def light(ratings: Sequence[Sequence[int | None]]) -> Light:
    """Mean over all pairs of raters (Light 1971; Conger 1980) of the weighted kappa."""
    raters = list(zip(*ratings, strict=True))
    kappas = [weighted_kappa(one, two).kappa for one, two in combinations(raters, 2)]
    defined = [kappa for kappa in kappas if kappa is not None]
    return Light(len(kappas), len(defined), fsum(defined) / len(defined) if defined else None)
