"""Reading a file's values strictly: each refusal names the place and the fix."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from server.outcomes.rules.instrument import exact

Place = tuple[str | int, ...]
Word = TypeVar("Word", bound=StrEnum)
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
LARGEST = 1_000_000
FINEST = 1000
LONGEST_TEXT, LONGEST_NAME, MOST_LANGUAGES = 1000, 200, 30


class Fault(ValueError):
    """What is wrong with an instrument; `place` leads to it."""

    def __init__(self, place: Place, message: str) -> None:
        """`message` says what to do."""
        self.place, self.message = place, message
        super().__init__(f"In the instrument, {'/'.join(map(str, place)) or 'at the top'}: {message}")

    @property
    def pointer(self) -> str:
        """JSON pointer to the place."""
        return "".join("/" + str(one).replace("~", "~0").replace("/", "~1") for one in self.place)


def fields_of(value: object, place: Place, required: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, Any]:
    """An object with these names and no others."""
    if not isinstance(value, dict):
        raise Fault(place, "Must be an object with names and values.")
    known = {*required, *optional}
    for name in value:
        if name not in known:
            raise Fault(
                (*place, str(name)[:LONGEST_NAME]), f"Unknown name. Remove it, or check its spelling; known are {', '.join(sorted(known))}."
            )
    for name in required:
        if value.get(name) is None:
            raise Fault((*place, name), "Is missing; write it.")
    return value


def rows_of(value: object, place: Place, most: int) -> list[Any]:
    """A list, neither empty nor endless."""
    if not isinstance(value, list) or not value:
        raise Fault(place, "Must be a list with at least one row.")
    if len(value) > most:
        raise Fault(place, f"At most {most} rows; this has {len(value)}.")
    return value


def text_of(value: object, place: Place, longest: int = LONGEST_NAME) -> str:
    """Text that both databases can hold."""
    if not isinstance(value, str) or not value.strip():
        raise Fault(place, "Must be text, in quotes where it looks like a number or like yes or no.")
    if _UNSTORABLE.search(value):
        raise Fault(place, "Contains a control character or half of a character; remove it.")
    if len(value) > longest:
        raise Fault(place, f"At most {longest} characters; this has {len(value)}. Shorten it.")
    return value.strip()


def id_of(value: object, place: Place, pattern: str, example: str) -> str:
    """A name for programs."""
    text = text_of(value, place)
    if not re.fullmatch(pattern, text, re.ASCII):
        raise Fault(place, f"Not in the form expected, for example {example}.")
    return text


def texts_of(value: object, place: Place) -> dict[str, str]:
    """Language → text."""
    if not isinstance(value, dict) or not value:
        raise Fault(place, "Must give the text by language, for example en: …")
    if len(value) > MOST_LANGUAGES:
        raise Fault(place, f"At most {MOST_LANGUAGES} languages.")
    for language in value:
        if not isinstance(language, str) or not _LANGUAGE.match(language):
            raise Fault((*place, str(language)[:LONGEST_NAME]), "Must be a language like en or pt-BR, in quotes if it is no.")
    return {language: text_of(text, (*place, language), LONGEST_TEXT) for language, text in sorted(value.items())}


def number_of(value: object, place: Place) -> Fraction:
    """A number with at most three decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > LARGEST:  # noqa: PLR0124  reason: NaN
        raise Fault(place, f"Must be a number, at most {LARGEST} in size.")
    number = exact(value)
    if (number * FINEST).denominator != 1:
        raise Fault(place, "At most three decimals; round it.")
    return number


def whole_of(value: object, place: Place) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise Fault(place, f"Must be a whole number, at most {LARGEST} in size.")
    return value


def flag_of(value: object, place: Place) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Fault(place, "Must be true or false.")
    return value


def word_of(value: object, place: Place, words: type[Word]) -> Word:
    """One word of several."""
    found = next((one for one in words if one == value), None)
    if found is None:
        raise Fault(place, f"Must be one of: {', '.join(words)}.")
    return found


def once(names: Iterable[object], place: Place, what: str) -> None:
    """No name twice."""
    seen: set[object] = set()
    for name in names:
        if name in seen:
            raise Fault(place, f"{what} {name} is there twice; each may be there once.")
        seen.add(name)
