"""The task that takes checkpoints: of every clinic that was active, twice without harm, and loudly where a key is lost."""

import shutil

import pytest
import sqlalchemy as sa

from server.config import Config
from server.db import Database
from server.journal.models import JournalCheckpoint
from tests import make
from workers import app as celery
from workers import journal


def sizes(db: Database) -> list[int]:
    with db.transaction(write=False, everywhere=True) as session:
        return list(session.scalars(sa.select(JournalCheckpoint.size).order_by(JournalCheckpoint.size)))


@pytest.fixture
def here(lonely_db: Database, config: Config, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A worker's database and settings."""
    monkeypatch.setattr(journal, "database", lambda: lonely_db)
    monkeypatch.setattr(journal, "settings", config)
    return lonely_db


def test_every_active_clinic_gets_one_and_only_one(here: Database) -> None:
    riverside, _ = make.clinic(here), make.clinic(here)
    make.patient(here, riverside)
    journal.take_checkpoints()
    journal.take_checkpoints()
    assert sizes(here) == [5, 6]
    assert celery.SETTINGS["beat_schedule"]["checkpoints"]["task"] == journal.take_checkpoints.name


def test_a_lost_key_is_said_and_holds_up_nobody_else(here: Database, config: Config, caplog: pytest.LogCaptureFixture) -> None:
    first, second = sorted((make.clinic(here), make.clinic(here)), key=lambda clinic: clinic.id)
    journal.take_checkpoints()
    shutil.rmtree(config.keys / str(first.id))
    for clinic in (first, second):
        make.patient(here, clinic)
    journal.take_checkpoints()
    assert sizes(here) == [5, 5, 6]
    assert "signing key" in caplog.text
