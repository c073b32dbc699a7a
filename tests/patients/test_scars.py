"""Scars: recorded once, outliving every procedure."""

from collections.abc import Callable
from typing import Any

import pytest

from server.ids import uuid7
from tests import make
from tests.api import Api

BOXCAR = {
    "label": "Left cheek, boxcar",
    "subunit": "cheek_medial",
    "side": "left",
    "view": "left",
    "x": 0.4312,
    "y": 0.5,
    "morphology": "boxcar_deep",
    "aetiology": "acne",
    "length_mm": 8,
    "width_mm": 4.5,
    "depth_mm": 0.75,
    "area_cm2": 0.283,
    "age_months": 96,
}


@pytest.fixture
def anna(db: Any, clinic: make.Clinic) -> str:
    """Anna's id; she was born on 17 April 1991."""
    return str(make.patient(db, clinic)["id"])


def test_a_scar_reads_back_as_it_was_sent(vera: Api, anna: str) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    assert BOXCAR.items() <= scar.items()
    assert vera.get(f"/scars/{scar['id']}") == scar
    assert vera.get(f"/patients/{anna}/scars")["items"] == [scar]


def test_scars_are_listed_in_the_order_they_were_recorded(vera: Api, anna: str) -> None:
    labels = ["Left cheek", "Chin", "Forehead"]
    for label in labels:
        vera.post(f"/patients/{anna}/scars", BOXCAR | {"label": label})
    assert [one["label"] for one in vera.get(f"/patients/{anna}/scars")["items"]] == labels


@pytest.mark.parametrize(
    ("subunit", "risky"),
    [("forehead", True), ("temple", True), ("glabella", True), ("nose_tip", True), ("cheek_medial", False), ("chin", False)],
)
def test_zones_of_high_vascular_risk_are_named(vera: Api, anna: str, subunit: str, risky: bool) -> None:
    assert vera.post(f"/patients/{anna}/scars", BOXCAR | {"subunit": subunit})["high_risk_vessel_zone"] is risky


def test_a_repeated_scar_is_stored_once(vera: Api, anna: str) -> None:
    body = BOXCAR | {"id": str(uuid7())}
    assert vera.post(f"/patients/{anna}/scars", body, 201) == vera.post(f"/patients/{anna}/scars", body, 200)
    assert len(vera.get(f"/patients/{anna}/scars")["items"]) == 1


def test_the_same_scar_of_another_patient_is_a_conflict(vera: Api, anna: str, db: Any, clinic: make.Clinic) -> None:
    body = BOXCAR | {"id": str(uuid7())}
    vera.post(f"/patients/{anna}/scars", body)
    ieva = make.patient(db, clinic, given_name="Ieva")["id"]
    assert vera.post(f"/patients/{ieva}/scars", body, 409)["code"] == "id_taken"


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"width_mm": 9}, "/width_mm", "larger than length"),
        ({"age_months": 500}, "/age_months", "older than the patient"),
        ({"y": None}, "/view", "together"),
        ({"view": None}, "/view", "together"),
        ({"length_mm": 0.05}, "/length_mm", "2 cm is 20"),
        ({"depth_mm": 16}, "/depth_mm", "0.15 cm is 1.5"),
        ({"x": 1.01}, "/x", "outside 0 to 1"),
        ({"length_mm": 1.23456}, "/length_mm", "more digits than are stored"),
        ({"morphology": "keloid"}, "/morphology", "Must be one of"),
    ],
)
def test_a_slip_is_refused_with_what_was_probably_meant(vera: Api, anna: str, change: dict[str, Any], pointer: str, says: str) -> None:
    error = vera.post(f"/patients/{anna}/scars", BOXCAR | change, 422)["errors"][0]
    assert error["pointer"] == pointer
    assert says in error["message"]


def test_without_a_birth_date_any_age_of_a_scar_is_taken(vera: Api, db: Any, clinic: make.Clinic) -> None:
    ieva = make.patient(db, clinic, birth_date=None)["id"]
    vera.post(f"/patients/{ieva}/scars", BOXCAR | {"age_months": 1200})


def test_a_change_is_checked_together_with_what_stays(vera: Api, anna: str) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    vera.patch(f"/scars/{scar['id']}", {"length_mm": 4}, scar["write_id"], 422)
    assert vera.get(f"/scars/{scar['id']}") == scar


def test_the_point_on_the_map_can_be_taken_back(vera: Api, anna: str) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    changed = vera.patch(f"/scars/{scar['id']}", {"view": None, "x": None, "y": None}, scar["write_id"])
    assert (changed["view"], changed["x"], changed["y"]) == (None, None, None)
    assert changed["label"] == scar["label"]


def test_a_scar_is_changed_only_with_its_version(vera: Api, anna: str) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    assert vera.call("PATCH", f"/scars/{scar['id']}", json={"depth_mm": 1}).status_code == 428
    vera.patch(f"/scars/{scar['id']}", {"depth_mm": 1}, scar["write_id"])
    vera.patch(f"/scars/{scar['id']}", {"depth_mm": 2}, scar["write_id"], 412)


def test_an_unchanged_scar_is_not_sent_again(vera: Api, anna: str) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    answer = vera.call("GET", f"/scars/{scar['id']}", headers={"If-None-Match": f'"{scar["write_id"]}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_another_clinic_sees_no_scar(anna: str, vera: Api, other_clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    scar = vera.post(f"/patients/{anna}/scars", BOXCAR)
    stranger = as_(other_clinic.surgeon)
    for real, invented in ((f"/scars/{scar['id']}", f"/scars/{uuid7()}"), (f"/patients/{anna}/scars", f"/patients/{uuid7()}/scars")):
        answers = [stranger.call("GET", path) for path in (real, invented)]
        assert answers[0].status_code == 404
        assert answers[0].data == answers[1].data
    stranger.post(f"/patients/{anna}/scars", BOXCAR, 404)
