"""Uploads end: given up, expired, forgotten. What is stored outlives them, and nothing else is left."""

import uuid
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from server import clock
from server.app import App
from server.followup.engine import chores
from server.photos.models import Upload, UploadState
from server.photos.service import tidying, uploads
from server.photos.store import Missing, open_store
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import TUS, announced, begun, creation, left_of, patch, sent


def test_so_many_uploads_of_one_photo_are_enough(vera: Api, anna: str) -> None:
    photo = announced(vera, anna, cheek())
    paths = [begun(vera, photo) for _ in range(uploads.MOST_OPEN)]
    assert vera.call("POST", "/uploads", headers=creation(photo)).status_code == 409
    assert vera.call("DELETE", paths[0], headers=TUS).status_code == 204
    assert vera.call("POST", "/uploads", headers=creation(photo)).status_code == 201


def test_an_upload_given_up_leaves_nothing(app: App, vera: Api, anna: str) -> None:
    upload = begun(vera, announced(vera, anna, cheek()))
    patch(vera, upload, 0, cheek()[:1000])
    assert left_of(app, upload)
    assert vera.call("DELETE", upload, headers=TUS).status_code == 204
    assert left_of(app, upload) == []
    assert vera.call("HEAD", upload, headers=TUS).status_code == 410
    assert vera.call("DELETE", upload, headers=TUS).status_code == 410


def test_a_done_upload_cannot_be_stopped(vera: Api, anna: str) -> None:
    data = cheek()
    upload = begun(vera, announced(vera, anna, data))
    patch(vera, upload, 0, data)
    assert vera.call("DELETE", upload, headers=TUS).status_code == 409


def test_an_upload_is_resumed_after_six_days_and_gone_after_seven_more(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """The tablet lay in a drawer. Then it was lost: the bytes are deleted, and a day later the upload is forgotten."""
    data, start = cheek(), clock.now()
    photo = announced(vera, anna, data)
    upload = begun(vera, photo)
    patch(vera, upload, 0, data[:1000])
    with clock.at(start + timedelta(days=6)):
        later = Api(vera.client, make.token(app.db, clinic.surgeon))
        assert patch(later, upload, 1000, data[1000:2000]).status_code == 204
        assert tidying.drop_ended(app.db, clinic.id, app.settings) == 0
    with clock.at(start + timedelta(days=13, minutes=1)):
        later = Api(vera.client, make.token(app.db, clinic.surgeon))
        assert patch(later, upload, 2000, data[2000:]).status_code == 410
        assert tidying.drop_ended(app.db, clinic.id, app.settings) == 1
        assert left_of(app, upload) == []
        assert later.call("HEAD", upload, headers=TUS).status_code == 410
    with clock.at(start + timedelta(days=14, minutes=2)):
        later = Api(vera.client, make.token(app.db, clinic.surgeon))
        assert tidying.drop_ended(app.db, clinic.id, app.settings) == 1
        assert later.call("HEAD", upload, headers=TUS).status_code == 404
        assert sent(later, anna, data)["state"] == "stored"
        assert later.get(f"/photos/{photo['id']}")["state"] == "announced"


def test_the_chore_is_one_of_those_that_the_tick_runs() -> None:
    assert chores.CHORES["uploads"][1] is tidying.drop_ended


def test_what_a_lost_process_had_written_is_deleted_with_its_upload(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """It was killed between writing the photograph and saying so."""
    upload = begun(vera, announced(vera, anna, cheek()))
    upload_id = uuid.UUID(upload.rpartition("/")[2])
    with app.db.transaction(clinic.id, write=False) as session:
        key = session.get_one(Upload, (clinic.id, upload_id)).object_key
    store = open_store(app.settings)
    store.put(f"{key}/content", BytesIO(cheek()))
    with clock.at(clock.now() + uploads.LIVES + timedelta(minutes=1)):
        tidying.drop_ended(app.db, clinic.id, app.settings)
    with pytest.raises(Missing):
        next(store.read(f"{key}/content"))


def test_a_stored_photo_outlives_its_upload(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek())
    with clock.at(clock.now() + timedelta(days=3)):
        assert tidying.drop_ended(app.db, clinic.id, app.settings) == 1
    with app.db.transaction(clinic.id, write=False) as session:
        assert session.scalars(sa.select(Upload.state).where(Upload.state == UploadState.DONE)).all() == []
    assert vera.call("GET", f"/photos/{photo['id']}/content").data
