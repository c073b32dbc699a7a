"""HTTP of what tablets push. Only size and form of the whole are refused; what a row says never is."""

import math
import re
import uuid
import zlib
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, request
from marshmallow import ValidationError

from schemas.fields import Moment
from schemas.sync import MOST_ROWS, PushOut
from schemas.sync_words import PUSHED, Synced
from server import clock
from server.access import Permission, Signed, Tablet, allow
from server.bodies import decoded, must_be_json
from server.http import Routes, answer, caller, session
from server.problems import Problem
from server.sync.push import batch
from server.sync.push.row import Row
from server.sync.service.people import Sender

routes = Routes("sync_push", __name__, url_prefix="/api/v1", description="What tablets push: every row stored and acknowledged")
COLLECTION: list[Any] = [
    {"in": "path", "name": "collection", "required": True, "schema": {"type": "string", "enum": [str(one) for one in PUSHED]}}
]
_ROW = {
    "type": "object",
    "required": ["newDocumentState"],
    "properties": {
        "newDocumentState": {"type": "object", "description": "The document as the tablet has it now; a missing field means unchanged."},
        "assumedMasterState": {"type": ["object", "null"], "description": "The server's document that it was made from."},
    },
}
BODY = {"required": True, "content": {"application/json": {"schema": {"type": "array", "items": _ROW, "maxItems": MOST_ROWS}}}}
HEADERS: list[dict[str, Any]] = [
    {"in": "header", "name": name, "description": said, "schema": {"type": "string"}}
    for name, said in (
        ("X-Device-Time", "The tablet's clock at sending, RFC 3339; kept and compared, never used for order."),
        ("X-Device-Seq", "For each procedure of the batch `procedure_id=highest/recorded`, separated by commas."),
        ("X-App-Version", "The client's own version."),
    )
]
_COUNT = re.compile(r"([0-9a-fA-F-]{36})=([0-9]{1,9})/([0-9]{1,9})")
_GZIP = 31
"""How zlib calls a gzip stream of any window."""
_MOST_DIGITS = 400
"""Of a whole number; Python reads no more than 4300."""


@routes.route("/sync/<collection>/push", methods=["POST"], parameters=COLLECTION)
@routes.doc(requestBody=BODY, parameters=HEADERS)
@routes.response(200, PushOut)
@routes.refuses(404, 413, 415)
@allow(Permission.SYNC)
def push(collection: str) -> Response:
    """Take rows of a tablet. Each one is acknowledged with what became of it; a repeated push changes nothing."""
    if collection not in PUSHED:
        raise Problem("not_found", f"Collections that can be pushed: {', '.join(PUSHED)}.")
    name = Synced(collection)
    return answer(batch.receive(session(), name, _rows(name), _sender()))


def _rows(collection: Synced) -> list[Row]:
    must_be_json()
    sent = decoded(_body(), parse_float=_number, parse_int=_whole)
    if not isinstance(sent, list):
        raise Problem("bad_request", "Send a list of rows.")
    if len(sent) > MOST_ROWS:
        raise Problem("too_large", f"{len(sent)} rows; send at most {MOST_ROWS} at once, in several pushes.")
    for index, one in enumerate(sent):
        if not isinstance(one, dict) or not isinstance(one.get("newDocumentState"), dict):
            raise Problem("bad_request", f"Row {index} must be an object with the object newDocumentState.")
        if not isinstance(one.get("assumedMasterState"), dict | None):
            raise Problem("bad_request", f"assumedMasterState of row {index} must be an object, null, or left out.")
    return [Row(index, collection, one["newDocumentState"], one.get("assumedMasterState")) for index, one in enumerate(sent)]


def _whole(text: str) -> int | str:
    """A number with hundreds of digits stays a text: it fits no field, so its row is put aside, and the others are taken."""
    return int(text) if len(text) <= _MOST_DIGITS else text


def _number(text: str) -> int | float | str:
    """12.0 is 12, as in RFC 8785: the same content must have the same hash, whatever wrote it. 1e999 is none: its text."""
    value = float(text)
    if not math.isfinite(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _body() -> bytes:
    data, encoding = request.get_data(), request.headers.get("Content-Encoding", "identity").strip().casefold()
    if encoding == "identity":
        return data
    if encoding != "gzip":
        raise Problem("unsupported_media_type", "Content-Encoding may be gzip or left out.")
    most = current_app.config["GRAFTLOG"].max_body_kb * 1024
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(data, most + 1)
    except zlib.error:
        raise Problem("bad_request", "The body is not gzip; send it again, or without Content-Encoding.") from None
    if len(text) > most:
        raise Problem("too_large", "Send fewer rows at once; the limit is MAX_BODY_KB, unpacked.")
    if not unpacker.eof or unpacker.unused_data:
        raise Problem("bad_request", "The gzip body was cut off or has something behind it; send it again.")
    return text


def _sender() -> Sender:
    """Who pushes, and what the tablet says of itself. A header that cannot be read is no reason to refuse a fact."""
    who, told = caller(), _device_time()
    return Sender(
        user_id=who.user_id,
        device_id=who.device_id,
        roles=who.roles if isinstance(who, Signed) else (),
        revoked=isinstance(who, Tablet) and who.revoked,
        device_time=told,
        offset_ms=round((told - clock.now()) / timedelta(milliseconds=1)) if told else None,
        counts=_counts(request.headers.get("X-Device-Seq", "")),
    )


def _device_time() -> datetime | None:
    try:
        return Moment().deserialize(request.headers.get("X-Device-Time"))
    except ValidationError:
        return None


def _counts(header: str) -> dict[uuid.UUID, tuple[int, int]]:
    found = {}
    for part in header.split(",")[:100]:
        told = _COUNT.fullmatch(part.strip())
        try:
            procedure_id = uuid.UUID(told[1]) if told else None
        except ValueError:
            continue
        if told and procedure_id:
            found[procedure_id] = int(told[3]), int(told[2])
    return found
