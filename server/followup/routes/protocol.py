"""HTTP of the protocol: the version in force, its history, changing it, and the forecast of what will be sent."""

from typing import Any

from flask import Response, current_app

from schemas.protocol import (
    OPEN,
    Forecast,
    ForecastQuery,
    ProtocolAnswer,
    ProtocolChange,
    ProtocolOut,
    ProtocolQuery,
    ProtocolVersions,
    VersionsQuery,
)
from schemas.protocol_rules import warnings_of
from server.access import Permission, allow
from server.canonical import instant
from server.followup.service import forecast, listing, protocol_changes, protocol_moves, protocols
from server.http import Routes, answer, cursor_of, must_match, number_behind, person, read_cursor, session

routes = Routes("protocol", __name__, url_prefix="/api/v1", description="The follow-up protocol, and the forecast of what will be sent")
LONGEST_VERSION = 9
"""Digits of a version's number in a cursor."""


@routes.route("/follow-up/protocol", methods=["GET"])
@routes.etag
@routes.response(200, ProtocolOut)
@allow(Permission.SIGNED_IN)
def get_protocol() -> Response:
    """The protocol that new procedures are followed up by, which versions the open ones have, and how far a move of them is."""
    standing = protocols.document(session())
    said = standing | {"in_force_for": protocols.in_use(session()), "move": _move()}
    return answer(said, etag=standing["version"], with_more=True)


def _move() -> dict[str, Any] | None:
    current = protocol_moves.current(session())
    return current.document() if current else None


@routes.route("/follow-up/protocol/versions", methods=["GET"])
@routes.arguments(VersionsQuery, location="query")
@routes.response(200, ProtocolVersions)
@allow(Permission.SIGNED_IN)
def list_protocol_versions(query: dict[str, Any]) -> Response:
    """All versions of the protocol, newest first; the built-in one comes last."""
    limit = query["limit"]
    rows = protocols.history(session(), before=number_behind(query, LONGEST_VERSION), limit=limit + 1)
    items = [row.document() for row in rows[:limit]]
    following = cursor_of(str(rows[limit - 1].number)) if len(rows) > limit else None
    return answer({"items": items if following else [*items, protocols.BUILT_IN], "next_cursor": following})


@routes.route("/follow-up/protocol", methods=["PUT"])
@routes.etag
@routes.arguments(ProtocolQuery, location="query")
@routes.arguments(ProtocolChange)
@routes.response(200, ProtocolAnswer)
@routes.refuses(409)
@allow(Permission.SET_UP)
def put_protocol(query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Put a new version in force, or with `dry_run=true` say what that would change for open procedures.

    More than fifty open procedures are moved after the answer, in batches; `move` here and in GET says how far that is.
    """
    standing = protocols.document(session())["version"]
    must_match(standing)
    content, open_too = body["content"], body["applies_to"] == OPEN
    if query["dry_run"] == "true":
        difference, stored, move = protocol_changes.try_out(session(), content, open_too=open_too), None, None
    else:
        note, by = body.get("note"), person().user_id
        difference = protocol_changes.activate(session(), content, standing=standing, note=note, open_too=open_too, by=by)
        stored, move = protocols.document(session()), _move()
    said = {"protocol": stored, "difference": difference.document(), "move": move, "warnings": warnings_of(content)}
    return answer(said, etag=stored["version"] if stored else standing)


@routes.route("/follow-up/forecast", methods=["GET"])
@routes.arguments(ForecastQuery, location="query")
@routes.response(200, Forecast)
@allow(Permission.READ_RECORD)
def get_forecast(query: dict[str, Any]) -> Response:
    """What will be sent in the days to come, or will not and why, as things stand now. Totals are of all days, items of one page."""
    limit = query["limit"]
    after = listing.position(read_cursor(query["cursor"], 2), listing.aware) if "cursor" in query else None
    whole = forecast.look_ahead(session(), current_app.config["GRAFTLOG"], days=query["days"])
    rows = [one for one in whole.items if after is None or (one.due_at, one.reminder_id) > after]
    last = rows[limit - 1] if len(rows) > limit else None
    items = [one.document() for one in forecast.told(session(), whole, rows[:limit])]
    return answer(
        whole.document() | {"items": items, "next_cursor": cursor_of(instant(last.due_at), str(last.reminder_id)) if last else None}
    )
