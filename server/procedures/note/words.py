"""How the note puts things: numbers with their units, days, times, and words of the vocabulary. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

NOT_RECORDED = "not recorded"
NONE_RECORDED = "none recorded"
MINUS = "\N{MINUS SIGN}"

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_SPECIAL = {
    "adinizer": "Adinizer",
    "boxcar_deep": "deep boxcar",
    "boxcar_shallow": "shallow boxcar",
    "checklist": "check list",
    "device_use": "device opened",
    "hy_tissue": "Hy-Tissue",
    "identity_site_procedure_consent": "identity, site, procedure and consent",
    "last_sign": "LAST sign (local anaesthetic systemic toxicity)",
    "lipocube_nano": "Lipocube Nano",
    "luer_luer": "Luer to Luer",
    "patient_site_procedure": "patient, site and procedure",
    "ringer_lactate": "Ringer's lactate",
    "sterility_equipment": "sterility and equipment",
    "tulip_nanotransfer": "Tulip NanoTransfer",
}
_UNIT_SUFFIX = re.compile(r"_(mg_per_l|meq_per_l|mg_per_kg|ml|mm|um|min|mmhg|kg|cm|cm2|mg|g)\Z")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_GLUED = re.compile(r"(?<=\d) (?=(?:mL|mm|µm|cm|mg|kg|G|g|mEq|min|mmHg|rpm|%|×)(?![A-Za-z]))|(?<=×) (?=\d)")


def number(value: float) -> str:
    """Decimal text without trailing zeros; a true minus sign."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", MINUS)


def amount(value: float | None, unit: str) -> str:
    """`2.4 mL`, or that it is not recorded."""
    return NOT_RECORDED if value is None else f"{number(value)} {unit}"


def difference(value: float, unit: str) -> str:
    """`+0.3 mL`, `0 mL`, or a true minus sign before the number."""
    return ("+" if value > 0 else "") + amount(value, unit)


def percent(ratio: float | None) -> str:
    """A ratio as per cent, to a tenth."""
    return NOT_RECORDED if ratio is None else f"{number(round(ratio * 100, 1))} %"


def plain(word: object) -> str:
    """A word of the vocabulary as one would say it."""
    text = str(word)
    return _SPECIAL.get(text, text.replace("_", " "))


def field_name(name: str) -> str:
    """A field's name without its unit: `lipoaspirate_ml` is lipoaspirate."""
    return plain(_UNIT_SUFFIX.sub("", name))


def capital(text: str) -> str:
    """First letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def counted(count: int, thing: str) -> str:
    """`1 scar`, `3 scars`, `2 entries`, `2 days`, `2 passes`."""
    if count == 1:
        return f"1 {thing}"
    if thing.endswith("y") and thing[-2] not in "aeiou":
        return f"{count} {thing[:-1]}ies"
    return f"{count} {thing}{'es' if thing.endswith('s') else 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def joined(parts: Iterable[str | None], by: str = ", ") -> str:
    """Those parts that say something."""
    return by.join(part for part in parts if part)


def sentence(text: str) -> str:
    """Text with a full stop, unless it ends in a mark of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def day(when: date) -> str:
    """`23 November 2026`: no order of day and month to mistake."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def short_day(when: date) -> str:
    """`23 Nov 2026`."""
    return f"{when.day} {_MONTHS[when.month - 1][:3]} {when.year}"


def clock(moment: datetime) -> str:
    """`09:52`, as the clock of the moment's own zone shows it."""
    return f"{moment:%H:%M}"


def offset(moment: datetime) -> str:
    """`UTC+01:00`."""
    text = f"{moment:%z}"
    return f"UTC{text[:3]}:{text[3:5]}".replace("-", MINUS)


def age(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def glued(text: str) -> str:
    """Text whose numbers do not part from their units at a line's end."""
    return _GLUED.sub("\u00a0", text)


def cleaned(document: Any) -> Any:
    """The document with every character that cannot be seen, or that reorders others, made visible as U+FFFD."""
    if isinstance(document, str):
        return "".join(map(_visible, document.replace("\r\n", "\n").replace("\t", " ")))
    if isinstance(document, list):
        return [cleaned(one) for one in document]
    if isinstance(document, dict):
        return {key: cleaned(value) for key, value in document.items()}
    return document


def _visible(character: str) -> str:
    if character == "\n":
        return character
    unseen = character in _REORDERING or unicodedata.category(character) in {"Cc", "Cs"}
    return "\N{REPLACEMENT CHARACTER}" if unseen else character
