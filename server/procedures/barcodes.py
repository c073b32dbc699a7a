"""What a device's barcode says: GS1 element strings through biip, HIBC by its own short rules. Pure; the raw scan is kept elsewhere."""

import re
from datetime import date, timedelta
from typing import Any

import biip

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")
_GS1 = re.compile(r"(\]d2|\]C1|\]Q3|\x1d)?[0-9]{2}")
_GS = "\x1d"
_FIXED = {"01": 14, "11": 6, "15": 6, "17": 6}
_SHORTEST_PRIMARY = 6
"""HIBC: labeler (4), product (1 or more), unit of measure (1)."""
_HIBC_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
"""In the order of their values; the check character is the sum of all values modulo 43."""
_HIBC_QUANTITY = re.compile(r"8[0-9]{2}|9[0-9]{5}")
_HIBC_DATES = tuple(
    re.compile(form)
    for form in (
        r"(?P<month>0[1-9]|1[0-2])(?P<year>[0-9]{2})",
        r"2(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?P<year>[0-9]{2})",
        r"3(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
        r"4(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[0-9]{2}",
        r"5(?P<year>[0-9]{2})(?P<nth>[0-9]{3})",
        r"6(?P<year>[0-9]{2})(?P<nth>[0-9]{3})[0-9]{2}",
        r"7",
    )
)
"""After `$$`: month and year, then by flag; an hour is read over, flag 7 says that there is no date."""
_HIBC_LONG_DATE = re.compile(r"14D20(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_HIBC_DAY_OF_YEAR = re.compile(r"(?P<year>[0-9]{2})(?P<nth>[0-9]{3})(?P<lot>.*)")


def read(scan: str) -> dict[str, Any]:
    """`{gtin|udi_di, lot, serial, expires_on}` as far as the scan says; empty for what nobody understands.

    What does not fit (a wrong check digit, an impossible date) is reported as `barcode_problem`, because the scan is still
    evidence of what was opened.
    """
    text = scan.strip().strip("*")
    if text.startswith("+"):
        return _hibc(text)
    if _BRACKETED.match(text):
        return _gs1(_unbracketed(text))
    return _gs1(text) if _GS1.match(text) else {}


def _unbracketed(text: str) -> str:
    """The human form `(01)…(17)…` as the element string a scanner would send, separators after variable lengths."""
    parts = [part.strip() for part in _BRACKETED.split(text)]
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return "".join(ai + value + ("" if _FIXED.get(ai) == len(value) else _GS) for ai, value in pairs).rstrip(_GS)


def _gs1(text: str) -> dict[str, Any]:
    try:
        result = biip.parse(text)
    except biip.ParseError as error:
        return {"barcode_problem": str(error)[:200]}
    if result.gs1_message is None:
        return {"barcode_problem": result.gs1_message_error[:200]} if result.gs1_message_error else {}
    found: dict[str, Any] = {}
    for element in result.gs1_message.element_strings:
        if element.ai.ai == "01":
            found["gtin"] = element.value
            if element.gtin_error:
                found["barcode_problem"] = element.gtin_error[:200]
        elif element.ai.ai == "17" and element.date:
            found["expires_on"] = element.date.isoformat()
        elif element.ai.ai in {"10", "21"}:
            found["lot" if element.ai.ai == "10" else "serial"] = element.value
    return found


def _hibc(text: str) -> dict[str, Any]:
    """`+` primary, `+` secondary with a link character, or both joined by `/`; the last character checks all others."""
    body = text[1:-1]
    found: dict[str, Any] = {}
    if body.startswith("$") or _HIBC_DAY_OF_YEAR.match(body):
        segments = [body[:-1]]
    else:
        primary, *segments = body.split("/")
        found = {"udi_di": "+" + primary} if len(primary) >= _SHORTEST_PRIMARY else {}
    try:
        for segment in segments:
            found = _hibc_segment(segment) | found
    except ValueError:
        found["barcode_problem"] = "The date in the barcode is impossible."
    if not _hibc_checks(text):
        found["barcode_problem"] = "The barcode's check character does not fit; scan it again."
    return found


def _hibc_checks(text: str) -> bool:
    values = [_HIBC_CHARACTERS.find(letter) for letter in text]
    return min(values) >= 0 and sum(values[:-1]) % len(_HIBC_CHARACTERS) == values[-1]


def _hibc_segment(segment: str) -> dict[str, Any]:
    """`$$` date and lot, `$$+` date and serial, `$` lot, `$+` serial, day of the year and lot, `14D` date, `S` serial."""
    dated = re.fullmatch(r"\$\$(\+?)(.*)", segment)
    if dated:
        day, rest = _hibc_date(dated[2])
        return _named("serial" if dated[1] else "lot", rest, day)
    plain = re.fullmatch(r"\$(\+?)(.*)", segment)
    if plain:
        return _named("serial" if plain[1] else "lot", plain[2])
    nth, long = _HIBC_DAY_OF_YEAR.fullmatch(segment), _HIBC_LONG_DATE.fullmatch(segment)
    if nth:
        return _named("lot", nth["lot"], _day(nth))
    if long:
        return _named("lot", "", _day(long))
    return _named("serial", segment[1:]) if segment.startswith("S") else {}


def _named(name: str, value: str, expires: date | None = None) -> dict[str, Any]:
    found = {name: value[:20]} if value else {}
    return found | ({"expires_on": expires.isoformat()} if expires else {})


def _hibc_date(text: str) -> tuple[date | None, str]:
    """(last usable day, what follows) of what stands after `$$`. Raises ValueError when the day is impossible."""
    quantity = _HIBC_QUANTITY.match(text)
    rest = text[quantity.end() :] if quantity else text
    for form in _HIBC_DATES:
        match = form.match(rest)
        if match:
            return _day(match), rest[match.end() :]
    raise ValueError(text)


def _day(match: re.Match[str]) -> date | None:
    """The day, or the last one of the month; None where the form has no year."""
    part = {name: int(value) for name, value in match.groupdict().items() if name != "lot"}
    if "year" not in part:
        return None
    year = 2000 + part["year"]
    if "nth" in part:
        day = date(year, 1, 1) + timedelta(days=part["nth"] - 1)
        if day.year != year:
            raise ValueError(part["nth"])
        return day
    if "day" in part:
        return date(year, part["month"], part["day"])
    return date(year + part["month"] // 12, part["month"] % 12 + 1, 1) - timedelta(days=1)
