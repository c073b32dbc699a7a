"""HTTP of signing in and out, and of the clinic's people."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, g

from schemas.devices import PinChange, PinSignIn
from schemas.session import NewSession, People, Person, SessionOut, SignInRequest
from server.access import TABLET_ROLES, Permission, Signed, allow, public, recognise
from server.accounts import agent
from server.canonical import instant
from server.clinics import pins, service
from server.clinics.models import Clinic, SignIn, User
from server.db import find
from server.http import Routes, answer, found, person, session, tablet
from server.idempotency import never_kept
from server.problems import Problem
from server.rates import Rate, rated

routes = Routes("session", __name__, url_prefix="/api/v1", description="Signing in, and who works here")


def _session_document(signed: Signed, clinic: Clinic, user: User, signed_in: SignIn) -> dict[str, Any]:
    return {
        "expires_at": instant(signed_in.expires_at),
        "user": user.document(),
        "clinic": clinic.document(),
        "permissions": sorted(signed.permissions),
    }


@routes.route("/session", methods=["POST"])
@routes.arguments(SignInRequest)
@routes.response(201, NewSession)
@routes.refuses(401, 429)
@public
@rated(Rate.SIGN_IN)
def sign_in(body: dict[str, Any]) -> Response:
    """Sign in; then send `Authorization: Bearer` with the token. Called with a token of a tablet it is a session on that tablet."""
    here = g.person.device_id if g.person is not None else None
    token, signed_in, user = service.sign_in(session(), **body, lasts=_lasts(), device_id=here, agent=agent())
    if here is not None:
        pins.signed_in_otherwise(session(), device_id=here, user_id=user.id)
    return _opened(token, signed_in, user)


def _lasts() -> timedelta:
    return timedelta(hours=current_app.config["GRAFTLOG"].session_hours)


def _opened(token: str, signed_in: SignIn, user: User) -> Response:
    session().flush()
    signed = recognise(session(), token, timedelta(minutes=current_app.config["GRAFTLOG"].session_idle_minutes))
    if not isinstance(signed, Signed):
        raise Problem("wrong_credentials")
    return answer({"token": token} | _session_document(signed, service.current(session()), user, signed_in), 201)


@routes.route("/devices/session", methods=["POST"])
@routes.arguments(PinSignIn)
@routes.response(201, NewSession)
@routes.refuses(429)
@allow(Permission.DEVICE)
@never_kept
@rated(Rate.SIGN_IN)
def sign_in_with_pin(body: dict[str, Any]) -> Response:
    """Sign in on a tablet; under the tablet's own token. Others signed in on it stay so. Repeated, it is another session."""
    opened = pins.sign_in(session(), **body, device_id=tablet().device_id, roles=TABLET_ROLES, lasts=_lasts())
    return _opened(*opened)


@routes.route("/session", methods=["GET"])
@routes.response(200, SessionOut)
@allow(Permission.SIGNED_IN)
def who_am_i() -> Response:
    """The person behind the token."""
    user = found(find(session(), User, person().user_id))
    signed_in = session().scalars(sa.select(SignIn).where(SignIn.id == person().sign_in_id)).one()
    return answer(_session_document(person(), service.current(session()), user, signed_in))


@routes.route("/session", methods=["DELETE"])
@routes.response(204)
@allow(Permission.SIGNED_IN)
def sign_out() -> Response:
    """Sign out; the token is worthless from here on."""
    service.sign_out(session(), person().sign_in_id)
    return Response(status=204)


@routes.route("/users", methods=["GET"])
@routes.response(200, People)
@allow(Permission.READ_PEOPLE)
def list_people() -> Response:
    """The clinic's people."""
    return answer({"items": [one.document() for one in service.people(session())], "next_cursor": None})


@routes.route("/users/me/pin", methods=["PUT"])
@routes.arguments(PinChange)
@routes.response(200, Person)
@routes.refuses(429)
@allow(Permission.READ_RECORD)
@rated(Rate.SIGN_IN)
def set_pin(body: dict[str, Any]) -> Response:
    """Set one's own PIN for tablets: 6 to 12 digits that nobody would try first. Ends one's locks on all tablets."""
    user = found(find(session(), User, person().user_id))
    pins.set_pin(session(), user, **body)
    return answer(user.document())
