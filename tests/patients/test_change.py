"""Changing patients: PATCH with the version one has read."""

import threading
from typing import Any

import pytest

from server.ids import uuid7
from tests import make
from tests.api import Api


@pytest.fixture
def anna(vera: Api) -> dict[str, Any]:
    """Anna Petrauskienė, with a phone."""
    body = {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna", "phone": "+36 30 123 4567", "weight_kg": 62}
    return dict(vera.post("/patients", body))


def test_what_is_sent_changes_and_the_rest_stays(vera: Api, anna: dict[str, Any]) -> None:
    changed = vera.patch(f"/patients/{anna['id']}", {"weight_kg": 61.4}, anna["write_id"])
    assert changed["weight_kg"] == 61.4
    assert changed["phone"] == anna["phone"]
    assert vera.get(f"/patients/{anna['id']}") == changed


def test_null_clears(vera: Api, anna: dict[str, Any]) -> None:
    changed = vera.patch(f"/patients/{anna['id']}", {"phone": None}, anna["write_id"])
    assert changed["phone"] is None
    assert changed["weight_kg"] == 62


def test_a_name_cannot_be_cleared(vera: Api, anna: dict[str, Any]) -> None:
    error = vera.patch(f"/patients/{anna['id']}", {"family_name": None}, anna["write_id"], 422)["errors"][0]
    assert error == {"pointer": "/family_name", "message": "May not be null; send a value."}


def test_each_change_is_a_new_version(vera: Api, anna: dict[str, Any]) -> None:
    answer = vera.call("PATCH", f"/patients/{anna['id']}", json={"notes": "tall"}, headers={"If-Match": f'"{anna["write_id"]}"'})
    changed = answer.get_json()
    assert changed["write_id"] != anna["write_id"]
    assert answer.headers["ETag"] == f'"{changed["write_id"]}"'


def test_a_change_that_changes_nothing_is_no_new_version(vera: Api, anna: dict[str, Any]) -> None:
    assert vera.patch(f"/patients/{anna['id']}", {"weight_kg": 62, "given_name": "Anna"}, anna["write_id"]) == anna


def test_without_if_match_the_answer_says_to_send_it(vera: Api, anna: dict[str, Any]) -> None:
    answer = vera.call("PATCH", f"/patients/{anna['id']}", json={"weight_kg": 61})
    assert answer.status_code == 428
    assert answer.get_json(force=True)["detail"] == "Send the record's ETag in If-Match."


@pytest.mark.parametrize("tag", ['"{}"', "W/{}", "nonsense", '""'])
def test_a_stale_version_is_refused_and_changes_nothing(vera: Api, anna: dict[str, Any], tag: str) -> None:
    answer = vera.call("PATCH", f"/patients/{anna['id']}", json={"weight_kg": 61}, headers={"If-Match": tag.format(uuid7())})
    assert answer.status_code == 412
    assert vera.get(f"/patients/{anna['id']}") == anna


def test_another_patients_number_is_refused(vera: Api, anna: dict[str, Any]) -> None:
    vera.post("/patients", {"mrn": "2", "family_name": "Szűcs", "given_name": "Áron"})
    refusal = vera.patch(f"/patients/{anna['id']}", {"mrn": "2"}, anna["write_id"], 409)
    assert refusal["errors"][0]["pointer"] == "/mrn"


def test_of_two_changes_to_one_version_one_wins(app: Any, vera: Api, anna: dict[str, Any]) -> None:
    codes: list[int] = []

    def change(weight: int) -> None:
        tablet = Api(app.test_client(), vera.token)
        headers = {"If-Match": f'"{anna["write_id"]}"'}
        codes.append(tablet.call("PATCH", f"/patients/{anna['id']}", json={"weight_kg": weight}, headers=headers).status_code)

    threads = [threading.Thread(target=change, args=(weight,)) for weight in range(50, 54)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 412, 412, 412]


def test_a_coordinator_may_change_an_address(clinic: make.Clinic, as_: Any, anna: dict[str, Any]) -> None:
    changed = as_(clinic.coordinator).patch(f"/patients/{anna['id']}", {"email": "anna@example.org"}, anna["write_id"])
    assert changed["email"] == "anna@example.org"
