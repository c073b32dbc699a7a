"""The protocol: read as a table and a picture, edited as a form, with what a change would do said before it is done; the forecast."""

from typing import Any

from flask import Response, current_app, make_response, render_template, request

from schemas.protocol_rules import WEEKDAYS, warnings_of
from schemas.vocabulary import VisitKind
from server.access import Permission, allow
from server.clinics.models import User
from server.followup.service import forecast as forecasts
from server.followup.service import protocol_changes, protocol_moves, protocols
from server.http import person, session
from server.problems import Problem
from server.web import protocol_form, protocol_words, words
from server.web.blueprint import go_to, pages
from server.web.forms import shown_again_by

MOST_VERSIONS = 20
CHECK, NEW, OPEN, ADD, REMOVE = "check", "new", "open", "add", "remove-"
FORECAST_DAYS, MOST_NOT_SENT = 30, 50
AGAIN_S = 10
"""While follow-ups are being moved, the page is loaded again after so many seconds."""
KINDS = {VisitKind.VISIT: "Visit", VisitKind.CHECK_IN: "Check-in"}


def _history() -> list[dict[str, Any]]:
    rows = protocols.history(session(), before=None, limit=MOST_VERSIONS + 1)
    documents = [*(row.document() for row in rows), *([protocols.BUILT_IN] if len(rows) <= MOST_VERSIONS else [])]
    authors = (session().get(User, (row.clinic_id, row.created_by)) for row in rows if row.created_by)
    names = {str(author.id): author.name for author in authors if author}
    said = []
    for place, one in enumerate(documents[:MOST_VERSIONS]):
        before = documents[place + 1] if place + 1 < len(documents) else None
        changed = protocol_words.changes(before["content"], one["content"]) if before else []
        said.append(one | {"who": names.get(one["created_by"] or "", ""), "changed": changed})
    return said


@pages.get("/follow-up/protocol")
@allow(Permission.SIGNED_IN)
def protocol() -> str:
    """The protocol in force, as people read it."""
    standing, move = protocols.document(session()), protocol_moves.current(session())
    return render_template(
        "protocol.html",
        protocol=standing,
        move=move.document() if move else None,
        again_s=AGAIN_S,
        content=standing["content"],
        say=protocol_words,
        timeline=protocol_words.timeline(standing["content"]),
        history=_history(),
        in_use=protocols.in_use(session()),
        stored=request.args.get("stored", "") == standing["version"],
    )


def _form(typed: dict[str, Any], *, version: str, errors: list[dict[str, str]] | None = None, **more: Any) -> str:
    return render_template(
        "protocol_edit.html",
        typed=typed,
        version=version,
        errors=errors or [],
        kinds=KINDS,
        units=protocol_form.UNITS,
        weekdays=WEEKDAYS,
        channel_orders=protocol_form.CHANNEL_ORDERS,
        **more,
    )


def _again(problem: Problem) -> str:
    """With what was typed; its version is the newest now, so that whoever has read the message may go on."""
    message = {"field": "", "message": f"{problem.title}. {problem.detail}"}
    return _form(protocol_form.typed_by(request.form), version=protocols.document(session())["version"], errors=[message])


@pages.get("/follow-up/protocol/edit")
@allow(Permission.SET_UP)
def edit_protocol() -> str:
    """The form, filled in with what is in force."""
    standing = protocols.document(session())
    return _form(protocol_form.typed_from(standing["content"]), version=standing["version"])


@pages.post("/follow-up/protocol/edit")
@allow(Permission.SET_UP)
@shown_again_by(_again)
def save_protocol() -> Response:
    """Add or remove a step, check, or put in force."""
    typed, version, wanted = protocol_form.typed_by(request.form), request.form.get("version", ""), request.form.get("do", CHECK)
    if wanted == ADD:
        typed["steps"].append(protocol_form.new_step())
        return make_response(_form(typed, version=version, added=len(typed["steps"]) - 1))
    if wanted.startswith(REMOVE):
        gone = wanted.removeprefix(REMOVE)
        typed["steps"] = [step for place, step in enumerate(typed["steps"]) if str(place) != gone]
        return make_response(_form(typed, version=version))
    content, errors = protocol_form.read(typed)
    if errors:
        return make_response(_form(typed, version=version, errors=errors), 422)
    if version != protocols.document(session())["version"]:
        raise Problem("stale", "Somebody else has changed the protocol since you opened this form. Compare it with the page, then go on.")
    if wanted not in {NEW, OPEN}:
        difference = protocol_changes.try_out(session(), content, open_too=True)
        checked = {"difference": difference, "warnings": warnings_of(content)}
        return make_response(_form(typed, version=version, checked=checked))
    note = typed["note"][:500] or None
    protocol_changes.activate(session(), content, standing=version, note=note, open_too=wanted == OPEN, by=person().user_id)
    return go_to("protocol", stored=protocols.document(session())["version"])


@pages.get("/follow-up/forecast")
@allow(Permission.READ_RECORD)
def forecast() -> str:
    """The days to come: how many messages, and which will not be sent and why."""
    ahead = forecasts.look_ahead(session(), current_app.config["GRAFTLOG"], days=FORECAST_DAYS)
    days = ahead.days()
    refused = [one for one in ahead.items if one.reason]
    return render_template(
        "protocol_forecast.html",
        ahead=ahead,
        days=days,
        most=max((sum(counts.values()) for counts in days.values()), default=1),
        weekdays=words.WEEKDAYS,
        slow=[one for one in ahead.pace if one.day],
        refused=forecasts.told(session(), ahead, refused[:MOST_NOT_SENT]),
        reason=words.reason,
        purposes=words.PURPOSES,
        refused_count=len(refused),
        span=FORECAST_DAYS,
    )
