"""Photos go into the backup and come back from it, whole; what is lost for good is named."""

import shutil
import uuid
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from server import clock
from server.app import create_app
from server.backup import bundle, service
from server.backup.manifest import Manifest
from server.backup.place import Place
from server.config import Config
from server.photos.models import PatientKey, PlainPhoto
from server.photos.sealing import MAGIC
from server.photos.service.encrypting import KEY_AGE, encrypt_waiting
from server.photos.service.rotating import rewrap_waiting
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.backup.ward import Ward, manifest_of, with_manifest
from tests.photos.buckets import in_a_bucket, s3_server
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.photos.test_encrypted import canaries
from tests.photos.test_showing import SHOWN


def photographed(ward: Ward, settings: Config | None = None) -> dict[str, Any]:
    """Vera's photo of Anna, with its thumbnails; `shown` is what Vera sees."""
    with ward.open() as database:
        clinic = make.clinic(database)
        anna = make.patient(database, clinic)["id"]
        token = make.token(database, clinic.surgeon)
        vera = Api(create_app(settings or ward.settings, database).test_client(), token)
        photo = sent(vera, anna, cheek())
        make_waiting(database, settings or ward.settings)
    return photo | {"clinic": clinic, "token": token, "shown": shown(ward, photo | {"token": token}, settings)}


def shown(ward: Ward, photo: dict[str, Any], settings: Config | None = None) -> list[bytes]:
    """The photo and its thumbnails, as an installation shows them."""
    with ward.open() as database:
        vera = Api(create_app(settings or ward.settings, database).test_client(), photo["token"])
        answers = [vera.call("GET", f"/photos/{photo['id']}/{what}") for what in SHOWN]
    assert [one.status_code for one in answers] == [200] * len(SHOWN), answers[0].text
    return [one.data for one in answers]


def keys_brought(to: Ward, of: Ward) -> None:
    """The folder of keys, which travels apart from the backup."""
    shutil.copytree(of.settings.keys, to.settings.keys, dirs_exist_ok=True)


def stored(ward: Ward) -> dict[str, bytes]:
    """Everything in its store of photos."""
    folder = Path(ward.settings.photo_store)
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "photos").rglob("*") if path.is_file()}


def test_a_new_machine_has_every_photo_again(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    photo = photographed(riverside)
    assert "files: 3" in riverside.backup(tmp_path / "night.zip")
    assert manifest_of(tmp_path / "night.zip")["photos"]["count"] == 3
    keys_brought(new_place, of=riverside)
    said = new_place.restore(tmp_path / "night.zip")
    assert "put back (files: 3)" in said
    assert "Every photo of the record is in the store, whole." in said
    assert stored(new_place) == stored(riverside)
    assert shown(new_place, photo) == photo["shown"]


def test_no_part_of_a_photo_and_no_key_is_in_the_backup(riverside: Ward, tmp_path: Path) -> None:
    photo = photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    secrets = [path.read_bytes() for path in riverside.settings.keys.rglob("*.key")]
    found = [*secrets, *(one for picture in photo["shown"] for one in canaries(picture))]
    assert len(found) > 30
    with ZipFile(tmp_path / "night.zip") as archive:
        held = [archive.read(name) for name in archive.namelist()]
    assert [one for one in found for member in (*held, (tmp_path / "night.zip").read_bytes()) if one in member] == []


def test_without_its_keys_a_restored_photo_waits_for_them(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    """They are named; once they are there, everything opens and `graftlog photos verify` says so."""
    photo = photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    (key,) = riverside.settings.keys.rglob("photos-*.key")
    said = new_place.restore(tmp_path / "night.zip")
    assert f"lacks the photo key {key.stem.removeprefix('photos-')}." in said
    assert f"because their key is missing (1): {photo['id']}." in said
    assert new_place.run("photos", "verify").returncode == 1
    keys_brought(new_place, of=riverside)
    checked = new_place.run("photos", "verify")
    assert (checked.returncode, checked.stdout) == (0, "Every photo of the record is in the store, whole.\n")
    assert shown(new_place, photo) == photo["shown"]


def test_a_backup_from_before_a_change_of_keys_still_opens(riverside: Ward, tmp_path: Path) -> None:
    """The earlier key's file stays, though nothing in the database is wrapped with it any more."""
    photo = photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    assert riverside.run("photos", "rotate-key", str(photo["clinic"].id)).returncode == 0
    with riverside.open() as database:
        assert rewrap_waiting(database, riverside.settings) == 1
    assert shown(riverside, photo) == photo["shown"]
    assert "is in the store, whole" in riverside.restore(tmp_path / "night.zip", replace=True)
    assert shown(riverside, photo) == photo["shown"]


def made_plain(ward: Ward, photo: dict[str, Any]) -> None:
    """As a version before encryption had stored it."""
    for name, picture in zip(("content", "320", "1280"), photo["shown"], strict=True):
        next(Path(ward.settings.photo_store).rglob(name)).write_bytes(picture)
    with ward.open() as database, database.transaction(photo["clinic"].id) as session:
        session.execute(sa.delete(PatientKey))
        session.add(PlainPhoto(clinic_id=photo["clinic"].id, photo_id=uuid.UUID(photo["id"])))


def test_a_backup_from_before_encryption_and_one_from_after_take_each_others_place(riverside: Ward, tmp_path: Path) -> None:
    """The older puts plain photos into the store, over encrypted ones; the newer finds them there, and has them encrypted again."""
    photo = photographed(riverside)
    made_plain(riverside, photo)
    riverside.backup(tmp_path / "before.zip")
    with riverside.open() as database:
        encrypt_waiting(database, riverside.settings)
        with clock.at(clock.now() + KEY_AGE):
            assert encrypt_waiting(database, riverside.settings) == 1
    riverside.restore(tmp_path / "before.zip", replace=True)
    assert shown(riverside, photo) == photo["shown"]
    (after,) = riverside.data.glob("replaced-*.zip")
    with clock.at(clock.now() + timedelta(seconds=2)):  # what is replaced is named by the second
        assert "is in the store, whole" in riverside.restore(after, replace=True)
    assert shown(riverside, photo) == photo["shown"]
    with riverside.open() as database, clock.at(clock.now() + KEY_AGE):
        assert encrypt_waiting(database, riverside.settings) == 1
    assert all(data.startswith(MAGIC) for data in stored(riverside).values())
    assert shown(riverside, photo) == photo["shown"]


def test_a_key_that_is_made_during_the_backup_is_saved_with_it(riverside: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the dump holds may be wrapped with it."""
    photographed(riverside)
    honest = bundle.write

    def write(path: Path, place: Place, add: bundle.AddPhotos) -> Manifest:
        (riverside.settings.keys / "late.key").write_bytes(b"l" * 32)
        return honest(path, place, add)

    monkeypatch.setattr(bundle, "write", write)
    service.backup(riverside.settings, tmp_path / "night.zip", tmp_path / "keys.tar")
    assert b"l" * 32 in (tmp_path / "keys.tar").read_bytes()


def test_only_what_is_gone_or_damaged_is_put_back(riverside: Ward, tmp_path: Path) -> None:
    photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    before = stored(riverside)
    gone, damaged, _ = (Path(riverside.settings.photo_store) / name for name in sorted(before))
    gone.unlink()
    damaged.write_bytes(b"no picture")
    assert "put back (files: 2)" in riverside.restore(tmp_path / "night.zip", replace=True)
    assert stored(riverside) == before


def test_a_photo_that_neither_backup_nor_store_has_is_named(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    """Also after a backup from before photos were in it, which still comes back."""
    photo = photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    old = with_manifest(tmp_path / "night.zip", tmp_path / "old.zip", photos=None)
    said = new_place.restore(old)
    assert "Photos are not in this backup." in said
    assert f"lacks or has damaged (1): {photo['id']}." in said


def test_a_damaged_photo_in_the_backup_stops_the_restore(riverside: Ward, tmp_path: Path) -> None:
    photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    with ZipFile(tmp_path / "night.zip") as archive, ZipFile(tmp_path / "bad.zip", "w") as made:
        for name in archive.namelist():
            made.writestr(name, b"other bytes" if name.startswith("photos/") else archive.read(name))
    shutil.rmtree(riverside.settings.photo_store)
    riverside.settings.data.joinpath("photos").mkdir()
    assert "is damaged, or is no backup" in riverside.refusal(tmp_path / "bad.zip")


@pytest.mark.parametrize("name", ["photos/../../etc/passwd", "keys/link.key", "photos//a", "/photos/a"])
def test_a_list_that_leads_out_of_the_store_is_refused(name: str, riverside: Ward, tmp_path: Path) -> None:
    photographed(riverside)
    riverside.backup(tmp_path / "night.zip")
    line = f"{'0' * 64}  {name}\n".encode()
    with ZipFile(tmp_path / "night.zip") as archive, ZipFile(tmp_path / "list.zip", "w") as made:
        for one in archive.namelist():
            made.writestr(one, line if one == "photos.sha256" else archive.read(one))
    held = manifest_of(tmp_path / "night.zip")["photos"] | {"sha256": sha256(line).hexdigest()}
    bad = with_manifest(tmp_path / "list.zip", tmp_path / "bad.zip", photos=held)
    assert "is damaged, or is no backup" in riverside.refusal(bad)


def test_a_backup_of_a_clinic_without_photos_says_so(riverside: Ward, tmp_path: Path) -> None:
    riverside.clinic()
    assert "No photo is stored yet." in riverside.backup(tmp_path / "night.zip")
    assert manifest_of(tmp_path / "night.zip")["photos"]["count"] == 0
    assert not Path(riverside.settings.photo_store).exists()


def test_photos_of_a_bucket_come_back_into_a_folder(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    with s3_server(tmp_path) as port:
        cloud = in_a_bucket(riverside.settings, port, "riverside-backed-up")
        photo = photographed(riverside, cloud)
        service.backup(cloud, tmp_path / "night.zip", None)
    keys_brought(new_place, of=riverside)
    assert "Every photo of the record is in the store, whole." in new_place.restore(tmp_path / "night.zip")
    assert shown(new_place, photo) == photo["shown"]
    with ZipFile(tmp_path / "night.zip") as archive:
        assert stored(new_place) == {name: archive.read(name) for name in archive.namelist() if name.startswith("photos/")}
