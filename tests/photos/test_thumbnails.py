"""Workers make the small copies: once, after any crash, and never for ever."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.journal.service import history
from server.photos.models import ThumbnailJob
from server.photos.service import thumbnails
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.photos.test_pixels import opened, shown
from tests.start.test_command_line import graftlog


@pytest.fixture(autouse=True)
def _nothing_waits(db: Database) -> None:
    """No story makes another's thumbnails."""
    with db.transaction(everywhere=True) as session:
        session.execute(sa.delete(ThumbnailJob))


def actions(app: App, clinic: make.Clinic, photo_id: str) -> list[str]:
    """What the journal says happened to it."""
    with app.db.transaction(clinic.id, write=False) as session:
        return [row.action for row in history(session, [uuid.UUID(photo_id)])]


def test_a_moment_after_the_last_byte_there_are_two_sizes(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek(2000, 1500))
    assert photo["thumbnails"] == "waiting"
    assert thumbnails.make_waiting(app.db, app.settings) == 1
    assert vera.get(f"/photos/{photo['id']}")["thumbnails"] == "made"
    assert opened(shown(vera, photo["id"], "thumbnail")).size == (320, 240)
    assert opened(shown(vera, photo["id"], "thumbnail?size=1280")).size == (1280, 960)
    assert actions(app, clinic, photo["id"]) == ["create", "store", "thumbnails"]
    assert thumbnails.make_waiting(app.db, app.settings) == 0


def test_a_small_picture_is_not_blown_up(vera: Api, anna: str, worker: Callable[[], int]) -> None:
    photo = sent(vera, anna, cheek())
    worker()
    assert opened(shown(vera, photo["id"], "thumbnail?size=1280")).size == (400, 300)


def test_two_workers_at_once_make_each_once(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photos = [sent(vera, anna, cheek()) for _ in range(6)]
    with ThreadPoolExecutor(2) as pool:
        turns = [pool.submit(thumbnails.make_waiting, app.db, app.settings) for _ in range(2)]
        assert sum(turn.result() for turn in turns) == 6
    for photo in photos:
        assert actions(app, clinic, photo["id"]) == ["create", "store", "thumbnails"]


def test_a_worker_that_is_killed_is_followed_by_another(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek())
    with app.db.transaction(clinic.id) as session:
        assert thumbnails.claim(session)  # and then nothing more was heard of it
    assert thumbnails.make_waiting(app.db, app.settings) == 0
    with clock.at(clock.now() + thumbnails.LEASE + timedelta(seconds=1)):
        assert thumbnails.make_waiting(app.db, app.settings) == 1
    assert vera.get(f"/photos/{photo['id']}")["thumbnails"] == "made"


def test_the_slower_of_two_workers_says_nothing_new(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo = sent(vera, anna, cheek())
    for _ in range(2):
        with app.db.transaction(clinic.id) as session:
            thumbnails.finish(session, uuid.UUID(photo["id"]))
    with app.db.transaction(clinic.id) as session:
        thumbnails.fail(session, uuid.UUID(photo["id"]), "too late")
    assert actions(app, clinic, photo["id"]) == ["create", "store", "thumbnails"]


def test_a_photo_that_kills_its_workers_is_set_aside_with_the_reason(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    photo, later = sent(vera, anna, cheek()), clock.now()
    for _ in range(thumbnails.MOST_ATTEMPTS):
        with clock.at(later), app.db.transaction(clinic.id) as session:
            assert thumbnails.claim(session)
        later += thumbnails.LEASE + timedelta(seconds=1)
    with clock.at(later):
        assert thumbnails.make_waiting(app.db, app.settings) == 0
    given_up = vera.get(f"/photos/{photo['id']}")
    assert (given_up["thumbnails"], given_up["thumbnail_problem"]) == ("failed", "the workers that tried were lost; tried 5 times")
    assert given_up["thumbnail_problem"] in vera.get(f"/photos/{photo['id']}/thumbnail", 409)["detail"]
    assert vera.call("GET", f"/photos/{photo['id']}/content").data


def test_one_that_cannot_be_made_holds_up_no_other(app: App, vera: Api, anna: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, each time later, and given up with what was last wrong."""
    bad = sent(vera, anna, cheek())
    honest = thumbnails._make

    def shaky(db: Database, turn: thumbnails.Turn, config: Config) -> None:
        if str(turn.photo_id) == bad["id"]:
            raise OSError("unreadable")
        honest(db, turn, config)

    monkeypatch.setattr(thumbnails, "_make", shaky)
    good, later = sent(vera, anna, cheek()), clock.now()
    for _ in range(thumbnails.MOST_ATTEMPTS):
        with clock.at(later):
            thumbnails.make_waiting(app.db, app.settings)
            thumbnails.make_waiting(app.db, app.settings)
        later += timedelta(hours=1)
    assert vera.get(f"/photos/{good['id']}")["thumbnails"] == "made"
    assert vera.get(f"/photos/{bad['id']}")["thumbnail_problem"] == "OSError; tried 5 times"


def test_a_worker_that_is_asked_to_stop_stops_between_two(app: App, vera: Api, anna: str) -> None:
    for _ in range(3):
        sent(vera, anna, cheek())
    answers = iter([True, True, False, False, False])
    assert thumbnails.make_waiting(app.db, app.settings, lambda: next(answers)) == 1


def test_what_was_given_up_is_counted_and_made_once_the_disk_is_back(
    lonely_db: Database, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of Anna's photos are set aside while the store fails; `graftlog photos retry` has them made, and leaves the third alone."""
    clinic = make.clinic(lonely_db)
    app = create_app(config, lonely_db)
    vera, anna = Api(app.test_client(), make.token(lonely_db, clinic.surgeon)), make.patient(lonely_db, clinic)["id"]
    fine = sent(vera, anna, cheek())
    thumbnails.make_waiting(lonely_db, config)
    aside = [sent(vera, anna, cheek())["id"] for _ in range(2)]
    monkeypatch.setattr(thumbnails, "AT_A_TIME", 1)
    with lonely_db.transaction(clinic.id) as session:
        for job in session.scalars(sa.select(ThumbnailJob)):
            job.attempts = thumbnails.MOST_ATTEMPTS
    for _ in aside:
        assert thumbnails.make_waiting(lonely_db, config) == 0
    scraped = "graftlog_photos_without_thumbnails {}"
    assert scraped.format(2) in vera.call("GET", "//metrics").text
    assert thumbnails.retry_all(lonely_db) == 2
    assert scraped.format(0) in vera.call("GET", "//metrics").text
    said = graftlog(tmp_path, lonely_db.url.render_as_string(hide_password=False), "photos", "retry")
    assert (said.returncode, said.stdout) == (0, "Thumbnails that workers will try again (photos: 0).\n")
    assert thumbnails.make_waiting(lonely_db, config) == 2
    for photo_id in aside:
        photo = vera.get(f"/photos/{photo_id}")
        assert (photo["thumbnails"], photo["thumbnail_problem"]) == ("made", None)
        assert actions(app, clinic, photo_id) == ["create", "store", "thumbnails", "thumbnails", "thumbnails"]
    assert actions(app, clinic, fine["id"]) == ["create", "store", "thumbnails"]
