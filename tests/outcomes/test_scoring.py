"""Scores by the instrument's own rule: exact, and never a part of a total as if it were one."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.outcomes.rules import definition
from server.outcomes.rules.instrument import Instrument
from server.outcomes.rules.scoring import score
from server.outcomes.service import catalogue


def of(items: int, **scale: Any) -> Instrument:
    """So many items of 1 to 4, and one scale of them all."""
    names = [f"q{number}" for number in range(items)]
    return definition.read(
        {
            "key": "made",
            "version": "1",
            "title": "Made",
            "licence": "none",
            "audience": "patient",
            "items": [{"id": one, "kind": "scale", "min": 1, "max": 4, "text": {"en": one}} for one in names],
            "scales": [{"id": "all", "title": "All", "best": "high", "items": names, **scale}],
        }
    )


def value(instrument: Instrument, answers: dict[str, Any]) -> int | float | None:
    """The one scale's."""
    return score(instrument, answers)[0].value


def test_satisfaction_goes_from_nothing_to_a_hundred() -> None:
    satisfaction = next(one for one in catalogue.shipped() if one.key == "satisfaction")
    names = [one.id for one in satisfaction.items]
    assert value(satisfaction, dict.fromkeys(names, 1)) == 0
    assert value(satisfaction, dict.fromkeys(names, 4)) == 100
    assert value(satisfaction, dict(zip(names, (4, 3, 4, 3, 4, 2), strict=True))) == 77.778


@pytest.mark.parametrize(
    ("missing", "answers", "expected"),
    [
        ("none", {"q0": 4, "q1": 2, "q2": 3, "q3": 3}, 12),
        ("none", {"q0": 4, "q1": 2, "q2": 3}, None),
        ("person_mean_if_half", {"q0": 4, "q1": 2, "q2": 3}, 12),
        ("person_mean_if_half", {"q0": 4, "q1": 2, "q2": 3, "q3": None}, 12),
        ("person_mean_if_half", {"q0": 4, "q1": 2}, None),
        ("person_mean_if_half", {}, None),
    ],
)
def test_what_becomes_of_missing_items(missing: str, answers: dict[str, Any], expected: int | None) -> None:
    """Fewer than half may be missing; of just half nobody knows enough."""
    assert value(of(4, missing=missing), answers) == expected


def test_a_table_takes_the_nearest_whole_sum() -> None:
    table = {str(raw): (raw - 3) * 100 // 9 for raw in range(3, 13)}
    made = of(3, conversion="table", table=table, missing="person_mean_if_half")
    assert value(made, {"q0": 4, "q1": 4, "q2": 4}) == 100
    assert value(made, {"q0": 1, "q1": 2}) == table["5"]  # a mean of 1.5 thrice is 4.5, which counts as 5


ANSWERS = st.dictionaries(st.sampled_from([f"q{number}" for number in range(6)]), st.integers(1, 4) | st.none())


@given(ANSWERS, st.sampled_from(["sum", "mean"]), st.sampled_from(["none", "linear"]))
def test_a_score_lies_within_its_span_or_is_none(answers: dict[str, Any], rule: str, conversion: str) -> None:
    made = of(6, rule=rule, conversion=conversion, missing="person_mean_if_half")
    found = score(made, answers)[0]
    low, high = made.scales[0].span
    given_ones = sum(one is not None for one in answers.values())
    assert found.answered == given_ones
    assert (found.value_e3 is None) == (given_ones * 2 <= 6)
    assert found.value_e3 is None or low <= Fraction(found.value_e3, 1000) <= high


@given(ANSWERS, st.randoms())
def test_the_order_of_the_answers_says_nothing(answers: dict[str, Any], chance: Any) -> None:
    made, names = of(6, missing="person_mean_if_half"), list(answers)
    chance.shuffle(names)
    assert score(made, answers) == score(made, {name: answers[name] for name in names})


@given(st.lists(st.integers(1, 4), min_size=6, max_size=6))
def test_a_sum_is_the_sum(given_ones: list[int]) -> None:
    assert value(of(6), {f"q{number}": one for number, one in enumerate(given_ones)}) == sum(given_ones)
