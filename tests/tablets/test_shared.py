"""Several people on one tablet, the tablet by itself, and the end of both."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.vocabulary import Role
from server import clock
from server.access import TABLET_PERMISSIONS, Permission, Signed, Tablet, may_name, recognise
from server.clinics import tablets
from server.clinics.models import User
from server.clinics.pins import TABLET_IDLE
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.tablets.conftest import MONDAY
from tests.tablets.story import enter_pin, journal

On = Callable[[make.Tablet], Api]
DESK_IDLE = timedelta(hours=1)


@pytest.fixture
def team(clinic: make.Clinic, db: Database) -> make.Clinic:
    """Riverside, where Vera and Nóra have PINs."""
    make.pin(db, clinic.surgeon)
    make.pin(db, clinic.nurse)
    return clinic


def session_of(on: On, tablet: make.Tablet, person: make.Person) -> Api:
    """A client of this person on this tablet."""
    api = on(tablet)
    api.token = enter_pin(api, person)["token"]
    return api


def test_vera_and_nora_are_signed_in_at_once_and_one_leaves(team: make.Clinic, theatre: make.Tablet, on: On) -> None:
    vera, nora = session_of(on, theatre, team.surgeon), session_of(on, theatre, team.nurse)
    assert (vera.get("/session")["user"]["name"], nora.get("/session")["user"]["name"]) == ("Dr Vera Kovács", "Nóra Szabó")
    nora.delete("/session")
    nora.get("/session", 401)
    vera.get("/session")
    on(theatre).get("/devices/people")


def test_what_is_recorded_names_person_and_tablet(team: make.Clinic, theatre: make.Tablet, on: On, vera: Api, db: Database) -> None:
    case = stages.begun(vera, team)
    nora = session_of(on, theatre, team.nurse)
    told = nora.post(f"{case.path}/entries", make.entry("note", text="calm"))["entries"][0]
    assert (told["recorded_by"], told["device_id"]) == (str(team.nurse.user_id), str(theatre.device_id))
    row = journal(db, team, "entries")[-1]
    assert (row.actor_id, row.device_id) == (team.nurse.user_id, theatre.device_id)


def test_revoking_ends_the_tablet_and_everybody_on_it_at_the_next_call(team: make.Clinic, theatre: make.Tablet, on: On, adam: Api) -> None:
    vera, tablet = session_of(on, theatre, team.surgeon), on(theatre)
    adam.delete(f"/devices/{theatre.device_id}")
    vera.get("/session", 401)
    tablet.get("/devices/people", 401)
    enter_pin(tablet, team.surgeon, expect=401)
    (listed,) = adam.get("/devices")["items"]
    assert (listed["state"], listed["revoked_by"]) == ("revoked", str(team.admin.user_id))
    adam.delete(f"/devices/{theatre.device_id}")
    assert adam.patch(f"/devices/{theatre.device_id}", {"name": "Store"}, listed["write_id"], 409)["code"] == "conflict"


def test_revoking_leaves_desks_and_other_tablets_alone(
    team: make.Clinic, theatre: make.Tablet, on: On, adam: Api, vera: Api, db: Database
) -> None:
    elsewhere = session_of(on, make.tablet(db, team, name="Ward"), team.surgeon)
    adam.delete(f"/devices/{theatre.device_id}")
    elsewhere.get("/session")
    vera.get("/session")


def test_the_revocation_is_journaled_once(team: make.Clinic, theatre: make.Tablet, adam: Api, db: Database) -> None:
    for _ in range(2):
        adam.delete(f"/devices/{theatre.device_id}")
    assert [row.action for row in journal(db, team, "devices")] == ["create", "revoke"]


def test_a_session_on_a_tablet_ends_after_half_an_hour_unused(team: make.Clinic, theatre: make.Tablet, on: On) -> None:
    with clock.at(MONDAY):
        nora = session_of(on, theatre, team.nurse)
    with clock.at(MONDAY + TABLET_IDLE - timedelta(seconds=1)):
        nora.get("/session")
    with clock.at(MONDAY + TABLET_IDLE * 2 - timedelta(seconds=2)):
        nora.get("/session")
    with clock.at(MONDAY + TABLET_IDLE * 3):
        nora.get("/session", 401)
        on(theatre).get("/devices/people")


def test_a_tablet_by_itself_is_told_to_let_somebody_sign_in(team: make.Clinic, theatre: make.Tablet, on: On) -> None:
    tablet = on(theatre)
    for method, path in (("GET", "/patients"), ("GET", "/session"), ("POST", "/devices"), ("PUT", "/users/me/pin")):
        refusal = tablet.call(method, path, json={})
        assert (refusal.status_code, refusal.get_json(force=True)["code"]) == (401, "not_signed_in"), path
        assert "PIN" in refusal.get_json(force=True)["detail"]
    assert team.name


def test_a_persons_token_does_not_pass_for_the_tablets(team: make.Clinic, theatre: make.Tablet, on: On, vera: Api) -> None:
    for person in (vera, session_of(on, theatre, team.surgeon)):
        assert person.get("/devices/people", 403)["code"] == "not_allowed"


def test_a_tablets_token_opens_no_page(theatre: make.Tablet, on: On) -> None:
    tablet = on(theatre)
    assert tablet.call("GET", "//procedures").location.startswith("/sign-in")
    assert tablet.call("GET", "//sign-in").status_code == 200


def test_who_is_recognised(team: make.Clinic, theatre: make.Tablet, on: On, db: Database) -> None:
    nora = session_of(on, theatre, team.nurse)
    with db.transaction(write=False, everywhere=True) as session:
        person = recognise(session, nora.token, DESK_IDLE)
        assert isinstance(person, Signed)
        assert (person.user_id, person.device_id) == (team.nurse.user_id, theatre.device_id)
        assert _named(tablets.device_of(session)) == "Theatre 1"
    with db.transaction(write=False, everywhere=True) as session:
        alone = recognise(session, theatre.token, DESK_IDLE)
        assert isinstance(alone, Tablet)
        assert (alone.user_id, alone.device_id, alone.clinic_id) == (None, theatre.device_id, team.id)
        assert alone.permissions == TABLET_PERMISSIONS == {Permission.DEVICE, Permission.SYNC}
        assert _named(tablets.device_of(session)) == "Theatre 1"
    with db.transaction(team.id, write=False, actor=team.surgeon) as session:
        assert tablets.device_of(session) is None


def _named(device: object) -> str | None:
    return getattr(device, "name", None)


def test_who_may_be_named_by_a_tablet_alone(team: make.Clinic, other_clinic: make.Clinic, db: Database) -> None:
    with db.transaction(team.id) as session:
        session.get_one(User, (team.id, team.nurse.user_id)).active = False
        named = {role for role in Role if may_name(session, team.people[role].user_id)}
        assert named == {Role.SURGEON, Role.NURSE}
        assert not may_name(session, other_clinic.surgeon.user_id)
        assert not may_name(session, uuid7())
