"""The pages' blueprint: static files that may be cached, and what every template can use."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, request, url_for
from markupsafe import Markup

from server.access import Permission
from server.followup.service import alarms
from server.http import own_transaction, session
from server.procedures.note import words as note_words
from server.web import cookies, words

_HERE = Path(__file__).parent
_A_YEAR = 365 * 24 * 3600


class Pages(Blueprint):
    """Static files asked for with their version never change; without it a browser asks again each time."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:  # noqa: ARG002  reason: Flask's signature
        """Seconds that a browser may keep the file without asking."""
        return _A_YEAR if "v" in request.args else None


pages = Pages("web", __name__, static_folder="static", static_url_path="/static", template_folder="templates")


@cache
def _version(filename: str) -> str:
    path = _HERE / "static" / filename
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "none"


def static(filename: str) -> str:
    """Address of a static file, with its version."""
    return url_for("web.static", filename=filename, v=_version(filename))


def _nobody_on() -> Any:
    """What the strip says. A page that opens its own transactions has none around it."""
    with nullcontext(session()) if "session" in g else own_transaction(write=False) as reading:
        return words.nobody_on(alarms.unacknowledged(reading))


@pages.app_context_processor
def _everywhere() -> dict[str, Any]:
    person = g.get("person")
    return {
        "static": static,
        "person": person,
        "may": lambda permission: person is not None and person.may(Permission(permission)),
        "nobody_on": _nobody_on,
        "csrf": cookies.csrf,
        "csrf_field": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(cookies.CSRF_FIELD, cookies.csrf()),
    }


def go_to(where: str, **arguments: Any) -> Response:
    """Have the browser ask for this page next: what answers a form that was taken."""
    return make_response(redirect(url_for(f"web.{where}", **arguments), 303))


def local(moment: datetime | str) -> datetime:
    """In the clinic's zone; takes wire forms too."""
    aware = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return aware.astimezone(g.person.time_zone)


def _day(when: date | datetime | str) -> str:
    """`23 Nov 2026`; of an instant, the clinic's day."""
    if isinstance(when, str) and "T" not in when:
        return note_words.short_day(date.fromisoformat(when))
    return note_words.short_day(local(when) if isinstance(when, str | datetime) else when)


def _time(moment: datetime | str) -> str:
    """`09:30` on the clinic's clock."""
    return note_words.clock(local(moment))


def _weekday(moment: datetime | str) -> str:
    """`Mon`, whatever the machine's locale is."""
    return words.WEEKDAYS[local(moment).weekday()]


def _iso(moment: datetime | str) -> str:
    """For programs: the clinic's time with its offset."""
    return local(moment).isoformat(timespec="minutes")


FILTERS: dict[str, Callable[..., Any]] = {
    "day": _day,
    "time": _time,
    "weekday": _weekday,
    "iso": _iso,
    "amount": note_words.amount,
    "number": note_words.number,
    "difference": note_words.difference,
    "percent": note_words.percent,
    "plain": note_words.plain,
    "counted": note_words.counted,
    "capital_first": note_words.capital,
    "glued": note_words.glued,
}
for _name, _filter in FILTERS.items():
    pages.add_app_template_filter(_filter, _name)
