"""Photos from before photos were encrypted are shown as ever, and encrypted by workers, whatever happens to those."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from server import clock
from server.app import create_app
from server.config import Config
from server.db import Database
from server.photos.models import MasterKey, PatientKey, Photo, PlainPhoto, ThumbnailJob
from server.photos.sealing import MAGIC
from server.photos.service import encrypting, keys, thumbnails
from server.photos.service.encrypting import KEY_AGE, encrypt_waiting
from server.photos.service.vault import Vault
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.photos.test_showing import SHOWN
from tests.start.test_command_line import graftlog


class Album:
    """An installation with Anna's photos as an earlier version left them: plain, and no key anywhere."""

    def __init__(self, db: Database, config: Config, photos: int) -> None:
        """The version of today takes them in; then each object is made plain again and the keys are forgotten."""
        self.app, self.db, self.config = create_app(config, db), db, config
        self.clinic = make.clinic(db)
        self.vera = Api(self.app.test_client(), make.token(db, self.clinic.surgeon))
        self.anna = make.patient(db, self.clinic)["id"]
        ids = [sent(self.vera, self.anna, cheek(400 + number, 300))["id"] for number in range(photos)]
        thumbnails.make_waiting(db, config)
        self.shown = {one: self.show(one) for one in ids}
        for one, pictures in self.shown.items():
            for name, picture in zip(("content", "320", "1280"), pictures, strict=True):
                (self.folder(one) / name).write_bytes(picture)
        with db.transaction(self.clinic.id) as session:
            session.execute(sa.delete(PatientKey))
            session.execute(sa.delete(MasterKey))
            session.add_all([PlainPhoto(clinic_id=self.clinic.id, photo_id=uuid.UUID(one)) for one in ids])
        shutil.rmtree(config.keys)

    def show(self, photo_id: str) -> list[bytes]:
        """The photo and its thumbnails, as the API gives them."""
        answers = [self.vera.call("GET", f"/photos/{photo_id}/{what}") for what in SHOWN]
        assert [one.status_code for one in answers] == [200] * 3
        return [one.data for one in answers]

    def folder(self, photo_id: str) -> Path:
        """Where its objects lie."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            return Path(self.config.photo_store) / (session.get_one(Photo, (self.clinic.id, uuid.UUID(photo_id))).object_key or "")

    def sealed(self) -> list[bool]:
        """Of each object, whether it is encrypted."""
        return [path.read_bytes().startswith(MAGIC) for one in self.shown for path in sorted(self.folder(one).iterdir())]

    def plain(self) -> int:
        """Photos that may lie plain."""
        with self.db.transaction(write=False, everywhere=True) as session:
            return encrypting.left(session)[0]

    def all_are_shown(self) -> bool:
        """As they were: the photo to the byte, its thumbnails too, since they are made of the same pixels."""
        return all(self.show(one) == pictures for one, pictures in self.shown.items())


@pytest.fixture
def settings(config: Config, tmp_path: Path) -> Config:
    """Of an installation of its own."""
    return replace(config, data=tmp_path, photo_store=str(tmp_path / "photos"), keys=tmp_path / "keys")


@pytest.fixture
def album(lonely_db: Database, settings: Config) -> Album:
    """Three photos."""
    return Album(lonely_db, settings, 3)


def test_they_are_shown_and_encrypted_a_day_after_their_key_was_made(album: Album) -> None:
    """By then every backup that knew nothing of the key has long been finished."""
    assert album.all_are_shown()
    assert encrypt_waiting(album.db, album.config) == 0
    assert (album.sealed(), album.plain()) == ([False] * 9, 3)
    with clock.at(clock.now() + KEY_AGE + timedelta(minutes=1)):
        assert encrypt_waiting(album.db, album.config) == 3
        assert encrypt_waiting(album.db, album.config) == 0
    assert (album.sealed(), album.plain()) == ([True] * 9, 0)
    assert album.all_are_shown()


def test_a_worker_that_is_killed_anywhere_is_followed_by_another(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each object that is put, in turn: every photo is shown all the time, and in the end all are encrypted."""
    later = clock.now()
    encrypt_waiting(album.db, album.config)
    later += KEY_AGE + timedelta(minutes=1)
    honest, died = Vault.put, 0
    for most in (1, 2, 3, 1, 2):
        left = iter(range(most))

        def put(self: Vault, *arguments: object, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise SystemExit  # as little is done afterwards as after a kill: nothing catches it
            honest(self, *arguments)  # type: ignore[arg-type]  # reason: passed on as they came

        with monkeypatch.context() as dying, clock.at(later):
            dying.setattr(Vault, "put", put)
            try:
                encrypt_waiting(album.db, album.config)
            except SystemExit:
                died += 1
        assert album.all_are_shown()
        later += encrypting.LEASE + timedelta(seconds=1)
    assert died == 5
    with clock.at(later):
        encrypt_waiting(album.db, album.config)
    assert (album.sealed(), album.plain()) == ([True] * 9, 0)
    assert album.all_are_shown()


def test_one_that_is_damaged_is_said_and_holds_up_no_other(album: Album, tmp_path: Path) -> None:
    """It stays as it is, for whoever restores it; then it is encrypted too."""
    bad = next(iter(album.shown))
    whole = (album.folder(bad) / "content").read_bytes()
    (album.folder(bad) / "content").write_bytes(whole[:-10])
    encrypt_waiting(album.db, album.config)
    later = clock.now() + KEY_AGE + timedelta(minutes=1)
    with clock.at(later):
        assert encrypt_waiting(album.db, album.config) == 2
    url = album.db.url.render_as_string(hide_password=False)
    said = graftlog(tmp_path, url, "photos", "rotation")
    assert "to be encrypted by workers (photos: 1; tried and failed: 1)" in said.stdout, said.stderr
    checked = graftlog(tmp_path, url, "photos", "verify")
    assert (checked.returncode, bad in checked.stdout) == (1, True), checked.stderr
    (album.folder(bad) / "content").write_bytes(whole)
    assert graftlog(tmp_path, url, "photos", "verify").stdout == "Every photo of the record is in the store, whole.\n"
    with clock.at(later + encrypting.WAIT):
        assert encrypt_waiting(album.db, album.config) == 1
    assert graftlog(tmp_path, url, "photos", "rotation").stdout.endswith("No photo lies unencrypted.\n")
    assert album.all_are_shown()


def test_a_thumbnail_that_was_exchanged_before_is_not_taken_over(album: Album) -> None:
    """Nothing said whose it was; so thumbnails are made anew of the photo, whose hash is known."""
    one, two, _ = album.shown
    shutil.copy(album.folder(two) / "320", album.folder(one) / "320")
    encrypt_waiting(album.db, album.config)
    with clock.at(clock.now() + KEY_AGE + timedelta(minutes=1)):
        encrypt_waiting(album.db, album.config)
    assert album.all_are_shown()


def test_thumbnails_that_were_waiting_are_made_under_a_key(album: Album) -> None:
    (photo_id,) = list(album.shown)[:1]
    with album.db.transaction(album.clinic.id) as session:
        session.add(ThumbnailJob(clinic_id=album.clinic.id, photo_id=uuid.UUID(photo_id)))
    assert thumbnails.make_waiting(album.db, album.config) == 1
    assert (album.folder(photo_id) / "320").read_bytes().startswith(MAGIC)
    assert album.all_are_shown()


def test_a_sealed_photo_whose_patient_has_no_key_is_damaged(album: Album) -> None:
    """Not shown, and no error that nobody expected."""
    photo_id = next(iter(album.shown))
    (album.folder(photo_id) / "content").write_bytes(MAGIC + os.urandom(500))
    assert album.vera.get(f"/photos/{photo_id}/content", 500)["code"] == "damaged"


def test_new_photos_of_the_same_patient_are_encrypted_at_once(album: Album) -> None:
    photo = sent(album.vera, album.anna, cheek())
    assert (album.folder(photo["id"]) / "content").read_bytes().startswith(MAGIC)
    assert album.plain() == 3
    with album.db.transaction(album.clinic.id, write=False) as session:
        assert keys.find(session, album.config.keys, uuid.UUID(album.anna))


def test_a_worker_that_is_asked_to_stop_stops_between_two(album: Album) -> None:
    encrypt_waiting(album.db, album.config)
    answers = iter([True, False])
    with clock.at(clock.now() + KEY_AGE + timedelta(minutes=1)):
        assert encrypt_waiting(album.db, album.config, lambda: next(answers)) == 1
    assert album.plain() == 2
