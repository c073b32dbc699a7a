"""Signing in and out."""

from hashlib import sha256

import sqlalchemy as sa

from server.clinics.models import SignIn, User
from server.db import Database, find
from tests import make
from tests.api import Api


def signed_in(anyone: Api, person: make.Person) -> str:
    """A token, fetched as the tablet does it."""
    opened = anyone.post("/session", {"email": person.email, **make.proof()})
    return str(opened["token"])


def test_vera_signs_in_and_is_recognised(anyone: Api, clinic: make.Clinic) -> None:
    anyone.token = signed_in(anyone, clinic.surgeon)
    seen = anyone.get("/session")
    assert seen["user"]["name"] == "Dr Vera Kovács"
    assert seen["clinic"]["name"] == clinic.name
    assert "sign" in seen["permissions"]


def test_noras_address_is_the_same_in_capitals(anyone: Api, clinic: make.Clinic) -> None:
    opened = anyone.post("/session", {"email": f" {clinic.nurse.email.upper()} ", **make.proof()})
    assert opened["user"]["email"] == clinic.nurse.email


def test_the_token_is_stored_only_as_its_hash(anyone: Api, clinic: make.Clinic, db: Database) -> None:
    token = signed_in(anyone, clinic.surgeon)
    with db.transaction(write=False, everywhere=True) as session:
        stored = session.execute(sa.select(SignIn.__table__).where(SignIn.user_id == clinic.surgeon.user_id)).one()
    assert stored.token_hash == sha256(token.encode()).digest()
    assert token not in repr(tuple(stored))


def test_each_signing_in_has_its_own_token(anyone: Api, clinic: make.Clinic) -> None:
    assert signed_in(anyone, clinic.nurse) != signed_in(anyone, clinic.nurse)


def test_after_signing_out_the_token_is_worthless(anyone: Api, clinic: make.Clinic) -> None:
    anyone.token = signed_in(anyone, clinic.nurse)
    anyone.delete("/session")
    assert anyone.get("/session", 401)["code"] == "not_signed_in"


def test_signing_out_leaves_the_other_tablet_signed_in(anyone: Api, clinic: make.Clinic) -> None:
    here, there = signed_in(anyone, clinic.nurse), signed_in(anyone, clinic.nurse)
    anyone.token = here
    anyone.delete("/session")
    anyone.token = there
    anyone.get("/session")


def test_wrong_password_and_unknown_person_get_the_same_bytes(anyone: Api, clinic: make.Clinic) -> None:
    wrong = anyone.call("POST", "/session", json={"email": clinic.surgeon.email, "password": "not her password"})
    unknown = anyone.call("POST", "/session", json={"email": make.stranger(), "password": "not her password"})
    assert wrong.status_code == 401
    assert (wrong.status, wrong.data, dict(wrong.headers)) == (unknown.status, unknown.data, dict(unknown.headers))


def test_a_deactivated_nurse_gets_the_answer_of_a_stranger(anyone: Api, clinic: make.Clinic, db: Database) -> None:
    token = signed_in(anyone, clinic.nurse)
    with db.transaction(clinic.id) as session:
        nora = find(session, User, clinic.nurse.user_id)
        assert nora is not None
        nora.active = False
    refused = anyone.call("POST", "/session", json={"email": clinic.nurse.email, **make.proof()})
    stranger = anyone.call("POST", "/session", json={"email": make.stranger(), **make.proof()})
    assert (refused.status_code, refused.data) == (401, stranger.data)
    anyone.token = token
    anyone.get("/session", 401)


def test_a_call_without_token_names_the_header_to_send(anyone: Api) -> None:
    answer = anyone.call("GET", "/patients")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in (answer.get_json(force=True)["detail"])


def test_an_invented_token_is_refused(anyone: Api) -> None:
    for token in ("invented", "ö", "x" * 5000):
        anyone.token = token
        anyone.get("/session", 401)


def test_the_answer_never_shows_a_password(anyone: Api, clinic: make.Clinic) -> None:
    answer = anyone.call("POST", "/session", json={"email": clinic.surgeon.email, **make.proof()})
    assert make.PASSWORD not in answer.text
    assert "password" not in answer.text
