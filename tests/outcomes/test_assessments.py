"""What Vera and Nóra find when Anna comes back."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState, VisitState
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.outcomes.result import Result, anna, finding, look
from tests.photos.pictures import cheek
from tests.photos.tablet import sent


def at_visit(result: Result) -> str:
    """Address for the visit after three months."""
    return f"/visits/{result.visit().id}/assessment"


def pointers(refusal: dict[str, Any]) -> list[str]:
    """Which fields were refused."""
    return [one["pointer"] for one in refusal["errors"]]


def test_a_visit_is_assessed_and_thereby_attended(vera: Api, result: Result, clinic: make.Clinic) -> None:
    waiting = [one for one in vera.get(f"/reminders?visit_id={result.visit().id}")["items"] if one["state"] == "pending"]
    body = look(
        result.day(92),
        finding("oil_cyst", scar_id=result.scar_id, onset_on=result.day(60), clavien_dindo="I", ctcae=2, relation="possibly"),
        finding("infection_superficial", "no"),
        finding("numbness", "unknown"),
        erythema=0,
        note="Softer than before.",
        measurements=[{"scar_id": result.scar_id, "length_mm": 31, "width_mm": 2.5, "depth_mm": 0.6}],
    )
    made = vera.post(at_visit(result), body)
    assert made["assessed_by"] == str(clinic.surgeon.user_id)
    assert [(one["complication"], one["present"], one["clavien_dindo"], one["ctcae"]) for one in made["findings"]] == [
        ("oil_cyst", "yes", "I", 2),
        ("infection_superficial", "no", None, None),
        ("numbness", "unknown", None, None),
    ]
    assert made["measurements"][0]["depth_mm"] == 0.6
    assert made["warnings"] == []
    assert result.visit().state == VisitState.ATTENDED
    after = {one["id"]: one["state"] for one in vera.get(f"/reminders?visit_id={result.visit().id}")["items"]}
    assert {after[one["id"]] for one in waiting} <= {"cancelled"}
    assert vera.get(f"/visits/{result.visit().id}/assessments") == vera.get(result.path) == {"items": [made]}


def test_sent_twice_it_is_recorded_once(vera: Api, result: Result) -> None:
    body = look(result.day(92), finding("pain", ctcae=1), erythema=1)
    assert vera.post(at_visit(result), body) == vera.post(at_visit(result), body, 200)
    assert vera.post(at_visit(result), body | {"erythema": 2}, 409)["code"] == "id_taken"
    assert vera.post(result.path, body, 409)["code"] == "id_taken"
    assert len(vera.get(result.path)["items"]) == 1
    assert result.redness() == [(92, True, False)]


def test_what_nobody_asked_is_not_recorded_as_absent(vera: Api, result: Result) -> None:
    made = vera.post(result.path, look(result.day(10), finding("oedema", "no")))
    assert [one["complication"] for one in made["findings"]] == ["oedema"]
    assert result.redness() == []


@pytest.mark.parametrize(
    ("erythema", "findings", "red"),
    [
        (0, [], False),
        (1, [], True),
        (None, [("yes", None)], True),
        (None, [("yes", 12)], False),
        (None, [("no", None)], False),
        (None, [("unknown", None)], None),
        (0, [("yes", 12)], False),
    ],
)
def test_redness_comes_from_the_grade_or_else_from_the_checklist(
    erythema: int | None, findings: list[tuple[str, int | None]], red: bool | None, vera: Api, result: Result
) -> None:
    rows = [finding("erythema", how, **({"first_absent": result.day(gone)} if gone else {})) for how, gone in findings]
    vera.post(result.path, look(result.day(14), *rows, erythema=erythema))
    assert result.redness() == ([] if red is None else [(14, red, False)])


def test_a_correction_replaces_the_redness_too_and_both_stay_readable(vera: Api, result: Result) -> None:
    first = vera.post(at_visit(result), look(result.day(92), erythema=3))
    wrong = look(result.day(93), erythema=0, replaces=first["id"])
    assert pointers(vera.post(at_visit(result), wrong, 422)) == ["/reason"]
    second = vera.post(at_visit(result), wrong | {"reason": "Another patient's grade."})
    assert result.redness() == [(92, True, False), (93, False, True)]
    assert [(one["id"], one["replaced_by"]) for one in vera.get(result.path)["items"]] == [
        (first["id"], second["id"]),
        (second["id"], None),
    ]
    again = look(result.day(93), erythema=1, replaces=first["id"], reason="Once more.")
    assert vera.post(at_visit(result), again, 409)["code"] == "conflict"
    third = vera.post(result.path, again | {"replaces": second["id"]})
    assert third["visit_id"] == str(result.visit().id)
    assert result.redness()[-1] == (93, True, True)


def test_a_withdrawal_takes_everything_back_but_the_history(vera: Api, result: Result) -> None:
    first = vera.post(result.path, look(result.day(20), finding("pain", ctcae=1), erythema=2))
    gone = look(result.day(21), replaces=first["id"], reason="Wrong patient.", withdrawn=True)
    assert pointers(vera.post(result.path, gone | {"erythema": 0}, 422)) == ["/erythema"]
    last = vera.post(result.path, gone)
    assert result.redness() == [(20, True, False), (20, None, True)]
    assert vera.get(result.events)["items"] == []
    assert len(vera.get(result.path)["items"]) == 2
    assert vera.post(result.path, look(result.day(22), erythema=1, replaces=last["id"], reason="No."), 409)["code"] == "conflict"


REFUSED: dict[str, tuple[Callable[[Result], dict[str, Any]], list[str]]] = {
    "before the procedure": (lambda one: look(one.day(-1), erythema=1), ["/assessed_on"]),
    "tomorrow": (lambda one: look(one.day(101), erythema=1), ["/assessed_on"]),
    "onset before the procedure": (lambda one: look(one.day(9), finding("pain", onset_on=one.day(-1))), ["/findings/0/onset_on"]),
    "onset after the look": (lambda one: look(one.day(9), finding("pain", onset_on=one.day(10))), ["/findings/0/onset_on"]),
    "last present before its onset": (
        lambda one: look(one.day(9), finding("pain", onset_on=one.day(5), last_present=one.day(4))),
        ["/findings/0/last_present"],
    ),
    "gone on the day it was there": (
        lambda one: look(one.day(9), finding("pain", last_present=one.day(5), first_absent=one.day(5))),
        ["/findings/0/first_absent"],
    ),
    "a grade of what is absent": (lambda one: look(one.day(9), finding("pain", "no", ctcae=1)), ["/findings/0/ctcae"]),
    "a grade of what is not known": (
        lambda one: look(one.day(9), finding("pain", "unknown", clavien_dindo="I")),
        ["/findings/0/clavien_dindo"],
    ),
    "a disability without a grade": (lambda one: look(one.day(9), finding("pain", disability=True, ctcae=1)), ["/findings/0/disability"]),
    "days of what is absent": (lambda one: look(one.day(9), finding("pain", "no", onset_on=one.day(2))), ["/findings/0/onset_on"]),
    "yes and no at once": (lambda one: look(one.day(9), finding("pain", subunit="chin"), finding("pain", "no")), ["/findings/1/present"]),
    "twice the same": (lambda one: look(one.day(9), finding("pain", "no"), finding("pain", "no")), ["/findings/1/complication"]),
    "red and clear": (lambda one: look(one.day(9), finding("erythema", "no"), erythema=2), ["/findings/0/present"]),
    "clear and red": (lambda one: look(one.day(9), finding("erythema"), erythema=0), ["/findings/0/present"]),
    "an event of nobody": (lambda one: look(one.day(9), finding("pain", event_id=one.scar_id)), ["/findings/0/event_id"]),
    "a scar of nobody": (lambda one: look(one.day(9), finding("nodule", scar_id=one.id)), ["/findings/0/scar_id"]),
    "a photo of nobody": (lambda one: look(one.day(9), finding("nodule", photo_id=one.id)), ["/findings/0/photo_id"]),
    "a measurement of nobody's scar": (
        lambda one: look(one.day(9), measurements=[{"scar_id": one.id, "depth_mm": 1}]),
        ["/measurements/0/scar_id"],
    ),
    "nothing measured": (lambda one: look(one.day(9), measurements=[{"scar_id": one.scar_id}]), ["/measurements/0/length_mm"]),
    "wider than long": (
        lambda one: look(one.day(9), measurements=[{"scar_id": one.scar_id, "length_mm": 2, "width_mm": 3}]),
        ["/measurements/0/width_mm"],
    ),
    "a depth in micrometres": (
        lambda one: look(one.day(9), measurements=[{"scar_id": one.scar_id, "depth_mm": 600}]),
        ["/measurements/0/depth_mm"],
    ),
    "nothing at all": (lambda one: look(one.day(9)), ["/findings"]),
    "a correction of nothing": (lambda one: look(one.day(9), erythema=1, replaces=one.id, reason="x"), ["/replaces"]),
    "a reason for nothing": (lambda one: look(one.day(9), erythema=1, reason="x"), ["/reason"]),
    "a withdrawal of nothing": (lambda one: look(one.day(9), withdrawn=True), ["/withdrawn"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_stored(what: str, vera: Api, result: Result) -> None:
    body, named = REFUSED[what]
    refusal = vera.post(result.path, body(result), 422)
    assert pointers(refusal) == named
    assert all(one["message"].endswith((".", "now.")) for one in refusal["errors"])
    assert vera.get(result.path)["items"] == []
    assert result.redness() == []


@pytest.mark.parametrize("state", [ProcedureState.PLANNED, ProcedureState.IN_PROGRESS])
def test_only_a_procedure_that_is_done_has_a_result(state: ProcedureState, vera: Api, db: Database, clinic: make.Clinic) -> None:
    not_yet = make.procedure(db, clinic, state=state)
    refusal = vera.post(f"/procedures/{not_yet['id']}/assessments", look("2026-03-02", erythema=1), 409)
    assert refusal["code"] == "wrong_state"


def test_another_patients_scar_and_photo_are_not_hers(vera: Api, result: Result, db: Database, clinic: make.Clinic) -> None:
    other = anna(db, clinic)
    photo = sent(vera, other.patient_id, cheek())["id"]
    body = look(result.day(9), finding("nodule", scar_id=other.scar_id, photo_id=photo))
    assert pointers(vera.post(result.path, body, 422)) == ["/findings/0/scar_id", "/findings/0/photo_id"]
    own = sent(vera, result.patient_id, cheek(301, 400))["id"]
    body = look(result.day(9), finding("nodule", scar_id=result.scar_id, photo_id=own))
    assert vera.post(result.path, body)["findings"][0]["photo_id"] == own


def test_a_check_in_and_a_visit_too_early_take_none(vera: Api, result: Result) -> None:
    check_in = f"/visits/{result.visit('d7').id}/assessment"
    assert "check-in is answered from home" in vera.post(check_in, look(result.day(92), erythema=1), 409)["detail"]
    assert pointers(vera.post(at_visit(result), look(result.day(30), erythema=1), 422)) == ["/assessed_on"]
    vera.post(result.path, look(result.day(30), erythema=1))


def test_a_correction_stays_at_its_visit(vera: Api, result: Result) -> None:
    first = vera.post(result.path, look(result.day(92), erythema=1))
    refusal = vera.post(at_visit(result), look(result.day(92), erythema=2, replaces=first["id"], reason="x"), 422)
    assert pointers(refusal) == ["/replaces"]


def test_death_is_recorded_and_remarked(vera: Api, result: Result) -> None:
    made = vera.post(result.path, look(result.day(9), finding("fat_embolism", clavien_dindo="V", ctcae=5)))
    assert [one["code"] for one in made["warnings"]] == ["death"]


def test_late_redness_and_a_strange_size_are_remarked_not_refused(vera: Api, result: Result) -> None:
    rows = [{"scar_id": result.scar_id, "depth_mm": 9}]
    made = vera.post(result.path, look(result.day(60), erythema=2, measurements=rows))
    assert [one["code"] for one in made["warnings"]] == ["late_redness", "unusual"]
    assert vera.post(result.path, look(result.day(28), erythema=2))["warnings"] == []


def test_nora_finds_what_must_not_wait_and_the_surgeon_is_called_once(nora: Api, vera: Api, result: Result) -> None:
    first = nora.post(result.path, look(result.day(1), finding("vision_change", ctcae=4), finding("skin_necrosis")))
    (alert,) = vera.get("/alerts")["items"]
    assert (alert["kind"], alert["procedure_id"], alert["visit_id"]) == ("red_flag", result.id, None)
    assert "vision change, skin necrosis" in alert["detail"]
    event = first["findings"][0]["event_id"]
    vera.post(f"/alerts/{alert['id']}/closing", {"note": "Seen at once."}, 200)
    nora.post(result.path, look(result.day(2), finding("vision_change", event_id=event)))
    assert vera.get("/alerts?state=open")["items"] == []


def test_what_anna_said_by_telephone_and_nora_sees_then_is_one_red_flag(nora: Api, vera: Api, result: Result) -> None:
    nora.post(f"/patients/{result.patient_id}/red-flags", {"id": str(uuid7()), "flags": ["vision"]})
    (said,) = vera.get("/alerts?state=open")["items"]
    assert said["procedure_id"] is None, "a call is about no procedure yet"
    nora.post(f"/alerts/{said['id']}/acknowledgement", {}, 200)
    for day in (1, 2):
        nora.post(result.path, look(result.day(day), finding("vision_change")))
    (alert,) = vera.get("/alerts?state=open")["items"]
    assert (alert["id"], alert["procedure_id"], alert["acknowledged_at"]) == (said["id"], result.id, None)
    assert alert["detail"] == f"{said['detail']} An assessment found also: vision change."


def test_what_the_surgeon_herself_finds_raises_no_alert(vera: Api, result: Result) -> None:
    vera.post(result.path, look(result.day(1), finding("neuro_deficit", ctcae=4)))
    assert vera.get("/alerts")["items"] == []


def test_a_coordinator_reads_assessments_and_makes_none(as_: Callable[[make.Person], Api], clinic: make.Clinic, result: Result) -> None:
    csaba = as_(clinic.coordinator)
    assert csaba.post(result.path, look(result.day(9), erythema=1), 403)["code"] == "not_allowed"
    assert csaba.get(result.path) == {"items": []}
