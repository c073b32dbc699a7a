"""Whoever has the store sees no face; whoever exchanges its files shows none under another's name."""

import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.photos.models import MasterKey, PatientKey
from server.photos.sealing import FRAME, MAGIC
from server.photos.service import keys
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, left_of, patch, sent
from tests.photos.test_showing import SHOWN, object_of

LARGE = (1600, 1200)
"""Pixels of a picture that takes several frames."""


def canaries(picture: bytes) -> list[bytes]:
    """Pieces of it that nothing else holds: after the tables that pictures have in common."""
    return [picture[at : at + 24] for at in range(700, len(picture) - 24, len(picture) // 20)]


def contains(folder: Path, found: list[bytes]) -> list[str]:
    """Files below the folder in which one of them is seen."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and any(one in path.read_bytes() for one in found)]


def test_no_part_of_a_photo_is_found_in_the_store(lonely_db: Database, config: Config, tmp_path: Path) -> None:
    """Neither of the photo nor of its thumbnails, nor of the pieces of an upload on its way."""
    app = create_app(replace(config, photo_store=str(tmp_path)), lonely_db)
    clinic = make.clinic(lonely_db)
    vera, anna = Api(app.test_client(), make.token(lonely_db, clinic.surgeon)), make.patient(lonely_db, clinic)["id"]
    photo = sent(vera, anna, cheek())
    assert make_waiting(lonely_db, app.settings) == 1
    for what in SHOWN:
        picture = vera.call("GET", f"/photos/{photo['id']}/{what}").data
        assert picture.startswith(b"\xff\xd8")
        assert contains(tmp_path, canaries(picture)) == []
    upload = begun(vera, announced(vera, anna, cheek()))
    patch(vera, upload, 0, cheek()[:9000])
    assert left_of(app, upload)
    assert contains(tmp_path, canaries(cheek()[:9000])) == []
    assert patch(vera, upload, 9000, cheek()[9000:]).status_code == 204


@pytest.mark.parametrize("what", ["content", "thumbnail"])
@pytest.mark.parametrize("whose", ["hers", "another patient's"])
def test_two_exchanged_files_refuse_to_open(
    whose: str, what: str, app: App, vera: Api, anna: str, clinic: make.Clinic, worker: Callable[[], int]
) -> None:
    """Somebody who may write the store puts one photo in the other's place: neither is shown."""
    other = anna if whose == "hers" else make.patient(app.db, clinic, given_name="Bea")["id"]
    photos = [sent(vera, anna, cheek()), sent(vera, other, cheek(300, 300))]
    worker()
    one, two = (object_of(app, clinic, photo, "content" if what == "content" else "320") for photo in photos)
    first = one.read_bytes()
    shutil.copy(two, one)
    two.write_bytes(first)
    for photo in photos:
        assert vera.get(f"/photos/{photo['id']}/{what}", 500)["code"] == "damaged"


def test_a_plain_picture_put_into_the_store_is_not_shown(
    app: App, vera: Api, anna: str, clinic: make.Clinic, worker: Callable[[], int]
) -> None:
    photo = sent(vera, anna, cheek())
    worker()
    object_of(app, clinic, photo, "320").write_bytes(cheek())
    object_of(app, clinic, photo, "content").write_bytes(vera.call("GET", f"/photos/{photo['id']}/content").data)
    for what in ("content", "thumbnail"):
        assert vera.get(f"/photos/{photo['id']}/{what}", 500)["code"] == "damaged"


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "cut off between two frames": lambda data: data[: len(MAGIC) + 32 + FRAME + 16],
    "cut off anywhere": lambda data: data[: len(data) // 2],
    "emptied": lambda _: b"",
    "in another order": lambda data: data[:40] + data[40 + FRAME + 16 : 40 + 2 * (FRAME + 16)] + data[40 : 40 + FRAME + 16],
    "one bit different": lambda data: data[:1000] + bytes([data[1000] ^ 1]) + data[1001:],
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_file_is_named_and_nothing_of_it_leaves(
    spoil: Callable[[bytes], bytes], app: App, vera: Api, anna: str, clinic: make.Clinic
) -> None:
    photo = sent(vera, anna, cheek(*LARGE))
    file = object_of(app, clinic, photo, "content")
    assert len(file.read_bytes()) > 3 * FRAME
    file.write_bytes(spoil(file.read_bytes()))
    assert vera.get(f"/photos/{photo['id']}/content", 500)["code"] == "damaged"


def test_one_patients_key_in_anothers_row_opens_nothing(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """Somebody who may write the database exchanges what the two rows hold."""
    bea = make.patient(app.db, clinic, given_name="Bea")["id"]
    photos = [sent(vera, whose, cheek()) for whose in (anna, bea)]
    with app.db.transaction(clinic.id) as session:
        one, two = (session.get_one(PatientKey, (clinic.id, uuid.UUID(whose))) for whose in (anna, bea))
        one.wrapped, two.wrapped = two.wrapped, one.wrapped
    for photo in photos:
        refusal = vera.get(f"/photos/{photo['id']}/content", 500)
        assert (refusal["code"], "does not open this patient's key" in refusal["detail"]) == ("damaged", True)


def test_without_the_clinics_key_file_photos_wait_and_facts_go_on(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """The file lies outside of the database, for its owner only. Missing, it is named; back again, everything opens."""
    photo = sent(vera, anna, cheek())
    with app.db.transaction(clinic.id, write=False) as session:
        master = keys.current(session)
        assert master is not None
        file = keys.file_of(app.settings.keys, clinic.id, master.key_id)
        wrapped = session.get_one(PatientKey, (clinic.id, uuid.UUID(anna))).wrapped
    secret = file.read_bytes()
    assert (file.stat().st_mode & 0o777, len(secret), secret in wrapped) == (0o600, 32, False)
    file.unlink()
    refusal = vera.get(f"/photos/{photo['id']}/content", 503)
    assert (refusal["code"], master.key_id in refusal["detail"]) == ("unavailable", True)
    upload = begun(vera, announced(vera, anna, cheek()))
    assert patch(vera, upload, 0, cheek()).status_code == 503
    file.write_bytes(secret[:-1])
    assert vera.get(f"/photos/{photo['id']}/content", 503)["code"] == "unavailable"
    file.write_bytes(b"x" * 32)
    assert vera.get(f"/photos/{photo['id']}/content", 500)["code"] == "damaged"
    file.write_bytes(secret)
    assert patch(vera, upload, 0, cheek()).status_code == 204
    assert vera.call("GET", f"/photos/{photo['id']}/content").status_code == 200


def test_a_patient_whose_key_is_destroyed_has_no_photos_any_more(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """One row: however many copies of the store there are."""
    photo = sent(vera, anna, cheek())
    with app.db.transaction(clinic.id) as session:
        session.execute(sa.delete(PatientKey).where(PatientKey.clinic_id == clinic.id))
    assert vera.get(f"/photos/{photo['id']}/content", 500)["code"] == "damaged"


def test_a_clinic_has_one_key_and_each_patient_her_own(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    bea = make.patient(app.db, clinic, given_name="Bea")["id"]
    for whose in (anna, bea, anna):
        sent(vera, whose, cheek())
    with app.db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(PatientKey).where(PatientKey.clinic_id == clinic.id)).all()
        assert {str(row.patient_id) for row in rows} == {anna, bea}
        assert len({keys.unwrapped(row, app.settings.keys) for row in rows}) == 2
        assert len(session.scalars(sa.select(MasterKey).where(MasterKey.clinic_id == clinic.id)).all()) == 1


def test_the_first_photos_of_several_patients_at_once_make_one_key_of_the_clinic(app: App, clinic: make.Clinic) -> None:
    patients = [uuid.UUID(make.patient(app.db, clinic)["id"]) for _ in range(6)]

    def photographed(patient_id: uuid.UUID) -> None:
        with app.db.transaction(clinic.id) as session:
            keys.ensure(session, app.settings.keys, patient_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(photographed, [*patients, *patients]))
    with app.db.transaction(clinic.id, write=False) as session:
        assert len(session.scalars(sa.select(MasterKey).where(MasterKey.clinic_id == clinic.id)).all()) == 1
        assert len(session.scalars(sa.select(PatientKey).where(PatientKey.clinic_id == clinic.id)).all()) == 6


def test_a_piece_that_was_changed_on_its_way_ends_in_no_photo(app: App, vera: Api, anna: str) -> None:
    photo = announced(vera, anna, cheek())
    upload = begun(vera, photo)
    patch(vera, upload, 0, cheek()[:5000])
    (piece,) = map(Path, left_of(app, upload))
    piece.write_bytes(piece.read_bytes()[:-1])
    answer = patch(vera, upload, 5000, cheek()[5000:])
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (500, "damaged")
    assert vera.get(f"/photos/{photo['id']}")["state"] == "announced"


def test_pieces_from_before_encryption_are_still_taken(config: Config, vera: Api, anna: str, app: App, tmp_path: Path) -> None:
    """An upload that was on its way when the new version was installed goes on."""
    app = create_app(replace(config, photo_store=str(tmp_path / "photos"), data=tmp_path), app.db)
    tablet = Api(app.test_client(), vera.token)
    photo = announced(tablet, anna, cheek())
    upload = begun(tablet, photo)
    patch(tablet, upload, 0, cheek()[:5000])
    (piece,) = map(Path, left_of(app, upload))
    piece.write_bytes(cheek()[:5000])
    assert patch(tablet, upload, 5000, cheek()[5000:]).status_code == 204
    assert tablet.get(f"/photos/{photo['id']}")["state"] == "stored"
