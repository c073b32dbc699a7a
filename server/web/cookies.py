"""The browser's session: a cookie that holds the API's own token, and the proof that a form came from one of our pages."""

import hmac
from hashlib import sha256

from flask import Response, request

from server.problems import Problem

SIGN_IN = "web.open_session"
CSRF_FIELD = "csrf"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PLAIN, _SECURE = "graftlog", "__Host-graftlog"
"""Plain HTTP is served on loopback only, and there a cookie cannot be Secure everywhere."""


def for_programs() -> bool:
    """Whether this address belongs to the API and the probes, not to the pages."""
    return request.path.startswith(("/api/", "/callbacks/", "/fhir/")) or request.path in {
        "/api",
        "/fhir",
        "/healthz",
        "/readyz",
        "/metrics",
    }


def for_patients() -> bool:
    """Whether this is a patient's link, whose token is in its address: whoever is signed in here counts for nothing there."""
    return (request.endpoint or "").startswith("link.")


def token() -> str | None:
    """The cookie's token where it counts: for reading anywhere, for changing from our own forms only, never below /api/.

    Raises `not_allowed` for a change that no form of ours asked for.
    """
    held = _held()
    if for_patients():
        return None
    if request.method in _READING:
        return held
    if for_programs():
        return None
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Problem("not_allowed", "Another site sent this form. Nothing was stored.")
    if request.endpoint == SIGN_IN:  # nobody is signed in yet, and an old cookie must not stand in the way
        return None
    if held and not hmac.compare_digest(request.form.get(CSRF_FIELD, "").encode(), csrf().encode()):
        raise Problem("not_allowed", "This form was opened before you last signed in. Nothing was stored. Open its page again.")
    return held


def csrf() -> str:
    """What every form of a signed-in person carries: only a page that was shown to her can know it."""
    return sha256(b"csrf:" + (_held() or "").encode(errors="replace")).hexdigest()


def keep(response: Response, new_token: str) -> Response:
    """Sign the browser in, until it is closed or the session ends."""
    response.set_cookie(_name(), new_token, secure=request.is_secure, httponly=True, samesite="Strict", path="/")
    return response


def drop(response: Response) -> Response:
    """Sign the browser out."""
    response.delete_cookie(_name(), secure=request.is_secure, httponly=True, samesite="Strict", path="/")
    return response


def _name() -> str:
    return _SECURE if request.is_secure else _PLAIN


def _held() -> str | None:
    return request.cookies.get(_name()) or None
