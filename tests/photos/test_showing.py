"""A photograph is shown whole or not at all, never from a cache, and only as the store was given it."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from server.app import App
from server.ids import uuid7
from server.photos.models import Photo
from server.photos.routes.lanes import RECEIVING, SENDING
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, patch, sent, stands_at

SHOWN = ("content", "thumbnail", "thumbnail?size=1280")


def test_no_copy_may_be_kept_on_the_way(vera: Api, anna: str, worker: Callable[[], int]) -> None:
    photo = sent(vera, anna, cheek())
    worker()
    for what in SHOWN:
        answer = vera.call("GET", f"/photos/{photo['id']}/{what}")
        assert (answer.status_code, answer.headers["Cache-Control"], answer.headers["Content-Type"]) == (200, "no-store", "image/jpeg")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_before_it_is_whole_the_answer_says_what_is_missing(vera: Api, anna: str) -> None:
    photo = announced(vera, anna, cheek())
    for what in SHOWN:
        refusal = vera.get(f"/photos/{photo['id']}/{what}", 409)
        assert (refusal["code"], "bytes have not all arrived" in refusal["detail"]) == ("not_whole", True)
    patch(vera, begun(vera, photo), 0, cheek())
    assert "being made" in vera.get(f"/photos/{photo['id']}/thumbnail", 409)["detail"]
    assert vera.get(f"/photos/{photo['id']}/thumbnail?size=5000", 422)["errors"][0]["pointer"] == "/size"


@pytest.mark.parametrize("what", ["", "/content", "/thumbnail"])
def test_another_clinic_sees_no_difference_to_a_photo_that_never_was(
    what: str, vera: Api, anna: str, other_clinic: make.Clinic, as_: Callable[..., Api], worker: Callable[[], int]
) -> None:
    photo = sent(vera, anna, cheek())
    worker()
    theirs = as_(other_clinic.surgeon)
    real, invented = (theirs.call("GET", f"/photos/{one}{what}") for one in (photo["id"], uuid7()))
    assert (real.status_code, real.data, sorted(real.headers)) == (404, invented.data, sorted(invented.headers))


def object_of(app: App, clinic: make.Clinic, photo: dict[str, str], name: str) -> Path:
    """Its file in the store."""
    with app.db.transaction(clinic.id, write=False) as session:
        key = session.get_one(Photo, (clinic.id, uuid.UUID(photo["id"]))).object_key or ""
    return Path(app.settings.photo_store) / key / name


def test_bytes_that_changed_in_the_store_are_not_shown(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """A disk that forgets, or somebody who exchanged a file: it is named, and nothing of it leaves."""
    photo = sent(vera, anna, cheek())
    file = object_of(app, clinic, photo, "content")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert vera.get(f"/photos/{photo['id']}/content", 500)["code"] == "damaged"
    file.unlink()
    assert "lost" in vera.get(f"/photos/{photo['id']}/content", 500)["detail"]
    assert vera.get(f"/photos/{photo['id']}/thumbnail", 409)["code"] == "not_whole"


def test_names_in_the_store_say_nothing_about_anybody(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek())
    path = str(object_of(app, clinic, photo, "content"))
    assert photo["id"] not in path
    assert anna not in path


def test_whoever_finds_the_lane_full_is_told_to_come_back(app: App, vera: Api, anna: str) -> None:
    """Nothing is lost: the same bytes are taken a moment later. Facts do not notice."""
    photo = sent(vera, anna, cheek())
    upload = begun(vera, announced(vera, anna, cheek()))
    for name, places in ((RECEIVING, app.settings.uploads_at_once), (SENDING, app.settings.uploads_at_once // 2)):
        lane = app.extensions[name]
        for _ in range(places):
            lane.enter()
        answer = patch(vera, upload, 0, cheek()) if name == RECEIVING else vera.call("GET", f"/photos/{photo['id']}/content")
        assert (answer.status_code, answer.get_json(force=True)["code"], answer.headers["Retry-After"]) == (503, "busy", "2")
        vera.get(f"/photos/{photo['id']}")
        for _ in range(places):
            lane.leave()
    assert stands_at(vera, upload) == 0
    assert patch(vera, upload, 0, cheek()).status_code == 204
