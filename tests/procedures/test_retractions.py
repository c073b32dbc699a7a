"""Nothing is edited: a wrong entry is struck through, and the right one entered."""

from typing import Any

import pytest

from server.ids import uuid7
from tests import make
from tests.procedures import case as stages
from tests.procedures.case import Case


@pytest.fixture
def harvest(case: Case) -> dict[str, Any]:
    """60 mL, as recorded."""
    return dict(case.record(make.entry("harvest", site="hip", lipoaspirate_ml=60))["entries"][0])


def retraction(of: dict[str, Any], reason: str = "misread the scale") -> dict[str, Any]:
    """Strikes an entry through."""
    return make.entry("retraction", retracts=of["id"], reason=reason)


def aspirated(case: Case) -> float | None:
    """The lipoaspirate that counts."""
    value: float | None = case.read()["totals"]["lipoaspirate_ml"]
    return value


def test_a_correction_is_one_call(case: Case, harvest: dict[str, Any]) -> None:
    answer = case.record(retraction(harvest), make.entry("harvest", site="hip", lipoaspirate_ml=50))
    assert answer["totals"]["lipoaspirate_ml"] == 50
    assert [one["kind"] for one in case.read()["entries"]] == ["harvest", "retraction", "harvest"]


def test_what_was_retracted_stays_visible_with_the_reason(case: Case, harvest: dict[str, Any]) -> None:
    sent = retraction(harvest)
    case.record(sent)
    shown = case.read()["entries"][0]
    assert shown == harvest | {"retracted": {"by": sent["id"], "reason": "misread the scale"}}


def test_a_retracted_entry_counts_for_nothing(case: Case) -> None:
    case.record(*stages.entries(case))
    injections = [one for one in case.read()["entries"] if one["kind"] == "injection"]
    totals = case.record(*(retraction(one) for one in injections))["totals"]
    assert totals["injected_ml"] is None
    assert totals["residual_ml"] == 3.8


def test_a_retraction_may_itself_be_taken_back(case: Case, harvest: dict[str, Any]) -> None:
    struck = case.record(retraction(harvest))["entries"][0]
    assert aspirated(case) is None
    case.record(retraction(struck, "it was right"))
    assert aspirated(case) == 60
    assert "retracted" not in case.read()["entries"][0]


def test_what_was_restored_may_be_retracted_again(case: Case, harvest: dict[str, Any]) -> None:
    struck = case.record(retraction(harvest))["entries"][0]
    case.record(retraction(struck))
    case.record(retraction(harvest))
    assert aspirated(case) is None


def test_nothing_is_retracted_twice(case: Case, harvest: dict[str, Any]) -> None:
    case.record(retraction(harvest))
    assert "already retracted" in case.record(retraction(harvest), expect=422)["errors"][0]["message"]
    case.record(retraction(harvest), retraction(harvest), expect=422)


def test_restoring_is_not_retracted_but_the_entry_is(case: Case, harvest: dict[str, Any]) -> None:
    struck = case.record(retraction(harvest))["entries"][0]
    restored = case.record(retraction(struck))["entries"][0]
    assert "retract the entry itself" in case.record(retraction(restored), expect=422)["errors"][0]["message"]
    assert aspirated(case) == 60


def test_an_entry_may_be_retracted_in_the_call_that_records_it(case: Case) -> None:
    slip = make.entry("harvest", site="hip", lipoaspirate_ml=60)
    case.record(slip, retraction(slip))
    assert aspirated(case) is None


def test_an_entry_must_exist_before_it_is_retracted(case: Case) -> None:
    slip = make.entry("harvest", site="hip", lipoaspirate_ml=60)
    assert case.record(retraction(slip), slip, expect=422)["errors"][0]["pointer"] == "/0/retracts"
    itself = make.entry("retraction", reason="?")
    case.record(itself | {"retracts": itself["id"]}, expect=422)
    case.record(retraction({"id": str(uuid7())}), expect=422)


def test_an_entry_of_another_procedure_is_no_target(case: Case, harvest: dict[str, Any], db: Any, clinic: make.Clinic) -> None:
    other = make.procedure(db, clinic, state="in_progress")  # type: ignore[arg-type]  # reason: a StrEnum's word
    sent = retraction(harvest)
    refusal = case.tablet.post(f"/procedures/{other['id']}/entries", sent, 422)
    assert refusal["errors"][0]["pointer"] == "/retracts"


def test_a_retraction_says_why(case: Case, harvest: dict[str, Any]) -> None:
    sent = make.entry("retraction", retracts=harvest["id"])
    assert case.record(sent, expect=422)["errors"][0] == {"pointer": "/0/reason", "message": "Is missing; send it."}
