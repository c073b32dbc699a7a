"""Whoever guesses addresses learns nothing from how long the answer takes: each way to fail costs as many hashes as the other."""

from collections.abc import Callable

import argon2
import pytest

from server.app import App
from server.clinics import passwords
from server.clinics.models import User
from server.db import Database
from tests import make
from tests.api import Api

Hashes = Callable[[], int]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Hashes:
    """How many hashes were computed since it was asked last; each takes the time, nothing else does."""
    done: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, stored: str, password: str) -> bool:
        done.append(stored.split("$")[3] if stored == passwords._NOBODY else "somebody's")
        return bool(verify(self, stored, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)

    def since() -> int:
        count = len(done)
        done.clear()
        return count

    return since


def left(db: Database, person: make.Person) -> None:
    """She does not work here any more."""
    with db.transaction(person.clinic_id, actor=person) as session:
        session.get_one(User, (person.clinic_id, person.user_id)).active = False


def test_unknown_wrong_and_gone_cost_one_hash_and_get_the_same_answer(
    anyone: Api, app: App, clinic: make.Clinic, db: Database, hashes: Hashes
) -> None:
    left(db, clinic.nurse)
    tries = {
        "unknown": (make.stranger(), make.PASSWORD),
        "wrong": (clinic.surgeon.email, "not this one either"),
        "gone": (clinic.nurse.email, make.PASSWORD),
        "gone and wrong": (clinic.nurse.email, "not this one either"),
    }
    answers = {}
    for who, (email, password) in tries.items():
        answers[who] = str(anyone.post("/session", {"email": email, "password": password}, 401))
        assert (who, hashes()) == (who, 1)
        page = app.test_client().post("/sign-in", data={"email": email, "password": password})
        assert (who, page.status_code, hashes()) == (who, 401, 1)
    assert len(set(answers.values())) == 1
    anyone.post("/session", {"email": clinic.surgeon.email, **make.proof()})
    assert hashes() == 1


def test_a_hash_of_nobody_takes_as_long_as_one_of_somebody() -> None:
    """The same parameters, so the same work."""
    ours = passwords.hash_password("correct horse battery")
    assert argon2.extract_parameters(passwords._NOBODY) == argon2.extract_parameters(ours)
    assert argon2.extract_parameters(passwords.hash_pin(make.PIN)) == argon2.extract_parameters(ours)


def test_pins_too(app: App, clinic: make.Clinic, other_clinic: make.Clinic, db: Database, hashes: Hashes) -> None:
    """Unknown, of another clinic, without a PIN, wrong: one hash each, and the same answer."""
    make.pin(db, clinic.surgeon)
    tablet = Api(app.test_client(), make.tablet(db, clinic).token)
    answers = set()
    for user_id in ("01931c1e-7a52-7c2b-9f0e-0123456789ab", other_clinic.nurse.user_id, clinic.nurse.user_id, clinic.surgeon.user_id):
        answers.add(str(tablet.post("/devices/session", {"user_id": str(user_id), "pin": "000111"}, 401)))
        assert (user_id, hashes()) == (user_id, 1)
    assert len(answers) == 1


def test_a_code_of_nothing_costs_what_a_used_one_costs(anyone: Api, vera: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    slow = passwords.code_hash
    monkeypatch.setattr("server.clinics.tablets.code_hash", lambda code: done.append(code) or slow(code))  # type: ignore[func-returns-value]  # reason: append, then go on
    used = vera.post("/devices", {"name": "Theatre 1"})
    vera.delete(f"/devices/{used['id']}")
    done.clear()
    answers = {str(anyone.post("/devices/pairing", {"code": code, "secret": "s" * 32}, 401)) for code in (used["code"], "K7RF-2MTA")}
    assert (len(done), len(answers)) == (2, 1)
