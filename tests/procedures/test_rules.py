"""Each rule between entries, on a few facts."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from server.procedures import rules
from server.procedures.facts import Fact
from server.procedures.totals import Context
from tests.procedures.facts import NINE, fact, ml

CHEEK, CHIN = uuid4(), uuid4()
Rule = Callable[[Sequence[Fact], Context], Iterator[dict[str, Any]]]


def codes(rule: Rule, *facts: Fact, **context: Any) -> list[str]:
    """What the rule remarks on."""
    return [one["code"] for one in rule(facts, Context(**context))]


def made(volume: float) -> Fact:
    """A filtration that gave so many mL."""
    return fact("filtration", nanofat_ul=ml(volume), filtered=True)


def injected(volume: float, scar: Any = CHEEK) -> Fact:
    """An injection of so many mL."""
    return fact("injection", volume_ul=ml(volume), scar_id=scar)


def discarded(volume: float, material: str = "nanofat") -> Fact:
    """So many mL thrown away."""
    return fact("discard", volume_ul=ml(volume), details={"material": material})


def test_no_more_is_injected_and_discarded_than_was_made() -> None:
    assert codes(rules.volume_balance, made(5), injected(3), discarded(2)) == []
    assert codes(rules.volume_balance, made(5), injected(3), discarded(2.2)) == ["volume_balance"]


def test_each_syringe_may_hide_a_tenth_of_a_millilitre() -> None:
    assert codes(rules.volume_balance, made(5), injected(2.6), injected(2.6)) == []
    assert codes(rules.volume_balance, made(5), injected(2.6), injected(2.601)) == ["volume_balance"]


def test_discarded_fat_is_no_nanofat() -> None:
    assert codes(rules.volume_balance, made(5), injected(4), discarded(30, "fat")) == []


def test_without_a_product_there_is_no_balance_to_judge() -> None:
    assert codes(rules.volume_balance, injected(4)) == []


def test_fat_is_part_of_the_lipoaspirate() -> None:
    drawn = fact("harvest", lipoaspirate_ul=ml(60))
    assert codes(rules.fat_within_lipoaspirate, drawn, fact("preparation", fat_ul=ml(60))) == []
    assert codes(rules.fat_within_lipoaspirate, drawn, fact("preparation", fat_ul=ml(60.1))) == ["fat_exceeds_lipoaspirate"]
    assert codes(rules.fat_within_lipoaspirate, drawn, drawn, fact("preparation", fat_ul=ml(100))) == []


def test_nanofat_comes_from_fat_and_additives() -> None:
    fat = fact("preparation", fat_ul=ml(10))
    assert codes(rules.nanofat_within_fat, fat, made(10)) == []
    assert codes(rules.nanofat_within_fat, fat, made(11)) == ["nanofat_exceeds_fat"]
    assert codes(rules.nanofat_within_fat, fat, fact("filtration", nanofat_ul=ml(11), additives_ul=ml(1))) == []
    assert codes(rules.nanofat_within_fat, made(11)) == []


@pytest.mark.parametrize(
    ("millilitres", "weight_g", "expected"),
    [
        (100, 62000, []),
        (2170, 62000, []),
        (2200, 62000, ["lidocaine_high"]),
        (4262, 62000, ["lidocaine_high"]),
        (4270, 62000, ["lidocaine_above_ceiling"]),
        (100, None, ["weight_missing"]),
    ],
)
def test_lidocaine_is_judged_per_kilogram(millilitres: int, weight_g: int | None, expected: list[str]) -> None:
    given = fact("anaesthesia", lidocaine_ug_per_l=800_000, volume_ul=ml(millilitres))
    assert codes(rules.lidocaine_dose, given, weight_g=weight_g) == expected


def test_a_block_counts_towards_the_dose() -> None:
    tumescent, block = fact("anaesthesia", lidocaine_ug_per_l=800_000, volume_ul=ml(2170)), fact("anaesthesia", lidocaine_ug=40_000)
    assert codes(rules.lidocaine_dose, tumescent, block, weight_g=62000) == ["lidocaine_high"]


def test_without_lidocaine_no_weight_is_needed() -> None:
    assert codes(rules.lidocaine_dose, fact("anaesthesia")) == []


def test_each_step_begins_after_the_one_before() -> None:
    harvest, injection = fact("harvest", 10), fact("injection", 30)
    assert codes(rules.order_of_times, injection, harvest) == []
    assert codes(rules.order_of_times, fact("harvest", 31), injection) == ["times_out_of_order"]
    assert codes(rules.order_of_times, fact("harvest", 31, started_at=NINE), injection) == []


def test_connectors_do_not_widen() -> None:
    wide, narrow = fact("emulsification", stage=1, connector_um=2400), fact("emulsification", stage=2, connector_um=1200)
    assert codes(rules.narrowing_connectors, narrow, wide) == []
    assert codes(rules.narrowing_connectors, wide, fact("emulsification", stage=2, connector_um=2400)) == []
    widened = fact("emulsification", stage=3, connector_um=1800)
    assert codes(rules.narrowing_connectors, wide, narrow, widened) == ["connector_widens"]
    assert codes(rules.narrowing_connectors, wide, fact("emulsification", stage=2), widened) == []


def test_a_stage_happens_once() -> None:
    assert codes(rules.narrowing_connectors, *[fact("emulsification", stage=1)] * 2) == ["stage_twice"]


def test_a_filter_is_finer_than_the_last_connector() -> None:
    stage = fact("emulsification", stage=1, connector_um=1200)
    assert codes(rules.filter_within_connector, stage, fact("filtration", aperture_um=1200)) == []
    assert codes(rules.filter_within_connector, stage, fact("filtration", aperture_um=1201)) == ["filter_wider_than_connector"]
    assert codes(rules.filter_within_connector, fact("filtration", aperture_um=2000)) == []


def test_an_unfiltered_product_is_visible_with_its_reason() -> None:
    (remark,) = rules.unfiltered_product([fact("filtration", filtered=False, reason="no filter left")], Context())
    assert remark["code"] == "unfiltered"
    assert "no filter left" in remark["message"]
    assert codes(rules.unfiltered_product, made(1)) == []


def test_volume_is_judged_by_the_scars_area() -> None:
    area = {"area_cm2": {CHEEK: 0.8, CHIN: None}}
    assert codes(rules.volume_per_area, injected(0.8), **area) == []
    assert codes(rules.volume_per_area, injected(0.5), injected(0.4), **area) == ["volume_per_area"]
    assert codes(rules.volume_per_area, injected(0.03), **area) == ["volume_per_area"]
    assert codes(rules.volume_per_area, injected(9, CHIN), **area) == []


@pytest.mark.parametrize(
    ("planned", "given", "expected"),
    [
        ({CHEEK: 1.0}, {CHEEK: 1.25}, []),
        ({CHEEK: 1.0}, {CHEEK: 1.26}, ["differs_from_plan"]),
        ({CHEEK: 1.0}, {CHEEK: 0.74}, ["differs_from_plan"]),
        ({CHEEK: 1.0, CHIN: 1.0}, {CHEEK: 1.0}, ["planned_not_injected"]),
        ({CHEEK: 1.0}, {CHEEK: 1.0, CHIN: 1.0}, ["injected_not_planned"]),
        ({CHEEK: 1.0}, {}, []),
    ],
)
def test_what_is_given_is_compared_with_the_plan(planned: dict[Any, float], given: dict[Any, float], expected: list[str]) -> None:
    injections = [injected(volume, scar) for scar, volume in given.items()]
    plan = {scar: ml(volume) for scar, volume in planned.items()}
    assert codes(rules.plan_against_actual, *injections, planned_ul=plan) == expected


def test_an_expired_device_is_remarked_on() -> None:
    filter_ = fact("device_use", details={"item": "Filter", "expires_on": "2025-10-31", "expired": True})
    (remark,) = rules.expired_device([filter_], Context())
    assert (remark["code"], remark["value"], remark["entry_id"]) == ("expired_device", "2025-10-31", str(filter_["id"]))
    assert codes(rules.expired_device, fact("device_use", details={"item": "Filter"})) == []


def test_a_scan_that_does_not_check_out_is_remarked_on() -> None:
    scan = fact("device_use", details={"item": "Filter", "barcode": "(01)1", "barcode_problem": "wrong check digit"})
    (remark,) = rules.unreadable_barcode([scan], Context())
    assert (remark["code"], remark["value"]) == ("barcode_problem", "(01)1")
    assert codes(rules.unreadable_barcode, fact("device_use", details={"item": "Filter"})) == []


def test_a_yes_to_a_risk_is_shown_again() -> None:
    answered = {"phase": "sign_in", "item": "known_allergy", "answer": "yes"}
    assert codes(rules.checklist_answers, fact("checklist", details=answered)) == ["checklist_answer"]
    assert codes(rules.checklist_answers, fact("checklist", details=answered | {"answer": "no"})) == []


def test_a_no_on_the_check_list_is_shown_again() -> None:
    answered = {"phase": "sign_in", "item": "site_marked", "answer": "no"}
    (remark,) = rules.checklist_answers([fact("checklist", details=answered)], Context())
    assert remark["message"] == "Check list, sign in: site marked was answered no."
    assert codes(rules.checklist_answers, fact("checklist", details=answered | {"answer": "not_applicable"})) == []


def test_the_total_for_one_face_is_judged() -> None:
    assert codes(rules.total_volume, injected(20), injected(5)) == []
    assert codes(rules.total_volume, injected(20), injected(5.1)) == ["total_volume"]
    assert codes(rules.total_volume) == []


def test_no_rule_is_written_and_then_forgotten() -> None:
    written = [
        one for _, one in inspect.getmembers(rules, inspect.isfunction) if one.__annotations__.get("return") == Iterator[rules.Warned]
    ]
    assert set(written) == set(rules.RULES)


def test_retracted_facts_are_judged_by_no_rule() -> None:
    wrong = injected(50)
    struck = fact("retraction", retracts=wrong["id"], reason="another syringe")
    assert rules.warnings([made(5), wrong, struck], Context()) == []


def why(*facts: Fact, **context: Any) -> list[str]:
    """Why the procedure cannot be signed."""
    return [one["code"] for one in rules.cannot_sign(facts, Context(scar_labels={CHEEK: "Left cheek"}, **context))]


TIME_OUT = fact("checklist", details={"phase": "time_out", "item": "team_introduced", "answer": "yes"})


def test_an_injection_and_a_time_out_are_enough_to_sign() -> None:
    assert why(TIME_OUT, injected(1)) == []


def test_what_makes_the_document_false_keeps_it_from_being_signed() -> None:
    assert why(TIME_OUT) == ["no_injection"]
    assert why(injected(1)) == ["no_time_out"]
    assert why(TIME_OUT, injected(1), made(0.5)) == ["volume_balance"]
    assert why(TIME_OUT, injected(1, CHIN)) == ["foreign_scar"]
    assert why(TIME_OUT, injected(1), fact("anaesthesia", lidocaine_ug=1)) == ["weight_missing"]
    assert why(TIME_OUT, injected(1), fact("anaesthesia", lidocaine_ug=1), weight_g=62000) == []


def test_a_time_out_answered_no_is_still_a_time_out() -> None:
    said_no = fact("checklist", details={"phase": "time_out", "item": "team_introduced", "answer": "no"})
    assert why(said_no, injected(1)) == []
