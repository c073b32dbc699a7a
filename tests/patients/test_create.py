"""Registering patients and reading them again."""

from collections.abc import Callable

from server.ids import uuid7
from tests import make
from tests.api import Api

ANNA = {"mrn": "RPS-00017", "family_name": "Petrauskienė", "given_name": "Anna", "birth_date": "1991-04-17", "weight_kg": 62.5}


def test_anna_is_registered_with_what_was_sent(vera: Api) -> None:
    anna = vera.post("/patients", ANNA)
    assert ANNA.items() <= anna.items()
    assert vera.get(f"/patients/{anna['id']}") == anna


def test_what_was_not_sent_is_null_or_its_default(vera: Api) -> None:
    anna = vera.post("/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"})
    assert (anna["phone"], anna["allergies"], anna["sex"], anna["reminder_consent"]) == (None, None, "unknown", True)


def test_the_tablets_own_id_is_kept(vera: Api) -> None:
    chosen = str(uuid7())
    assert vera.post("/patients", ANNA | {"id": chosen})["id"] == chosen


def test_names_are_trimmed(vera: Api) -> None:
    assert vera.post("/patients", ANNA | {"family_name": "  Petrauskienė "})["family_name"] == "Petrauskienė"


def test_a_repeated_registration_gives_the_stored_patient(vera: Api) -> None:
    body = ANNA | {"id": str(uuid7())}
    first = vera.post("/patients", body, 201)
    assert vera.post("/patients", body, 200) == first


def test_the_same_id_with_other_content_is_a_conflict(vera: Api) -> None:
    body = ANNA | {"id": str(uuid7())}
    vera.post("/patients", body)
    assert vera.post("/patients", body | {"given_name": "Ana"}, 409)["code"] == "id_taken"
    assert vera.get(f"/patients/{body['id']}")["given_name"] == "Anna"


def test_a_number_belongs_to_one_patient(vera: Api) -> None:
    vera.post("/patients", ANNA)
    refusal = vera.post("/patients", ANNA | {"given_name": "Ieva"}, 409)
    assert refusal["code"] == "duplicate"
    assert refusal["errors"] == [
        {"pointer": "/mrn", "message": "Another patient of this clinic has the number RPS-00017; find that patient, or use another number."}
    ]


def test_two_clinics_may_use_the_same_number_and_id(vera: Api, other_clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    body = ANNA | {"id": str(uuid7())}
    vera.post("/patients", body)
    as_(other_clinic.surgeon).post("/patients", body | {"given_name": "Rasa"})
    assert vera.get(f"/patients/{body['id']}")["given_name"] == "Anna"


def test_a_birth_date_in_the_future_is_refused(vera: Api) -> None:
    refusal = vera.post("/patients", ANNA | {"birth_date": "2190-01-01"}, 422)
    assert refusal["errors"][0]["pointer"] == "/birth_date"


def test_a_height_in_metres_is_taken_for_the_slip_it_is(vera: Api) -> None:
    error = vera.post("/patients", ANNA | {"height_cm": 1.72}, 422)["errors"][0]
    assert error["pointer"] == "/height_cm"
    assert "40 to 260 cm" in error["message"]
    assert "1.72 m is 172" in error["message"]


def test_an_unknown_field_is_refused_by_name(vera: Api) -> None:
    error = vera.post("/patients", ANNA | {"weigth_kg": 62}, 422)["errors"][0]
    assert error == {"pointer": "/weigth_kg", "message": "Unknown field. Remove it, or check its spelling."}


def test_a_refusal_names_every_wrong_field_at_once(vera: Api) -> None:
    errors = vera.post("/patients", {"family_name": "", "weight_kg": "62,5", "sex": "f"}, 422)["errors"]
    assert {one["pointer"] for one in errors} == {"/mrn", "/given_name", "/family_name", "/weight_kg", "/sex"}


def test_an_unchanged_patient_is_not_sent_again(vera: Api) -> None:
    anna = vera.post("/patients", ANNA)
    again = vera.call("GET", f"/patients/{anna['id']}", headers={"If-None-Match": f'"{anna["write_id"]}"'})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == f'"{anna["write_id"]}"'


def test_another_clinics_patient_looks_like_one_that_never_was(
    vera: Api, other_clinic: make.Clinic, as_: Callable[[make.Person], Api]
) -> None:
    theirs = as_(other_clinic.surgeon).post("/patients", ANNA)["id"]
    answers = [vera.call("GET", f"/patients/{one}") for one in (theirs, uuid7())]
    assert answers[0].status_code == 404
    assert (answers[0].data, dict(answers[0].headers)) == (answers[1].data, dict(answers[1].headers))
