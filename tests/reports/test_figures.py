"""The figures draw what the document says: as many marks as values, sentences with its numbers, and never anything but sound markup."""

import re
import xml.etree.ElementTree as ET
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.vocabulary import FaceView
from server.procedures.note import facemap
from server.reports.shape import MOST_POINTS, Clear, Cleared, Cohort, Share
from server.web import cohort_example, cohort_words
from server.web.cohort_example_cases import share
from server.web.cohort_figures import figure, figures, for_paper
from server.web.cohort_tables import csv_of, tables
from server.web.cohort_words import FIGURES
from server.web.drawings import events as course_events
from server.web.drawings import grades
from server.web.drawings.cohort import events, places, plot, process, rating, redness, scales, volume
from server.web.drawings.events import Course, Look
from tests.reports.drawings import EMPTY, FEW, LARGE, STATES, STUDY, cases, drawn, root


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


def test_each_event_is_a_sign_of_its_grade_and_one_that_goes_on_has_an_arrow() -> None:
    given_events = STUDY["process"]["events"]
    marks = events.draw(given_events)
    assert sorted(cases(marks)) == sorted(one["procedure_id"] for one in given_events)
    paths = [grades.PATHS[one["ctcae"]] for one in given_events]
    assert all(marks.count(f'd="{path}"') > paths.count(path) for path in set(paths))  # and once in the legend
    ongoing = [one for one in given_events if one["absent_day"] is None]
    assert marks.count(f'd="{grades.ARROW}"') == marks.count("not seen to end") == len(ongoing) > 0
    assert marks.count("fig-dotted") == len(given_events) - len(ongoing)


def test_a_sign_means_one_grade_wherever_an_event_is_drawn() -> None:
    event = {**STUDY["process"]["events"][0], "from_day": 3, "last_day": None, "absent_day": None}
    for ctcae in (None, 1, 2, 3, 4, 5):
        on_procedure = course_events.events([Course("Pain", 3, 3, None, [Look(3, ctcae, False, "")])], title="")
        in_cohort = events.draw([{**event, "ctcae": ctcae, "clavien_dindo": "IIIa"}])  # type: ignore[typeddict-item]  # reason: one of its own
        mark = in_cohort.partition("</a>")[0]
        assert f'd="{grades.PATHS[ctcae]}"' in mark
        assert f'd="{grades.PATHS[ctcae]}"' in on_procedure


def test_bars_of_raters_hold_all_grades_and_the_consensus() -> None:
    marks = rating.draw(STUDY["physicians"])
    for rater in STUDY["physicians"]["raters"]:
        for grade, count in zip(rating.GRADES, rater["counts"], strict=True):
            assert (f"{rater['label']}: {count} {rating.WORDS[grade]} (" in marks) == bool(count)
    assert "Median of all raters" in marks
    assert "Median of all raters" not in rating.draw(FEW["physicians"])


def test_who_did_not_answer_is_a_bar() -> None:
    marks = drawn(STUDY, "flow")
    for step in STUDY["flow"]["steps"]:
        for words in ("due", "asked", "answered"):
            assert f"{step['title']}, {words}: {dict(step)[words]} of 52 procedures" in marks
        assert f"{step['title']}, did not answer: {step['due'] - step['answered']} of 52 procedures" in marks
        assert f"{step['title']}, came in person: {step['seen']} of 52 procedures" in marks


def test_nobody_comes_to_a_check_in_and_on_one_day_it_stands_before_the_visit() -> None:
    (visit,) = (one for one in STUDY["flow"]["steps"] if one["step"] == "2w")
    asked = [{**visit, "step": f"d{day}", "title": f"Day {day}", "seen": 0} for day in (7, 14, 21)]
    steps = [asked[0], {**visit, "seen": 0}, *asked[1:], {**visit, "step": "own", "title": "Our own"}]
    other: Cohort = {**STUDY, "flow": {**STUDY["flow"], "steps": steps}}  # type: ignore[typeddict-item]  # reason: made of one of its own
    assert [one.sentence for one in figure(other, "flow").pieces] == ["Procedures", "Day 7", "Day 14", "2 weeks", "Day 21", "Our own"]
    assert [row.cells[0] for row in tables(other, "flow")[0].rows] == ["Day 7", "Day 14", "2 weeks", "Day 21", "Our own"]
    assert re.findall("([^>]*), came in person: (\\d+) of", drawn(other, "flow")) == [("2 weeks", "0"), ("Our own", str(visit["seen"]))]


def test_the_band_holds_what_the_data_allow_on_each_day() -> None:
    curve = [Clear(day=day, low=0.1 * (day > 7), high=0.4) for day in range(15)]
    marks = redness.draw(STUDY["redness"] | {"curve": curve, "clear_by": []})
    assert re.findall(r"By day (\d+): between ([\d.]+) and ([\d.]+) % clear", marks) == [("0", "0.0", "40.0"), ("8", "10.0", "40.0")]
    assert "2 to 3 weeks" in marks


def test_below_ten_each_line_of_redness_leads_to_its_case() -> None:
    points = [
        Cleared(left=0, right=7, red=False, procedure_id="a"),
        Cleared(left=14, right=90, red=True, procedure_id="b"),
        Cleared(left=21, right=None, red=True, procedure_id="c"),
    ]
    marks = redness.draw(FEW["redness"] | {"points": points})
    assert re.findall(r'href="/procedures/(\w)" tabindex="-1"><title>([^<]*)<', marks) == [
        ("a", "Never seen red, clear on day 7"),
        ("b", "Red on day 14, clear on day 90"),
        ("b", "Red on day 14, clear on day 90"),
        ("c", "Red on day 21, not seen to clear"),
    ]
    places_across = [float(one) for one in re.findall('cx="([0-9.]+)%"', marks)]
    assert plot.LEFT < min(places_across) < max(places_across) == plot.RIGHT


def test_a_line_of_redness_without_an_end_is_seen_to_go_on_and_no_note_stands_on_another() -> None:
    last = Cleared(left=28, right=None, red=True, procedure_id="a")
    marks = redness.draw(FEW["redness"] | {"points": [last]})
    ((begin, end),) = re.findall('class="fig-line fig-dashed" x1="([0-9.]+)%" y1="[0-9.]+" x2="([0-9.]+)%"', marks)
    assert float(end) - float(begin) > 10
    assert marks.count('class="fig-note') == 1


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


@pytest.mark.parametrize("subunit", ["cheek_buccal", "cheek_lateral", "cheek_zygomatic", "jawline", "temple", "nasolabial"])
def test_a_place_within_the_face_does_not_stand_on_its_outline(subunit: str) -> None:
    (begin, *curves) = facemap.DRAWINGS[FaceView.FRONT][0].path.split(" C")
    before, outline = complex(*map(float, begin.removeprefix("M").split())), list[complex]()
    for one in curves:
        numbers = [float(number) for number in one.replace(",", " ").split()]
        for place in range(0, len(numbers), 6):
            first, second, end = (complex(*numbers[place + at : place + at + 2]) for at in (0, 2, 4))
            for step in (each / 50 for each in range(51)):
                rest = 1 - step
                outline.append(rest**3 * before + 3 * rest**2 * step * first + 3 * rest * step**2 * second + step**3 * end)
            before = end
    at = places.spot({"subunit": subunit, "side": "right", "scars": 1, "improved": share(0, 0)})
    assert at is not None
    assert min(abs(complex(*at) - one) for one in outline) > 8.5


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
SEVEN = st.lists(st.integers(0, 10**6), min_size=7, max_size=7)
"""Of seven grades there are seven numbers."""
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
        return st.fixed_dictionaries({name: SEVEN if one == list[int] else anything(one) for name, one in get_type_hints(kind).items()})
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
    assert plot.Scale(0, 2.2e-308, 0, 100)(1e-9) == 50
