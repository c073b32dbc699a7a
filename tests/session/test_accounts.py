"""Accounts: somebody new, a forgotten password, a changed one, sessions ended, and the end of somebody's work here."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.vocabulary import Role
from server import clock
from server.clinics import accounts
from server.db import Database
from tests import make
from tests.api import Api

NEW = "seven quiet lanterns"


@pytest.fixture
def adam(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Api:
    """Ádám, who administers."""
    return as_(clinic.admin)


def token_of(address: str) -> str:
    """What stands behind the #."""
    return address.partition("#")[2]


def test_noemi_is_invited_and_chooses_her_password(adam: Api, anyone: Api) -> None:
    made = adam.post("/users", {"email": " Noemi.Orosz@Clinic.example", "name": "Noémi Orosz", "roles": ["nurse", "coordinator"]})
    assert "?" not in made["link"]["address"]
    anyone.post("/password-reset", {"token": token_of(made["link"]["address"]), "new_password": NEW}, 204)
    opened = anyone.post("/session", {"email": "noemi.orosz@clinic.example", "password": NEW})
    assert (opened["user"]["name"], opened["user"]["roles"]) == ("Noémi Orosz", ["nurse", "coordinator"])


def test_a_known_address_is_not_invited_again(adam: Api, other_clinic: make.Clinic) -> None:
    body = {"email": other_clinic.nurse.email, "name": "Noémi Orosz", "roles": ["nurse"]}
    assert adam.post("/users", body, 409)["code"] == "duplicate"


@pytest.mark.parametrize("roles", [[], ["nurse", "nurse"], ["nurse", "queen"]])
def test_roles_are_one_or_more_and_each_once(roles: list[str], adam: Api) -> None:
    refused = adam.post("/users", {"email": "n@clinic.example", "name": "Noémi", "roles": roles}, 422)
    assert refused["errors"][0]["pointer"].startswith("/roles")


def test_a_link_works_once(clinic: make.Clinic, anyone: Api, db: Database) -> None:
    body = {"token": make.reset_link(db, clinic), "new_password": NEW}
    anyone.post("/password-reset", body, 204)
    assert anyone.post("/password-reset", body, 401)["code"] == "wrong_link"


def test_a_link_lasts_a_day_and_a_newer_one_ends_it(clinic: make.Clinic, anyone: Api, db: Database) -> None:
    first, second = make.reset_link(db, clinic), make.reset_link(db, clinic)
    refusals = [anyone.call("POST", "/password-reset", json={"token": one, "new_password": NEW}).data for one in (first, "nonsense")]
    assert refusals[0] == refusals[1]
    with clock.at(clock.now() + accounts.LINK_LASTS + timedelta(seconds=1)):
        anyone.post("/password-reset", {"token": second, "new_password": NEW}, 401)


def test_an_easy_password_is_refused_and_the_link_still_works(clinic: make.Clinic, anyone: Api, db: Database) -> None:
    token = make.reset_link(db, clinic)
    for easy in ("password1234", "qwertyuiop12", "Nóra Szabó", "aaaaaaaaaaaaaaaa", "short"):
        refused = anyone.post("/password-reset", {"token": token, "new_password": easy}, 422)
        assert refused["errors"][0]["pointer"] == "/new_password"
    anyone.post("/password-reset", {"token": token, "new_password": NEW}, 204)


def test_a_new_password_by_link_ends_all_sessions(
    clinic: make.Clinic, anyone: Api, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    nora = as_(clinic.nurse)
    anyone.post("/password-reset", {"token": make.reset_link(db, clinic), "new_password": NEW}, 204)
    nora.get("/session", 401)


def test_phone_and_codes_lost_the_link_ends_the_app_too(clinic: make.Clinic, adam: Api, anyone: Api) -> None:
    link = adam.post(f"/users/{clinic.surgeon.user_id}/reset-link", {"drops_second_factor": True})
    anyone.post("/password-reset", {"token": token_of(link["address"]), "new_password": NEW}, 204)
    assert anyone.post("/session", {"email": clinic.surgeon.email, "password": NEW})["user"]["second_factor_since"] is None


def test_no_token_is_stored_or_journaled(clinic: make.Clinic, db: Database) -> None:
    token = make.reset_link(db, clinic)
    assert token not in "".join(row.body or "" for row in make.journal(db, clinic))


def test_vera_changes_her_password(clinic: make.Clinic, vera: Api, anyone: Api, as_: Callable[[make.Person], Api]) -> None:
    elsewhere = as_(clinic.surgeon)
    path, body = "/users/me/password", make.proof() | {"new_password": NEW}
    assert vera.call("PUT", path, json=body | {"password": "not her password"}).status_code == 401
    assert vera.call("PUT", path, json={"password": make.PASSWORD, "new_password": NEW}).get_json(force=True)["code"] == "code_required"
    assert vera.call("PUT", path, json=body).status_code == 204
    vera.get("/session")
    elsewhere.get("/session", 401)
    anyone.post("/session", {"email": clinic.surgeon.email, "password": NEW, "code": make.code(1)})


def test_nora_sees_where_she_is_signed_in_and_ends_what_she_does_not_know(clinic: make.Clinic, anyone: Api) -> None:
    body = {"email": clinic.nurse.email, "password": make.PASSWORD}
    strange = anyone.call("POST", "/session", json=body, headers={"User-Agent": "Somebody's phone\x85"}).get_json()["token"]
    anyone.token = anyone.post("/session", body)["token"]
    mine, theirs = anyone.get("/users/me/sessions")["items"]
    assert (mine["current"], theirs["current"], theirs["agent"]) == (True, False, "Somebody's phone")
    anyone.delete(f"/users/me/sessions/{theirs['id']}")
    assert [one["id"] for one in anyone.get("/users/me/sessions")["items"]] == [mine["id"]]
    anyone.token = strange
    anyone.get("/session", 401)


def test_a_colleagues_session_is_not_ones_own_to_end(clinic: make.Clinic, vera: Api, as_: Callable[[make.Person], Api]) -> None:
    nora = as_(clinic.nurse)
    theirs = nora.get("/users/me/sessions")["items"][0]["id"]
    assert vera.call("DELETE", f"/users/me/sessions/{theirs}").status_code == 404
    nora.get("/session")


def test_adam_ends_all_sessions_of_somebody(clinic: make.Clinic, adam: Api, as_: Callable[[make.Person], Api]) -> None:
    nora, again = as_(clinic.nurse), as_(clinic.nurse)
    assert len(adam.get(f"/users/{clinic.nurse.user_id}/sessions")["items"]) == 2
    adam.delete(f"/users/{clinic.nurse.user_id}/sessions")
    for one in (nora, again):
        one.get("/session", 401)


def version(adam: Api, person: make.Person) -> str:
    """The person's version."""
    return next(str(one["write_id"]) for one in adam.get("/users")["items"] if one["id"] == str(person.user_id))


def test_who_leaves_is_out_at_once_and_her_name_stays(
    clinic: make.Clinic, adam: Api, anyone: Api, as_: Callable[[make.Person], Api]
) -> None:
    nora = as_(clinic.nurse)
    left = adam.patch(f"/users/{clinic.nurse.user_id}", {"active": False}, version(adam, clinic.nurse))
    assert (left["active"], left["name"]) == (False, "Nóra Szabó")
    nora.get("/session", 401)
    anyone.post("/session", {"email": clinic.nurse.email, "password": make.PASSWORD}, 401)


def test_a_new_role_counts_from_the_next_call_on(clinic: make.Clinic, adam: Api, as_: Callable[[make.Person], Api]) -> None:
    rater = as_(clinic.rater)
    rater.get("/patients", 403)
    adam.patch(f"/users/{clinic.rater.user_id}", {"roles": ["rater", "nurse"]}, version(adam, clinic.rater))
    rater.get("/patients")


def test_the_last_administrator_stays_one(clinic: make.Clinic, adam: Api) -> None:
    for change in ({"active": False}, {"roles": ["nurse"]}):
        refused = adam.patch(f"/users/{clinic.admin.user_id}", change, version(adam, clinic.admin), 409)
        assert "without an administrator" in refused["detail"]


@pytest.mark.parametrize("role", [Role.SURGEON, Role.NURSE, Role.COORDINATOR, Role.RATER])
def test_nobody_else_manages_people(role: Role, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    person = as_(clinic.people[role])
    person.post("/users", {"email": "n@clinic.example", "name": "Noémi", "roles": ["admin"]}, 403)
    person.post(f"/users/{clinic.admin.user_id}/reset-link", {}, 403)
    assert person.call("GET", f"/users/{clinic.admin.user_id}/sessions").status_code == 403
