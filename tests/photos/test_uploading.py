"""Bytes arrive in any pieces, are counted once, and become a photograph only when all of them are those announced."""

import uuid
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.app import App
from server.ids import uuid7
from server.journal.service import history
from tests import make
from tests.api import Api
from tests.photos.pictures import bomb, cheek
from tests.photos.tablet import BYTES, TUS, announced, base64_of, begun, creation, in_pieces, left_of, patch, sent, stands_at


def test_a_client_asks_what_the_server_can_do(anyone: Api) -> None:
    answer = anyone.call("OPTIONS", "/uploads")
    assert (answer.status_code, answer.headers["Tus-Version"], answer.headers["Tus-Resumable"]) == (204, "1.0.0", "1.0.0")
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "termination", "checksum", "expiration"}
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256"
    assert answer.headers["Tus-Max-Size"] == str(32 * 1024 * 1024)


@pytest.mark.parametrize("size", [1_000, 4_321, 10**9])
def test_a_photo_in_pieces_of_any_size_is_whole_at_the_last(size: int, vera: Api, anna: str) -> None:
    data = cheek()
    photo = announced(vera, anna, data)
    upload = begun(vera, photo)
    for offset, piece in in_pieces(data, size):
        assert vera.get(f"/photos/{photo['id']}/content", 409)["code"] == "not_whole"
        assert stands_at(vera, upload) == offset
        answer = patch(vera, upload, offset, piece)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(offset + len(piece)))
    stored = vera.get(f"/photos/{photo['id']}")
    assert (stored["state"], stored["width_px"], stored["height_px"]) == ("stored", 400, 300)
    assert stands_at(vera, upload) == len(data)


def test_the_journal_says_announced_and_stored_and_nothing_of_the_pieces(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek())
    with app.db.transaction(clinic.id, write=False) as session:
        rows = history(session, [uuid.UUID(photo["id"])])
    assert [(row.action, row.actor_id) for row in rows] == [("create", clinic.surgeon.user_id), ("store", clinic.surgeon.user_id)]


def test_bytes_that_begin_elsewhere_are_refused_and_the_answer_says_where(vera: Api, anna: str) -> None:
    data = cheek()
    upload = begun(vera, announced(vera, anna, data))
    patch(vera, upload, 0, data[:1000])
    for wrong in (0, 999, 1001, len(data)):
        answer = patch(vera, upload, wrong, data[wrong : wrong + 10])
        assert (answer.status_code, answer.get_json(force=True)["upload_offset"]) == (409, 1000)
    assert stands_at(vera, upload) == 1000


def test_bytes_that_changed_on_the_way_are_not_kept(vera: Api, anna: str) -> None:
    data = cheek()
    photo = announced(vera, anna, data)
    upload = begun(vera, photo)
    digest = f"sha256 {base64_of(sha256(data[:1000]).digest())}"
    bad = patch(vera, upload, 0, b"x" + data[1:1000], Upload_Checksum=digest)
    assert (bad.status_code, bad.get_json(force=True)["code"]) == (460, "checksum_mismatch")
    assert stands_at(vera, upload) == 0
    assert patch(vera, upload, 0, data[:1000], Upload_Checksum=digest).status_code == 204
    rest = f"sha256 {base64_of(sha256(data[1000:]).digest())}"
    assert patch(vera, upload, 1000, data[1000:], Upload_Checksum=rest).status_code == 204
    assert vera.get(f"/photos/{photo['id']}")["state"] == "stored"


@pytest.mark.parametrize("header", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256", "sha256 !!", "sha256 AAAA", ""])
def test_a_checksum_that_says_nothing_is_refused_by_name(header: str, vera: Api, anna: str) -> None:
    upload = begun(vera, announced(vera, anna, cheek()))
    answer = patch(vera, upload, 0, cheek(), Upload_Checksum=header)
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"][0]["pointer"] == "/Upload-Checksum"
    assert stands_at(vera, upload) == 0


def test_another_file_than_announced_is_dropped_and_the_photo_still_waits(app: App, vera: Api, anna: str) -> None:
    """The tablet mixed two files up. The photograph stays announced; a new upload with the right file makes it whole."""
    data, other = cheek(), cheek(400, 301)[: len(cheek())].ljust(len(cheek()), b"x")
    photo = announced(vera, anna, data)
    upload = begun(vera, photo)
    patch(vera, upload, 0, other[:5000])
    answer = patch(vera, upload, 5000, other[5000:])
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (422, "photo_refused")
    assert photo["sha256"] in answer.get_json(force=True)["detail"]
    assert vera.get(f"/photos/{photo['id']}") == photo
    assert vera.call("HEAD", upload, headers=TUS).status_code == 410
    assert left_of(app, upload) == []
    patch(vera, begun(vera, photo), 0, data)
    assert vera.get(f"/photos/{photo['id']}")["state"] == "stored"


UNUSABLE = {"a text": b"Anna " * 100, "a bomb": bomb(), "half a picture": cheek()[:9000], "a wide bomb": bomb(70_000, 1)}


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_can_be_no_photo_is_refused_with_the_reason_and_leaves_nothing(what: str, app: App, vera: Api, anna: str) -> None:
    photo = announced(vera, anna, UNUSABLE[what])
    upload = begun(vera, photo)
    answer = patch(vera, upload, 0, UNUSABLE[what])
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (422, "photo_refused")
    failed = vera.get(f"/photos/{photo['id']}")
    assert (failed["state"], failed["failure"]) == ("failed", answer.get_json(force=True)["detail"])
    assert left_of(app, upload) == []
    assert failed["failure"] in vera.get(f"/photos/{photo['id']}/content", 409)["detail"]
    assert vera.call("POST", "/uploads", headers=creation(photo)).status_code == 409


def test_the_same_file_sent_twice_is_one_photo(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """The answer to the last byte was lost, and the tablet begins from nothing."""
    data = cheek()
    first = sent(vera, anna, data)
    again = begun(vera, first)
    assert patch(vera, again, 0, data).status_code == 204
    assert vera.get(f"/photos/{first['id']}") == first
    assert vera.call("GET", f"/photos/{first['id']}/content").data
    stored = list((Path(app.settings.photo_store) / "photos" / str(clinic.id)).rglob("content"))
    assert len(stored) == 1


def test_two_uploads_of_one_photo_side_by_side_end_well(vera: Api, anna: str) -> None:
    data = cheek()
    photo = announced(vera, anna, data)
    one, other = begun(vera, photo), begun(vera, photo)
    patch(vera, one, 0, data[:5000])
    patch(vera, other, 0, data[:7000])
    assert patch(vera, one, 5000, data[5000:]).status_code == 204
    assert patch(vera, other, 7000, data[7000:]).status_code == 204
    assert len(vera.call("GET", f"/photos/{photo['id']}/content").data) > 0


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "POST"])
def test_another_version_of_tus_is_refused_and_ours_is_named(method: str, vera: Api, anna: str) -> None:
    upload = begun(vera, announced(vera, anna, cheek()))
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = vera.call(method, upload, headers=headers | {"X-HTTP-Method-Override": "PATCH"})
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert stands_at(vera, upload) == 0


def test_where_only_post_gets_through_another_method_is_named_in_a_header(vera: Api, anna: str) -> None:
    data = cheek()
    upload = begun(vera, announced(vera, anna, data))
    override = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert vera.call("POST", upload, data=data, content_type=BYTES, headers=TUS | override).status_code == 204
    assert vera.call("POST", upload, headers=TUS).status_code == 400


def test_a_creation_that_says_too_little_is_refused_by_name(vera: Api, anna: str) -> None:
    photo = announced(vera, anna, cheek())
    good = creation(photo)
    for header, values in {
        "Upload-Length": ["", "-1", "1.5", "x", str(photo["size_bytes"] + 1), "9" * 30],
        "Upload-Metadata": ["", "filename YQ==", "photo_id", "photo_id !!", f"photo_id {base64_of(b'7')}"],
    }.items():
        for value in values:
            answer = vera.call("POST", "/uploads", headers=good | {header: value})
            assert answer.status_code == 422, (header, value)
            assert answer.get_json(force=True)["errors"][0]["pointer"] == f"/{header}"
    large = vera.call("POST", "/uploads", headers=good | {"Upload-Length": str(33 * 1024 * 1024)})
    assert (large.status_code, large.get_json(force=True)["code"]) == (413, "too_large")


def test_more_than_the_announced_bytes_are_refused_before_they_are_read(vera: Api, anna: str) -> None:
    data = cheek()
    upload = begun(vera, announced(vera, anna, data))
    assert patch(vera, upload, 0, data + b"x").status_code == 413
    assert stands_at(vera, upload) == 0


@pytest.mark.parametrize("headers", [{}, {"Upload-Offset": "-1"}, {"Upload-Offset": "one"}])
def test_bytes_without_an_offset_are_refused(headers: dict[str, str], vera: Api, anna: str) -> None:
    upload = begun(vera, announced(vera, anna, cheek()))
    answer = vera.call("PATCH", upload, data=b"x", content_type=BYTES, headers=TUS | headers)
    assert answer.get_json(force=True)["errors"][0]["pointer"] == "/Upload-Offset"
    assert vera.call("PATCH", upload, data=b"x", content_type="image/jpeg", headers=TUS | {"Upload-Offset": "0"}).status_code == 415


class Silent(BytesIO):
    """A connection that falls silent after what it holds, of `promised` bytes: the socket's patience ends."""

    def __init__(self, data: bytes, promised: int) -> None:
        super().__init__(data)
        self.promised = promised

    def tell(self) -> int:
        """Its end is where the promised bytes would end: by that the test client knows their length."""
        return super().tell() if super().tell() < len(self.getvalue()) else self.promised

    def readinto(self, buffer: Any, /) -> int:
        """What is left; then nothing, for too long."""
        piece = super().read(len(buffer))
        if not piece:
            raise TimeoutError
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_tablet_that_falls_silent_finds_what_it_has_sent(vera: Api, anna: str) -> None:
    """Its thread is given back after half a minute, its bytes are kept, and its app tries again by itself."""
    data = cheek()
    upload = begun(vera, announced(vera, anna, data))

    def break_off(offset: int, until: int, **headers: str) -> TestResponse:
        stream = Silent(data[offset:until], len(data) - offset)
        sent_along = TUS | {"Upload-Offset": str(offset)} | {name.replace("_", "-"): value for name, value in headers.items()}
        return vera.call("PATCH", upload, input_stream=stream, content_type=BYTES, headers=sent_along)

    answer = break_off(0, 5000)
    assert (answer.status_code, answer.get_json(force=True)["code"], "Retry-After" in answer.headers) == (503, "interrupted", True)
    assert stands_at(vera, upload) == 5000
    promise = f"sha256 {base64_of(sha256(data[5000:]).digest())}"
    assert break_off(5000, 6000, Upload_Checksum=promise).status_code == 503
    assert stands_at(vera, upload) == 5000  # what cannot be checked is not kept
    assert patch(vera, upload, 5000, data[5000:], Upload_Checksum=promise).status_code == 204


def test_another_clinics_photo_and_upload_are_like_none(vera: Api, anna: str, other_clinic: make.Clinic, as_: Callable[..., Api]) -> None:
    photo = announced(vera, anna, cheek())
    upload = begun(vera, photo)
    theirs = as_(other_clinic.surgeon)
    unknown = photo | {"id": str(uuid7())}
    tries = [theirs.call("POST", "/uploads", headers=creation(one)) for one in (photo, unknown)]
    tries += [patch(theirs, path, 0, cheek()) for path in (upload, f"/uploads/{uuid7()}")]
    assert {(one.status_code, one.data) for one in tries} == {(404, tries[0].data)}
    assert [theirs.call("HEAD", path, headers=TUS).status_code for path in (upload, f"/uploads/{uuid7()}")] == [404, 404]
    assert stands_at(vera, upload) == 0
