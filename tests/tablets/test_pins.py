"""A PIN opens a tablet to one person; five wrong ones close it to her there."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from server import clock
from server.clinics import passwords
from server.clinics.models import User
from server.clinics.rules import weakness
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.tablets.conftest import MONDAY
from tests.tablets.story import WRONG, enter_pin, failures, journal

On = Callable[[make.Tablet], Api]


def lock(tablet: Api, person: make.Person) -> None:
    """Five wrong PINs, with the patience that they ask for."""
    for number in range(5):
        enter_pin(tablet, person, WRONG, 401, at=MONDAY + timedelta(minutes=2 * number))


def test_nora_sets_a_pin_at_her_desk_and_signs_in_on_the_tablet(
    clinic: make.Clinic, theatre: make.Tablet, on: On, as_: Callable[[make.Person], Api]
) -> None:
    told = as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": "274163"})
    assert told.get_json()["pin_set"] is True
    assert "274163" not in told.text
    opened = enter_pin(on(theatre), clinic.nurse, "274163")
    assert opened["user"]["name"] == "Nóra Szabó"
    assert "record" in opened["permissions"]


def test_a_pin_is_stored_as_argon2id_and_its_setting_is_journaled(
    clinic: make.Clinic, as_: Callable[[make.Person], Api], db: Database
) -> None:
    as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": "274163"})
    with db.transaction(clinic.id, write=False) as session:
        kept = session.get_one(User, (clinic.id, clinic.nurse.user_id)).pin_hash
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    row = journal(db, clinic, "users")[-1]
    assert (row.action, row.actor_id) == ("set_pin", clinic.nurse.user_id)
    assert kept not in (row.body or "")


def test_setting_a_pin_asks_for_the_password(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    answer = as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": "not her password", "pin": "274163"})
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (401, "wrong_credentials")
    assert as_(clinic.nurse).get("/session")["user"]["pin_set"] is False


@pytest.mark.parametrize("pin", ["123456", "654321", "890123", "000000", "111122", "121212", "123123", "48294829", "0987654321"])
def test_a_pin_that_everybody_tries_first_is_refused(pin: str, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    answer = as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": pin})
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"][0]["pointer"] == "/pin"
    assert "easily guessed" in answer.text


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "48291a", "\uff14\uff18\uff12\uff19\uff11\uff15", "-482915"])
def test_a_pin_is_six_to_twelve_digits(pin: str, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    answer = as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": pin})
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"][0]["pointer"] == "/pin"


def test_most_pins_are_good() -> None:
    assert sum(weakness(f"{number:06}") is not None for number in range(0, 1_000_000, 7)) < 0.005 * 1_000_000


def test_the_list_on_the_tablet_says_who_may_sign_in_and_no_address(
    clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database
) -> None:
    make.pin(db, clinic.nurse)
    told = on(theatre).get("/devices/people")["items"]
    assert [(one["name"], one["pin_set"], one["locked"]) for one in told] == [
        ("Csaba Tóth", False, False),
        ("Dr Vera Kovács", False, False),
        ("Nóra Szabó", True, False),
    ]
    assert {name for one in told for name in one} == {"id", "name", "roles", "pin_set", "locked"}


@pytest.mark.parametrize("role", ["admin", "rater"])
def test_who_neither_records_nor_reads_has_nothing_to_do_on_a_tablet(
    role: str, clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database
) -> None:
    person = getattr(clinic, role)
    make.pin(db, person)
    enter_pin(on(theatre), person, expect=401)


def test_unknown_person_no_pin_and_wrong_pin_get_the_same_bytes(
    clinic: make.Clinic, other_clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database
) -> None:
    make.pin(db, clinic.nurse)
    make.pin(db, other_clinic.nurse)
    tablet = on(theatre)
    tried = [
        (clinic.nurse.user_id, WRONG),
        (clinic.surgeon.user_id, make.PIN),
        (uuid7(), make.PIN),
        (other_clinic.nurse.user_id, make.PIN),
    ]
    answers = [tablet.call("POST", "/devices/session", json={"user_id": str(who), "pin": pin}) for who, pin in tried]
    assert {(one.status_code, one.data) for one in answers} == {(401, answers[0].data)}
    assert answers[0].get_json(force=True)["code"] == "wrong_pin"


def test_all_three_cost_a_whole_hash(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    with db.transaction(clinic.id, actor=clinic.nurse) as session:
        session.get_one(User, (clinic.id, clinic.nurse.user_id)).pin_hash = passwords.hash_pin(make.PIN)
    tablet = on(theatre)

    def cost(who: object) -> float:
        began = time.thread_time()
        tablet.post("/devices/session", {"user_id": str(who), "pin": WRONG}, 401)
        return time.thread_time() - began

    began = time.thread_time()
    passwords.matches(None, WRONG)
    one_hash = time.thread_time() - began
    costs = [cost(clinic.nurse.user_id), cost(clinic.surgeon.user_id), cost(uuid7())]
    assert min(costs) > 0.5 * one_hash


def test_each_wrong_pin_makes_the_next_wait_longer(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    make.pin(db, clinic.nurse)
    tablet, at = on(theatre), MONDAY
    for wait in (1, 5, 15, 60):
        enter_pin(tablet, clinic.nurse, WRONG, 401, at=at)
        refusal = enter_pin(tablet, clinic.nurse, expect=429, at=at + timedelta(seconds=wait - 1))
        assert (refusal["code"], refusal["retry_after_s"]) == ("too_many_tries", 2)
        at += timedelta(seconds=wait)
    assert failures(db, clinic.nurse) == 4
    enter_pin(tablet, clinic.nurse, at=at)
    assert failures(db, clinic.nurse) == 0


def test_five_wrong_pins_lock_her_out_there_for_good(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database, adam: Api) -> None:
    make.pin(db, clinic.nurse)
    make.pin(db, clinic.surgeon)
    tablet = on(theatre)
    lock(tablet, clinic.nurse)
    assert enter_pin(tablet, clinic.nurse, expect=403, at=MONDAY + timedelta(days=7))["code"] == "pin_locked"
    assert [one["name"] for one in tablet.get("/devices/people")["items"] if one["locked"]] == ["Nóra Szabó"]
    (told,) = adam.get("/devices/pin-locks")["items"]
    assert (told["user_id"], told["device_id"], told["failures"]) == (str(clinic.nurse.user_id), str(theatre.device_id), 5)
    enter_pin(tablet, clinic.surgeon)
    enter_pin(on(make.tablet(db, clinic, name="Ward")), clinic.nurse)


def test_every_wrong_pin_is_in_the_journal_with_the_tablet(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    make.pin(db, clinic.nurse)
    lock(on(theatre), clinic.nurse)
    rows = journal(db, clinic, "pin_tries")
    assert [row.action for row in rows] == ["wrong_pin"] * 4 + ["lock"]
    assert {(row.actor_id, row.device_id) for row in rows} == {(None, theatre.device_id)}


def test_adam_lifts_the_lock(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database, adam: Api) -> None:
    make.pin(db, clinic.nurse)
    lock(on(theatre), clinic.nurse)
    (told,) = adam.get("/devices/pin-locks")["items"]
    adam.delete(f"/devices/pin-locks/{told['id']}")
    assert adam.get("/devices/pin-locks")["items"] == []
    adam.delete(f"/devices/pin-locks/{told['id']}", 404)
    enter_pin(on(theatre), clinic.nurse)
    assert journal(db, clinic, "pin_tries")[-1].actor_id == clinic.admin.user_id


def test_her_password_on_the_tablet_lifts_it_too(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    make.pin(db, clinic.nurse)
    tablet = on(theatre)
    lock(tablet, clinic.nurse)
    opened = tablet.post("/session", {"email": clinic.nurse.email, "password": make.PASSWORD})
    assert opened["user"]["id"] == str(clinic.nurse.user_id)
    enter_pin(tablet, clinic.nurse)


def test_her_password_at_the_desk_does_not(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database, anyone: Api) -> None:
    make.pin(db, clinic.nurse)
    lock(on(theatre), clinic.nurse)
    anyone.post("/session", {"email": clinic.nurse.email, "password": make.PASSWORD})
    enter_pin(on(theatre), clinic.nurse, expect=403)


def test_a_new_pin_forgets_what_was_tried_against_the_old_one(
    clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    make.pin(db, clinic.nurse)
    lock(on(theatre), clinic.nurse)
    as_(clinic.nurse).call("PUT", "/users/me/pin", json={"password": make.PASSWORD, "pin": "274163"})
    enter_pin(on(theatre), clinic.nurse, "274163")


def test_a_password_beside_a_colleagues_token_is_a_session_on_the_same_tablet(
    clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database, adam: Api
) -> None:
    make.pin(db, clinic.nurse)
    tablet = on(theatre)
    tablet.token = enter_pin(tablet, clinic.nurse)["token"]
    tablet.token = tablet.post("/session", {"email": clinic.surgeon.email, **make.proof()})["token"]
    tablet.get("/patients")
    adam.delete(f"/devices/{theatre.device_id}")
    tablet.get("/patients", 401)


def test_somebody_of_another_clinic_does_not_sign_in_here_even_with_her_password(
    other_clinic: make.Clinic, theatre: make.Tablet, on: On
) -> None:
    wrong = on(theatre).post("/session", {"email": other_clinic.nurse.email, "password": make.PASSWORD}, 401)
    assert wrong["code"] == "wrong_credentials"


def test_a_deactivated_nurse_is_unknown_on_the_tablet(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    make.pin(db, clinic.nurse)
    with db.transaction(clinic.id) as session:
        session.get_one(User, (clinic.id, clinic.nurse.user_id)).active = False
    enter_pin(on(theatre), clinic.nurse, expect=401)
    assert failures(db, clinic.nurse) == 0
    assert "Nóra Szabó" not in {one["name"] for one in on(theatre).get("/devices/people")["items"]}


def test_parallel_tries_are_all_counted(clinic: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    """Tries for one person wait for each other, so a burst is not six guesses for the price of one."""
    make.pin(db, clinic.nurse)

    def guess(tablet: Api) -> int:
        with clock.at(MONDAY):
            return tablet.call("POST", "/devices/session", json={"user_id": str(clinic.nurse.user_id), "pin": WRONG}).status_code

    with ThreadPoolExecutor(6) as together:
        statuses = list(together.map(guess, [on(theatre) for _ in range(6)]))
    assert sorted(statuses) == [401, 429, 429, 429, 429, 429]
    assert failures(db, clinic.nurse) == 1
