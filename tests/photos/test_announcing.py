"""A photograph is announced first: whose it is, what it shows, and the hash that its bytes will be held against."""

from collections.abc import Callable

import pytest

from server.app import App
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, announcement, sent


def test_nora_announces_a_photo_and_the_answer_was_lost(vera: Api, anna: str) -> None:
    """She sends it again: the same photograph. With other content under the same id it is refused."""
    body = announcement(anna, cheek(), view="left_oblique", taken_at="2026-03-02T12:45:10+01:00")
    first = vera.post("/photos", body)
    assert (first["state"], first["failure"], first["thumbnails"], first["stored_at"]) == ("announced", None, None, None)
    assert first["taken_at"] == "2026-03-02T11:45:10Z"
    assert vera.post("/photos", body, 200) == first == vera.get(f"/photos/{body['id']}")
    assert vera.post("/photos", body | {"view": "front"}, 409)["code"] == "id_taken"


def test_photos_are_found_by_patient_and_by_procedure(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    bence = make.patient(app.db, clinic, given_name="Bence")["id"]
    procedure = make.procedure(app.db, clinic, patient_id=anna)["id"]
    ids = [announced(vera, anna, cheek(), procedure_id=procedure, kind="intraoperative")["id"], announced(vera, anna, cheek())["id"]]
    announced(vera, bence, cheek())
    assert [one["id"] for one in vera.get(f"/photos?patient_id={anna}")["items"]] == ids
    assert [one["id"] for one in vera.get(f"/photos?procedure_id={procedure}")["items"]] == ids[:1]


def test_a_long_list_comes_in_pages(vera: Api, anna: str) -> None:
    ids = [announced(vera, anna, cheek())["id"] for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = vera.get(f"/photos?patient_id={anna}&limit=2{cursor}")
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ids


def test_a_scar_or_procedure_of_somebody_else_is_refused_by_name(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    bence = make.patient(app.db, clinic, given_name="Bence")["id"]
    his = {"scar_id": make.scar(app.db, clinic, bence)["id"], "procedure_id": make.procedure(app.db, clinic, patient_id=bence)["id"]}
    for name, value in his.items():
        refusal = vera.post("/photos", announcement(anna, cheek(), **{name: value}), 422)
        assert [one["pointer"] for one in refusal["errors"]] == [f"/{name}"]
    assert vera.get(f"/photos?patient_id={anna}")["items"] == []


def test_a_clock_that_runs_ahead_and_a_file_too_large_are_refused_by_name(vera: Api, anna: str) -> None:
    ahead = vera.post("/photos", announcement(anna, cheek(), taken_at="2150-01-01T00:00:00Z"), 422)
    assert ahead["errors"] == [{"pointer": "/taken_at", "message": "Lies in the future; check the device's clock."}]
    large = vera.post("/photos", announcement(anna, cheek(), size_bytes=33 * 1024 * 1024), 422)
    assert large["errors"][0]["pointer"] == "/size_bytes"
    assert "32 MB (PHOTO_MAX_MB)" in large["errors"][0]["message"]


@pytest.mark.parametrize("path", ["", "/content", "/thumbnail"])
def test_raters_and_administrators_see_no_photos(path: str, vera: Api, anna: str, clinic: make.Clinic, as_: Callable[..., Api]) -> None:
    photo = sent(vera, anna, cheek())
    for person in (clinic.rater, clinic.admin):
        assert as_(person).get(f"/photos/{photo['id']}{path}", 403)["code"] == "not_allowed"


def test_csaba_who_books_visits_may_photograph_at_them(anna: str, clinic: make.Clinic, as_: Callable[..., Api]) -> None:
    assert sent(as_(clinic.coordinator), anna, cheek(), kind="follow_up")["state"] == "stored"
