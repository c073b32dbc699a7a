"""Can printed figures be true? Means and SDs of whole numbers, and percentages of a count. Pure, and exact: in fractions, not floats."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor, sqrt

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Grim:
    """`sums` are the totals of the whole numbers that give the mean as it is printed; none of them: the mean cannot be."""

    printed: str
    n: int
    sums: tuple[int, ...]

    @property
    def possible(self) -> bool:
        """Whether any whole numbers give it."""
        return bool(self.sums)


@dataclass(frozen=True)
class Percentage:
    """`counts` out of `n` that are printed as this percentage; none of them: it was taken of another number."""

    printed: str
    n: int
    counts: tuple[int, ...]

    @property
    def possible(self) -> bool:
        """Whether any count gives it."""
        return bool(self.counts)


@dataclass(frozen=True)
class SdFloor:
    """The smallest standard deviation that whole numbers with this mean can have: of all (`population`), and as of a sample of n."""

    mean: str
    n: int
    population: float
    sample: float | None


def _range(printed: str) -> tuple[Fraction, Fraction]:
    """What is printed so, by either way of rounding a half. Digits count: "6.40" is narrower than "6.4"."""
    try:
        value = Decimal(printed)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"{printed!r} is no printed number")
    half = HALF * Fraction(10) ** int(value.as_tuple().exponent)
    return Fraction(value) - half, Fraction(value) + half


def _of_some(n: int) -> None:
    if n < 1:
        raise ValueError("a printed figure is of at least one")


def grim(printed: str, n: int, items: int = 1) -> Grim:
    """Granularity of means (Brown and Heathers 2017): mean × n is whole.

    Where each of the n is itself a mean of `items` whole numbers, mean × n × items is.
    """
    _of_some(n)
    _of_some(items)
    low, high = _range(printed)
    return Grim(printed, n, tuple(range(ceil(low * n * items), floor(high * n * items) + 1)))


def sd_floor(mean: str, n: int) -> SdFloor:
    """sqrt(f (1 - f)) for a mean with the fraction f: whole numbers are nearest to it when each is one of its two neighbours.

    Of a sample, with n - 1 below the line, it is larger by sqrt(n / (n - 1)); None for n = 1. The mean is taken as printed, not as the
    rounded figure of something else.
    """
    _of_some(n)
    low, high = _range(mean)
    fraction = (low + high) / 2 % 1
    least = sqrt(fraction * (1 - fraction))
    return SdFloor(mean, n, least, least * sqrt(n / (n - 1)) if n > 1 else None)


def counts_for(printed: str, n: int) -> Percentage:
    """Which counts out of n are printed as this percentage: of 44 only 40 as 91 and 41 as 93, of 52 none."""
    _of_some(n)
    low, high = _range(printed)
    counts = range(max(0, ceil(low * n / 100)), min(n, floor(high * n / 100)) + 1)
    return Percentage(printed, n, tuple(counts))
