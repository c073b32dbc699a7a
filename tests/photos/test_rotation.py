"""A clinic's photo key is changed: workers wrap the patients' keys anew, and go on where one of them was killed."""

import os
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.journal.models import JournalRow
from server.journal.reading import verify
from server.photos.models import MasterKey, PatientKey
from server.photos.service import keys, rotating
from server.photos.service.rotating import rewrap_waiting
from server.problems import Problem
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.start.test_command_line import graftlog

KILLED_AT_THE_FIFTH = """
import os, signal
import server.tables
from server.config import from_environment
from server.db import Database
from server.photos.service import keys, rotating

honest, rotating.AT_A_TIME, tried = keys.wrap, 2, []

def wrap(*arguments):
    tried.append(1)
    if len(tried) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    honest(*arguments)

keys.wrap = wrap
settings = from_environment()
rotating.rewrap_waiting(Database(settings.database_url), settings)
"""


@dataclass
class Riverside:
    """An installation of its own, with seven patients who were each photographed."""

    app: App
    clinic: make.Clinic
    vera: Api
    photos: list[str]
    url: str

    @property
    def db(self) -> Database:
        """Its database."""
        return self.app.db

    def rotate(self) -> str:
        """`graftlog photos rotate-key`; what it says."""
        done = graftlog(self.app.settings.data, self.url, "photos", "rotate-key", str(self.clinic.id))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def progress(self) -> str:
        """What `graftlog photos rotation` says first."""
        return graftlog(self.app.settings.data, self.url, "photos", "rotation").stdout.splitlines()[0]

    def wrapped_with(self) -> set[str]:
        """Ids of the keys that wrap something."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            return set(session.scalars(sa.select(PatientKey.key_id)))

    def current(self) -> str:
        """Id of the newest key."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            found = keys.current(session)
            assert found is not None
            return found.key_id

    def all_are_shown(self) -> bool:
        """Whether every photo opens."""
        return {self.vera.call("GET", f"/photos/{one}/content").status_code for one in self.photos} == {200}


@pytest.fixture
def riverside(lonely_db: Database, config: Config, tmp_path: Path) -> Riverside:
    """Ready for a change of keys."""
    app = create_app(replace(config, data=tmp_path, photo_store=str(tmp_path / "photos"), keys=tmp_path / "keys"), lonely_db)
    clinic = make.clinic(lonely_db)
    vera = Api(app.test_client(), make.token(lonely_db, clinic.surgeon))
    photos = [sent(vera, make.patient(lonely_db, clinic)["id"], cheek(60, 40))["id"] for _ in range(7)]
    return Riverside(app, clinic, vera, photos, lonely_db.url.render_as_string(hide_password=False))


def test_a_killed_worker_loses_one_batch_and_another_goes_on(riverside: Riverside) -> None:
    """Kill -9 in the third batch of two: four keys are wrapped anew, three not, and every photo opens at each moment."""
    old = riverside.current()
    assert "patients' keys that workers wrap with it now: 7" in riverside.rotate()
    new = riverside.current()
    assert riverside.progress().endswith(f"photo key {new}: 0 of 7 keys wrapped anew, going on")
    environ = os.environ | {"GRAFTLOG_DATA": str(riverside.app.settings.data), "DATABASE_URL": riverside.url}
    killed = subprocess.run([sys.executable, "-c", KILLED_AT_THE_FIFTH], env=environ, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert riverside.progress().endswith("4 of 7 keys wrapped anew, going on")
    assert riverside.wrapped_with() == {old, new}
    assert riverside.all_are_shown()
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 3
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 0
    assert riverside.progress().endswith(f"7 of 7 keys wrapped anew; needed for earlier backups only: {old}")
    assert riverside.wrapped_with() == {new}
    keys.file_of(riverside.app.settings.keys, riverside.clinic.id, old).unlink()
    assert riverside.all_are_shown()


def test_the_change_is_in_the_journal(riverside: Riverside) -> None:
    old = riverside.current()
    riverside.rotate()
    with riverside.db.transaction(riverside.clinic.id, write=False) as session:
        row = session.scalars(sa.select(JournalRow).order_by(JournalRow.seq.desc()).limit(1)).one()
        assert (row.collection, row.action) == ("photo_keys", "rotate")
        assert f'"key_id":"{riverside.current()}"' in (row.body or "")
        assert f'"previous":"{old}"' in (row.body or "")
        assert verify(session, riverside.clinic.id)[1] is None


def test_two_workers_at_once_wrap_each_key_once(riverside: Riverside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "AT_A_TIME", 2)
    riverside.rotate()
    with ThreadPoolExecutor(2) as pool:
        turns = [pool.submit(rewrap_waiting, riverside.db, riverside.app.settings) for _ in range(2)]
        assert sum(turn.result() for turn in turns) == 7
    rewrap_waiting(riverside.db, riverside.app.settings)
    with riverside.db.transaction(riverside.clinic.id, write=False) as session:
        master = session.get_one(MasterKey, (riverside.clinic.id, riverside.current()))
        assert (master.done, master.total, master.finished_at is not None) == (7, 7, True)
    assert riverside.all_are_shown()


def test_a_second_change_overtakes_the_first(riverside: Riverside) -> None:
    """And photos taken meanwhile are under the newest key at once."""
    riverside.rotate()
    rewrap_waiting(riverside.db, riverside.app.settings, lambda: False)
    riverside.rotate()
    newest = riverside.current()
    sent(riverside.vera, make.patient(riverside.db, riverside.clinic)["id"], cheek(60, 40))
    assert newest in riverside.wrapped_with()
    rewrap_waiting(riverside.db, riverside.app.settings)
    assert riverside.wrapped_with() == {newest}
    assert riverside.all_are_shown()


def test_a_missing_old_key_is_said_and_the_change_waits_for_it(riverside: Riverside, caplog: pytest.LogCaptureFixture) -> None:
    old = keys.file_of(riverside.app.settings.keys, riverside.clinic.id, riverside.current())
    riverside.rotate()
    secret = old.read_bytes()
    old.unlink()
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 0
    assert "is missing from GRAFTLOG_KEYS" in caplog.text
    old.write_bytes(secret)
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 7


def test_a_key_that_was_changed_in_the_database_holds_up_no_other(riverside: Riverside, caplog: pytest.LogCaptureFixture) -> None:
    with riverside.db.transaction(riverside.clinic.id) as session:
        spoiled = session.scalars(sa.select(PatientKey).order_by(PatientKey.patient_id).limit(1)).one()
        whole, spoiled.wrapped = spoiled.wrapped, spoiled.wrapped[:-1] + b"x"
    riverside.rotate()
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 6
    assert f"photo key of patient {spoiled.patient_id}" in caplog.text
    with riverside.db.transaction(riverside.clinic.id) as session:
        session.get_one(PatientKey, (riverside.clinic.id, spoiled.patient_id)).wrapped = whole
    assert rewrap_waiting(riverside.db, riverside.app.settings) == 1


def test_a_clinic_without_photos_has_no_key_to_change(riverside: Riverside) -> None:
    hillside = make.clinic(riverside.db, name="Hillside Clinic")
    with pytest.raises(Problem, match="conflict"), riverside.db.transaction(hillside.id) as session:
        keys.rotate(session, riverside.app.settings.keys)
    for said, clinic_id in (("the first photo makes it", hillside.id), ("No such clinic", uuid.uuid4())):
        refused = graftlog(riverside.app.settings.data, riverside.url, "photos", "rotate-key", str(clinic_id))
        assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)
