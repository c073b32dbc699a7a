"""HTTP of photographs: announce, find, look at. Their bytes arrive over tus."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

from flask import Response

from schemas.photos import PhotoCreate, PhotoList, PhotoOut, PhotoQuery, ThumbnailQuery
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import Routes, answer, own_transaction, page_of, read_cursor, session, streams
from server.photos.picture import MEDIA_TYPE
from server.photos.routes.lanes import SENDING, config, desk, lane, open_lanes
from server.photos.service import album
from server.photos.service.receiving import checked
from server.photos.service.vault import of_photo
from server.photos.store import Missing
from server.problems import Problem
from server.reads import reads, saw

routes = Routes(
    "photos",
    __name__,
    url_prefix="/api/v1",
    description="Photographs: announced here with their hash, then sent by tus 1.0 to /api/v1/uploads with `photo_id` in Upload-Metadata",
)
open_lanes(routes)
_PIECE = 64 * 1024
_JPEG = {"responses": {"200": {"description": "JPEG", "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}}


@routes.route("/photos", methods=["POST"])
@routes.arguments(PhotoCreate)
@routes.response(201, PhotoOut)
@routes.alt_response(200, schema=PhotoOut, description="Already announced", success=True)
@routes.refuses(409)
@allow(Permission.WRITE_PATIENT)
def announce_photo(body: dict[str, Any]) -> Response:
    """Announce a photograph; send its bytes afterwards."""
    photo, new = album.announce(session(), body, config().photo_max_mb)
    return answer(photo.document(), 201 if new else 200, etag=photo.write_id)


@routes.route("/photos", methods=["GET"])
@routes.arguments(PhotoQuery, location="query")
@routes.response(200, PhotoList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_photos(query: dict[str, Any]) -> Response:
    """Photographs, of a patient or a procedure."""
    after = read_cursor(query["cursor"], 2) if "cursor" in query else None
    wanted = {name: query.get(name) for name in ("patient_id", "procedure_id")}
    rows = album.find_photos(session(), **wanted, after=after, limit=query["limit"] + 1)
    saw(row.patient_id for row in rows[: query["limit"]])
    return page_of(rows, query["limit"], lambda last: (last.created_at.isoformat(), str(last.id)))


@routes.route("/photos/<uuid:photo_id>", methods=["GET"])
@routes.etag
@routes.response(200, PhotoOut)
@routes.refuses(404)
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def get_photo(photo_id: uuid.UUID) -> Response:
    """What is known of one photograph."""
    photo = album.get(session(), photo_id)
    return answer(photo.document(), etag=photo.write_id)


@routes.route("/photos/<uuid:photo_id>/content", methods=["GET"])
@routes.doc(**_JPEG)
@routes.refuses(404, 409)
@streams
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def get_content(photo_id: uuid.UUID) -> Response:
    """The photograph."""
    at = desk()
    with own_transaction(write=False) as reading:
        photo = album.stored(reading, photo_id)
        vault = of_photo(reading, at.store, at.keys, photo)
    with ExitStack() as opened:
        lane(SENDING).enter()
        opened.callback(lane(SENDING).leave)
        file = opened.enter_context(checked(at, vault))
        held = opened.pop_all()
        response = _jpeg(_pieces(file, held), photo_id)
    response.headers["Content-Length"] = str(photo.stored_bytes)
    response.call_on_close(held.close)  # also when the connection breaks before the first byte
    return response


@routes.route("/photos/<uuid:photo_id>/thumbnail", methods=["GET"])
@routes.arguments(ThumbnailQuery, location="query")
@routes.doc(**_JPEG)
@routes.refuses(404, 409)
@streams
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def get_thumbnail(query: dict[str, Any], photo_id: uuid.UUID) -> Response:
    """A small copy of the photograph."""
    at = desk()
    with own_transaction(write=False) as reading:
        vault = of_photo(reading, at.store, at.keys, album.with_thumbnails(reading, photo_id))
    try:
        return _jpeg(b"".join(vault.read(str(query["size"]))), photo_id)
    except Missing:
        raise Problem("damaged", "The store has lost this thumbnail. Use the photo's content.") from None


def _jpeg(body: bytes | Iterator[bytes], photo_id: uuid.UUID) -> Response:
    response = Response(body, mimetype=MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'inline; filename="photo-{photo_id}.jpg"'
    return response


def _pieces(file: IO[bytes], held: ExitStack) -> Iterator[bytes]:
    with held:
        while piece := file.read(_PIECE):
            yield piece
