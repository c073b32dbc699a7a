"""HTTP of signing in and out, and of the clinic's people."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app

from schemas.session import NewSession, People, SessionOut, SignInRequest
from server.access import Permission, Signed, allow, public, recognise
from server.canonical import instant
from server.clinics import service
from server.clinics.models import Clinic, SignIn, User
from server.db import find
from server.http import Routes, answer, found, person, session
from server.problems import Problem

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
@routes.refuses(401)
@public
def sign_in(body: dict[str, Any]) -> Response:
    """Sign in; then send `Authorization: Bearer` with the token."""
    config = current_app.config["GRAFTLOG"]
    token, signed_in, user = service.sign_in(session(), **body, lasts=timedelta(hours=config.session_hours))
    session().flush()
    signed = recognise(session(), token, timedelta(minutes=config.session_idle_minutes))
    if signed is None:
        raise Problem("wrong_credentials")
    return answer({"token": token} | _session_document(signed, service.current(session()), user, signed_in), 201)


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
    people = session().scalars(sa.select(User).order_by(User.name, User.id)).all()
    return answer({"items": [one.document() for one in people], "next_cursor": None})
