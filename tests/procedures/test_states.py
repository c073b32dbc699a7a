"""Which way a procedure may go from where it stands."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState as S
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case

REASON: dict[str, Any] = {"reason": "the patient has a cold"}
MOVES: dict[str, tuple[dict[str, Any], S]] = {
    "start": ({"at": stages.at(30)}, S.IN_PROGRESS),
    "completion": ({"at": stages.at(90)}, S.COMPLETED),
    "cancellation": (REASON, S.CANCELLED),
    "abandonment": (REASON | {"at": stages.at(90)}, S.ABANDONED),
    "withdrawal": (REASON, S.ENTERED_IN_ERROR),
}
ALLOWED = {
    S.PLANNED: {"start", "cancellation", "withdrawal"},
    S.IN_PROGRESS: {"completion", "abandonment", "withdrawal"},
    S.COMPLETED: {"withdrawal"},
    S.SIGNED: {"withdrawal"},
    S.CANCELLED: {"withdrawal"},
    S.ABANDONED: {"withdrawal"},
    S.ENTERED_IN_ERROR: set(),
}
WAYS: dict[S, Callable[[Case], object]] = {
    S.CANCELLED: lambda case: case.move("cancellation", **REASON),
    S.ABANDONED: lambda case: case.move("abandonment", **MOVES["abandonment"][0]),
    S.ENTERED_IN_ERROR: lambda case: case.move("withdrawal", **REASON),
}


def brought_to(state: S, tablet: Api, clinic: make.Clinic) -> Case:
    """The case in that state."""
    if state in WAYS:
        case = stages.begun(tablet, clinic) if state == S.ABANDONED else stages.planned(tablet, clinic)
        WAYS[state](case)
        return case
    make_it = {S.PLANNED: stages.planned, S.IN_PROGRESS: stages.begun, S.COMPLETED: stages.completed, S.SIGNED: stages.signed}
    return make_it[state](tablet, clinic)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("move", MOVES)
def test_each_move_is_allowed_or_refused(state: S, move: str, vera: Api, clinic: make.Clinic) -> None:
    case = brought_to(state, vera, clinic)
    body, reached = MOVES[move]
    if move in ALLOWED[state]:
        assert case.move(move, 200, **body)["state"] == reached
    else:
        refusal = case.move(move, 409, **body)
        assert refusal["code"] == ("closed" if state == S.SIGNED else "wrong_state")
        assert refusal["detail"]
        assert case.read()["state"] == state


@pytest.mark.parametrize("state", S)
def test_entries_are_taken_only_while_there_is_something_to_record(state: S, vera: Api, clinic: make.Clinic) -> None:
    case = brought_to(state, vera, clinic)
    taken = state in {S.PLANNED, S.IN_PROGRESS, S.COMPLETED, S.ABANDONED}
    case.record(make.entry("note", text="calm"), expect=201 if taken else 409)


def test_the_first_entry_begins_a_planned_procedure(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    case.record(make.entry("note", text="second", recorded_at=stages.at(33)), make.entry("note", text="first", recorded_at=stages.at(31)))
    begun = case.read()
    assert (begun["state"], begun["started_at"]) == ("in_progress", "2025-11-24T08:31:00Z")


@pytest.mark.parametrize("state", S)
def test_only_a_completed_procedure_is_signed(state: S, vera: Api, clinic: make.Clinic) -> None:
    case = brought_to(state, vera, clinic)
    case.sign(201 if state == S.COMPLETED else 409)


@pytest.mark.parametrize("state", S)
def test_the_header_may_be_changed_until_it_is_closed(state: S, vera: Api, clinic: make.Clinic) -> None:
    case = brought_to(state, vera, clinic)
    open_ = state in {S.PLANNED, S.IN_PROGRESS, S.COMPLETED, S.ABANDONED}
    vera.patch(case.path, {"weight_kg": 61}, case.read()["write_id"], 200 if open_ else 409)


@pytest.mark.parametrize("state", S)
def test_the_plan_may_be_changed_only_before_the_procedure_begins(state: S, vera: Api, clinic: make.Clinic) -> None:
    case = brought_to(state, vera, clinic)
    vera.patch(case.path, {"plan": {"passes": 40}}, case.read()["write_id"], 200 if state == S.PLANNED else 409)


def test_the_times_are_those_sent(vera: Api, clinic: make.Clinic) -> None:
    case = stages.begun(vera, clinic)
    ended = case.move("completion", at=stages.at(90))
    assert (ended["started_at"], ended["ended_at"]) == ("2025-11-24T08:30:00Z", "2025-11-24T09:30:00Z")


def test_without_a_time_it_is_now(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    assert case.move("start")["started_at"] >= case.read()["created_at"]


def test_it_cannot_begin_tomorrow_nor_end_before_it_began(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    assert case.move("start", 422, at="2190-01-01T00:00:00Z")["errors"][0]["pointer"] == "/at"
    case.move("start", at=stages.at(30))
    assert case.move("completion", 422, at=stages.at(29))["errors"][0]["pointer"] == "/at"
    assert case.move("abandonment", 422, at=stages.at(29), **REASON)["errors"][0]["pointer"] == "/at"


@pytest.mark.parametrize("move", ["cancellation", "abandonment", "withdrawal"])
def test_undoing_needs_a_reason_which_is_kept(move: str, vera: Api, clinic: make.Clinic) -> None:
    case = stages.begun(vera, clinic) if move == "abandonment" else stages.planned(vera, clinic)
    assert case.move(move, 422)["errors"][0]["pointer"] == "/reason"
    assert case.move(move, **REASON)["closed_reason"] == REASON["reason"]


def test_a_withdrawn_signed_procedure_keeps_its_signature(signed_case: Case) -> None:
    signature = signed_case.tablet.get(f"{signed_case.path}/signature")
    signed_case.move("withdrawal", reason="wrong patient")
    assert signed_case.tablet.get(f"{signed_case.path}/signature") == signature


def test_only_a_surgeon_of_the_clinic_operates(vera: Api, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    body = {"patient_id": case.patient_id, "planned_for": stages.at(0)}
    for person in (clinic.nurse, other_clinic.surgeon):
        refusal = vera.post("/procedures", body | {"surgeon_id": str(person.user_id)}, 422)
        assert refusal["errors"][0]["pointer"] == "/surgeon_id"


def test_a_patient_of_another_clinic_cannot_be_planned(vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, db: Any) -> None:
    theirs = make.patient(db, other_clinic)["id"]
    body = {"patient_id": theirs, "surgeon_id": str(clinic.surgeon.user_id), "planned_for": stages.at(0)}
    assert vera.post("/procedures", body, 422)["errors"][0]["pointer"] == "/patient_id"


def test_planning_again_with_the_same_id_is_harmless(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    body = {
        "id": case.id[:-12] + "0" * 12,
        "patient_id": case.patient_id,
        "surgeon_id": str(clinic.surgeon.user_id),
        "planned_for": stages.at(0),
    }
    assert vera.post("/procedures", body, 201) == vera.post("/procedures", body, 200)
    assert vera.post("/procedures", body | {"title": "Another"}, 409)["code"] == "id_taken"
