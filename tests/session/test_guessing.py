"""Guessing passwords and codes: it waits longer each time, for known and unknown accounts alike, and never for ever."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from server import clock
from server.clinics import guessing
from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures.case import Case

WAITS = [0, 0, 0, 0, 0, 30, 60, 300, 900, 3600, 3600]
NINE = datetime.fromisoformat("2026-11-23T09:00:00+00:00")


@pytest.fixture
def at_nine() -> Iterator[None]:
    """The clock stands at nine."""
    with clock.at(NINE):
        yield


def guesses(call: Callable[[], tuple[int, dict[str, Any]]], most: int) -> list[int]:
    """Seconds that had to pass before each of so many wrong tries was looked at at all."""
    waited, now = [], NINE
    for _ in range(most):
        with clock.at(now):
            status, problem = call()
        wait = problem["retry_after_s"] if status == 429 else 0
        now += timedelta(seconds=wait)
        with clock.at(now):
            assert status == 401 or call()[0] == 401
        waited.append(wait)
    return waited


def door(anyone: Api, email: str, password: str = "not her password") -> Callable[[], tuple[int, dict[str, Any]]]:
    """A try to sign in: (status, answer)."""

    def call() -> tuple[int, dict[str, Any]]:
        answer = anyone.call("POST", "/session", json={"email": email, "password": password})
        return answer.status_code, answer.get_json(force=True)

    return call


def test_the_fifth_wrong_password_and_each_after_it_makes_the_next_one_wait_longer(clinic: make.Clinic, anyone: Api) -> None:
    assert guesses(door(anyone, clinic.nurse.email), 11) == WAITS


def test_an_unknown_address_is_answered_alike(anyone: Api) -> None:
    assert guesses(door(anyone, make.stranger()), 11) == WAITS


def wrong(call: Callable[[], tuple[int, dict[str, Any]]], times: int) -> None:
    """So many wrong tries at once."""
    for _ in range(times):
        assert call()[0] == 401


@pytest.mark.usefixtures("at_nine")
def test_while_one_waits_the_right_password_is_not_even_looked_at(clinic: make.Clinic, anyone: Api) -> None:
    wrong(door(anyone, clinic.nurse.email), 5)
    refused = anyone.call("POST", "/session", json={"email": clinic.nurse.email, "password": make.PASSWORD})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    with clock.at(NINE + timedelta(seconds=30)):
        anyone.post("/session", {"email": clinic.nurse.email, "password": make.PASSWORD})


@pytest.mark.usefixtures("at_nine")
def test_the_right_password_forgets_the_wrong_ones(clinic: make.Clinic, anyone: Api) -> None:
    for _ in range(2):
        wrong(door(anyone, clinic.nurse.email), 4)
        anyone.post("/session", {"email": clinic.nurse.email, "password": make.PASSWORD})


@pytest.mark.usefixtures("at_nine")
def test_a_day_later_all_is_forgotten(clinic: make.Clinic, anyone: Api) -> None:
    wrong(door(anyone, clinic.nurse.email), 5)
    with clock.at(NINE + guessing.FORGOTTEN + timedelta(seconds=1)):
        wrong(door(anyone, clinic.nurse.email), 4)


@pytest.mark.usefixtures("at_nine")
def test_codes_are_guessed_no_faster_than_passwords(clinic: make.Clinic, anyone: Api) -> None:
    with_code = {"email": clinic.surgeon.email, "password": make.PASSWORD, "code": "000000"}
    for _ in range(5):
        anyone.post("/session", with_code, 401)
    anyone.post("/session", with_code | {"code": make.code()}, 429)


@pytest.mark.usefixtures("at_nine")
def test_who_guesses_at_the_door_does_not_stop_a_surgeon_who_is_in(complete_case: Case, clinic: make.Clinic, anyone: Api) -> None:
    wrong(door(anyone, clinic.surgeon.email), 5)
    complete_case.sign()


@pytest.mark.usefixtures("at_nine")
def test_a_session_left_open_is_no_place_to_guess_either(complete_case: Case) -> None:
    for _ in range(5):
        complete_case.sign(401, password="not her password")
    assert complete_case.sign(429)["code"] == "too_many_tries"
    assert complete_case.tablet.call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": "274163"}).status_code == 429
    with clock.at(NINE + timedelta(seconds=30)):
        complete_case.sign()


@pytest.mark.usefixtures("at_nine")
def test_a_link_from_the_administrator_ends_the_waiting(clinic: make.Clinic, anyone: Api, db: Database) -> None:
    wrong(door(anyone, clinic.nurse.email), 5)
    anyone.post("/password-reset", {"token": make.reset_link(db, clinic), "new_password": "seven quiet lanterns"}, 204)
    anyone.post("/session", {"email": clinic.nurse.email, "password": "seven quiet lanterns"})
