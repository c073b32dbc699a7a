"""The figures draw what the document says: as many marks as values, sentences with its numbers, and never anything but sound markup."""

import re
import xml.etree.ElementTree as ET
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.reports.shape import MOST_POINTS, Clear, Cohort, Share
from server.web import cohort_example, cohort_words
from server.web.cohort_example_cases import share
from server.web.cohort_figures import figure, figures, for_paper
from server.web.cohort_tables import csv_of, tables
from server.web.cohort_words import FIGURES
from server.web.drawings.cohort import events, places, plot, process, rating, redness, scales, volume

STUDY, LARGE, FEW, EMPTY = cohort_example.study(), cohort_example.large(), cohort_example.few(), cohort_example.empty()
STATES = {"study": STUDY, "large": LARGE, "few": FEW, "empty": EMPTY}
SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


def drawn(cohort: Cohort, name: str) -> str:
    """All drawings of a figure."""
    return "".join(one.drawing for one in figure(cohort, name).pieces)


def root(markup: str) -> ET.Element:
    """Read as XML; raises for what is not."""
    return ET.fromstring(SVG.format(markup))


def cases(markup: str) -> list[str]:
    """Where the marks lead, in their order."""
    return re.findall(r'<a href="/procedures/([^"]+)"', markup)


@pytest.mark.parametrize("state", STATES)
def test_every_mark_has_a_title_and_every_figure_a_name(state: str) -> None:
    for one in figures(STATES[state]):
        for piece in one.pieces:
            for element in root(piece.drawing).iter():
                tag = element.tag.rpartition("}")[2]
                if tag in {"a", "g"}:
                    assert element[0].tag.endswith("title"), ET.tostring(element)
                if tag == "svg" and "fig" in element.get("class", "").split():
                    assert element.get("aria-label")


def test_a_dot_stands_for_each_answer_and_leads_to_its_case() -> None:
    scale = STUDY["satisfaction"]["scales"][0]
    marks = scales.draw(scale)
    assert sorted(cases(marks)) == sorted(one["procedure_id"] for visit in scale["visits"] for one in visit["points"])
    assert all(f">{visit['n']} of {visit['due']}<" in marks for visit in scale["visits"])


def test_more_answers_than_a_figure_holds_are_counted_by_value() -> None:
    scale = cohort_example.large()["satisfaction"]["scales"][0]
    for visit in scale["visits"]:
        visit["points"] = visit["points"] * 9
    satisfaction = LARGE["satisfaction"] | {"scales": [scale]}
    (_, marks) = scales.draw_all(satisfaction)[0]
    assert cases(marks) == []
    assert marks.count("fig-area") == sum(len(visit["bins"]) for visit in scale["visits"])


@pytest.mark.parametrize("panel", ["per_scar", "per_cm2"])
def test_a_dot_stands_for_each_scar(panel: str) -> None:
    points = dict(STUDY["volume"])[panel]
    assert cases(volume.draw(points, "mL", enough=True)) == [one["procedure_id"] for one in points]  # type: ignore[arg-type,attr-defined]  # reason: a panel


def test_a_cell_says_how_many_scars_it_is() -> None:
    marks = volume.draw([{"x": 1, "y": 2, "count": 37, "procedure_id": None}], "mL", enough=True)
    assert "<title>1 mL, grade 2: 37 scars</title>" in marks
    assert ">37</text>" in marks
    assert cases(marks) == []


def test_a_run_chart_marks_what_lies_outside_by_another_shape() -> None:
    for run in STUDY["process"]["runs"]:
        marks = process.draw_run(run)
        assert cases(marks) == [one["procedure_id"] for one in run["points"]]
        assert marks.count('class="fig-outside"') == marks.count("outside the limits") == run["outside"] > 0


def test_of_many_cases_the_newest_are_drawn_and_the_sentence_says_so() -> None:
    run = LARGE["process"]["runs"][0]
    assert cases(process.draw_run(run)) == [one["procedure_id"] for one in run["points"][-process.SHOWN :]]
    assert cohort_words.run(run).endswith("The newest 120 are drawn.")


def test_each_event_is_a_shape_of_its_grade() -> None:
    given_events = STUDY["process"]["events"]
    marks = events.draw(given_events)
    assert sorted(cases(marks)) == sorted(one["procedure_id"] for one in given_events)
    paths = [events.SHAPES[events.grade(one)] for one in given_events]
    assert all(marks.count(f'd="{path}"') > paths.count(path) for path in set(paths))  # and once in the legend
    assert {events.grade({**given_events[0], "clavien_dindo": one}) for one in ("IIIa", "IVb", "V", None)} == {"III", "IV", "none"}


def test_bars_of_raters_hold_all_grades_and_the_consensus() -> None:
    marks = rating.draw(STUDY["physicians"])
    for rater in STUDY["physicians"]["raters"]:
        for grade, count in zip(rating.GRADES, rater["counts"], strict=True):
            assert (f"{rater['label']}: {count} {rating.WORDS[grade]} (" in marks) == bool(count)
    assert "Median of all raters" in marks
    assert "Median of all raters" not in rating.draw(FEW["physicians"])


def test_who_did_not_return_is_a_bar() -> None:
    marks = drawn(STUDY, "flow")
    for step in STUDY["flow"]["steps"]:
        for words in ("due", "asked", "answered"):
            assert f"{step['title']}, {words}: {dict(step)[words]} of 52 procedures" in marks
        assert f"{step['title']}, did not return: {step['due'] - step['answered']} of 52 procedures" in marks


def test_the_band_holds_what_the_data_allow_on_each_day() -> None:
    curve = [Clear(day=day, low=0.1 * (day > 7), high=0.4) for day in range(15)]
    marks = redness.draw(STUDY["redness"] | {"curve": curve, "clear_by": []})
    assert re.findall(r"By day (\d+): between ([\d.]+) and ([\d.]+) % clear", marks) == [("0", "0.0", "40.0"), ("8", "10.0", "40.0")]
    assert "2 to 3 weeks" in marks


def test_a_place_of_less_than_three_scars_is_not_shaded() -> None:
    marks = drawn(STUDY, "where")
    drawn_places = [one for one in STUDY["where"]["places"] if places.spot(one)]
    assert marks.count('class="place-few"') == sum(one["scars"] < 3 for one in drawn_places) > 0
    assert len(re.findall('class="place-[1-4]"', marks)) == sum(one["scars"] >= 3 for one in drawn_places) > 0


def test_no_two_places_stand_on_each_other() -> None:
    spots = [
        at
        for subunit in places._SIDED | places._MIDLINE
        for side in ("left", "right", "midline")
        if (at := places.spot({"subunit": subunit, "side": side, "scars": 1, "improved": share(0, 0)}))
    ]
    assert len(spots) == 52
    close = [(one, other) for place, one in enumerate(spots) for other in spots[:place] if abs(complex(*one) - complex(*other)) < 15.5]
    assert close == []


def test_sentences_say_the_document_s_numbers() -> None:
    said = {name: sentence(STUDY) for name, (_, sentence) in FIGURES.items()}
    assert said["flow"].startswith("44 of 52 patients answered (84.6 %, 72.5 to 92.0); 8 did not. 1 year: 34 of 44 procedures due were")
    assert said["redness"].startswith("41 of 44 patients (93.2 %, 81.8 to 97.7) had redness. The skin was clear in 20.0 % by day 14")
    assert "Of 44 procedures looked at 1 was not seen to clear; 3 were never seen red, and count as clear from a day" in said["redness"]
    assert "in 2 somebody saw red and somebody clear on the same day, which counts as red." in said["redness"]
    assert "40 of 44 patients (90.9 %, 78.8 to 96.4) were judged improved" in said["rating"]
    assert "in 88.0 % of 44 pairs that all of them graded, all alike in 36; Fleiss" in said["rating"]
    assert "8 of 52 are missing: counted as no, it would be 76.9 %; as yes, 92.3 %." in said["rating"]
    assert "0 of 44 procedures looked at for serious complications had one: up to 8.0 %." in said["process"]
    assert "association only: the surgeon chose the volume" in said["volume"]
    assert not re.search("cause|effect|lead|because|due to|improves", said["volume"])


def test_the_numbers_of_a_sentence_follow_the_document() -> None:
    other = cohort_example.study()
    other["flow"]["responded"] = share(31, 60)
    assert cohort_words.flow(other).startswith("31 of 60 patients answered (51.7 %, 39.3 to 63.8); 29 did not.")
    other["process"]["serious"] = share(2, 50)
    assert cohort_words.process(other).startswith("2 of 50 procedures looked at for serious complications had one (4.0 %, 1.1 to 13.5).")


def test_who_is_not_yet_due_is_named_and_is_no_one_who_did_not_answer() -> None:
    early = cohort_example.study()
    early["flow"] |= {"responded": share(44, 49), "not_due": 3}
    assert "44 of 49 patients answered (89.8 %, 78.2 to 95.6); 5 did not. 3 more were not yet due for a visit." in cohort_words.flow(early)
    early["flow"] |= {"responded": share(0, 0), "not_due": 1}
    assert cohort_words.flow(early) == "Nothing was due yet for 1 patient."


def test_what_nobody_was_asked_is_told_as_never_asked() -> None:
    other = cohort_example.study()
    other["process"] |= {"assessed": 35, "serious": share(0, 0, 52)}
    assert cohort_words.process(other).startswith(
        "35 procedures were assessed, none of them for serious complications: whether there was one is not known."
    )
    other["process"]["serious"] = share(0, 30, 22)
    assert "30 procedures looked at for serious complications had one: up to 11.4 %. 5 more were assessed," in cohort_words.process(other)
    (table,) = [one for one in tables(STUDY, "process") if one.title == "Complications"]
    rows = {str(row.cells[0]): row.cells[1:] for row in table.rows}
    assert rows["Never asked: unplanned visit, emergency department, readmission and reoperation"] == (0, 0, 52, "not known")
    assert rows["Erythema, as an item of the checklist (see redness)"][:3] == (41, 44, 8)
    (unseen,) = [name for name in rows if name.startswith("Not seen, each of these 38: ")]
    assert rows[unseen] == (0, 44, 8, "up to 8.0 %")


def test_two_groups_of_which_one_is_small_are_told_and_not_compared() -> None:
    scale = STUDY["satisfaction"]["scales"][0]
    nothing = dict.fromkeys(("median_more", "median_less", "p", "p_holm", "rank_biserial", "shift"))
    lonely: Any = scale | {"over_year": {"n_more": 2, "n_less": 42, **nothing}}
    said = cohort_words.scale(lonely, enough=True)
    assert "More than a year after the last session: n = 2; a year or less: n = 42; too few to compare." in said
    assert "a one-year visit falls on the line" in cohort_words.scale(scale, enough=True)


def test_what_is_undefined_is_said_in_words() -> None:
    agreement = STUDY["physicians"]["agreement"] | {"fleiss_kappa": None}
    assert "Fleiss’ kappa is undefined" in cohort_words.agreement(agreement)
    few = STUDY["physicians"]["agreement"] | {"pairs": 7, "raw": None}
    assert cohort_words.agreement(few).endswith("cannot be said: too few: only 7 pairs were graded by all of them.")
    association = STUDY["volume"]["per_scar_association"] | {"rho": None}
    assert cohort_words.association(association) == "Spearman’s rho is undefined"
    assert cohort_words.interval(share(0, 0)) == "not known"
    assert "None" not in " ".join(sentence(one) for one in STATES.values() for _, sentence in FIGURES.values())


@pytest.mark.parametrize(
    ("number", "printed"), [(0.0004, "p < 0.001"), (0.0412, "p = 0.041"), (1.0, "p = 1.000")], ids=["least", "usual", "most"]
)
def test_p_is_printed_to_three_digits(number: float, printed: str) -> None:
    assert cohort_words.p_value(number) == printed


def test_below_ten_patients_nothing_is_summarised() -> None:
    for name in ("redness", "rating", "scales", "volume"):
        assert "Too few to summarise" in FIGURES[name][1](FEW)
    assert "fig-median" not in drawn(FEW, "scales")
    assert "fig-quartiles" not in drawn(FEW, "scales")
    assert "fig-limit" not in drawn(FEW, "process")
    assert drawn(FEW, "redness") == ""


def test_nobody_is_drawn_as_nothing() -> None:
    assert all(one.pieces == [] for one in figures(EMPTY))
    assert all(" yet" in one.sentence for one in figures(EMPTY))


def test_a_table_s_csv_has_a_row_for_each_point_and_no_formula() -> None:
    evil = cohort_example.study()
    evil["satisfaction"]["scales"][0]["visits"][0]["title"] = "=1+1"
    assert ",'=1+1," in csv_of(evil, "scales")
    rows = csv_of(LARGE, "process").splitlines()
    assert sum(one.startswith("Minutes of each case,") for one in rows) == MOST_POINTS
    assert all(one.rows for name in FIGURES for one in tables(STUDY, name))


def test_raters_have_their_names_on_the_page_and_a_number_in_what_leaves_the_house() -> None:
    names = [one["label"] for one in STUDY["physicians"]["raters"]]
    assert all(name in drawn(STUDY, "rating") for name in names)
    for taken in (for_paper(STUDY, "rating"), csv_of(STUDY, "rating")):
        assert [name for name in names if name in taken] == []
    assert re.findall(r"Grades,(Rater \d),", csv_of(STUDY, "rating")) == ["Rater 1", "Rater 2", "Rater 3"]
    first = next(one for one in STUDY["physicians"]["raters"] if one["number"] == 1)
    assert first["label"] != names[0]
    assert f"Grades,Rater 1,{','.join(map(str, first['counts']))},{first['cannot']}," in csv_of(STUDY, "rating")


def shares() -> st.SearchStrategy[Share]:
    """Any that can be."""
    return st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9)).map(lambda one: share(min(one[:2]), max(one[:2]), one[2]))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(["<b>&\"'", "]]>", "</svg>"])
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, 10**6),
    float: st.floats(-1e9, 1e9, allow_nan=False),
    str: TEXTS,
    bool: st.booleans(),
}


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Documents of a shape, made from its own declaration."""
    if kind is Share:
        return shares()
    if kind in LEAVES:
        return LEAVES[kind]
    if is_typeddict(kind):
        return st.fixed_dictionaries({name: anything(one) for name, one in get_type_hints(kind).items()})
    inner = get_args(kind)
    made: st.SearchStrategy[Any] = st.just({"from": None, "surgeon": "all"})
    if get_origin(kind) in {list, tuple}:
        made = st.lists(anything(inner[0]), max_size=4) if get_origin(kind) is list else st.tuples(*map(anything, inner))
    elif get_origin(kind) is not dict:
        made = st.one_of(*(st.none() if one is type(None) else anything(one) for one in inner))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything(Cohort))
def test_any_document_of_the_shape_is_drawn_as_sound_markup(cohort: Cohort) -> None:
    for one in figures(cohort):
        for piece in one.pieces:
            root(piece.drawing)
            numbers = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|points)="([^"]*)"', piece.drawing)
            assert [one for one in numbers if re.search("nan|inf|e[+]", one)] == []
        ET.fromstring(for_paper(cohort, one.name))
        csv_of(cohort, one.name)


def test_the_scale_keeps_its_ends() -> None:
    scale = plot.Scale(0, 10, 11, 97)
    assert [scale(-5), scale(0), scale(10), scale(1e300)] == [11, 11, 97, 97]
    assert plot.Scale(3, 3, 0, 100)(3) == 50
