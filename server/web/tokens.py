"""The token file read back: named colours in light, dark and on paper, the pairs that meet on a page, and their contrast (WCAG 2)."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "static" / "tokens.css"
SCHEMES = {"light": "Light", "dark": "Dark", "paper": "Paper"}
_GROUNDS = ("ground", "surface", "raised")
_MARKS = tuple(f"mark-{number}" for number in range(1, 7))
TEXT = 4.5
"""Least contrast of letters against what lies under them."""
DRAWN = 3.0
"""Least contrast of a border, a shape or a mark of a chart."""

LETTERS = (
    *((text, ground) for text in ("ink", "quiet", "action", "wrong") for ground in _GROUNDS),
    *((text, ground) for text in ("good", "care") for ground in ("surface", "ground")),
    *((said, f"{said}-ground") for said in ("good", "care", "wrong")),
    *(("ink", f"{said}-ground") for said in ("good", "care", "wrong")),
    ("on-action", "action"),
    ("on-wrong", "wrong"),
    ("on-lightbox", "lightbox"),
    ("ground", "ink"),
    ("surface", "ink"),
)
DRAWINGS = (
    *((drawn, ground) for drawn in ("edge", "focus") for ground in ("ground", "surface")),
    *((mark, ground) for mark in _MARKS for ground in _GROUNDS),
    ("ink", "mark-soft"),
)
UNREAD = frozenset({"line"})
"""Decoration: nothing is told by it alone."""


@dataclass(frozen=True)
class Pair:
    """Two colours that meet on a page, and their contrast in each scheme."""

    upper: str
    lower: str
    least: float
    contrasts: dict[str, float]


@cache
def colours() -> dict[str, dict[str, str]]:
    """Scheme → name → `#rrggbb`, as a browser resolves them."""
    text = FILE.read_text(encoding="utf-8")
    blocks = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)]
    light, dark, paper = blocks
    return {"light": light, "dark": light | dark, "paper": light | paper}


def contrast(one: str, other: str) -> float:
    """Of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pairs() -> list[Pair]:
    """All pairs, letters first."""
    schemes = colours()
    return [
        Pair(upper, lower, least, {scheme: contrast(named[upper], named[lower]) for scheme, named in schemes.items()})
        for least, given in ((TEXT, LETTERS), (DRAWN, DRAWINGS))
        for upper, lower in given
    ]


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]  # noqa: PLR2004  # reason: WCAG's own
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
