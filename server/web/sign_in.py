"""Signing in and out with a browser."""

import re
from datetime import timedelta
from typing import Any

from flask import Response, current_app, g, make_response, redirect, render_template, request, url_for

from schemas.session import SignInRequest
from server.access import Permission, allow, public
from server.accounts import agent
from server.clinics import demo as known
from server.clinics import service
from server.http import person, session
from server.problems import Problem
from server.rates import Rate, rated
from server.web import cookies
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*\Z")

_AFTER = {"signing-out": "You are signed out.", "new-password": "Your new password is set. Sign in with it."}


def _demo() -> Any:
    """Names and secrets of the demo, where everybody at this machine may know them: they are refused off loopback."""
    settings = current_app.config["GRAFTLOG"]
    return known if settings.demo and settings.on_loopback and service.has_demo(session()) else None


def goes_to(wanted: str | None) -> str:
    """Give back `wanted` if it is a path of this very site, else the start page. Browsers read two slashes of any kind as a host."""
    return wanted if wanted and _LOCAL.match(wanted) else url_for("web.start")


def _page(problem: Problem | None = None) -> str:
    return render_template(
        "sign_in.html",
        errors=errors_of(problem),
        email=request.form.get("email", ""),
        next=goes_to(request.values.get("next")),
        after=_AFTER.get(request.args.get("after", "")),
        demo=_demo(),
    )


@pages.get("/sign-in")
@public
def sign_in() -> str | Response:
    """Show the form; whoever is signed in already goes on at once."""
    if g.person is not None:
        return make_response(redirect(goes_to(request.args.get("next")), 303))
    return _page()


@pages.post("/sign-in")
@public
@shown_again_by(_page)
@rated(Rate.SIGN_IN)
def open_session() -> Response:
    """Check the password and set the cookie."""
    hours = current_app.config["GRAFTLOG"].session_hours
    token, _, _ = service.sign_in(session(), **form(SignInRequest()), lasts=timedelta(hours=hours), agent=agent())
    return cookies.keep(make_response(redirect(goes_to(request.form.get("next")), 303)), token)


@pages.post("/sign-out")
@allow(Permission.SIGNED_IN)
def sign_out() -> Response:
    """End the session here and on the server."""
    service.sign_out(session(), person().sign_in_id)
    return cookies.drop(go_to("sign_in", after="signing-out"))


@pages.get("/")
@public
def start() -> Response:
    """Begin with the list of procedures; who only rates, with what waits to be rated."""
    here = g.person
    only_rates = here is not None and here.may(Permission.RATE) and not here.may(Permission.READ_RECORD)
    return go_to("ratings" if only_rates else "procedures")
