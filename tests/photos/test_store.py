"""One small interface, two places: a folder, and a bucket of a real S3 server. Both keep the same promises."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from server.app import create_app
from server.config import Config
from server.db import Database
from server.photos.service.thumbnails import make_waiting
from server.photos.store import Missing, Store, open_store
from server.problems import Problem
from tests import make
from tests.api import Api
from tests.drill.processes import free_port
from tests.photos.buckets import in_a_bucket, s3_server
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, in_pieces, patch, sent, stands_at

PLACES = ("folder", "bucket")
LARGE = bytes(range(256)) * 4096 * 12
"""12 MB: more than is sent to a bucket in one piece."""


@pytest.fixture(scope="module")
def bucket_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of an S3 server for these stories."""
    with s3_server(tmp_path_factory.mktemp("s3")) as port:
        yield port


@pytest.fixture
def settings(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Config:
    """Settings of one of the two places."""
    own = replace(config, data=tmp_path, photo_store=str(tmp_path / "photos"))
    return (
        in_a_bucket(own, request.getfixturevalue("bucket_port"), f"b{tmp_path.name.replace('_', '')}"[:60].lower())
        if (request.param == "bucket")
        else own
    )


@pytest.fixture
def store(settings: Config) -> Store:
    """The store there."""
    return open_store(settings)


@pytest.mark.parametrize("settings", PLACES, indirect=True)
def test_what_is_put_is_read_and_gone_when_dropped(store: Store) -> None:
    store.put("photos/a/one", BytesIO(b"one"))
    store.put("photos/a/two", BytesIO(LARGE))
    store.put("photos/ab/three", BytesIO(b""))
    assert b"".join(store.read("photos/a/one")) == b"one"
    assert b"".join(store.read("photos/a/two")) == LARGE
    store.put("photos/a/one", BytesIO(b"again"))
    assert b"".join(store.read("photos/a/one")) == b"again"
    store.drop("photos/a")
    for name in ("one", "two"):
        with pytest.raises(Missing):
            next(store.read(f"photos/a/{name}"))
    assert b"".join(store.read("photos/ab/three")) == b""
    store.drop("photos/a")


@pytest.mark.parametrize("settings", PLACES, indirect=True)
def test_annas_photo_goes_in_and_comes_out(settings: Config, lonely_db: Database) -> None:
    """Killed after each piece, resumed, shown, with thumbnails: wherever photographs lie."""
    app = create_app(settings, lonely_db)
    clinic = make.clinic(lonely_db)
    vera = Api(app.test_client(), make.token(lonely_db, clinic.surgeon))
    anna = make.patient(lonely_db, clinic)["id"]
    photo = announced(vera, anna, cheek())
    upload = begun(vera, photo)
    for offset, piece in in_pieces(cheek(), 5000):
        assert stands_at(vera, upload) == offset
        assert patch(vera, upload, offset, piece).status_code == 204
    assert make_waiting(lonely_db, settings) == 1
    for what in ("content", "thumbnail", "thumbnail?size=1280"):
        assert vera.call("GET", f"/photos/{photo['id']}/{what}").data.startswith(b"\xff\xd8")
    store = open_store(settings)._objects
    names = [one["path"] for batch in store.list() for one in batch]
    assert sorted(name.rpartition("/")[2] for name in names) == ["1280", "320", "content"]


@pytest.mark.parametrize("place", ["a bucket that does not answer", "a folder that is none"])
def test_where_the_store_cannot_be_reached_nothing_is_lost(
    place: str, config: Config, db: Database, clinic: make.Clinic, tmp_path: Path
) -> None:
    """The tablet is told to come back; facts go on."""
    (tmp_path / "photos").write_text("a file where the folder should be")
    unreachable: dict[str, Any] = {
        "photo_store": "s3://nowhere/x",
        "photo_store_endpoint": f"http://127.0.0.1:{free_port()}",
        "photo_store_key": "key",
        "photo_store_secret": "secret",
    }
    broken = unreachable if place.startswith("a bucket") else {"photo_store": str(tmp_path / "photos")}
    app = create_app(replace(config, data=tmp_path, **broken), db)
    vera = Api(app.test_client(), make.token(db, clinic.surgeon))
    photo = announced(vera, make.patient(db, clinic)["id"], cheek())
    upload = begun(vera, photo)
    answer = patch(vera, upload, 0, cheek()[:1000])
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (503, "store_unavailable")
    assert stands_at(vera, upload) == 0
    mended = Api(create_app(replace(config, data=tmp_path, photo_store=str(tmp_path / "mended")), db).test_client(), vera.token)
    assert patch(mended, upload, 0, cheek()).status_code == 204


def test_a_full_disk_is_said_and_nothing_is_counted(
    config: Config, db: Database, clinic: make.Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder for what is not yet whole cannot be written."""
    app = create_app(replace(config, data=tmp_path, photo_store=str(tmp_path / "photos")), db)
    vera = Api(app.test_client(), make.token(db, clinic.surgeon))
    anna = make.patient(db, clinic)["id"]
    upload = begun(vera, announced(vera, anna, cheek()))
    with monkeypatch.context() as broken:
        broken.setattr("server.photos.service.receiving.TemporaryFile", _full)
        answer = patch(vera, upload, 0, cheek())
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (503, "store_unavailable")
    assert stands_at(vera, upload) == 0
    assert sent(vera, anna, cheek())["state"] == "stored"


def _full(**_kwargs: object) -> BytesIO:
    raise OSError(28, "No space left on device")


def test_a_store_raises_a_problem_not_its_librarys_errors(tmp_path: Path, config: Config) -> None:
    store = open_store(replace(config, photo_store=str(tmp_path / "here")))
    with pytest.raises(Problem, match="store_unavailable"):
        store.put("../outside", BytesIO(b"x"))
    assert not (tmp_path / "outside").exists()
