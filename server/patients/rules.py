"""How names, numbers and phones are compared in a search. Pure."""

import re
import unicodedata

_FEWEST_DIGITS = 5
"""A number of at least this many digits may be a phone's, and is then looked for without its spacing."""


def fold(text: str) -> str:
    """Text without case and accents, so that `petrauskiene` finds Petrauskienė, however the tablet composes the ė."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def digits(text: str) -> str:
    """The digits of a phone number, without spacing and plus sign."""
    return re.sub(r"[^0-9]", "", text)


def searchable(*texts: str, phone: str | None) -> str:
    """What a search looks in."""
    return " ".join([*map(fold, texts), digits(phone or "")])


def phone_digits(q: str) -> str | None:
    """The digits of `q` if it can only be a phone number or a part of one."""
    found = digits(q)
    return found if len(found) >= _FEWEST_DIGITS and not re.search(r"[^0-9\s()/.+\-]", q) else None
