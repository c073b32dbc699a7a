"""Colours that can be read, files that may be cached, and nothing from anywhere else."""

import re
from pathlib import Path

import pytest

from tests.web.browser import Browser

CSS = (Path(__file__).parents[2] / "server" / "web" / "static" / "graftlog.css").read_text(encoding="utf-8")
GROUNDS = ("ground", "surface", "raised")
PAIRS = [(text, ground) for text in ("ink", "quiet", "action") for ground in GROUNDS] + [
    ("on-action", "action"),
    ("care", "care-ground"),
    ("wrong", "wrong-ground"),
    ("wrong", "surface"),
    ("wrong", "ground"),
    ("ink", "care-ground"),
    ("ground", "ink"),
]
EDGES = [("edge", "ground"), ("edge", "surface"), ("focus", "ground"), ("focus", "surface")]


def tokens(scheme: str) -> dict[str, str]:
    """The named colours in light or dark."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return named | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    named = tokens(scheme)
    assert contrast(named[text], named[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_fields_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    named = tokens(scheme)
    assert contrast(named[edge], named[ground]) >= 3


def test_colours_are_named_in_one_place_only() -> None:
    below = CSS.partition("/* Ground */")[2].partition("/* Paper */")[0]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", below)


def test_stylesheets_ask_nobody_else() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_static_files_asked_for_with_their_version_are_kept_for_a_year(visitor: Browser) -> None:
    page = visitor.open("/sign-in")
    sheet = next(href for href in page.hrefs if "graftlog.css" in href)
    answer = visitor.client.get(sheet)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()
    again = visitor.client.get(sheet.partition("?")[0])
    assert again.headers["Cache-Control"] == "no-cache"
    again.close()
    icon = visitor.client.get(next(href for href in page.hrefs if "favicon.svg" in href))
    assert icon.mimetype == "image/svg+xml"
    icon.close()


def test_a_narrow_bar_wraps_instead_of_widening_the_page() -> None:
    narrow = CSS[CSS.index("@media (max-width: 46rem)") :]
    assert "flex-wrap: wrap" in (re.search(r"\.bar nav \{(.*?)\}", narrow) or [""])[1]


def test_pages_are_never_kept(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/procedures")
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.response.headers["Content-Security-Policy"]
    assert "unsafe" not in page.response.headers["Content-Security-Policy"]


def test_no_file_above_the_static_folder_is_given(visitor: Browser) -> None:
    assert visitor.client.get("/static/../blueprint.py").status_code == 404
    assert visitor.client.get("/static/%2e%2e/blueprint.py").status_code == 404
