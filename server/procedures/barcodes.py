"""What a device's barcode says: GS1 element strings through biip, HIBC by its own short rules. Pure; the raw scan is kept elsewhere."""

import re
from datetime import date, timedelta
from typing import Any

import biip

_BRACKETED = re.compile(r"\((\d{2,4})\)")
_GS = "\x1d"
_FIXED = {"01": 14, "11": 6, "15": 6, "17": 6}


def read(scan: str) -> dict[str, Any]:
    """`{gtin|udi_di, lot, serial, expires_on}` as far as the scan says; empty for what nobody understands.

    A wrong check digit is reported as `barcode_problem`, because the scan is still evidence of what was opened.
    """
    text = scan.strip()
    if text.startswith("+"):
        return _hibc(text)
    return _gs1(_unbracketed(text)) if _BRACKETED.match(text) or re.match(r"(\]d2|\]C1|\x1d)?\d{2}", text) else {}


def _unbracketed(text: str) -> str:
    """The human form `(01)…(17)…` as the element string a scanner would send, separators after variable lengths."""
    parts = _BRACKETED.split(text)
    if len(parts) < 3:
        return text
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return "".join(ai + value + ("" if _FIXED.get(ai) == len(value) else _GS) for ai, value in pairs).rstrip(_GS)


def _gs1(text: str) -> dict[str, Any]:
    try:
        message = biip.parse(text).gs1_message
    except biip.ParseError as error:
        return {"barcode_problem": str(error)[:200]}
    if message is None:
        return {}
    found: dict[str, Any] = {}
    for element in message.element_strings:
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
    """Primary `+LIC product unit check`, optionally `/` and a secondary segment `$…` or `$$…` with expiry and lot."""
    body = text[1:-1]  # the last character checks the rest
    if body.startswith("$"):
        primary, secondary = "", body[:-1]  # a secondary symbol alone ends in a link character too
    else:
        primary, _, secondary = body.partition("/")
    found: dict[str, Any] = {"udi_di": "+" + primary} if len(primary) > 5 else {}
    expires, lot = _hibc_expiry(secondary) if secondary.startswith("$") else (None, "")
    if expires:
        found["expires_on"] = expires.isoformat()
    if lot:
        found["lot"] = lot[:20]
    return found


def _hibc_expiry(body: str) -> tuple[date | None, str]:
    """(last usable day, lot) of a secondary segment."""
    if not body.startswith("$$"):
        return None, body[1:]
    digits, form = body[2:], body[2:3]
    try:
        if form == "2":
            return date(2000 + int(digits[5:7]), int(digits[1:3]), int(digits[3:5])), digits[7:]
        if form == "3":
            return date(2000 + int(digits[1:3]), int(digits[3:5]), int(digits[5:7])), digits[7:]
        if form == "5":
            return date(2000 + int(digits[1:3]), 1, 1) + timedelta(days=int(digits[3:6]) - 1), digits[6:]
        month, year = int(digits[0:2]), 2000 + int(digits[2:4])
        following = date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None, ""
    return following - timedelta(days=1), digits[4:]
