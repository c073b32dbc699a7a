"""HTTP of accounts: people invited and changed, passwords, second factors, sessions, the clinic's signing policy."""

import uuid
from datetime import timedelta
from typing import Any

import segno
from flask import Response, current_app, request

from schemas.accounts import (
    LONGEST_AGENT,
    FactorConfirm,
    FactorOut,
    FactorStart,
    Invited,
    NewResetLink,
    PasswordChange,
    PersonChange,
    PersonCreate,
    PolicyChange,
    RecoveryCodes,
    ResetLinkCreate,
    ResetLinkUse,
    Sessions,
)
from schemas.session import ClinicOut, Person
from server.access import Permission, allow, public
from server.canonical import instant
from server.clinics import accounts, second_factor
from server.clinics.credentials import ResetLink
from server.clinics.models import SignIn, User
from server.clinics.service import current
from server.http import Routes, answer, found, must_match, person, session
from server.idempotency import never_kept
from server.rates import Rate, rated

routes = Routes("accounts", __name__, url_prefix="/api/v1", description="People's accounts: passwords, second factors, sessions")


def agent() -> str | None:
    """What the browser or the program calls itself, as far as it is printable."""
    told = "".join(letter for letter in request.headers.get("User-Agent", "") if letter.isprintable()).strip()
    return told[:LONGEST_AGENT] or None


def link_address(token: str) -> str:
    """The link as it is handed over. The token stands behind the #, which no browser sends and no log keeps."""
    return f"{current_app.config['GRAFTLOG'].public_url}/new-password#{token}"


def qr_svg(text: str, scale: int = 5) -> str:
    """What a camera reads, as a picture; dark on light with its quiet zone, whatever the page looks like."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=scale, border=4, dark="#000", light="#fff")


def idle() -> timedelta:
    """How long a session lives unused."""
    return timedelta(minutes=current_app.config["GRAFTLOG"].session_idle_minutes)


def me() -> User:
    """The person's own row, kept from other writers until the commit."""
    return found(accounts.locked_user(session(), person().user_id))


def _link(link: ResetLink, token: str) -> dict[str, Any]:
    return link.document() | {"address": link_address(token)}


@routes.route("/users", methods=["POST"])
@routes.arguments(PersonCreate)
@routes.response(201, Invited)
@routes.refuses(409)
@allow(Permission.MANAGE)
@never_kept
def invite(body: dict[str, Any]) -> Response:
    """Add somebody; the link in the answer sets her first password."""
    user, link, token = accounts.invite(session(), **body)
    return answer({"person": user.document(), "link": _link(link, token)}, 201)


@routes.route("/users/<uuid:user_id>", methods=["PATCH"])
@routes.arguments(PersonChange)
@routes.response(200, Person)
@routes.refuses(404, 409, 412, 428)
@routes.etag
@allow(Permission.MANAGE)
def change(body: dict[str, Any], user_id: uuid.UUID) -> Response:
    """Change name or roles, or end somebody's work here: her sessions end at once, her name stays."""
    user = found(accounts.locked_user(session(), user_id))
    must_match(user.write_id)
    accounts.change(session(), user, body)
    return answer(user.document(), etag=user.write_id)


@routes.route("/users/<uuid:user_id>/reset-link", methods=["POST"])
@routes.arguments(ResetLinkCreate)
@routes.response(201, NewResetLink)
@routes.refuses(404)
@allow(Permission.MANAGE)
@never_kept
def issue_link(body: dict[str, Any], user_id: uuid.UUID) -> Response:
    """A one-time link with which this person sets a new password, for 24 hours. Earlier links end."""
    user = found(accounts.locked_user(session(), user_id))
    return answer(_link(*accounts.issue_link(session(), user, **body)), 201)


@routes.route("/password-reset", methods=["POST"])
@routes.arguments(ResetLinkUse)
@routes.response(204)
@routes.refuses(401)
@public
@never_kept
@rated(Rate.SIGN_IN)
def use_link(body: dict[str, Any]) -> Response:
    """Set a new password by a one-time link; all sessions end. Then sign in with it."""
    accounts.use_link(session(), **body)
    return Response(status=204)


@routes.route("/users/me/password", methods=["PUT"])
@routes.arguments(PasswordChange)
@routes.response(204)
@routes.refuses(429)
@allow(Permission.SIGNED_IN)
@never_kept
@rated(Rate.SIGN_IN)
def change_password(body: dict[str, Any]) -> Response:
    """Set one's own new password; one's other sessions end."""
    accounts.change_password(session(), me(), **body)
    return Response(status=204)


@routes.route("/users/me/second-factor", methods=["POST"])
@routes.arguments(FactorStart)
@routes.response(201, FactorOut)
@routes.refuses(429)
@allow(Permission.SIGNED_IN)
@never_kept
@rated(Rate.SIGN_IN)
def start_factor(body: dict[str, Any]) -> Response:
    """Begin to set up an authenticator app: its secret, also as a QR code, for ten minutes."""
    secret, address = second_factor.start(session(), me(), current(session()), **body)
    return answer({"secret": secret, "address": address, "qr_svg": qr_svg(address)}, 201)


@routes.route("/users/me/second-factor", methods=["PUT"])
@routes.arguments(FactorConfirm)
@routes.response(200, RecoveryCodes)
@routes.refuses(409, 429)
@allow(Permission.SIGNED_IN)
@never_kept
@rated(Rate.SIGN_IN)
def confirm_factor(body: dict[str, Any]) -> Response:
    """Prove that the app shows the right codes; from now on they are asked for. One's other sessions end."""
    user = me()
    codes = second_factor.confirm(session(), user, body["code"])
    accounts.end_sessions(session(), user, but=person().sign_in_id)
    return answer({"recovery_codes": codes})


def _session_row(row: SignIn) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": instant(row.created_at),
        "last_seen_at": instant(row.last_seen_at),
        "expires_at": instant(row.expires_at),
        "device_id": str(row.device_id) if row.device_id else None,
        "agent": row.agent,
        "current": row.id == person().sign_in_id,
    }


def _sessions_of(user_id: uuid.UUID) -> Response:
    rows = accounts.sessions(session(), user_id, idle())
    return answer({"items": [_session_row(row) for row in rows], "next_cursor": None})


@routes.route("/users/me/sessions", methods=["GET"])
@routes.response(200, Sessions)
@allow(Permission.SIGNED_IN)
def my_sessions() -> Response:
    """Where one is signed in."""
    return _sessions_of(person().user_id)


@routes.route("/users/me/sessions/<uuid:sign_in_id>", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.SIGNED_IN)
def end_my_session(sign_in_id: uuid.UUID) -> Response:
    """End one of one's own sessions; its next call is refused."""
    found(accounts.end_session(session(), person().user_id, sign_in_id) or None)
    return Response(status=204)


@routes.route("/users/<uuid:user_id>/sessions", methods=["GET"])
@routes.response(200, Sessions)
@routes.refuses(404)
@allow(Permission.MANAGE)
def sessions_of(user_id: uuid.UUID) -> Response:
    """Where somebody is signed in."""
    return _sessions_of(found(accounts.read_user(session(), user_id)).id)


@routes.route("/users/<uuid:user_id>/sessions", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.MANAGE)
def end_sessions_of(user_id: uuid.UUID) -> Response:
    """End all of somebody's sessions, for example because a phone was lost."""
    accounts.end_sessions(session(), found(accounts.read_user(session(), user_id)))
    return Response(status=204)


@routes.route("/clinic/signing-policy", methods=["PUT"])
@routes.arguments(PolicyChange)
@routes.response(200, ClinicOut)
@allow(Permission.MANAGE)
def set_policy(body: dict[str, Any]) -> Response:
    """Whether the PIN on a paired tablet does as a second factor for signing, beside the password."""
    return answer(accounts.set_signing_policy(session(), body["signing_policy"]).document())
