"""The security page is true: every file and test that it names exists, and no requirement that was looked at is missing."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.test_words import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+ \|", line)]
NAMED = re.compile(r"`((?:server|schemas|workers|tests|docs)/[\w./-]*|requirements\.lock|README\.md)(?:::(\w+))?`")
STATES = {"met", "partly", "not met", "not yet", "does not apply"}
LOOKED_AT = """
1.2.4-5 1.3.3 1.3.6-7 1.5.2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1 3.3.1 3.4.1-2 3.4.4-5 3.5.1-3 4.1.1-4 4.2.1 5.1.1 5.2.1-2 5.2.4 5.2.6
5.3.1-2 5.4.1-3 6.1.1 6.1.3 6.2.1-11 6.3.1-4 6.3.8 6.4.1-4 6.5.1-6 6.6.2-3 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-3 8.1.1-2 8.2.1-3 8.3.1-3
8.4.1 9.1.1-3 9.2.1-4 10.3.1-5 10.4.2-3 10.4.5 10.4.8-9 10.4.14 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1 12.2.1 12.3.1-4
13.2.1-4 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.2.6-8 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 15.4.1-3
16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-4
"""
"""The requirements of ASVS 5.0 that bite an application such as this one."""


def looked_at() -> set[str]:
    """Ids, one by one."""
    found = set()
    for part in LOOKED_AT.split():
        first, _, last = part.partition("-")
        section, _, number = first.rpartition(".")
        found |= {f"{section}.{one}" for one in range(int(number), int(last or number) + 1)}
    return found


def named_tests(path: Path) -> set[str]:
    """Names of the tests of a file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("named", sorted(set(NAMED.findall(PAGE))), ids="::".join)
def test_what_the_page_names_is_there(named: tuple[str, str]) -> None:
    file, test = named
    assert (ROOT / file).exists()
    assert not test or test in named_tests(ROOT / file)


def test_every_requirement_has_one_row() -> None:
    ids = [row[0] for row in ROWS]
    assert sorted(ids) == sorted(set(ids))
    assert looked_at() <= set(ids)


def test_every_row_says_where_or_why() -> None:
    for number, short, state, where, test in ROWS:
        assert state in STATES, number
        assert short, number
        assert where, number
        if state == "met":
            assert NAMED.search(test), f"{number} is met and names no test"


def test_the_counts_are_those_of_the_rows() -> None:
    counts = {state: sum(row[2] == state for row in ROWS) for state in STATES}
    said = [f"{counts[state]} {state}" for state in ("met", "partly", "not met", "not yet")]
    assert f"{len(ROWS)} requirements: {', '.join(said)}, {counts['does not apply']} do not apply." in PAGE


def test_a_section_that_a_row_sends_to_is_there() -> None:
    for row in ROWS:
        for section in re.findall(r"see ([A-Z][a-z]+(?: [a-z]+)*)", row[3]):
            assert f"\n### {section}\n" in PAGE, row[0]


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, part = target.partition("#")
        assert not file or (ROOT / "docs" / file).exists(), target
        assert not part or f"\n### {part.replace('-', ' ').capitalize()}\n" in PAGE, target
