"""Nóra fills a questionnaire in with Anna; the server computes what it comes to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import AlertKind
from server.app import App
from server.db import Database
from server.followup.models import Alert
from server.ids import uuid7
from server.outcomes.service import asking as asking_her
from server.reports.rules import Filters
from server.reports.service import asking, running
from tests import make
from tests.api import Api
from tests.house.instrument_calls import LICENCE, OWN, PAIN
from tests.outcomes.result import Result, anna
from tests.rights.test_export import exported

SATISFIED = {"looks": 4, "others": 3, "feel": 4, "hope": 3, "decision": 4}

MIRROR_Q = {
    "key": "mirror_q",
    "version": "1",
    "title": "Mirror",
    "licence": {"holder": "Institute"},
    "audience": "patient",
    "items": [{"id": "look", "kind": "scale", "min": 0, "max": 4, "text": {"en": "How often do you look?"}}],
    "scales": [{"id": "often", "title": "Often", "best": "low", "items": ["look"]}],
}
"""Of another house."""


@pytest.fixture
def result(db: Database, clinic: make.Clinic) -> Result:
    """Anna, operated on a hundred days ago."""
    return anna(db, clinic)


@pytest.fixture
def nora(as_: Callable[[make.Person], Api], clinic: make.Clinic) -> Api:
    """The nurse."""
    return as_(clinic.nurse)


def at(result: Result) -> str:
    """Address of the responses of the visit after three months."""
    return f"/visits/{result.visit().id}/responses"


def pointers(refusal: dict[str, Any]) -> list[str]:
    """Which fields were refused."""
    return [one["pointer"] for one in refusal["errors"]]


def test_pain_is_written_down_and_scored(nora: Api, result: Result, clinic: make.Clinic) -> None:
    made = nora.post(at(result), PAIN)
    assert (made["state"], made["via"], made["given_by"]) == ("complete", "staff", str(clinic.nurse.user_id))
    assert [(one["scale"], one["value"], one["answered"], one["items"]) for one in made["scores"]] == [("pain", 3, 1, 1)]
    assert nora.get(at(result))["items"] == [made]


def test_sent_twice_it_is_recorded_once(nora: Api, result: Result) -> None:
    body = {**PAIN, "id": str(uuid7())}
    assert nora.post(at(result), body) == nora.post(at(result), body, 200)
    assert nora.post(at(result), {**body, "answers": {"pain": 4}}, 409)["code"] == "id_taken"


def test_what_was_begun_is_gone_on_with_later(nora: Api, result: Result) -> None:
    begun = nora.post(at(result), {"instrument": "satisfaction", "answers": {"looks": 4}})
    assert (begun["state"], begun["scores"]) == ("open", [])
    path = f"/responses/{begun['id']}"
    further = nora.patch(path, {"answers": SATISFIED | {"looks": 3}}, begun["write_id"])
    assert further["answers"]["looks"] == 3
    assert nora.patch(path, {"complete": True}, begun["write_id"], 412)["code"] == "stale"
    done = nora.patch(path, {"complete": True}, further["write_id"])
    assert done["state"] == "complete"
    assert nora.patch(path, {"answers": {"looks": 1}}, done["write_id"], 409)["detail"].startswith("This response is complete")


def test_a_total_that_differs_from_the_servers_is_refused(nora: Api, result: Result) -> None:
    refusal = nora.post(at(result), {**PAIN, "totals": {"pain": 4}}, 422)
    assert pointers(refusal) == ["/totals/pain"]
    assert "come to 3, not 4" in refusal["detail"]
    assert nora.get(at(result))["items"] == []
    assert nora.post(at(result), {**PAIN, "totals": {"pain": 3}})["state"] == "complete"


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"instrument": "pain", "answers": {"pain": 11}}, "/answers/pain", "outside 0 to 10"),
        ({"instrument": "pain", "answers": {"pain": 2.5}}, "/answers/pain", "between two steps"),
        ({"instrument": "satisfaction", "answers": {"looks": 5}}, "/answers/looks", "choose one of 1, 2, 3, 4"),
        ({"instrument": "erythema", "answers": {"red": 1}}, "/answers/red", "true or false"),
        ({"instrument": "pain", "answers": {"joy": 3}}, "/answers/joy", "no item of this name"),
        ({"instrument": "pain", "answers": {"pain": None}, "complete": True}, "/answers", "Nothing is answered"),
        ({"instrument": "unheard_of", "answers": {}}, "/instrument", "No such instrument"),
        ({"instrument": "face_q", "scores": {"skin": 101}}, "/scores/skin", "between 0 and 100"),
        ({"instrument": "face_q", "scores": {"nose": 50}}, "/scores/nose", "has no scale nose"),
        ({"instrument": "face_q", "scores": {}}, "/scores", "at least one of"),
        ({"instrument": "pain", "answers": {"pain": 3}, "answered_on": "2199-01-01"}, "/answered_on", "in the future"),
        ({"instrument": "pain", "answers": {"pain": 3}, "answered_on": "2001-01-01"}, "/answered_on", "before the procedure"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(body: dict[str, Any], pointer: str, said: str, nora: Api, result: Result) -> None:
    refusal = nora.post(at(result), body, 422)
    assert pointer in pointers(refusal)
    assert said in refusal["errors"][0]["message"]
    assert nora.get(at(result))["items"] == []


def test_without_a_licence_only_a_score_from_elsewhere_is_taken(nora: Api, result: Result) -> None:
    refusal = nora.post(at(result), {"instrument": "face_q", "answers": {}}, 409)
    assert "only a score computed elsewhere is taken" in refusal["detail"]
    made = nora.post(at(result), {"instrument": "face_q", "scores": {"skin": 71.5}})
    assert (made["via"], made["answers"], made["scores"][0]["value"], made["scores"][0]["items"]) == ("score", {}, 71.5, 0)


def test_after_the_licence_has_ended_nobody_is_asked(vera: Api, nora: Api, result: Result) -> None:
    vera.post("/instruments", {"definition": MIRROR_Q})
    vera.post("/instruments/mirror_q/licences", LICENCE)
    begun = nora.post(at(result), {"instrument": "mirror_q", "answers": {"look": 1}})
    vera.post("/instruments/mirror_q/licences", {**LICENCE, "valid_until": "2026-01-02"})
    assert "The licence ended on 2026-01-02" in nora.post(at(result), {"instrument": "mirror_q", "answers": {"look": 1}}, 409)["detail"]
    assert "The licence ended" in nora.patch(f"/responses/{begun['id']}", {"complete": True}, begun["write_id"], 409)["detail"]


def test_so_much_pain_calls_a_person_at_once(nora: Api, result: Result) -> None:
    """Even before the rest is answered, and once however often it is said."""
    nora.post(at(result), {"instrument": "pain", "answers": {"pain": 9}})
    nora.post(at(result), {"instrument": "pain", "answers": {"pain": 10}, "complete": True})
    with result.db.transaction(result.clinic.id, write=False) as session:
        alerts = session.scalars(sa.select(Alert).where(Alert.kind == AlertKind.CONCERNING_ANSWER)).all()
    assert [str(one.patient_id) for one in alerts] == [result.patient_id]
    assert alerts[0].next_escalation_at is not None


def test_redness_told_in_a_questionnaire_counts_and_is_taken_back_with_it(nora: Api, result: Result) -> None:
    made = nora.post(at(result), {"instrument": "erythema", "answers": {"red": True}, "complete": True})
    assert result.redness() == [(100, True, False)]
    withdrawn = nora.post(f"/responses/{made['id']}/withdrawal", {"reason": "Of another patient."}, 200)
    assert (withdrawn["state"], withdrawn["reason"]) == ("withdrawn", "Of another patient.")
    assert [(day, red) for day, red, _ in result.redness()][-1] == (100, None)
    assert nora.post(f"/responses/{made['id']}/withdrawal", {"reason": "Again."}, 409)["code"] == "conflict"


def test_what_must_be_answered_holds_the_rest_back(vera: Api, nora: Api, result: Result) -> None:
    look, light = {**OWN["items"][0], "required": True}, {**OWN["items"][0], "id": "light"}
    vera.post("/instruments", {"definition": {**OWN, "items": [look, light]}})
    for answers in ({"light": 2}, {"light": 2, "look": None}):
        refusal = nora.post(at(result), {"instrument": "mirror", "answers": answers, "complete": True}, 422)
        assert pointers(refusal) == ["/answers/look"]
        assert "look must be answered" in refusal["detail"]
    assert nora.get(at(result))["items"] == []
    begun = nora.post(at(result), {"instrument": "mirror", "answers": {"light": 2}})
    refused = nora.patch(f"/responses/{begun['id']}", {"complete": True}, begun["write_id"], 422)
    assert pointers(refused) == ["/answers/look"]
    assert nora.get(at(result))["items"] == [begun]


def test_what_is_complete_is_completed_once(nora: Api, result: Result) -> None:
    made = nora.post(at(result), PAIN)
    refusal = nora.patch(f"/responses/{made['id']}", {"complete": True}, made["write_id"], 409)
    assert "Withdraw it, or begin another" in refusal["detail"]
    assert nora.get(at(result))["items"] == [made]


def test_what_could_never_be_completed_is_not_begun(nora: Api, result: Result) -> None:
    begun = nora.post(at(result), {"instrument": "pain", "answers": {"pain": 2}})
    complete = nora.post(at(result), PAIN)
    for body in (PAIN, {"instrument": "pain", "answers": {}}, {"instrument": "pain", "answers": {"pain": 9}, "complete": False}):
        refusal = nora.post(at(result), body, 409)
        assert "Withdraw that response, with a reason, to enter another" in refusal["detail"]
    for change in ({"answers": {"pain": 1}}, {"complete": True}):
        assert "Withdraw that response" in nora.patch(f"/responses/{begun['id']}", change, begun["write_id"], 409)["detail"]
    assert [one["id"] for one in nora.get(at(result))["items"]] == [begun["id"], complete["id"]]
    nora.post(f"/responses/{complete['id']}/withdrawal", {"reason": "Another day's."}, 200)
    assert nora.patch(f"/responses/{begun['id']}", {"complete": True}, begun["write_id"])["state"] == "complete"


def test_a_score_from_elsewhere_is_taken_once_a_visit(nora: Api, result: Result) -> None:
    nora.post(at(result), {"instrument": "face_q", "scores": {"skin": 71.5}})
    assert "already" in nora.post(at(result), {"instrument": "face_q", "scores": {"skin": 80}}, 409)["detail"]


def test_after_a_score_from_elsewhere_the_link_does_not_ask_what_could_not_be_sent(vera: Api, nora: Api, result: Result) -> None:
    """Licensed since: Anna would answer all of it, and only then be refused."""
    vera.post("/instruments", {"definition": MIRROR_Q})
    nora.post(at(result), {"instrument": "mirror_q", "scores": {"often": 50}})
    vera.post("/instruments/mirror_q/licences", LICENCE)
    with result.db.transaction(result.clinic.id, write=False) as session:
        asked = {one.instrument.key for one in asking_her.sitting(session, result.visit()).questions}
    assert "mirror_q" not in asked
    assert "satisfaction" in asked


def test_what_was_withdrawn_counts_no_more(db: Database, nora: Api, result: Result, clinic: make.Clinic) -> None:
    def counted() -> list[tuple[str, int]]:
        with db.transaction(clinic.id, actor=clinic.surgeon) as session:
            asking.ask(session, Filters(), clinic.surgeon.user_id)
        running.run_waiting(db)
        with db.transaction(clinic.id, actor=clinic.surgeon) as session:
            cohort = asking.cohort_of(session, asking.ask(session, Filters(), clinic.surgeon.user_id))
        return [(scale["instrument"], visit["n"]) for scale in cohort["satisfaction"]["scales"] for visit in scale["visits"]]

    made = nora.post(at(result), PAIN)
    assert counted() == [("pain", 1)]
    withdrawn = nora.post(f"/responses/{made['id']}/withdrawal", {"reason": "Of another patient."}, 200)
    assert counted() == []
    assert [one["value"] for one in withdrawn["scores"]] == [3]


def test_another_clinic_finds_nothing_of_it(db: Database, nora: Api, result: Result, as_: Callable[[make.Person], Api]) -> None:
    made = nora.post(at(result), {"instrument": "satisfaction", "answers": {"looks": 4}})
    stranger = as_(make.clinic(db, name="Lakeside").nurse)
    stranger.get(at(result), 404)
    stranger.post(at(result), PAIN, 404)
    stranger.patch(f"/responses/{made['id']}", {"complete": True}, made["write_id"], 404)
    stranger.post(f"/responses/{made['id']}/withdrawal", {"reason": "Mine."}, 404)
    assert nora.get(at(result))["items"] == [made]


def test_her_answers_and_scores_are_in_what_she_takes_along(
    app: App, nora: Api, result: Result, clinic: make.Clinic, tmp_path: Path
) -> None:
    made = nora.post(at(result), PAIN)
    record = json.loads(exported(app, clinic, result.patient_id, tmp_path / "anna.zip")["record.json"])
    assert [(one["id"], one["answers"]) for one in record["responses"]] == [(made["id"], {"pain": 3})]
    assert record["scores"] == made["scores"]
