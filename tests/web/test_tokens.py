"""The token file: every pair of colours that meets can be read, in light, in dark and on paper; no page names a colour of its own."""

import re

import pytest

from server.web import tokens

STATIC = tokens.FILE.parent
SHEETS = {path.name: path.read_text(encoding="utf-8") for path in STATIC.glob("*.css")}
SCHEMES = tokens.colours()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), tokens.LETTERS)
def test_letters_can_be_read(scheme: str, text: str, ground: str) -> None:
    assert tokens.contrast(SCHEMES[scheme][text], SCHEMES[scheme][ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("drawn", "ground"), tokens.DRAWINGS)
def test_borders_and_marks_can_be_seen(scheme: str, drawn: str, ground: str) -> None:
    assert tokens.contrast(SCHEMES[scheme][drawn], SCHEMES[scheme][ground]) >= 3


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)
def test_the_contrast_is_that_of_wcag(one: str, other: str, said: float) -> None:
    assert tokens.contrast(one, other) == pytest.approx(said, abs=0.005)


def test_all_three_schemes_name_the_same_colours() -> None:
    text = tokens.FILE.read_text(encoding="utf-8")
    light, dark, paper = (set(re.findall(r"--([\w-]+): #", block)) for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL))
    assert light == dark == paper


def test_every_colour_is_held_against_another() -> None:
    held = {name for pair in (*tokens.LETTERS, *tokens.DRAWINGS) for name in pair}
    assert held | tokens.UNREAD == set(SCHEMES["light"])


def rules() -> list[tuple[str, str, str, str]]:
    """(file, selector, colour, ground) of all rules that name both."""
    found = []
    for name, sheet in SHEETS.items():
        for selector, body in re.findall(r"([^{};]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
            said = dict(re.findall(r"(?:^|[\s;])(color|background): var\(--([\w-]+)\)", body))
            if len(said) == 2:
                found.append((name, selector.strip(), said["color"], said["background"]))
    return found


def test_rules_that_name_a_colour_and_its_ground_use_a_pair_that_is_held() -> None:
    found = rules()
    assert len(found) > 10
    held = set(tokens.LETTERS)
    assert [rule for rule in found if rule[2:] not in held] == []


@pytest.mark.parametrize("name", sorted(set(SHEETS) - {"tokens.css"}))
def test_colours_are_named_in_one_place_only(name: str) -> None:
    """The margins of a printed page know no variables."""
    sheet = re.sub(r"@bottom-right \{[^}]*\}", "", SHEETS[name])
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])|\b(?:rgba?|hsla?|oklch|light-dark)\(", sheet)


@pytest.mark.parametrize("name", SHEETS)
def test_every_name_that_is_used_is_known(name: str) -> None:
    known = set(re.findall(r"(?<=--)[\w-]+(?=:)", SHEETS["tokens.css"]))
    assert set(re.findall(r"var\(--([\w-]+)", SHEETS[name])) <= known
