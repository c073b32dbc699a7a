"""The style page: open to anybody, shows every part and every state that any page has, and nobody's data."""

import ast
import re
from pathlib import Path

import pytest

from server.web import tokens, words
from tests.web.browser import Browser, Page, faults

WEB = Path(__file__).parents[2] / "server" / "web"
SHAPES = (WEB / "templates" / "shapes.html").read_text(encoding="utf-8")
PAGE = (WEB / "templates" / "styleguide.html").read_text(encoding="utf-8")
RENAMED = {"errors": "error_summary"}
"""What `base.html` imports a macro as."""


def states() -> list[tuple[str, list[str]]]:
    """(module, words around what is filled in) of every state that is written anywhere in the pages' code."""
    found = []
    for path in WEB.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Said" and node.args:
                said = node.args[0]
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                written = [str(part.value).strip() for part in parts if isinstance(part, ast.Constant)]
                found.append((path.name, [one for one in written if one]))
    return found


@pytest.fixture
def page(visitor: Browser) -> Page:
    """As somebody sees it who has not signed in."""
    return visitor.open("/styleguide")


def test_it_is_as_sound_as_any_page(page: Page) -> None:
    assert faults(page) == []
    assert " autofocus" not in page.html


def test_every_state_of_every_page_is_on_it(page: Page) -> None:
    written = states()
    assert len(written) > 40
    assert [(module, parts) for module, parts in written if not all(part in page.text for part in parts)] == []


def test_every_state_of_the_tables_stands_there_with_its_shape(page: Page) -> None:
    drawn = [
        re.sub(r"<[^>]*>", "", one).strip() for one in re.findall(r'<span class="state[^"]*">(.*?</span>)</span>', page.html, re.DOTALL)
    ]
    assert {said.word for said in words.PROCEDURES.values()} <= set(drawn)


def test_every_shape_and_every_macro_is_on_it(page: Page) -> None:
    known = set(re.findall(r'"([a-z]+)"', SHAPES.partition("{% set shapes = (")[2].partition(")")[0]))
    drawn = set(re.findall(r'^  "([a-z]+)": ', SHAPES, re.MULTILINE))
    assert drawn == known
    assert set(re.findall(r'<symbol id="shape-([a-z]+)"', page.html)) == known
    assert all(f"</svg> <span>{one}</span>" in page.html for one in known)
    macros = [one for one in re.findall(r"\{% macro (\w+)\(", SHAPES) if one != "sprite"]  # that one draws nothing by itself
    assert len(macros) >= 8
    assert [one for one in macros if not re.search(rf"\b{RENAMED.get(one, one)}\(", PAGE)] == []


def test_every_colour_stands_there_with_its_contrasts(page: Page) -> None:
    assert all(f"<code>--{name}</code>" in page.html for name in tokens.colours()["light"])
    for pair in tokens.pairs():
        said = " ".join(f"{pair.contrasts[scheme]:.1f}" for scheme in tokens.SCHEMES)
        assert f"{pair.upper} on {pair.lower} {pair.least} {said}" in page.text


def test_words_come_from_the_tables(page: Page, monkeypatch: pytest.MonkeyPatch, visitor: Browser) -> None:
    assert words.GAPS["consent"] in page.text
    monkeypatch.setitem(words.GAPS, "consent", "Nobody has signed anything.")
    assert "Nobody has signed anything." in visitor.open("/styleguide").text
