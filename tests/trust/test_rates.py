"""Too many calls: who is stopped, what she is told, who is not, and what Redis has to do with it."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from limits import RateLimitItemPerMinute

from server import rates
from server.app import App, create_app
from server.config import Config, from_environment
from server.db import Database
from server.patients.models import Patient
from server.rates import Rate, Rates
from tests import make
from tests.api import PROBLEM, Api
from tests.drill.processes import Process, free_port, redis
from tests.sync.tablet import anna, row
from tests.web.browser import Browser, Page

HAS_REDIS = bool(os.environ.get("TEST_REDIS_URL") and shutil.which("redis-server"))
needs_redis = pytest.mark.skipif(not HAS_REDIS, reason="counting in Redis: NOT TESTED (TEST_REDIS_URL is not set)")
WRONG = {"email": "vera@clinic.example", "password": "not this one either"}


@pytest.fixture(autouse=True)
def three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these stories nobody calls more often."""
    for rate in Rate:
        monkeypatch.setitem(rates.LIMITS, rate, RateLimitItemPerMinute(3))


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So much time passes for the counts."""
    now = time.time
    monkeypatch.setattr("server.rates.time.time", lambda: now() + seconds)


def statuses(call: Callable[[], int], times: int) -> list[int]:
    """What repeated calls are answered."""
    return [call() for _ in range(times)]


def test_whoever_calls_too_often_hears_when_to_go_on(vera: Api, as_: Callable[[make.Person], Api], clinic: make.Clinic) -> None:
    assert statuses(lambda: vera.call("GET", "/patients").status_code, 3) == [200] * 3
    answer = vera.call("GET", "/patients")
    problem = answer.get_json(force=True)
    assert (answer.status_code, answer.mimetype, problem["code"]) == (429, PROBLEM, "too_many_calls")
    assert 1 <= int(answer.headers["Retry-After"]) == problem["retry_after_s"] <= 60
    assert problem["detail"] == f"Nothing was stored. Go on in {problem['retry_after_s']} seconds with the same call."
    assert as_(clinic.nurse).call("GET", "/patients").status_code == 200


def test_a_minute_later_it_is_as_if_nothing_had_been(vera: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert statuses(lambda: vera.call("GET", "/patients").status_code, 4)[-1] == 429
    later(monkeypatch, 61)
    assert vera.call("GET", "/patients").status_code == 200


def test_reading_too_much_does_not_keep_from_writing(vera: Api) -> None:
    assert statuses(lambda: vera.call("GET", "/patients").status_code, 4)[-1] == 429
    vera.post("/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"})


def test_wrong_passwords_are_counted_by_address(app: App) -> None:
    def tries(address: str) -> int:
        return (
            app.test_client()
            .post("/api/v1/session", json=WRONG | {"email": make.stranger()}, environ_base={"REMOTE_ADDR": address})
            .status_code
        )

    assert statuses(lambda: tries("203.0.113.7"), 4) == [401, 401, 401, 429]
    assert tries("203.0.113.8") == 401
    assert statuses(lambda: tries(f"2001:db8:0:7::{os.urandom(2).hex()}"), 4) == [401, 401, 401, 429]
    assert tries("2001:db8:0:8::1") == 401


def test_a_call_without_a_token_counts_for_its_address_and_nobody_else(app: App, vera: Api, anyone: Api) -> None:
    forged = Api(app.test_client(), "not a token")
    assert statuses(lambda: forged.call("GET", "/patients").status_code, 3) == [401] * 3
    assert anyone.call("GET", "/patients").status_code == 429
    assert vera.call("GET", "/patients").status_code == 200


def test_the_password_at_signing_is_counted_as_at_the_door(vera: Api) -> None:
    nothing = "/procedures/01931c1e-7a52-7c2b-9f0e-0123456789ab/signature"
    assert statuses(lambda: vera.call("POST", nothing, json={"password": "a guess"}).status_code, 4) == [404, 404, 404, 429]


def test_a_person_at_a_desk_gets_a_page(vera_at_desk: Browser) -> None:
    assert statuses(lambda: vera_at_desk.client.get("/procedures").status_code, 4)[-1] == 429
    answer = vera_at_desk.client.get("/procedures")
    page = Page(answer)
    assert "Too many calls in a short time" in page.text
    assert "Nothing was stored. Go on in" in page.text
    assert int(answer.headers["Retry-After"]) >= 1


def test_what_somebody_wrote_is_on_the_page_that_refuses_it(vera_at_desk: Browser) -> None:
    nothing = "/procedures/01931c1e-7a52-7c2b-9f0e-0123456789ab/addenda"
    form = {"csrf": vera_at_desk.open("/procedures").forms["/sign-out"]["csrf"], "text": "Slight redness."}
    assert statuses(lambda: vera_at_desk.client.post(nothing, data=form).status_code, 4)[-1] == 429
    assert "Slight redness." in Page(vera_at_desk.client.post(nothing, data=form)).text


def test_a_tablet_that_is_stopped_loses_nothing(app: App, db: Database, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    paired = make.tablet(db, clinic)
    tablet = Api(app.test_client(), make.token(db, replace(clinic.surgeon, device_id=paired.device_id)))
    mrns = [f"RPS-{number}" for number in range(4)]
    pushes = [[row(anna(mrn=mrn))] for mrn in mrns]
    answers = [tablet.call("POST", "/sync/patients/push", json=one) for one in pushes]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    later(monkeypatch, int(answers[-1].headers["Retry-After"]))
    for one in pushes[-2:]:
        assert tablet.post("/sync/patients/push", one, 200)["conflicts"] == []
    with db.transaction(clinic.id, write=False) as session:
        assert sorted(session.scalars(sa.select(Patient.mrn))) == mrns


def test_counts_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever has many addresses would fill the memory."""
    memory = rates.Memory()
    for number in range(100):
        memory.incr(f"2001:db8:0:{number}::/64", 60)
    later(monkeypatch, 61)
    memory.incr("203.0.113.7", 60)
    assert list(memory._counts) == ["203.0.113.7"]
    assert memory.get("203.0.113.7") == 1


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[tuple[Process, str]]:
    """A Redis of our own, which may die."""
    port = free_port()
    server = redis(tmp_path, port)
    yield server, f"redis://127.0.0.1:{port}/0"
    server.end()


def reader(config: Config, db: Database, url: str, token: str) -> Callable[[], int]:
    """A web process that counts in this Redis; calling it reads as this person."""
    api = Api(create_app(replace(config, redis_url=url), db).test_client(), token)
    return lambda: api.call("GET", "/patients").status_code


@needs_redis
def test_web_processes_count_together(config: Config, db: Database, clinic: make.Clinic, queue: tuple[Process, str]) -> None:
    token = make.token(db, clinic.surgeon)
    one, other = (reader(config, db, queue[1], token) for _ in range(2))
    assert [one(), other(), one(), other(), one()] == [200, 200, 200, 429, 429]


@needs_redis
def test_redis_dies_and_comes_back(
    config: Config, db: Database, clinic: make.Clinic, queue: tuple[Process, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process goes on with what it has counted itself, from the very next call on, and asks again when Redis has rested."""
    server, url = queue
    one, other = (reader(config, db, url, make.token(db, clinic.surgeon)) for _ in range(2))
    assert [one(), one()] == [200, 200]
    server.kill()
    assert [one(), one(), one()] == [200, 429, 429]
    assert other() == 200
    server.again()
    monkeypatch.setattr(rates, "REST_S", 0.0)
    later_on = time.monotonic() + 6
    monkeypatch.setattr("server.rates.time.monotonic", lambda: later_on)
    assert [other(), other(), other()] == [200, 200, 429]


@needs_redis
def test_a_frozen_redis_holds_nobody_up(config: Config, db: Database, clinic: make.Clinic, queue: tuple[Process, str]) -> None:
    read = reader(config, db, queue[1], make.token(db, clinic.surgeon))
    assert read() == 200
    queue[0].freeze()
    began = time.monotonic()
    assert [read(), read(), read()] == [200, 200, 429]
    assert time.monotonic() - began < 3
    queue[0].thaw()


def test_without_the_redis_that_is_set_calls_are_counted_here(config: Config, db: Database, clinic: make.Clinic) -> None:
    read = reader(config, db, f"redis://127.0.0.1:{free_port()}/0", make.token(db, clinic.surgeon))
    assert [read(), read(), read(), read()] == [200, 200, 200, 429]


def test_a_sentinel_is_asked_for_the_redis_of_the_moment() -> None:
    settings = from_environment({"REDIS_URL": "sentinel://:secret@one:26379,two:26380/3?master=clinic&sentinel_password=other"})
    shared = Rates(settings.redis_url)._shared
    assert shared is not None
    pool = shared.storage.storage.connection_pool  # type: ignore[attr-defined]  # reason: the library's Redis has it
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == ("clinic", 3, "secret")
    hosts = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    assert [(one["host"], one["port"], one["password"]) for one in hosts] == [("one", 26379, "other"), ("two", 26380, "other")]


def test_a_link_that_is_guessed_at_is_closed_to_the_guesser(app: App) -> None:
    client: FlaskClient = app.test_client()
    assert statuses(lambda: client.get(f"/v/{os.urandom(16).hex()}").status_code, 4) == [404, 404, 404, 429]
