"""A code on the desk's screen becomes a token in the tablet, once."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from server import clock
from server.app import create_app
from server.clinics.models import Device
from server.config import Config
from server.db import Database, table_of
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.tablets.conftest import MONDAY
from tests.tablets.story import journal, new_secret, pair


def stored(db: Database, clinic: make.Clinic, device_id: str) -> str:
    """Everything that the database holds of a tablet, as text."""
    table = table_of(Device)
    with db.transaction(clinic.id, write=False) as session:
        return repr(session.execute(sa.select(table).where(table.c.id == uuid.UUID(device_id))).mappings().one())


def test_adam_pairs_the_tablet_of_the_theatre(adam: Api, anyone: Api, clinic: make.Clinic) -> None:
    made = adam.post("/devices", {"name": "Theatre 1"})
    assert made["state"] == "waiting"
    paired = pair(anyone, made["code"], new_secret())
    assert (paired["id"], paired["state"]) == (made["id"], "paired")
    (listed,) = adam.get("/devices")["items"]
    assert (listed["name"], listed["state"], listed["paired_by"]) == ("Theatre 1", "paired", str(clinic.admin.user_id))
    anyone.token = paired["token"]
    assert "Nóra Szabó" in {one["name"] for one in anyone.get("/devices/people")["items"]}


def test_the_code_is_easy_to_type_and_is_also_a_picture(adam: Api, anyone: Api) -> None:
    made = adam.post("/devices", {"name": "Theatre 1"})
    assert re.fullmatch("[2-9ACDEFGHJKMNPQRTVWXY]{4}-[2-9ACDEFGHJKMNPQRTVWXY]{4}", made["code"])
    assert made["qr_svg"].startswith("<svg ")
    assert "style=" not in made["qr_svg"]
    typed = made["code"].lower().replace("-", " ").replace("2", "z").replace("5", "s").replace("8", "b")
    pair(anyone, typed, new_secret())


def test_code_secret_and_token_are_stored_as_hashes_and_told_once(adam: Api, anyone: Api, clinic: make.Clinic, db: Database) -> None:
    made, secret = adam.post("/devices", {"name": "Theatre 1"}), new_secret()
    paired = pair(anyone, made["code"], secret)
    kept = stored(db, clinic, made["id"]) + "".join(row.body or "" for row in journal(db, clinic, "devices"))
    kept += adam.call("GET", "/devices").text + adam.call("GET", f"/devices/{made['id']}").text
    for known in (made["code"], made["code"].replace("-", ""), secret, paired["token"]):
        assert known not in kept
    assert made["id"] in kept


def test_the_journal_names_who_issued_the_code_and_then_the_tablet(adam: Api, anyone: Api, clinic: make.Clinic, db: Database) -> None:
    made = adam.post("/devices", {"name": "Theatre 1"})
    pair(anyone, made["code"], new_secret())
    issued, paired = journal(db, clinic, "devices")
    assert (issued.action, issued.actor_id, issued.device_id) == ("issue_code", clinic.admin.user_id, None)
    assert (paired.action, paired.actor_id, str(paired.device_id)) == ("pair", None, made["id"])


def test_a_code_works_for_ten_minutes(anyone: Api, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    with clock.at(MONDAY):
        made = as_(clinic.admin).post("/devices", {"name": "Theatre 1"})
    assert made["code_expires_at"] == "2026-11-23T08:10:00Z"
    with clock.at(MONDAY + timedelta(minutes=10)):
        pair(anyone, made["code"], new_secret(), 401)
    with clock.at(MONDAY + timedelta(minutes=9, seconds=59)):
        pair(anyone, made["code"], new_secret())


def test_a_code_works_once(adam: Api, anyone: Api) -> None:
    code = adam.post("/devices", {"name": "Theatre 1"})["code"]
    token = pair(anyone, code, new_secret())["token"]
    pair(anyone, code, new_secret(), 401)
    anyone.token = token
    anyone.get("/devices/people")


def test_a_lost_answer_is_asked_for_again_and_the_lost_token_ends(adam: Api, anyone: Api, clinic: make.Clinic, db: Database) -> None:
    code, secret = adam.post("/devices", {"name": "Theatre 1"})["code"], new_secret()
    lost, got = pair(anyone, code, secret)["token"], pair(anyone, code, secret)["token"]
    anyone.token = lost
    anyone.get("/devices/people", 401)
    anyone.token = got
    anyone.get("/devices/people")
    assert len(adam.get("/devices")["items"]) == 1
    assert [row.action for row in journal(db, clinic, "devices")] == ["issue_code", "pair", "pair"]


def test_unknown_used_and_expired_codes_get_the_same_bytes(adam: Api, anyone: Api) -> None:
    used = adam.post("/devices", {"name": "Theatre 1"})["code"]
    pair(anyone, used, new_secret())
    revoked = adam.post("/devices", {"name": "Theatre 2"})
    adam.delete(f"/devices/{revoked['id']}")
    expired = adam.post("/devices", {"name": "Theatre 3"})["code"]
    now = clock.now()
    answers = [
        anyone.call("POST", "/devices/pairing", json={"code": one, "secret": new_secret()}) for one in ("AAAA-AAAA", used, revoked["code"])
    ]
    with clock.at(now + timedelta(minutes=11)):
        answers.append(anyone.call("POST", "/devices/pairing", json={"code": expired, "secret": new_secret()}))
    assert {(one.status_code, one.data) for one in answers} == {(401, answers[0].data)}


def test_naming_a_tablet_twice_under_one_id_gives_another_code(adam: Api, anyone: Api) -> None:
    body = {"id": str(uuid7()), "name": "Theatre 1"}
    first, second = adam.post("/devices", body)["code"], adam.post("/devices", body, 200)["code"]
    pair(anyone, first, new_secret(), 401)
    pair(anyone, second, new_secret())
    assert adam.post("/devices", body, 409)["code"] == "conflict"
    assert adam.post("/devices", body | {"name": "Theatre 2"}, 409)["code"] == "id_taken"


def test_two_tablets_in_use_never_have_one_name(adam: Api) -> None:
    first = adam.post("/devices", {"name": "Theatre 1"})
    refusal = adam.post("/devices", {"name": " Theatre 1 "}, 409)
    assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("duplicate", "/name")
    adam.delete(f"/devices/{first['id']}")
    adam.post("/devices", {"name": "Theatre 1"})


def test_a_key_keeps_no_code(adam: Api, db: Database) -> None:
    """Idempotency-Key keeps answers; this one holds what must be nowhere."""
    made = adam.post("/devices", {"name": "Theatre 1"}, headers={"Idempotency-Key": "pair-1"})
    with db.transaction(write=False, everywhere=True) as session:
        kept = session.execute(sa.text("SELECT count(*) FROM kept_answers WHERE key = 'pair-1'")).scalar()
    assert made["code"]
    assert kept == 0


@pytest.fixture
def guesser(config: Config, lonely_db: Database) -> Callable[[str], Api]:
    """Somebody at an address, at a server where nobody has guessed yet."""
    app = create_app(config, lonely_db)

    def at(address: str) -> Api:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return Api(client, None)

    return at


def test_twenty_wrong_codes_close_the_door_to_that_address_for_a_while(guesser: Callable[[str], Api], lonely_db: Database) -> None:
    clinic, stranger = make.clinic(lonely_db), guesser("192.0.2.7")
    with clock.at(MONDAY):
        desk = guesser("198.51.100.1")
        desk.token = make.token(lonely_db, clinic.admin)
        code = desk.post("/devices", {"name": "Theatre 1"})["code"]
        for _ in range(20):
            pair(stranger, "AAAA-AAAA", new_secret(), 401)
        refusal = stranger.call("POST", "/devices/pairing", json={"code": code, "secret": new_secret()})
        assert (refusal.status_code, refusal.headers["Retry-After"]) == (429, "601")
        assert refusal.get_json(force=True)["retry_after_s"] == 601
        pair(guesser("192.0.2.8"), code, new_secret())
    with clock.at(MONDAY + timedelta(minutes=10, seconds=1)):
        pair(stranger, "AAAA-AAAA", new_secret(), 401)


def test_wrong_codes_of_others_neither_close_the_door_nor_lengthen_the_wait(guesser: Callable[[str], Api]) -> None:
    with clock.at(MONDAY):
        for number in range(30):
            pair(guesser(f"192.0.2.{number}"), "AAAA-AAAA", new_secret(), 401)
    with clock.at(MONDAY + timedelta(minutes=5)):
        stranger = guesser("198.51.100.9")
        for _ in range(20):
            pair(stranger, "AAAA-AAAA", new_secret(), 401)
        assert pair(stranger, "AAAA-AAAA", new_secret(), 429)["retry_after_s"] == 601


def test_an_address_of_ipv6_is_its_whole_house(guesser: Callable[[str], Api]) -> None:
    for number in range(20):
        pair(guesser(f"2001:db8:1:2::{number:x}"), "AAAA-AAAA", new_secret(), 401)
    assert pair(guesser("2001:db8:1:2:ffff::1"), "AAAA-AAAA", new_secret(), 429)["code"] == "too_many_tries"
    pair(guesser("2001:db8:1:3::1"), "AAAA-AAAA", new_secret(), 401)


@pytest.mark.parametrize("role", ["nurse", "coordinator", "rater"])
def test_only_who_sets_things_up_pairs(role: str, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    person = as_(getattr(clinic, role))
    assert person.post("/devices", {"name": "Theatre 1"}, 403)["code"] == "not_allowed"
