"""One minimal successful call for each route of tablets that changes something."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from server import clock
from server.app import App
from tests import make
from tests.api import Api

Made = tuple[str, str, dict[str, object], str | None]
SECRET = "wF3mD0rB6h1Jq9uYxS2kVt7nZc4aLp8e"


def _app(tablet: Api) -> App:
    return cast("App", tablet.client.application)


def _pairing(tablet: Api, _clinic: make.Clinic) -> Made:
    code = tablet.post("/devices", {"name": "Theatre 1"})["code"]
    return "POST", "/devices/pairing", {"code": code, "secret": SECRET}, None


def _renamed(tablet: Api, _clinic: make.Clinic) -> Made:
    device = tablet.post("/devices", {"name": "Theatre 1"})
    return "PATCH", f"/devices/{device['id']}", {"name": "Theatre 2"}, device["write_id"]


def _revoked(tablet: Api, _clinic: make.Clinic) -> Made:
    return "DELETE", f"/devices/{tablet.post('/devices', {'name': 'Theatre 1'})['id']}", {}, None


def _signed_in(tablet: Api, clinic: make.Clinic) -> Made:
    """Under the tablet's own token, which the client has from here on."""
    make.pin(_app(tablet).db, clinic.nurse)
    tablet.token = make.tablet(_app(tablet).db, clinic).token
    return "POST", "/devices/session", {"user_id": str(clinic.nurse.user_id), "pin": make.PIN}, None


def locked(tablet: Api, clinic: make.Clinic) -> str:
    """Id of the lock after five wrong PINs of the nurse."""
    app = _app(tablet)
    theatre = Api(app.test_client(), make.tablet(app.db, clinic, name=f"Theatre {uuid.uuid4()}").token)
    began = clock.now()
    for minute in range(5):
        with clock.at(began + timedelta(minutes=2 * minute)):
            theatre.post("/devices/session", {"user_id": str(clinic.nurse.user_id), "pin": "000000"}, 401)
    lock: str = tablet.get("/devices/pin-locks")["items"][0]["id"]
    return lock


def _lifted(tablet: Api, clinic: make.Clinic) -> Made:
    return "DELETE", f"/devices/pin-locks/{locked(tablet, clinic)}", {}, None


TABLET_CALLS: dict[str, Callable[[Api, make.Clinic], Made]] = {
    "POST /devices": lambda _tablet, _clinic: ("POST", "/devices", {"name": "Theatre 1"}, None),
    "POST /devices/pairing": _pairing,
    "PATCH /devices/{device_id}": _renamed,
    "DELETE /devices/{device_id}": _revoked,
    "POST /devices/session": _signed_in,
    "DELETE /devices/pin-locks/{lock_id}": _lifted,
    "PUT /users/me/pin": lambda _tablet, _clinic: ("PUT", "/users/me/pin", {"password": make.PASSWORD, "pin": "274163"}, None),
}
