"""An instrument as data: its items with their wording, and the scales that are computed from them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from schemas.instrument_words import Audience, Best, Conversion, ItemKind, MissingRule, ScaleRule

Value = int | float | bool | None
"""An answer as it is stored; None: asked, and left out on purpose."""
Texts = Mapping[str, str]
"""Language → text."""
FALLBACK = "en"
_SECONDS_AN_ITEM, _MINUTE = 15, 60
TOP = Fraction(100)


def wire(value: Fraction) -> int | float:
    """As JSON shows it: whole where it is whole."""
    return value.numerator if value.denominator == 1 else float(value)


def exact(value: float) -> Fraction:
    """The decimal that was written, not its nearest binary fraction; yes is 1."""
    return Fraction(int(value)) if isinstance(value, bool) else Fraction(str(value))


def said_in(texts: Texts, language: str) -> str:
    """The text in that language, else in English, else in any."""
    return texts.get(language) or texts.get(FALLBACK) or next(iter(texts.values()), "")


@dataclass(frozen=True)
class Option:
    """One of the answers of a choice; `value` is what counts."""

    value: int
    label: Texts


@dataclass(frozen=True)
class Item:
    """One question. `low`, `high` and `step` bound a number, with words at both ends; a `concerning` answer calls a person at once."""

    id: str
    kind: ItemKind
    text: Texts
    options: tuple[Option, ...] = ()
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(1)
    step: Fraction = Fraction(1)
    ends: tuple[Texts, Texts] | None = None
    unit: str | None = None
    required: bool = False
    concerning: frozenset[Fraction] = frozenset()

    def fault(self, value: object) -> str | None:
        """Why that is no answer to this item, with what would be one; None where it is one. None is: left out."""
        if value is None:
            return None
        if self.kind == ItemKind.BOOLEAN:
            return None if isinstance(value, bool) else "answer true or false."
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e9:  # noqa: PLR0124, PLR2004  reason: NaN; nobody's scale
            return f"answer with a number, {self.range_in_words}."
        number = exact(value)
        if self.kind == ItemKind.CHOICE:
            return None if number in {one.value for one in self.options} else f"{value} is no answer; choose {self.range_in_words}."
        if not self.low <= number <= self.high:
            return f"{value} is outside {self.range_in_words}."
        return None if (number - self.low) % self.step == 0 else f"{value} lies between two steps of {wire(self.step)}; round it."

    @property
    def range_in_words(self) -> str:
        """`one of 1, 2, 3`, or `0 to 10 cm`."""
        if self.kind == ItemKind.CHOICE:
            return f"one of {', '.join(str(one.value) for one in self.options)}"
        return f"{wire(self.low)} to {wire(self.high)}{f' {self.unit}' if self.unit else ''}"

    @property
    def bounds(self) -> tuple[Fraction, Fraction]:
        """Least and greatest value that counts."""
        if self.kind == ItemKind.CHOICE:
            values = [one.value for one in self.options]
            return Fraction(min(values)), Fraction(max(values))
        return self.low, self.high

    def concerns(self, value: Value) -> bool:
        """Whether somebody must be called."""
        return value is not None and exact(value) in self.concerning

    def choices(self, language: str) -> list[tuple[Value, str]]:
        """(value, words) of what can be chosen, where there are few enough to be listed; yes and no have their words elsewhere."""
        if self.kind == ItemKind.CHOICE:
            return [(one.value, said_in(one.label, language)) for one in self.options]
        if self.kind == ItemKind.BOOLEAN:
            return [(True, "yes"), (False, "no")]
        count = int((self.high - self.low) / self.step) + 1
        return [(wire(self.low + self.step * place), "") for place in range(count)] if count <= MOST_LISTED else []

    def end_words(self, language: str) -> tuple[str, str] | None:
        """What the least and the greatest number mean."""
        return (said_in(self.ends[0], language), said_in(self.ends[1], language)) if self.ends else None


MOST_LISTED = 11
"""Numbers of a scale up to which each has its own button: 0 to 10."""


@dataclass(frozen=True)
class Scale:
    """What is computed from some items. `low` to `high` is the raw range, unknown (None) where only the metadata are here."""

    id: str
    title: str
    best: Best
    items: tuple[str, ...] = ()
    low: Fraction | None = None
    high: Fraction | None = None
    rule: ScaleRule = ScaleRule.SUM
    missing: MissingRule = MissingRule.NONE
    conversion: Conversion = Conversion.NONE
    table: tuple[tuple[int, Fraction], ...] = ()
    unit: str | None = None

    @property
    def span(self) -> tuple[Fraction, Fraction]:
        """From where to where the score itself goes."""
        if self.conversion != Conversion.NONE or self.low is None or self.high is None:
            return Fraction(0), TOP
        return self.low, self.high

    @property
    def direction(self) -> str:
        """`high is better`."""
        return f"{self.best} is better"

    def external_in_words(self) -> str:
        """How to bring an outside score into 0 to 100."""
        if self.low is None or self.high is None or (self.low, self.high) == (Fraction(0), TOP):
            return "Give it as 0 to 100."
        return f"Give it as 0 to 100: (raw - {wire(self.low)}) ÷ {wire(self.high - self.low)} × 100."


@dataclass(frozen=True)
class Instrument:
    """One version. Without items it is metadata: whose it is, and which scales in which range it has."""

    key: str
    version: str
    title: str
    audience: Audience
    scales: tuple[Scale, ...]
    items: tuple[Item, ...] = ()
    holder: str | None = None
    reference: str | None = None
    note: str | None = None

    @property
    def licensed(self) -> bool:
        """Whether its use needs a licence."""
        return self.holder is not None

    @property
    def worded(self) -> bool:
        """Whether its questions are here."""
        return bool(self.items)

    @property
    def languages(self) -> tuple[str, ...]:
        """In which every question and every answer has its words."""
        texts: list[Texts] = [one.text for one in self.items]
        texts += [option.label for one in self.items for option in one.options]
        texts += [end for one in self.items for end in one.ends or ()]
        return tuple(sorted(set.intersection(*(set(one) for one in texts)))) if texts else ()

    @property
    def minutes(self) -> int:
        """About how long it takes."""
        return minutes_for(len(self.items))

    def item(self, item_id: str) -> Item | None:
        """The item of that id."""
        return next((one for one in self.items if one.id == item_id), None)

    def scale(self, scale_id: str) -> Scale | None:
        """The scale of that id."""
        return next((one for one in self.scales if one.id == scale_id), None)

    def missing_required(self, answers: Mapping[str, Any]) -> list[Item]:
        """Items that must have an answer and have none."""
        return [one for one in self.items if one.required and answers.get(one.id) is None]

    def concerning(self, answers: Mapping[str, Any]) -> list[Item]:
        """Items whose answer calls a person at once."""
        return [one for one in self.items if one.concerns(answers.get(one.id))]


def minutes_for(questions: int) -> int:
    """About how long so many questions take; at least one minute."""
    return max(1, -(-questions * _SECONDS_AN_ITEM // _MINUTE))
