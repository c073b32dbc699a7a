"""The classic failures that need processes: no beat, tripled messages, a frozen broker, a stop in the middle, a database that is away."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Channel
from server.db import Database
from server.followup.models import Reminder
from tests.drill.processes import free_port, redis, wait_until
from tests.drill.reminders import fill, no_chores
from tests.followup.mailbox import Mailbox
from tests.followup.provider import Fault, Provider
from tests.workers.crew import crew

PATIENCE_S = 60
BROKERS = [pytest.param("", id="files"), *([pytest.param(url, id="redis")] if (url := os.environ.get("TEST_REDIS_URL", "")) else [])]
HAS_REDIS = bool(os.environ.get("TEST_REDIS_URL") and shutil.which("redis-server"))


def mails(mailbox: Mailbox) -> Counter[str]:
    """How often each message came."""
    return Counter(str(mail["Message-ID"]) for mail in mailbox.mails)


def states(db: Database) -> Counter[str]:
    """Of all messages."""
    with db.transaction(write=False, everywhere=True) as session:
        return Counter(str(one) for one in session.scalars(sa.select(Reminder.state), execution_options={"all_clinics": True}))


@pytest.mark.parametrize("broker", BROKERS)
def test_no_beat_for_days(lonely_db: Database, tmp_path: Path, mailbox: Mailbox, broker: str) -> None:
    """A worker that nobody tells the time looks for itself."""
    no_chores(lonely_db)
    with crew(lonely_db, tmp_path, broker, SMTP_URL=mailbox.url) as here:
        here.start("worker")
        fill(lonely_db, count=10, clinics=2, channel=Channel.EMAIL, seconds=0, seed=1)
        assert mailbox.wait_for(10, PATIENCE_S), here.said
        here.stop()
    assert set(mails(mailbox).values()) == {1}
    assert states(lonely_db) == {"accepted": 10}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("broker", BROKERS)
def test_every_message_of_the_queue_three_times_and_two_beats(lonely_db: Database, tmp_path: Path, mailbox: Mailbox, broker: str) -> None:
    """Two workers drown in ticks and pumps; each patient gets one mail."""
    no_chores(lonely_db)
    with crew(lonely_db, tmp_path, broker, SMTP_URL=mailbox.url) as here:
        for kind in ("worker", "worker", "beat", "beat"):
            here.start(kind, app="tests.workers.thrice")
        fill(lonely_db, count=60, clinics=3, channel=Channel.EMAIL, seconds=4, seed=2)
        assert mailbox.wait_for(60, PATIENCE_S), here.said
        assert wait_until(lambda: states(lonely_db) == {"accepted": 60}, PATIENCE_S), here.said
        here.stop()
    assert len(mails(mailbox)) == 60
    assert set(mails(mailbox).values()) == {1}
    assert "Traceback" not in here.said


def test_a_stop_in_the_middle_finishes_what_is_under_way(lonely_db: Database, tmp_path: Path) -> None:
    """Asked to stop with calls under way, a worker waits for those and gives the others back at once: no doubt is left behind."""
    no_chores(lonely_db)
    with Provider() as gateway:
        gateway.always = Fault(late_s=1.5)
        settings = {"SMS_URL": gateway.url, "SMS_FROM": "+36201234567", "SMS_PER_SECOND": "0"}
        with crew(lonely_db, tmp_path, **settings) as here:
            here.start("worker")
            fill(lonely_db, count=20, clinics=1, channel=Channel.SMS, seconds=0, seed=3)
            assert gateway.wait_for(1, PATIENCE_S), here.said
            here.stop(20)
        sent = len(gateway.rows)
    assert 0 < sent < 20
    assert states(lonely_db) == {"accepted": sent, "pending": 20 - sent}


def test_a_database_that_is_away_is_said_once(tmp_path: Path, lonely_db: Database) -> None:
    """Not every second; and the worker stops when asked all the same."""
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    with crew(lonely_db, tmp_path) as here:
        worker, _ = here.start("worker", DATABASE_URL=nowhere), here.start("beat", DATABASE_URL=nowhere)
        assert wait_until(lambda: "the database cannot be asked" in worker.said, PATIENCE_S), here.said
        messages = tmp_path / "queue" / "messages"
        for _ in range(3):  # beat's ticks are taken all the same
            assert wait_until(lambda: any(messages.glob("*tick.msg")), PATIENCE_S, every=0.001)
            assert wait_until(lambda: not any(messages.glob("*tick.msg")), PATIENCE_S, every=0.001)
        here.stop()
    assert worker.said.count("cannot be asked") == 1
    assert "Traceback" not in here.said


if HAS_REDIS:

    @pytest.mark.timeout(240)
    def test_a_frozen_redis(lonely_db: Database, tmp_path: Path, mailbox: Mailbox) -> None:
        """It takes connections and answers nothing: messages go out all the same, also from a worker that starts only then."""
        no_chores(lonely_db)
        port = free_port()
        broker = redis(tmp_path, port)
        with crew(lonely_db, tmp_path, f"redis://127.0.0.1:{port}/0", SMTP_URL=mailbox.url) as here:
            here.stack.callback(broker.end)
            beat = here.start("beat")
            first = here.start("worker")
            fill(lonely_db, count=5, clinics=1, channel=Channel.EMAIL, seconds=0, seed=4)
            assert mailbox.wait_for(5, PATIENCE_S), here.said
            broker.freeze()
            fill(lonely_db, count=5, clinics=1, channel=Channel.EMAIL, seconds=0, seed=5)
            assert wait_until(lambda: states(lonely_db) == {"accepted": 10}, PATIENCE_S), here.said
            first.kill()
            second = here.start("worker", ready=False)
            fill(lonely_db, count=5, clinics=1, channel=Channel.EMAIL, seconds=0, seed=6)
            assert wait_until(lambda: states(lonely_db) == {"accepted": 15}, PATIENCE_S), here.said
            assert wait_until(lambda: "no tick could be sent" in beat.said, PATIENCE_S), beat.said
            broker.thaw()
            assert wait_until(lambda: " ready." in second.said, PATIENCE_S), here.said
            here.stop()
        assert "Traceback" not in beat.said
        assert Counter(mails(mailbox).values()) == {1: 15}

    def test_a_worker_stops_although_redis_is_frozen(lonely_db: Database, tmp_path: Path) -> None:
        """Within seconds of being asked: nobody waits for a broker to say goodbye."""
        no_chores(lonely_db)
        port = free_port()
        broker = redis(tmp_path, port)
        with crew(lonely_db, tmp_path, f"redis://127.0.0.1:{port}/0") as here:
            here.stack.callback(broker.end)
            here.start("beat")
            here.start("worker")  # takes longer to start, so beat is up by then too
            broker.freeze()
            here.stop(30)
