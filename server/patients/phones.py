"""Telephone numbers: whether one can exist, and how it is dialled from anywhere. Pure; the rules of numbering are phonenumbers'."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import phonenumbers


class NotAPhone(ValueError):
    """No telephone has this number; `str()` says why, for people."""


@cache
def _countries() -> dict[str, str]:
    """IANA zone → country, from the zone table; of a zone shared by several countries, the first."""
    found: dict[str, str] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(zone, country)
    return found


def country_of(zone: ZoneInfo) -> str | None:
    """ISO code of the country that a clinic's time zone lies in, to read national numbers; None for zones of no country."""
    return _countries().get(zone.key)


def e164(phone: str, country: str | None) -> str:
    """`+36301234567` for what people write. Raises NotAPhone; without a country only numbers that begin with + can be read."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        raise NotAPhone("This cannot be read as a telephone number; write it with its country, for example +36 30 123 4567.") from None
    if not phonenumbers.is_possible_number(number):
        reason = phonenumbers.is_possible_number_with_reason(number)
        short = phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
        what = "too short" if reason in short else "too long" if reason == phonenumbers.ValidationResult.TOO_LONG else "of no country"
        raise NotAPhone(f"No telephone can have this number: it is {what}. Write it with its country, for example +36 30 123 4567.")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
