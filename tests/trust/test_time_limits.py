"""Nothing takes for ever: a request that the database holds up is given up, and a task that does not end is ended."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from celery import signals
from sqlalchemy.orm import Session

from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.patience import bound
from server.patients import service as patients
from tests import databases, make
from tests.api import Api
from tests.drill.processes import ROOT, wait_until
from workers import app as celery
from workers import deadline, photos

on_postgresql = pytest.mark.skipif(not databases.WANTED, reason="time limits in PostgreSQL: NOT TESTED (TEST_DATABASE_URL is not set)")


@pytest.fixture
def hasty(db: Database) -> Iterator[Database]:
    """Connections of a web process that waits for a third of a second, and not for thirty."""
    database = bound(Database(db.url.render_as_string(hide_password=False)), statement_s=0.3, lock_s=0.1, silence_s=0.2)
    yield database
    database.close()


@pytest.fixture
def tablet(config: Config, hasty: Database, clinic: make.Clinic) -> Api:
    """Dr Vera Kovács at hers, connected so."""
    return Api(create_app(config, hasty).test_client(), make.token(hasty, clinic.surgeon))


def gave_up(tablet: Api, method: str, path: str, **sent: Any) -> bool:
    """Whether it heard 503, when to come again, and that it may."""
    answer = tablet.call(method, path, **sent)
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["code"], answer.headers.get("Retry-After")) == (503, "unavailable", "2"), answer.text
    return "Repeat the call" in problem["detail"]


@on_postgresql
def test_whoever_waits_for_a_lock_is_told_to_come_again(tablet: Api, db: Database, clinic: make.Clinic) -> None:
    anna = make.patient(db, clinic)
    change: dict[str, Any] = {"json": {"weight_kg": 63}, "headers": {"If-Match": f'"{anna["write_id"]}"'}}
    with db.transaction(clinic.id) as session:
        session.execute(sa.text("SELECT 1 FROM patients WHERE id = :id FOR UPDATE"), {"id": anna["id"]})
        assert gave_up(tablet, "PATCH", f"/patients/{anna['id']}", **change)
    assert tablet.call("PATCH", f"/patients/{anna['id']}", **change).status_code == 200


@on_postgresql
def test_a_statement_that_takes_too_long_is_given_up(tablet: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(session: Session, **_: object) -> NoReturn:
        session.execute(sa.text("SELECT pg_sleep(60)"))
        raise AssertionError("it ended")

    with monkeypatch.context() as broken:
        broken.setattr(patients, "find_patients", slow)
        assert gave_up(tablet, "GET", "/patients")
    assert tablet.get("/patients")["items"] == []


@on_postgresql
def test_a_transaction_in_which_nothing_happens_is_ended(tablet: Api, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost_in_thought(session: Session, **_: object) -> NoReturn:
        pid = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()

        def gone() -> bool:
            with db.engine.connect() as other:
                return not other.execute(sa.text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}).first()

        assert wait_until(gone)
        session.execute(sa.text("SELECT 1"))
        raise AssertionError("it lives")

    with monkeypatch.context() as broken:
        broken.setattr(patients, "find_patients", lost_in_thought)
        assert gave_up(tablet, "GET", "/patients")
    assert tablet.get("/patients")["items"] == []


@on_postgresql
def test_the_application_has_such_limits_and_the_command_line_has_none(config: Config, db: Database) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    address = db.url.render_as_string(hide_password=False)
    made: App = create_app(replace(config, database_url=address))
    for database, wanted in ((made.db, ["30s", "20s", "30s"]), (Database(address), ["0", "0", "0"])):
        with database.transaction(write=False) as session:
            assert [session.execute(sa.text(f"SHOW {name}")).scalar_one() for name in names] == wanted
        database.close()


HANGS = """
import sys, time
from workers import deadline, photos
deadline.SOFT_S, deadline.HARD_S = 0.2, 0.6
deadline.begin("a task")
try:
    while True:
        try:
            time.sleep(10)
        except deadline.SoftTimeLimitExceeded:
            print("asked to stop", flush=True)
            if sys.argv[1] == "listens":
                break
finally:
    deadline.end("a task")
print("ended by itself")
"""


@pytest.mark.parametrize(
    ("task", "code", "said"), [("listens", 0, "ended by itself"), ("does not listen", deadline.EXIT_CODE, "asked to stop")]
)
def test_a_task_that_does_not_end_is_ended(task: str, code: int, said: str) -> None:
    """First it is asked; a process that goes on all the same is given up, and its supervisor starts another."""
    done = subprocess.run([sys.executable, "-c", HANGS, task], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, said), done.stderr


def test_a_task_ends_before_its_message_is_given_to_somebody_else(config: Config) -> None:
    redis = celery.broker(replace(config, redis_url="redis://localhost:6379/0"))
    assert deadline.SOFT_S < deadline.HARD_S < redis["broker_transport_options"]["visibility_timeout"]


def test_every_task_of_a_worker_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its name; one that a programme calls in its own process is not."""
    told: list[str] = []
    monkeypatch.setattr(deadline, "begin", lambda name: told.append(f"begin {name}"))
    monkeypatch.setattr(deadline, "end", lambda name: told.append(f"end {name}"))
    for signal in (signals.task_prerun, signals.task_postrun):
        signal.send(sender=photos.thumbnails, task=photos.thumbnails)
    assert told == ["begin thumbnails", "end thumbnails"]
    monkeypatch.setattr(photos, "make_waiting", lambda *_: 0)
    photos.thumbnails.apply()
    assert len(told) == 2
