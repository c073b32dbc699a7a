"""The Procfile's worker makes thumbnails and wraps keys anew: woken by beat, or by its own clock when nobody wakes it."""

from pathlib import Path

import pytest

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.photos.models import MasterKey
from server.photos.service import keys
from tests import make
from tests.api import Api
from tests.drill.processes import wait_until
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.workers.crew import crew


@pytest.fixture
def app(lonely_db: Database, config: Config) -> App:
    """An application whose photographs nobody else's worker may see."""
    return create_app(config, lonely_db)


def finished(db: Database, key: MasterKey) -> bool:
    """Whether everything is wrapped with this key."""
    with db.transaction(key.clinic_id, write=False) as session:
        return session.get_one(MasterKey, (key.clinic_id, key.key_id)).finished_at is not None


@pytest.mark.parametrize("kinds", [("worker", "beat"), ("worker",)], ids=["with beat", "without"])
def test_thumbnails_and_a_change_of_keys_come_by_themselves(kinds: tuple[str, ...], app: App, tmp_path: Path) -> None:
    clinic = make.clinic(app.db)
    vera = Api(app.test_client(), make.token(app.db, clinic.surgeon))
    photos = [sent(vera, make.patient(app.db, clinic)["id"], cheek()) for _ in range(2)]
    with app.db.transaction(clinic.id) as session:
        new = keys.rotate(session, app.settings.keys)
    with crew(app.db, tmp_path, PHOTO_STORE=app.settings.photo_store, GRAFTLOG_KEYS=str(app.settings.keys)) as team:
        for kind in kinds:
            team.start(kind)
        for photo in photos:
            assert wait_until(lambda at=photo["id"]: vera.get(f"/photos/{at}")["thumbnails"] == "made", 40), team.said  # type: ignore[misc]  # reason: a lambda with a default
        assert wait_until(lambda: finished(app.db, new), 40), team.said
        team.stop()
    for photo in photos:
        assert vera.call("GET", f"/photos/{photo['id']}/thumbnail").status_code == 200
