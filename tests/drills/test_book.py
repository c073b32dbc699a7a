"""The drills' own guard: every fault has its drill and its row, and the checker sees what it is there for."""

from pathlib import Path

import pytest

from server.db import Database
from server.ids import uuid7
from server.web.drills_page import last_run
from tests import make
from tests.drills.book import Broken
from tests.drills.checker import check
from tests.drills.load import Act, Load, Told
from tests.drills.run import every

PAGE = Path(__file__).parents[2] / "docs" / "drills.md"


def test_each_fault_of_the_table_has_one_drill_and_one_row_on_the_page() -> None:
    names = [f"F{number}" for number in range(1, 25)]
    assert list(every()) == names
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| F")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == names


def test_the_program_carries_along_what_the_page_says() -> None:
    told = last_run()["drills"]
    assert [f"| {one['name']} | {one['fault']} | {one['passes_when']} | {one['result']} |" for one in told] == [
        line[: line.index("|", line.index(f"| {one['result']} |") + 2) + 1]
        for one, line in zip(told, (line for line in PAGE.read_text().splitlines() if line.startswith("| F")), strict=True)
    ]


def load_of(db: Database, told: Told, *, stored: bool) -> Load:
    """What Vera's tablet was told of one patient, and whether she is in the record; another one is there as she should be."""
    clinic = make.clinic(db)
    for mrn in ("KNOWN", *(["ANNA"] if stored else [])):
        make.patient(db, clinic, mrn=mrn)
    acts = [Act(mark, "/patients", b"", str(uuid7()), None, "", told=what) for mark, what in (("KNOWN", Told.DONE), ("ANNA", told))]
    return Load(db, 0, 1, acts=acts)


@pytest.mark.parametrize(("told", "stored"), [(Told.DONE, True), (Told.REFUSED, False), (Told.UNKNOWN, True), (Told.UNKNOWN, False)])
def test_what_was_told_truly_passes(told: Told, stored: bool, lonely_db: Database) -> None:
    assert "acknowledged" in check(load_of(lonely_db, told, stored=stored))[0]


@pytest.mark.parametrize(
    ("told", "stored", "what"), [(Told.DONE, False, "acknowledged and stored 0 times"), (Told.REFUSED, True, "refused and stored")]
)
def test_what_was_told_falsely_is_found(told: Told, stored: bool, what: str, lonely_db: Database) -> None:
    with pytest.raises(Broken, match=f"1 {what}, for example ANNA"):
        check(load_of(lonely_db, told, stored=stored))


def test_what_is_stored_twice_is_found(lonely_db: Database) -> None:
    """In two clinics, here; a number is unique in each."""
    load = load_of(lonely_db, Told.UNKNOWN, stored=True)
    make.patient(lonely_db, make.clinic(lonely_db), mrn="ANNA")
    with pytest.raises(Broken, match="unknown and stored 2 times"):
        check(load)


def test_a_word_that_nothing_was_stored_is_held_to(lonely_db: Database) -> None:
    load = load_of(lonely_db, Told.UNKNOWN, stored=True)
    load.acts[1].nothing_was_stored = True
    with pytest.raises(Broken, match='answered "Nothing was stored", and it was'):
        check(load)


def test_a_key_without_its_effect_is_found(lonely_db: Database) -> None:
    load = load_of(lonely_db, Told.DONE, stored=True)
    load.acts[1].key = "never kept"
    with pytest.raises(Broken, match="its key is kept and it is not stored, or the other way round"):
        check(load)
