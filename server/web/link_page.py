"""The frame of the patient's page: which link was opened, in which language, and what is said of links that lead nowhere any more."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for

from schemas.vocabulary import VisitState
from server import clock
from server.access import public
from server.config import Config
from server.followup.service import link_answers, protocols
from server.followup.service.link_answers import Opened
from server.http import session
from server.web.link_words import TEXTS, Words, emergency_number, words_for

link = Blueprint("link", __name__, url_prefix="/v")
View = Callable[..., Response]


def page(template: str, opened: Opened | None, status: int = 200, **more: Any) -> Response:
    """One of the pages, in the language that was asked for, else the patient's, else the browser's."""
    chosen = request.args.get("lang")
    browser = request.accept_languages.best_match(list(TEXTS))
    words = words_for(chosen, opened.patient.language if opened else None, browser)
    kept = chosen if chosen in TEXTS else None
    token = (request.view_args or {}).get("token", "")

    def to(view: str, **values: Any) -> str:
        return url_for(f"link.{view}", token=token, lang=values.pop("lang", kept), **values)

    def in_language(language: str) -> str:
        same = {"what": request.args["what"]} if "what" in request.args else {}
        return f"{quote(request.path)}?{urlencode(same | {'lang': language})}"

    facts = {"w": words, "to": to, "in_language": in_language, "languages": {key: one.NAME for key, one in TEXTS.items()}, "opened": opened}
    g.own_page = True
    return make_response(render_template(f"link/{template}.html", **facts, **(_facts(opened, words) if opened else {}), **more), status)


def _facts(opened: Opened, words: Words) -> dict[str, Any]:
    """What every page about a visit may say of it."""
    visit, zone = opened.visit, ZoneInfo(opened.clinic.time_zone)
    step = protocols.of_version(session(), visit.protocol_version).step(visit.step)
    today = clock.now().astimezone(zone).date()
    booked_for = visit.booked_for if visit.state == VisitState.BOOKED else None
    return {
        "clinic": opened.clinic.name,
        "phone": (opened.clinic.phone or "").replace(" ", "\N{NO-BREAK SPACE}"),
        "dial": "".join(letter for letter in opened.clinic.phone or "" if letter in "+0123456789"),
        "emergency": emergency_number(zone),
        "check": words.check(step.offset if step else None),
        "moment": words.moment(booked_for, zone) if booked_for else None,
        "over": booked_for is not None and booked_for <= clock.now(),
        "first": words.day(max(visit.opens_on, today)),
        "last": words.day(visit.closes_on),
        "passed": today > visit.closes_on,
    }


def unknown() -> Response:
    """The same for every token that never was, whatever it looks like."""
    return page("unknown", None, 404)


def _ended(opened: Opened) -> Response:
    """The same warm page for a link that has run out, and for one that was replaced."""
    sent = link_answers.asked_lately(session(), opened.visit)
    can_send = link_answers.can_send(session(), config(), opened.patient, opened.visit)
    return page("ended", opened, 200 if sent else 410, sent=sent, can_send=can_send, welcome=opened.welcome)


def config() -> Config:
    """This installation's settings."""
    return current_app.config["GRAFTLOG"]  # type: ignore[no-any-return]  # reason: Flask's settings are untyped


def behind(*, ended_too: bool = False, settled_too: bool = False) -> Callable[[View], View]:
    """Give the view what is behind its token, locked when it acts; tell of links that are unknown, ended, or of a settled visit."""

    def mark(view: View) -> View:
        @wraps(view)
        def open_first(token: str, **values: Any) -> Response:
            opened = link_answers.open_link(session(), token, lock=request.method == "POST")
            if opened is None:
                return unknown()
            if opened.ended and not ended_too:
                return _ended(opened)
            if not opened.welcome and not settled_too:
                return page("settled", opened)
            return view(opened, **values)

        return public(open_first)

    return mark


def on(view: str, **values: Any) -> Response:
    """Go on to a page of this link, so that loading it again sends nothing again."""
    token = (request.view_args or {})["token"]
    chosen = request.args.get("lang")
    return make_response(redirect(url_for(f"link.{view}", token=token, lang=chosen if chosen in TEXTS else None, **values), 303))


@link.after_request
def _for_nobody_else(response: Response) -> Response:
    """No search engine keeps a page of a patient's; what went wrong is said in the patient's words, not in the staff's."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if response.status_code >= 400 and not g.get("own_page"):  # noqa: PLR2004  reason: where refusals begin
        response.set_data(page("trouble", None, response.status_code).get_data())
        response.mimetype = "text/html"
    return response
