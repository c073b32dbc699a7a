"""HTTP of what tablets pull, and of the stream that tells them when to."""

from typing import Any

from flask import Response, current_app, request

from schemas.reading_words import Reading
from schemas.sync import OLDEST_SCHEMA, PullOut, PullQuery
from schemas.sync_words import Synced
from server import catalogue
from server.access import Permission, Tablet, allow
from server.http import Routes, caller, session
from server.journal import epochs
from server.problems import Problem
from server.reads import reads
from server.sync import pages, stream

routes = Routes(
    "sync_pull", __name__, url_prefix="/api/v1", description="What tablets pull: current documents in the order of their changes"
)
COLLECTION: list[Any] = [
    {"in": "path", "name": "collection", "required": True, "schema": {"type": "string", "enum": [str(one) for one in Synced]}}
]
SCHEMA = {
    "in": "header",
    "name": "X-Schema-Version",
    "description": "Version of the documents that the client was made for; one that is too old gets 426 here, never when it pushes.",
    "schema": {"type": "string"},
}
LAST_SEEN = {
    "in": "header",
    "name": "Last-Event-ID",
    "description": "Of the last event seen; sent by browsers.",
    "schema": {"type": "string"},
}


def collection_of(name: str) -> Synced:
    """404 for a collection that there is not."""
    if name not in set(Synced):
        raise Problem("not_found", f"Collections: {', '.join(Synced)}.")
    return Synced(name)


def _in_a_persons_hands() -> None:
    """A tablet delivers facts by itself; it is shown patients only while somebody is signed in on it."""
    if isinstance(caller(), Tablet):
        raise Problem("not_signed_in", "Sign in on the tablet with your PIN to read. What it has recorded may be pushed without.")


def _not_too_old() -> None:
    said = request.headers.get("X-Schema-Version", "")
    if said.isascii() and said.isdigit() and int(said[:9]) < OLDEST_SCHEMA:
        raise Problem(
            "upgrade_required", f"Update the application; documents of version {OLDEST_SCHEMA} or newer are given. Pushing still works."
        )


@routes.route("/sync/<collection>/pull", methods=["GET"], parameters=COLLECTION)
@routes.doc(parameters=[SCHEMA])
@routes.arguments(PullQuery, location="query")
@routes.response(200, PullOut)
@routes.refuses(404, 409, 426)
@allow(Permission.SYNC)
@reads(Reading.SYNC)
def pull(query: dict[str, Any], collection: str) -> Response:
    """Documents changed after a checkpoint, each as it is now."""
    _in_a_persons_hands()
    name = collection_of(collection)
    _not_too_old()
    epoch, seq = epochs.epoch(session()), query["seq"]
    if query.get("epoch", epoch) != epoch or ("epoch" not in query and seq):
        raise Problem(
            "epoch_changed", "Start again from an empty checkpoint, and push everything that this client holds.", epoch=str(epoch)
        )
    if name == Synced.CATALOGUE:
        return _json(pages.of_catalogue(catalogue.document(), epoch, seq))
    return _json(pages.of_journal(session(), name, epoch, seq, query["limit"]))


def _json(text: str) -> Response:
    return Response(text, mimetype="application/json")


@routes.route("/sync/stream", methods=["GET"])
@routes.doc(
    parameters=[LAST_SEEN],
    responses={
        "200": {
            "description": 'Events: `changed` with `{"collection": …}`, and a heart-beat. It ends after a minute; connect again.',
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
@routes.refuses(503)
@allow(Permission.SYNC)
def follow() -> Response:
    """Pings about changed collections. Losing any of them is harmless; the next pull brings everything."""
    _in_a_persons_hands()
    lines = stream.Stream(current_app.db, caller().clinic_id, request.headers.get("Last-Event-ID"))  # type: ignore[attr-defined]  # reason: our App
    release = stream.seat(current_app.config["GRAFTLOG"].web_threads)
    response = Response(lines.events(), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(release)
    return response
