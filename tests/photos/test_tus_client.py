"""tus-js-client, unmodified from npm, headless on Node, against the real server: what a tablet's app will do."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.db import Database
from tests import make
from tests.photos import node
from tests.photos.pictures import bomb, cheek
from tests.photos.server import Web, web
from tests.photos.tablet import announcement

Send = Callable[..., tuple[str, node.Run]]


@pytest.fixture(scope="module")
def _client() -> Path:
    """Installed once."""
    return node.installed()


@pytest.fixture
def riverside(_client: Path, db: Database, clinic: make.Clinic, tmp_path: Path) -> Iterator[Web]:
    """A web process, called by Vera."""
    with web(db, make.token(db, clinic.surgeon), tmp_path) as running:
        yield running


@pytest.fixture
def send(riverside: Web, db: Database, clinic: make.Clinic, tmp_path: Path) -> Send:
    """Announce a picture of Anna, or go on with one announced, and run the client: (id of the photograph, what the client said)."""
    anna = make.patient(db, clinic)["id"]

    def run(data: bytes, photo_id: str | None = None, **settings: Any) -> tuple[str, node.Run]:
        (tmp_path / "front.jpg").write_bytes(data)
        photo = photo_id or riverside.post("/photos", announcement(anna, data))["id"]
        where = {"endpoint": f"http://127.0.0.1:{riverside.port}/api/v1/uploads", "token": riverside.token}
        return photo, node.send(tmp_path, **where, photo=photo, file=str(tmp_path / "front.jpg"), **settings)

    return run


@pytest.mark.parametrize("way", [{}, {"onlyPost": True}, {"chunkSize": 10**9}])
def test_a_photo_is_sent_and_stored(way: dict[str, Any], send: Send, riverside: Web) -> None:
    photo, run = send(cheek(), **way)
    assert (run.code, len(run.of("success"))) == (0, 1)
    assert riverside.state(photo) == "stored"


def test_killed_after_each_chunk_it_goes_on_from_there(send: Send, riverside: Web) -> None:
    """The app is killed as often as there are chunks; no byte that the server has is sent again, and one photograph comes of it."""
    data, chunk = cheek(), 4096
    photo = None
    for offset in range(chunk, len(data), chunk):
        photo, run = send(data, photo, chunkSize=chunk, dieAt=offset)
        assert run.code == -9
        assert run.of("begin") == [{"step": "begin", "resumed": offset > chunk}]
        assert [one["accepted"] for one in run.of("chunk")] == [offset]
    photo, run = send(data, photo, chunkSize=chunk)
    assert (run.code, run.of("chunk")[0]["accepted"]) == (0, len(data))
    assert riverside.state(photo) == "stored"


def test_the_server_dies_in_the_middle_and_the_app_waits_for_it(send: Send, riverside: Web) -> None:
    photo, run = send(cheek(), dieAt=8192)
    riverside.kill()
    _, run = send(cheek(), photo, retryDelays=[0])
    assert run.code == 1
    riverside.process.again()
    riverside.ready()
    _, run = send(cheek(), photo)
    assert (run.code, run.of("begin")[0]["resumed"]) == (0, True)
    assert riverside.state(photo) == "stored"


def test_the_same_file_sent_twice_is_harmless(send: Send, riverside: Web) -> None:
    photo, _ = send(cheek())
    _, run = send(cheek(), photo)
    assert (run.code, len(run.of("success"))) == (0, 1)
    assert riverside.state(photo) == "stored"


def test_an_upload_given_up_is_deleted(send: Send, riverside: Web) -> None:
    photo, run = send(cheek(), giveUpAt=4096)
    assert len(run.of("given up")) == 1
    assert riverside.state(photo) == "announced"
    _, run = send(cheek(), photo)
    assert run.code == 0


@pytest.mark.parametrize(
    ("what", "reason"), [(bomb(), "pixels are too many"), (b"no picture at all", "Send JPEG, PNG or WebP")], ids=["a bomb", "a text"]
)
def test_what_is_no_photo_is_not_tried_again(what: bytes, reason: str, send: Send, riverside: Web) -> None:
    photo, run = send(what)
    assert run.code == 1
    (error,) = run.of("error")
    assert (error["status"], json.loads(error["body"])["code"]) == (422, "photo_refused")
    assert reason in error["body"]
    assert riverside.state(photo) == "failed"


def test_another_file_than_announced_is_refused_with_the_fix(send: Send, riverside: Web) -> None:
    photo, _ = send(cheek(), dieAt=4096)
    _, run = send(cheek(400, 302)[: len(cheek())].ljust(len(cheek()), b"x"), photo)
    assert "announced was" in run.of("error")[0]["body"]
    assert riverside.state(photo) == "announced"
    _, run = send(cheek(), photo)
    assert run.code == 0
