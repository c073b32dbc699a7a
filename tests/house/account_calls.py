"""One minimal successful call for each route of accounts that changes something."""

import uuid
from collections.abc import Callable
from typing import cast

import pyotp

from server import clock
from server.app import App
from tests import make
from tests.api import Api

Made = tuple[str, str, dict[str, object], str | None]
NEW_PASSWORD = "seven quiet lanterns"


def _app(tablet: Api) -> App:
    return cast("App", tablet.client.application)


def administering(tablet: Api, clinic: make.Clinic) -> Api:
    """The same client in Ádám's hands."""
    tablet.token = make.token(_app(tablet).db, clinic.admin)
    return tablet


def _person(clinic: make.Clinic) -> str:
    return str(clinic.nurse.user_id)


def _invited(tablet: Api, clinic: make.Clinic) -> Made:
    administering(tablet, clinic)
    return "POST", "/users", {"email": f"{uuid.uuid4()}@clinic.example", "name": "Noémi Orosz", "roles": ["nurse"]}, None


def _changed(tablet: Api, clinic: make.Clinic) -> Made:
    people = administering(tablet, clinic).get("/users")["items"]
    version = next(one["write_id"] for one in people if one["id"] == _person(clinic))
    return "PATCH", f"/users/{_person(clinic)}", {"roles": ["nurse", "coordinator"]}, version


def _link(tablet: Api, clinic: make.Clinic) -> Made:
    administering(tablet, clinic)
    return "POST", f"/users/{_person(clinic)}/reset-link", {}, None


def _used_link(tablet: Api, clinic: make.Clinic) -> Made:
    token = make.reset_link(_app(tablet).db, clinic)
    return "POST", "/password-reset", {"token": token, "new_password": NEW_PASSWORD}, None


def _confirmed(tablet: Api, _clinic: make.Clinic) -> Made:
    secret = tablet.post("/users/me/second-factor", make.proof())["secret"]
    return "PUT", "/users/me/second-factor", {"code": pyotp.TOTP(secret).at(clock.now())}, None


def _ended(tablet: Api, clinic: make.Clinic) -> Made:
    make.token(_app(tablet).db, clinic.surgeon)
    sessions = tablet.get("/users/me/sessions")["items"]
    return "DELETE", f"/users/me/sessions/{next(one['id'] for one in sessions if not one['current'])}", {}, None


def _all_ended(tablet: Api, clinic: make.Clinic) -> Made:
    administering(tablet, clinic)
    return "DELETE", f"/users/{_person(clinic)}/sessions", {}, None


def _policy(tablet: Api, clinic: make.Clinic) -> Made:
    administering(tablet, clinic)
    return "PUT", "/clinic/signing-policy", {"signing_policy": "pin_or_code"}, None


def _emergency(tablet: Api, clinic: make.Clinic) -> Made:
    anna = make.patient(_app(tablet).db, clinic)
    administering(tablet, clinic)
    return "POST", "/emergency-access", {"mrn": anna["mrn"], "reason": "Called at night; no surgeon answers."}, None


def _reviewed(tablet: Api, clinic: make.Clinic) -> Made:
    db = _app(tablet).db
    opened = make.emergency(db, clinic, make.patient(db, clinic)["id"])
    return "POST", f"/emergency-access/{opened}/review", {"note": "Vera was in theatre; he was right."}, None


ACCOUNT_CALLS: dict[str, Callable[[Api, make.Clinic], Made]] = {
    "POST /users": _invited,
    "PATCH /users/{user_id}": _changed,
    "POST /users/{user_id}/reset-link": _link,
    "POST /password-reset": _used_link,
    "PUT /users/me/password": lambda *_: ("PUT", "/users/me/password", make.proof() | {"new_password": NEW_PASSWORD}, None),
    "POST /users/me/second-factor": lambda *_: ("POST", "/users/me/second-factor", make.proof(), None),
    "PUT /users/me/second-factor": _confirmed,
    "DELETE /users/me/sessions/{sign_in_id}": _ended,
    "DELETE /users/{user_id}/sessions": _all_ended,
    "PUT /clinic/signing-policy": _policy,
    "POST /emergency-access": _emergency,
    "POST /emergency-access/{emergency_id}/review": _reviewed,
}
