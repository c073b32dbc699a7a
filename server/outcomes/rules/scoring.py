"""Scores from answers: exact fractions, missing items by the instrument's own rule, and never a part of a total as if it were one."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from schemas.instrument_words import Conversion, MissingRule, ScaleRule
from server.outcomes.rules.instrument import TOP, Instrument, Scale, exact, wire

_STEPS = 1000


@dataclass(frozen=True)
class Result:
    """One scale of a response, in thousandths of its unit; None where too many of its items are missing."""

    scale: Scale
    value_e3: int | None
    answered: int

    @property
    def items(self) -> int:
        """Of how many."""
        return len(self.scale.items)

    @property
    def value(self) -> int | float | None:
        """On the wire."""
        return None if self.value_e3 is None else wire(Fraction(self.value_e3, _STEPS))


def score(instrument: Instrument, answers: Mapping[str, Any]) -> tuple[Result, ...]:
    """All scales. `answers` are valid ones, item → value; an item that is not in it is missing, as one is that was left out."""
    return tuple(_of(scale, [answers.get(one) for one in scale.items]) for scale in instrument.scales)


def _of(scale: Scale, answers: list[Any]) -> Result:
    given = [exact(one) for one in answers if one is not None]
    raw = _raw(scale, given, len(answers))
    return Result(scale, None if raw is None else round(_converted(scale, raw) * _STEPS), len(given))


def _raw(scale: Scale, given: list[Fraction], of: int) -> Fraction | None:
    """The raw value. In place of a missing item stands the mean of the person's own answers, so the sum is the mean times the items."""
    missing = of - len(given)
    if missing and (scale.missing == MissingRule.NONE or missing * 2 >= of):
        return None
    mean = sum(given, Fraction(0)) / len(given)
    return mean * of if scale.rule == ScaleRule.SUM else mean


def _converted(scale: Scale, raw: Fraction) -> Fraction:
    """A table knows whole raw values only: a filled-in sum goes to the nearest one, halves upwards."""
    if scale.conversion == Conversion.LINEAR and scale.low is not None and scale.high is not None:
        return (raw - scale.low) / (scale.high - scale.low) * TOP
    if scale.conversion == Conversion.TABLE:
        return dict(scale.table)[floor(raw + Fraction(1, 2))]
    return raw
