"""What is said of the figures, in sentences, tables and files: the document's numbers, and of few patients none that summarise."""

import csv
import io
import re
from collections import Counter

import pytest

from server.reports.files import table as whole_csv
from server.reports.shape import FEW_PATIENTS
from server.reports.statistics import hypotheses
from server.web import cohort_example, cohort_words
from server.web.cohort_example_cases import share
from server.web.cohort_figures import figures
from server.web.cohort_scale_words import scale as scale_sentence
from server.web.cohort_tables import csv_of, tables
from server.web.cohort_view import headlines, since
from server.web.cohort_words import FIGURES
from server.web.drawings.cohort import process, scales
from tests.reports.drawings import FEW, STATES, STUDY, drawn, root


def test_sentences_say_the_document_s_numbers() -> None:
    said = {name: sentence(STUDY) for name, (_, sentence) in FIGURES.items()}
    assert said["flow"].startswith("44 of 52 patients answered (84.6 %, 72.5 to 92.0); 8 did not. 1 year: 34 of 44 procedures due were")
    assert said["redness"].startswith("41 of 44 patients (93.2 %, 81.8 to 97.7) had redness. The skin was clear in 20.0 % by day 14")
    assert "40 of 44 patients (90.9 %, 78.8 to 96.4) were judged improved" in said["rating"]
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


def test_what_is_undefined_is_said_in_words() -> None:
    agreement = STUDY["physicians"]["agreement"] | {"fleiss_kappa": None}
    assert "Fleiss’ kappa is undefined" in cohort_words.agreement(agreement)
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
    assert [row.cells for table in tables(FEW, "redness")[1:] for row in table.rows] == [
        ("Looked at, and in the estimate", 6),
        ("Never seen red", 0),
        ("Not seen to clear", 1),
        ("Seen red and clear on one day, counted as red", 0),
        *((one["left"] if one["red"] else "never", one["right"] or "not seen") for one in FEW["redness"]["points"]),
    ]


@pytest.mark.parametrize("patients", [5, 9, 10])
def test_no_per_cent_no_interval_and_no_coefficient_is_of_fewer_than_ten(patients: int) -> None:
    """Whatever the engine computed of them: here it did, of all."""
    cohort = cohort_example.Example(patients, answered=patients).cohort()
    cohort["physicians"]["agreement"] |= {"pairs": patients, "raw": 0.8, "fleiss_kappa": 0.3, "icc_mean": 0.7}
    for run in cohort["process"]["runs"]:
        run |= {"mean": 1.0, "low": 0.5, "high": 2.0}
    boxes = " ".join(detail for *_, detail in headlines(cohort))
    said = " ".join(f"{one.sentence} {' '.join(piece.sentence for piece in one.pieces)}" for one in figures(cohort))
    rows = "".join(csv_of(cohort, name) for name in FIGURES)
    lines = list(whole_csv.lines(cohort))
    known = [
        one
        for one in lines
        if one.measure in cohort["physicians"]["agreement"] and one.measure not in {"pairs", "alike", "raters", "number"}
    ]
    summarised = patients >= FEW_PATIENTS
    assert bool(re.search(r"\d %|up to|kappa \d|median \d|limits [(]", f"{boxes} {said}")) == summarised
    assert ("too few for a per cent" in boxes) == (not summarised)
    assert bool(re.search(r"\d %, \d|up to|kappa of|Median of all|ICC", rows)) == summarised
    assert any(one.low is not None or (one.unit == "share" and one.value is not None) for one in lines) == summarised
    assert any(one.value is not None for one in known) == summarised
    grades_given = sum(sum(one["counts"]) for one in cohort["physicians"]["raters"])
    assert (drawn(cohort, "rating").count("<circle") == grades_given) == (not summarised)


def test_a_thin_visit_is_named_and_the_newest_of_ten_is_summarised() -> None:
    gais = cohort_example.study()["satisfaction"]["scales"][1]
    thin = gais["visits"][2]
    thin |= {"n": 5, "due": 7, "median": None, "q1": None, "q3": None}
    said = scale_sentence(gais, enough=True)
    assert re.search(
        r"3 months: 39 of 48 due answered; median \d.*, middle half .*\. 1 year: 5 of 7 due answered: too few to summarise\.", said
    )
    assert "More than a year after the last session" in said
    assert "Same 34 patients, 2 weeks to 1 year: median change" in said


def test_of_yes_and_no_a_share_is_drawn_and_said() -> None:
    red = STUDY["satisfaction"]["scales"][2]
    last = red["visits"][-1]
    yes = sum(one["value"] for one in last["points"])
    said, marks = scale_sentence(red, enough=True), scales.draw(red)
    assert f"{yes:.0f} said yes ({cohort_words.interval(share(int(yes), last['n']))})" in said
    assert "median" not in said + marks
    assert "fig-quartiles" not in marks
    assert f">yes {100 * yes / last['n']:.0f} %<" in marks
    (visits,) = (one for one in tables(STUDY, "scales") if one.title == f"{red['title']}: visits")
    assert visits.rows[-1].cells[3:] == (yes, cohort_words.interval(share(int(yes), last["n"])))


def test_comparisons_and_agreement_stand_in_the_table_and_its_file() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of(STUDY, "scales"))))
    one = STUDY["satisfaction"]["scales"][0]
    (more, less) = (row for row in rows if row["Table"] == "Satisfaction: over a year")
    assert (more["Patients"], more["p"], more["p, corrected"]) == (
        "22",
        f"{one['over_year']['p']:.3f}",
        f"{one['over_year']['p_holm']:.3f}",
    )
    assert (less["After the last session"], less["Patients"]) == ("a year or less", "22")
    (change,) = (row for row in rows if row["Table"] == "Satisfaction: change")
    assert (change["Same patients"], change["Patients"], change["p"]) == ("2 weeks to 1 year", "34", "< 0.001")
    agreed = {row["Coefficient"]: row["Value"] for row in csv.DictReader(io.StringIO(csv_of(STUDY, "rating"))) if row["Coefficient"]}
    assert agreed["Fleiss’ kappa of improved or not"] == "0.31"
    assert len(agreed) == 6


def test_a_place_keeps_how_many_were_judged() -> None:
    (row, *_) = csv.DictReader(io.StringIO(csv_of(STUDY, "where")))
    place = STUDY["where"]["places"][0]
    assert (row["Scars"], row["Improved"], row["Judged"]) == tuple(
        str(one) for one in (place["scars"], place["improved"]["numerator"], place["improved"]["denominator"])
    )
    for table in (table for state in STATES.values() for name in FIGURES for table in tables(state, name)):
        assert {len(row.cells) for row in table.rows} == {len(table.columns)}, table.title


def test_what_the_example_says_follows_from_its_own_scores() -> None:
    """Held against the engine's own tests."""
    for scale in STUDY["satisfaction"]["scales"]:
        first, *_, last = scale["visits"]
        before = {one["procedure_id"]: one["value"] for one in first["points"]}
        changes = Counter(one["value"] - before[one["procedure_id"]] for one in last["points"])
        found = hypotheses.signed_rank_of_means(changes)
        assert (scale["paired"]["n"], scale["paired"]["median_change"]) == (last["n"], found.median_change)
        assert scale["paired"]["p"] == pytest.approx(found.p, rel=0.02, abs=1e-6)
        latest = {one["procedure_id"]: one["value"] for visit in scale["visits"] for one in visit["points"]}
        values = [latest[one["procedure_id"]] for one in first["points"]]
        test = hypotheses.mann_whitney(values[:22], values[22:])
        said = scale["over_year"]
        assert (said["median_more"], said["median_less"], said["shift"]) == (test.median_first, test.median_second, test.shift)
        assert (said["p"], said["rank_biserial"]) == pytest.approx((test.p, test.rank_biserial))
        for number in ("median_more", "median_less"):
            assert scale["low"] <= dict(said)[number] <= scale["high"]  # type: ignore[operator]  # reason: a number, in the study
    assert sum(one["scars"] for one in STUDY["where"]["places"]) == STUDY["counts"]["scars"]
    for one, step in zip(STUDY["satisfaction"]["scales"][0]["visits"], STUDY["flow"]["steps"], strict=True):
        assert (one["step"], one["n"], one["due"]) == (step["step"], step["answered"], step["due"])


def test_a_median_is_rounded_and_stands_clear_of_its_bar() -> None:
    one = cohort_example.study()["satisfaction"]["scales"][0]
    one["visits"][0] |= {"median": 66.667, "q1": 60.0, "q3": 70.0}
    found = root(scales.draw(one))
    (number,) = (each for each in found.iter() if (each.text or "") == "median 66.7")
    marks = [each for each in found.iter() if each.get("class") in {"fig-quartiles", "fig-dot"}]
    lowest = max(float(each.get("cy") or 0) or float(each.get("y") or 0) + float(each.get("height") or 0) for each in marks)
    assert float(number.get("y") or 0) - 12 > lowest


def test_passes_are_whole() -> None:
    run = STUDY["process"]["runs"][1] | {"mean": 66.15, "low": 34.65, "high": 97.65}
    assert "mean 66 passes, limits (dashed) 35 to 98;" in cohort_words.run(run)
    assert not re.search(r"\d\.\d+ passes", process.draw_run(run))


@pytest.mark.parametrize(("months", "words"), [(0.0, "0 days"), (0.9, "27 days"), (1.0, "1 month"), (1.9, "1 month"), (24.5, "24 months")])
def test_how_long_ago_is_said_in_whole_months_or_days(months: float, words: str) -> None:
    assert since(months) == words
