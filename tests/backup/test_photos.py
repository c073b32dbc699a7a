"""Photos go into the backup and come back from it, whole; what is lost for good is named."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from server.app import create_app
from server.backup import service
from server.config import Config
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.backup.ward import Ward, manifest_of, with_manifest
from tests.photos.buckets import in_a_bucket, s3_server
from tests.photos.pictures import cheek
from tests.photos.tablet import sent


def photographed(ward: Ward, settings: Config | None = None) -> dict[str, Any]:
    """Vera's photo of Anna, with its thumbnails."""
    with ward.open() as database:
        clinic = make.clinic(database)
        anna = make.patient(database, clinic)["id"]
        vera = Api(create_app(settings or ward.settings, database).test_client(), make.token(database, clinic.surgeon))
        photo = sent(vera, anna, cheek())
        make_waiting(database, settings or ward.settings)
    return photo


def stored(ward: Ward) -> dict[str, bytes]:
    """Everything in its store of photos."""
    folder = Path(ward.settings.photo_store)
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "photos").rglob("*") if path.is_file()}


def test_a_new_machine_has_every_photo_again(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    photographed(riverside)
    assert "files: 3" in riverside.backup(tmp_path / "night.zip")
    assert manifest_of(tmp_path / "night.zip")["photos"]["count"] == 3
    said = new_place.restore(tmp_path / "night.zip")
    assert "put back (files: 3)" in said
    assert "Every photo of the record is in the store, whole." in said
    assert stored(new_place) == stored(riverside)


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
        photographed(riverside, cloud)
        service.backup(cloud, tmp_path / "night.zip", None)
    assert "Every photo of the record is in the store, whole." in new_place.restore(tmp_path / "night.zip")
    with ZipFile(tmp_path / "night.zip") as archive:
        assert stored(new_place) == {name: archive.read(name) for name in archive.namelist() if name.startswith("photos/")}
