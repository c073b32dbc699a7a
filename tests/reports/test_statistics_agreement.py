"""Agreement of raters: against published values, against the definitions written out pair by pair, and its own laws."""

from itertools import combinations, product
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reports.statistics.agreement import Ratings, agreement, fleiss, fleiss_of_counts, light, weighted_kappa
from server.reports.statistics.icc import Icc, icc
from tests.reports.published import ABSTRACTORS, GOLDEN, GWET_RAW, WIKIPEDIA, diagnoses, judges

GRADES = range(-3, 4)
PANEL = st.integers(2, 4).flatmap(
    lambda raters: st.lists(st.lists(st.sampled_from(GRADES), min_size=raters, max_size=raters), min_size=2, max_size=20)
)


@pytest.mark.parametrize(("raters", "name"), [(6, "diagnoses_6"), (3, "diagnoses_first3"), (4, "diagnoses_first4")])
def test_the_psychiatrists_agree_as_fleiss_computed(raters: int, name: str) -> None:
    found = fleiss(diagnoses(raters))
    assert (found.kappa, found.z) == pytest.approx(GOLDEN["fleiss"][name], abs=1e-6)
    assert (found.subjects, found.raters, found.left_out) == (30, raters, 0)


def test_fourteen_raters_of_the_encyclopedia() -> None:
    assert fleiss_of_counts(WIKIPEDIA).kappa == pytest.approx(GOLDEN["fleiss"]["wikipedia_10x14x5"], abs=1e-6)


def test_kappa_is_of_the_subjects_that_everybody_rated() -> None:
    found = fleiss([*diagnoses(3), [1, None, 1], [None, None, None]])
    assert (found.kappa, found.subjects, found.left_out) == (fleiss(diagnoses(3)).kappa, 30, 2)


@pytest.mark.parametrize("ratings", [[], [[1, 1, 1]] * 4, [[1], [2]], [[1, None], [None, 2]]])
def test_kappa_is_unknown_where_it_is_undefined(ratings: Ratings) -> None:
    found = fleiss(ratings)
    assert (found.kappa, found.z) == (None, None)


def test_a_subject_with_fewer_raters_is_no_count_of_the_same_panel() -> None:
    with pytest.raises(ValueError, match="same number"):
        fleiss_of_counts([[2, 1], [1, 1]])


@given(PANEL, st.permutations(GRADES), st.randoms())
def test_kappa_knows_neither_the_order_of_raters_nor_the_names_of_categories(
    panel: list[list[int]], names: list[int], dice: Random
) -> None:
    order = sorted(range(len(panel[0])), key=lambda _: dice.random())
    other = [[f"grade {names[row[rater] + 3]}" for rater in order] for row in panel]
    one, two = fleiss(panel), fleiss(other)
    assert one.kappa == two.kappa == pytest.approx(one.kappa)
    assert (one.kappa is None) == (len({grade for row in panel for grade in row}) == 1)
    assert agreement(panel, GRADES).ac1 == pytest.approx(agreement(other, [f"grade {name}" for name in GRADES]).ac1)


def test_ac1_as_gwet_published_it() -> None:
    """Six raters of the first fifteen patients, four raters with gaps, two abstractors."""
    fifteen = agreement(diagnoses()[:15], range(1, 6))
    assert (fifteen.raw, fifteen.ac1) == pytest.approx((0.5511111, 0.4448007), abs=1e-7)
    assert fleiss(diagnoses()[:15]).kappa == pytest.approx(0.4139265, abs=1e-7)
    gaps = agreement(GWET_RAW, range(1, 6))
    assert (gaps.raw, gaps.ac1) == pytest.approx((0.8181818, (0.8181818 - 0.1903212) / (1 - 0.1903212)), abs=1e-6)
    assert gaps.subjects == 11
    pairs = [[row, column] for row, column in product(range(3), repeat=2) for _ in range(ABSTRACTORS[row][column])]
    two = agreement(pairs, range(3))
    assert (two.raw, two.ac1) == pytest.approx((0.89, 0.8493305), abs=1e-7)


def ac1_by_pairs(panel: list[list[int]], scale: range) -> float:
    """The definition written out: every pair of raters of every subject, every rating drawn by chance."""
    agreed = mean(mean(float(one == two) for one, two in combinations(row, 2)) for row in panel)
    chosen = [mean(float(grade == one) for row in panel for grade in row) for one in scale]
    chance = sum(share * (1 - share) for share in chosen) / (len(scale) - 1)
    return (agreed - chance) / (1 - chance)


@given(PANEL)
def test_ac1_is_its_definition(panel: list[list[int]]) -> None:
    assert agreement(panel, GRADES).ac1 == pytest.approx(ac1_by_pairs(panel, GRADES), abs=1e-9)


def test_kappa_collapses_where_nearly_all_improved_and_ac1_does_not() -> None:
    """Ninety-one per cent improved: raters agree in most, and kappa says as good as nothing."""
    panel = [[True] * 3] * 40 + [[True, True, False], [True, False, True], [False, True, True], [True, True, False]]
    kappa, both = fleiss(panel).kappa, agreement(panel, [True, False])
    assert kappa is not None
    assert kappa < 0
    assert both.raw == pytest.approx((40 + 4 / 3) / 44)
    assert both.ac1 == pytest.approx(ac1_by_pairs([[int(one) for one in row] for row in panel], range(2)))
    assert both.ac1 is not None
    assert both.ac1 > 0.9
    everybody = agreement([[True, True]] * 5, [True, False])
    assert (everybody.raw, everybody.ac1) == (1, 1)


def test_agreement_without_pairs_is_unknown_and_with_strange_words_refused() -> None:
    assert agreement([[1, None], [None, 2]], [1, 2]).ac1 is None
    assert agreement([], [1, 2]).raw is None
    with pytest.raises(ValueError, match="no categories"):
        agreement([[1, 7]], [1, 2])
    with pytest.raises(ValueError, match="at least two"):
        agreement([[1, 1]], [1])


def weighted_by_pairs(one: list[int], two: list[int]) -> float | None:
    """Cohen's definition: squared distances seen, against those of every grade of one with every grade of the other."""
    chance = mean((a - b) ** 2 for a, b in product(one, two))
    return 1 - mean((a - b) ** 2 for a, b in zip(one, two, strict=True)) / chance if chance else None


@given(PANEL)
def test_weighted_kappa_is_its_definition_and_light_its_mean(panel: list[list[int]]) -> None:
    raters = [list(rater) for rater in zip(*panel, strict=True)]
    kappas = [weighted_by_pairs(one, two) for one, two in combinations(raters, 2)]
    for (one, two), kappa in zip(combinations(raters, 2), kappas, strict=True):
        assert weighted_kappa(one, two).kappa == pytest.approx(kappa)
        assert weighted_kappa(two, one) == weighted_kappa(one, two)
    defined = [kappa for kappa in kappas if kappa is not None]
    found = light(panel)
    assert (found.pairs, found.defined) == (len(kappas), len(defined))
    assert found.kappa == pytest.approx(mean(defined) if defined else None)


def test_with_two_grades_weights_change_nothing() -> None:
    """The two-rater kappa of Cohen (1960) by hand: 45 and 15, 25 and 15 of 100."""
    seen = [(1, 1)] * 45 + [(1, 0)] * 15 + [(0, 1)] * 25 + [(0, 0)] * 15
    assert weighted_kappa([a for a, _ in seen], [b for _, b in seen]).kappa == pytest.approx((0.60 - 0.54) / (1 - 0.54))


def test_weighted_kappa_is_unknown_where_it_is_undefined() -> None:
    assert weighted_kappa([2, 2], [2, 2]).kappa is None
    assert weighted_kappa([1, None], [None, 2]).subjects == 0
    assert weighted_kappa([1, None], [None, 2]).kappa is None
    assert light([]).kappa is None
    assert light([[1, None, 2], [2, 2, None]]).defined == 1


def test_the_judges_of_shrout_and_fleiss() -> None:
    found, golden = icc(judges()), GOLDEN["icc_shrout_fleiss"]
    ours = (found.one_1, found.two_1, found.three_1, found.one_k, found.two_k, found.three_k)
    assert ours == pytest.approx([golden[name] for name in ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")], abs=1e-6)


def values(found: Icc) -> list[float | None]:
    return [found.one_1, found.two_1, found.three_1, found.one_k, found.two_k, found.three_k]


@given(PANEL, st.integers(-9, 9), st.sampled_from([0.125, 2.0, 3.0]))
def test_icc_does_not_feel_where_the_scale_begins_nor_its_unit(panel: list[list[int]], by: int, unit: float) -> None:
    assert values(icc([[(grade + by) * unit for grade in row] for row in panel])) == pytest.approx(values(icc(panel)))


@given(PANEL, st.integers(20, 40))
def test_a_rater_who_is_always_higher_disagrees_only_absolutely(panel: list[list[int]], by: int) -> None:
    shifted = [[row[0] + by, *row[1:]] for row in panel]
    before, after = icc(panel), icc(shifted)
    assert (after.three_1, after.three_k) == pytest.approx((before.three_1, before.three_k))
    if before.two_1 is not None and before.two_1 > 0:
        assert after.two_1 is not None
        assert after.two_1 < before.two_1
        assert after.one_1 is not None
        assert before.one_1 is not None
        assert after.one_1 < before.one_1


def test_icc_is_unknown_where_subjects_do_not_differ_or_are_too_few() -> None:
    for ratings in ([], [[1, 2]], [[1], [2]], [[0.1, 0.1]] * 3, [[1, 2], [2, 1]]):
        assert values(icc(ratings)) == [None] * 6
    assert values(icc([[1.5, 1.5], [2.5, 2.5]])) == [1] * 6
    assert icc([*judges(), [1, None, 2, 3]]) == Icc(6, 1, 4, *values(icc(judges())))
    assert icc([[0, 2, 1], [1, 0, 3], [2, 1, 0]]).two_k is None, "its denominator is below nothing"
    with pytest.raises(ValueError, match="finite"):
        icc([[float("nan"), 1.0], [1.0, 2.0]])
