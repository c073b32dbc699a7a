"""What nobody may do with an instrument, by slip or on purpose: make it free, turn it around, count a patient twice."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from server.db import Database
from tests import make
from tests.api import Api
from tests.house.follow_up_calls import visit_of
from tests.procedures import case as stages

PAIN: dict[str, Any] = {"instrument": "pain", "answers": {"pain": 3}, "complete": True}


def item(name: str, most: int = 1) -> dict[str, Any]:
    """A question of 0 to `most`."""
    return {"id": name, "kind": "scale", "min": 0, "max": most, "text": {"en": "How much?"}}


def scale(name: str, *items: str, **more: Any) -> dict[str, Any]:
    """A scale of these items, low being better."""
    return {"id": name, "title": "Much", "best": "low", "items": [*items]} | more


def own(key: str, items: list[dict[str, Any]], *scales: dict[str, Any], licence: Any = "none") -> dict[str, Any]:
    """A clinic's own file."""
    whole = {"key": key, "version": "own-1", "title": "Own", "licence": licence, "audience": "patient"}
    return {"definition": whole | {"items": items, "scales": [*scales]}}


@pytest.fixture
def visit(vera: Api, clinic: make.Clinic) -> str:
    """Address of the responses at Anna's first visit in person."""
    return f"/visits/{visit_of(vera, stages.completed(vera, clinic))['id']}/responses"


def test_no_file_makes_a_licensed_instrument_free(vera: Api) -> None:
    refusal = vera.post("/instruments", own("face_q", [item("a")], scale("mine", "a")), 422)
    assert refusal["errors"][0]["pointer"] == "/definition/licence"
    assert "licensed by" in refusal["detail"]
    assert [one["usable"] for one in vera.get("/instruments")["items"] if one["key"] == "face_q"] == [False]


def test_no_file_turns_a_scale_around(vera: Api) -> None:
    licence = {"holder": "Memorial Sloan Kettering Cancer Center"}
    refusal = vera.post("/instruments", own("face_q", [item("a")], scale("skin", "a"), licence=licence), 422)
    assert refusal["errors"][0]["pointer"] == "/definition/scales/0/best"


def test_a_mean_that_comes_to_thirds_can_be_read_again(vera: Api) -> None:
    items = [item("a"), item("b"), item("c", 2)]
    vera.post("/instruments", own("thirds", items, scale("mean", "a", "b", "c", rule="mean")))
    found = next(one for one in vera.get("/instruments")["items"] if one["key"] == "thirds")
    assert found["definition"]["scales"][0]["range"] == [0, 1.333]
    vera.post("/instruments", {"definition": found["definition"]}, 200)


def test_a_number_has_one_form_in_the_journal(vera: Api, visit: str, clinic: make.Clinic, db: Database) -> None:
    made = vera.post(visit, PAIN | {"answers": {"pain": 3.0}})
    assert json.dumps(made["answers"]) == '{"pain": 3}'
    bodies = [row.body for row in make.journal(db, clinic) if row.body]
    assert [body for body in bodies if rfc8785.dumps(json.loads(body)).decode() != body] == []


def test_a_score_from_elsewhere_is_no_way_around_the_questions(vera: Api, visit: str) -> None:
    refusal = vera.post(visit, {"instrument": "gais", "scores": {"change": 80}}, 422)
    assert refusal["errors"][0]["pointer"] == "/scores"


def test_a_patient_counts_once_a_visit(vera: Api, visit: str) -> None:
    begun = vera.post(visit, PAIN | {"complete": False})
    first = vera.post(visit, PAIN)
    vera.post(visit, PAIN, 409)
    vera.patch(f"/responses/{begun['id']}", {"complete": True}, begun["write_id"], 409)
    vera.post(f"/responses/{first['id']}/withdrawal", {"reason": "Of another patient."}, 200)
    vera.patch(f"/responses/{begun['id']}", {"complete": True}, begun["write_id"])


def test_a_check_in_has_its_own_questions(vera: Api, clinic: make.Clinic) -> None:
    check_in = visit_of(vera, stages.completed(vera, clinic), "check_in")
    assert "its own questions" in vera.post(f"/visits/{check_in['id']}/responses", PAIN, 409)["detail"]


def test_a_clinician_s_judgement_is_no_coordinator_s(visit: str, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    grade = {"instrument": "goodman_baron", "answers": {"grade": 3}, "complete": True}
    refusal = as_(clinic.coordinator).post(visit, grade, 403)
    assert "somebody who assesses" in refusal["detail"]
    as_(clinic.nurse).post(visit, grade)
