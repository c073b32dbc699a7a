"""The figures say of whom a number is: who was not due, what was never asked, what is in an estimate, and what is too few to compare."""

from typing import Any

from server.web import cohort_example, cohort_words
from server.web.cohort_example_cases import share
from server.web.cohort_scale_words import scale as scale_sentence
from server.web.cohort_tables import tables
from tests.reports.drawings import STUDY


def rows(figure: str, title: str) -> dict[str, tuple[Any, ...]]:
    """Of one table of the study."""
    (table,) = [one for one in tables(STUDY, figure) if one.title == title]
    return {str(row.cells[0]): tuple(row.cells[1:]) for row in table.rows}


def test_who_is_not_yet_due_is_named_and_is_no_one_who_did_not_answer() -> None:
    early = cohort_example.study()
    early["flow"] |= {"responded": share(44, 49), "not_due": 3}
    assert "44 of 49 patients answered (89.8 %, 78.2 to 95.6); 5 did not. 3 more were not yet due for a visit." in cohort_words.flow(early)
    assert any(row.cells[:2] == ("Not yet due for a visit", 3) for table in tables(early, "flow") for row in table.rows)
    early["flow"] |= {"responded": share(0, 0), "not_due": 1}
    assert cohort_words.flow(early) == "Nothing was due yet for 1 patient."


def test_redness_says_what_is_in_the_estimate_and_what_was_contradicted() -> None:
    said = cohort_words.redness(STUDY)
    assert "Of 44 procedures looked at 1 was not seen to clear; 3 were never seen red, and count as clear from a day" in said
    assert "in 2 somebody saw red and somebody clear on the same day, which counts as red." in said
    assert [number for (number,) in rows("redness", "Procedures by redness").values()] == [44, 3, 1, 2]


def test_what_nobody_was_asked_is_told_as_never_asked() -> None:
    other = cohort_example.study()
    other["process"] |= {"assessed": 35, "serious": share(0, 0, 52)}
    assert cohort_words.process(other).startswith(
        "35 procedures were assessed, none of them for serious complications: whether there was one is not known."
    )
    other["process"]["serious"] = share(0, 30, 22)
    assert "30 procedures looked at for serious complications had one: up to 11.4 %. 5 more were assessed," in cohort_words.process(other)
    found = rows("process", "Complications")
    assert found["Never asked: unplanned visit, emergency department, readmission and reoperation"] == (0, 0, 52, "not known")
    assert found["Erythema, as an item of the checklist (see redness)"][:3] == (41, 44, 8)
    (unseen,) = [name for name in found if name.startswith("Not seen, each of these 38: ")]
    assert found[unseen] == (0, 44, 8, "up to 8.0 %")


def test_two_groups_of_which_one_is_small_are_told_and_not_compared() -> None:
    scale = STUDY["satisfaction"]["scales"][0]
    nothing = dict.fromkeys(("median_more", "median_less", "p", "p_holm", "rank_biserial", "shift"))
    lonely: Any = scale | {"over_year": {"n_more": 2, "n_less": 42, **nothing}}
    said = scale_sentence(lonely, enough=True)
    assert "More than a year after the last session: n = 2; a year or less: n = 42; too few to compare." in said
    assert "a one-year visit falls on the line" in scale_sentence(scale, enough=True)


def test_raters_agree_on_pairs_that_all_of_them_graded_or_too_few() -> None:
    assert "in 88.0 % of 44 pairs that all of them graded, all alike in 36; Fleiss" in cohort_words.rating(STUDY)
    few = STUDY["physicians"]["agreement"] | {"pairs": 7, "raw": None}
    assert cohort_words.agreement(few).endswith("cannot be said: only 7 pairs were graded by all of them.")
