"""When something ended that was only looked at now and then: Turnbull's estimate from interval-censored days. Pure.

**Convention.** A patient's time T lies in (left, right]: still there on day `left`, gone by day `right`. `left` is 0 where nobody looked
before `right`; `right` is None where it was never seen to be gone (right-censored); left == right is a day known exactly.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum, inf, log, sqrt
from operator import add, mul

TOLERANCE = 1e-8
"""Largest violation of the conditions of a maximum (Karush, Kuhn, Tucker) with which an estimate counts as converged."""

EM_ROUNDS, LONGEST = 50, 1000
"""Rounds of EM, and rounds in all, after which we stop and say that it has not converged."""

NOTHING, RIDGE, ROUNDING = 1e-12, 1e-11, 1e-14
"""Less mass than this is none; what is added to the diagonal, as a part of its largest; a likelihood lower by this is no lower."""

CLOSED_LEFT, RIGHT, OPEN_LEFT = 0, 1, 2
"""Kinds of ends in their order on one day: [d, d] begins before anything ends on d, (d, …] after."""

End = tuple[float, int]


@dataclass(frozen=True)
class Seen:
    """`patients` of whom the same is known: T in (left, right]."""

    left: float
    right: float | None
    patients: int = 1


@dataclass(frozen=True)
class Mass:
    """Probability `mass` somewhere in (left, right], or on the day itself where both are the same; where in it, nobody can know."""

    left: float
    right: float | None
    mass: float


@dataclass(frozen=True)
class Band:
    """P(T <= day) is between `low` and `high`: what lies in an interval around the day counts in `high` only. No confidence interval."""

    day: float
    low: float
    high: float


@dataclass(frozen=True)
class Turnbull:
    """The estimate of `n` patients.

    `gradient` is the largest violation of the conditions of a maximum, `converged` whether it is below 1e-8.
    """

    n: int
    masses: tuple[Mass, ...]
    log_likelihood: float
    gradient: float
    rounds: int
    converged: bool

    def by(self, day: float) -> Band:
        """How many are through by the end of `day`, as a share."""
        low = fsum(one.mass for one in self.masses if one.right is not None and one.right <= day)
        high = fsum(one.mass for one in self.masses if one.left < day or one.left == one.right == day)
        return Band(day, min(low, 1.0), min(high, 1.0))


@dataclass(frozen=True)
class _Problem:
    """Each group covers the cells `first` to `after` - 1; `weight` is its share of the patients."""

    first: tuple[int, ...]
    after: tuple[int, ...]
    weight: tuple[float, ...]
    cells: int

    def at(self, masses: Sequence[float]) -> tuple[list[float], float]:
        """Gradient by cell (1 at a maximum, less where there is to be nothing) and mean log-likelihood; -inf if somebody is impossible."""
        below = [0.0, *accumulate(masses)]
        change = [0.0] * (self.cells + 1)
        total = 0.0
        for first, after, weight in zip(self.first, self.after, self.weight, strict=True):
            chance = below[after] - below[first]
            if chance <= 0:
                return [], -inf
            total += weight * log(chance)
            change[first] += weight / chance
            change[after] -= weight / chance
        return list(accumulate(change[:-1])), total

    def curve(self, masses: Sequence[float], support: Sequence[int]) -> list[list[float]]:
        """The negative second derivatives among the cells of `support`."""
        below = [0.0, *accumulate(masses)]
        size = self.cells + 1
        change = [[0.0] * size for _ in range(size)]
        for first, after, weight in zip(self.first, self.after, self.weight, strict=True):
            bend = weight / (below[after] - below[first]) ** 2
            change[first][first] += bend
            change[first][after] -= bend
            change[after][first] -= bend
            change[after][after] += bend
        sums = accumulate((list(accumulate(row)) for row in change), lambda above, row: list(map(add, above, row)))
        wanted = set(support)
        return [[row[cell] for cell in support] for place, row in enumerate(sums) if place in wanted]


def _ends(one: Seen) -> tuple[End, End]:
    right = inf if one.right is None else one.right
    if not (0 <= one.left <= right and one.left < inf) or one.patients < 0:
        raise ValueError(f"({one.left}, {one.right}] for {one.patients} patients is no time: 0 <= left <= right")
    return (one.left, CLOSED_LEFT if one.left == right else OPEN_LEFT), (right, RIGHT)


def _innermost(ends: Iterable[tuple[End, End]]) -> list[tuple[End, End]]:
    """Where alone there can be mass: between a left end and a right end that follow each other (Turnbull 1976; Peto 1973)."""
    ordered = sorted({end for pair in ends for end in pair})
    return [(one, two) for one, two in pairwise(ordered) if one[1] != RIGHT and two[1] == RIGHT]


def _violation(masses: Sequence[float], gradient: Sequence[float]) -> float:
    """How far from a maximum: the gradient is 1 where there is mass and at most 1 where there is none (Gentleman and Geyer 1994)."""
    return max(abs(slope - 1) if mass > 0 else max(0.0, slope - 1) for mass, slope in zip(masses, gradient, strict=True))


def _solved(matrix: list[list[float]], right: Sequence[float]) -> list[float]:
    """Cholesky, with a ridge that keeps equally likely distributions from being endless steps apart."""
    ridge = RIDGE * max(row[place] for place, row in enumerate(matrix))
    lower: list[list[float]] = []
    forth: list[float] = []
    for place, row in enumerate(matrix):
        new: list[float] = []
        for other in range(place):
            new.append((row[other] - sum(map(mul, new, lower[other]))) / lower[other][other])
        left = row[place] + ridge - sum(map(mul, new, new))
        forth.append((right[place] - sum(map(mul, new, forth))) / (pivot := sqrt(max(left, ridge))))
        lower.append([*new, pivot])
    back = [0.0] * len(forth)
    for place in reversed(range(len(forth))):
        done = fsum(lower[below][place] * back[below] for below in range(place + 1, len(forth)))
        back[place] = (forth[place] - done) / lower[place][place]
    return back


def _moved(problem: _Problem, masses: list[float], gradient: Sequence[float]) -> list[float]:
    """One Newton step among the cells with mass, as far as none falls below nothing; when they are done, the best empty cell joins them."""
    support = [cell for cell, mass in enumerate(masses) if mass > 0]
    if all(abs(gradient[cell] - 1) < TOLERANCE for cell in support):
        support = sorted({*support, max(range(problem.cells), key=gradient.__getitem__)})
    step = dict(zip(support, _solved(problem.curve(masses, support), [gradient[cell] - 1 for cell in support]), strict=True))
    before = problem.at(masses)[1] - fsum(masses)
    farthest = min((masses[cell] / -by for cell, by in step.items() if by < 0), default=1.0)
    # First the whole step, with all that falls below nothing left out; else up to the first that does; else half of that, and so on.
    for length in (1.0, *(min(1.0, farthest) / 2**halved for halved in range(40))):
        new = [max(0.0, mass + length * step.get(cell, 0.0)) for cell, mass in enumerate(masses)]
        new = [mass if mass > NOTHING else 0.0 for mass in new]
        if problem.at(new)[1] - fsum(new) >= before - ROUNDING:
            return new
    return masses


def _maximum(problem: _Problem) -> tuple[list[float], float, float, int]:
    """Masses, mean log-likelihood, violation, rounds: some rounds of EM (Turnbull 1976), then Newton steps that add and empty cells.

    EM alone needs tens of thousands of rounds where a cell is nearly empty; the rest is the support reduction of Groeneboom, Jongbloed
    and Wellner (2008). Both go up to the same maximum, which the violation proves.
    """
    masses = [1 / problem.cells] * problem.cells
    for rounds in range(1, LONGEST + 1):
        gradient, likelihood = problem.at(masses)
        violation = _violation(masses, gradient)
        if violation < TOLERANCE:
            break
        if rounds <= EM_ROUNDS:
            masses = [mass * slope for mass, slope in zip(masses, gradient, strict=True)]
        else:
            masses = _moved(problem, masses, gradient)
    return masses, likelihood, violation, rounds


def turnbull(seen: Iterable[Seen]) -> Turnbull | None:
    """Nonparametric maximum likelihood estimate (Peto 1973; Turnbull 1976); None without patients.

    Equal intervals are counted together: 100 000 patients cost as much as their distinct intervals. Where several distributions are equally
    likely (Gentleman and Geyer 1994) this is the one that EM reaches from equal masses. ValueError for an interval that is none.
    """
    groups: Counter[tuple[End, End]] = Counter()
    for one in seen:
        groups[_ends(one)] += one.patients
    groups = +groups
    n = groups.total()
    if not n:
        return None
    cells = _innermost(groups)
    lefts, rights = [left for left, _ in cells], [right for _, right in cells]
    problem = _Problem(
        first=tuple(bisect_left(lefts, left) for left, _ in groups),
        after=tuple(bisect_left(rights, (right[0], RIGHT + 1)) for _, right in groups),
        weight=tuple(count / n for count in groups.values()),
        cells=len(cells),
    )
    masses, likelihood, violation, rounds = _maximum(problem)
    return Turnbull(
        n=n,
        masses=tuple(
            Mass(left[0], None if right[0] == inf else right[0], mass)
            for (left, right), mass in zip(cells, masses, strict=True)
            if mass > 0
        ),
        log_likelihood=likelihood * n,
        gradient=violation,
        rounds=rounds,
        converged=violation < TOLERANCE,
    )
