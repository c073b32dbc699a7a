"""What a supervisor asks: whether the process lives, and whether it can work."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.engine import guard, tick
from server.followup.models import Chore, Sender
from server.followup.service import sending
from server.migrations import heads
from tests import make
from tests.api import Api
from tests.databases import as_owner
from tests.followup.conftest import VISITS_ONLY

STARTED = datetime(2026, 3, 13, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
TOO_LATE = DUE + timedelta(minutes=15, seconds=1)


@pytest.fixture
def app_alone(config: Config, lonely_db: Database) -> App:
    """An application with a database of its own, started at nine."""
    with clock.at(STARTED):
        return create_app(config, lonely_db)


@pytest.fixture
def alone(app_alone: App) -> Api:
    """Somebody calling it."""
    return Api(app_alone.test_client(), None)


def ready(api: Api, at: datetime, expect: int = 200) -> str:
    """What /readyz says at that time."""
    with clock.at(at):
        return str(api.get("//readyz", expect).get("detail", ""))


def test_a_working_server_is_alive_and_ready(alone: Api) -> None:
    """Nobody has ticked yet and nothing is due: there is nothing to complain about."""
    assert alone.get("//healthz") == {"status": "ok"}
    with clock.at(STARTED + timedelta(hours=1)):
        assert alone.get("//readyz") == {"status": "ready", "migration": heads.NEWEST}


def test_before_the_newest_migration_it_is_alive_and_not_ready(alone: Api, lonely_db: Database) -> None:
    with as_owner(lonely_db) as owned, owned.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    alone.get("//healthz")
    refusal = alone.get("//readyz", 503)
    assert refusal["code"] == "not_ready"
    assert "graftlog db upgrade" in refusal["detail"]


def test_on_an_empty_database_it_is_alive_and_not_ready(alone: Api, lonely_db: Database) -> None:
    with as_owner(lonely_db) as owned, owned.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
    alone.get("//healthz")
    alone.get("//readyz", 503)


def test_overdue_ticks_are_said_after_a_minutes_grace(alone: Api, lonely_db: Database, config: Config) -> None:
    """The workers were off over the weekend; after a start they have a minute to come up."""
    with clock.at(STARTED - timedelta(days=2)):
        tick.Engine(lonely_db, config).tick()
    ready(alone, STARTED + timedelta(seconds=59))
    assert ready(alone, STARTED + timedelta(seconds=61), 503).startswith("Ticks are overdue")
    with clock.at(STARTED + timedelta(minutes=2)):
        tick.Engine(lonely_db, config).tick()
    ready(alone, STARTED + timedelta(minutes=3, seconds=59))
    assert "Start the workers" in ready(alone, STARTED + timedelta(minutes=5), 503)


def one_due(db: Database) -> make.Clinic:
    """Riverside, where one message is due at DUE."""
    clinic, ended = make.clinic(db), DUE - timedelta(days=11)
    make.protocol(db, clinic, VISITS_ONLY)
    with clock.at(ended):
        patient = make.patient(db, clinic)
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=ended)
    return clinic


def test_a_message_that_waits_too_long_is_said(alone: Api, lonely_db: Database) -> None:
    """With the channel, and where to look; never with whose message it is."""
    one_due(lonely_db)
    ready(alone, TOO_LATE - timedelta(seconds=1))
    said = ready(alone, TOO_LATE, 503)
    assert said.startswith("Messages by email have waited for more than 15 minutes.")
    assert "graftlog sending status" in said


def test_what_somebody_has_paused_is_no_trouble(alone: Api, lonely_db: Database) -> None:
    clinic = one_due(lonely_db)
    with clock.at(TOO_LATE), lonely_db.transaction(clinic.id, actor=clinic.coordinator) as session:
        sending.pause(session, "Holidays.")
    ready(alone, TOO_LATE)
    with clock.at(TOO_LATE), lonely_db.transaction(clinic.id, actor=clinic.coordinator) as session:
        sending.resume(session)
    ready(alone, TOO_LATE, 503)
    with clock.at(TOO_LATE), lonely_db.transaction(everywhere=True) as session:
        guard.pause_all(session, "Moving house.")
    ready(alone, TOO_LATE)


def test_a_channel_that_works_off_its_queue_at_its_pace_is_no_trouble(alone: Api, lonely_db: Database) -> None:
    one_due(lonely_db)
    with lonely_db.transaction(everywhere=True) as session:
        session.add(Sender(channel="email", failures=0, free_at=TOO_LATE - timedelta(seconds=20)))
    ready(alone, TOO_LATE)
    ready(alone, TOO_LATE + timedelta(minutes=1), 503)


def test_a_clock_that_is_not_believed_is_said_at_once(alone: Api, lonely_db: Database) -> None:
    with lonely_db.transaction(everywhere=True) as session:
        session.add(Chore(name=guard.WATERMARK, next_at=STARTED, ran_at=STARTED, said="clock_went_back"))
    said = ready(alone, STARTED, 503)
    assert said.startswith("The clock is not believed (clock went back)")
    assert "graftlog sending believe-clock" in said
    with clock.at(STARTED), lonely_db.transaction(everywhere=True) as session:
        guard.believe(session)
    ready(alone, STARTED)
