"""Uploads as tus 1.0 says: core, creation, termination, checksum, expiration.

Not in the OpenAPI document, which cannot describe a protocol of headers and offsets; any tus client speaks it.
"""

import time
import uuid
from collections.abc import Callable
from email.utils import format_datetime
from typing import TypeVar

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.access import Permission, allow, public
from server.http import own_transaction, streams
from server.photos import rules
from server.photos.models import Upload, UploadState
from server.photos.routes.connection import hang_up, patience
from server.photos.routes.lanes import RECEIVING, config, desk, lane, open_lanes
from server.photos.service import uploads
from server.photos.service.receiving import receive, tidy
from server.problems import Problem, invalid

tus = Blueprint("tus", __name__, url_prefix="/api/v1")
open_lanes(tus)
LONGEST_S = 600.0
"""However slowly it drips, one request ends after this; the upload goes on with the next."""
_BYTES = "application/offset+octet-stream"
Value = TypeVar("Value")


@tus.after_request
def _speaks_tus(response: Response) -> Response:
    """On every answer, refusals included, which end the connection when they may leave bytes unread."""
    response.headers["Tus-Resumable"] = rules.VERSION
    if response.status_code == 412:  # noqa: PLR2004  reason: known by its number
        response.headers["Tus-Version"] = rules.VERSION
    if response.status_code >= 400 and request.method in {"PATCH", "POST"}:  # noqa: PLR2004  reason: as above
        hang_up(response)
    return response


@tus.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@public
def what_is_there() -> Response:
    """What this server can do."""
    able = {
        "Tus-Version": rules.VERSION,
        "Tus-Extension": rules.EXTENSIONS,
        "Tus-Max-Size": str(_most_bytes()),
        "Tus-Checksum-Algorithm": rules.ALGORITHM,
    }
    return Response(status=204, headers=able)


@tus.route("/uploads", methods=["POST"], provide_automatic_options=False)
@streams
@allow(Permission.WRITE_PATIENT)
def begin_upload() -> Response:
    """A new upload of an announced photograph."""
    _must_speak_tus()
    size = _said("Upload-Length", lambda: rules.whole_number(request.headers.get("Upload-Length"), "Upload-Length"))
    if size > _most_bytes():
        raise Problem("too_large", f"At most {config().photo_max_mb} MB (PHOTO_MAX_MB). Send a smaller file.")
    photo_id = _said("Upload-Metadata", lambda: rules.photo_of(request.headers.get("Upload-Metadata")))
    with own_transaction() as session:
        upload = uploads.begin(session, photo_id, size)
    return Response(status=201, headers={"Location": f"/api/v1/uploads/{upload.id}", **_stand(upload)})


@tus.route("/uploads/<uuid:upload_id>", methods=["HEAD"], provide_automatic_options=False)
@streams
@allow(Permission.WRITE_PATIENT)
def look_at_upload(upload_id: uuid.UUID) -> Response:
    """Where to go on."""
    with own_transaction(write=False) as session:
        upload = uploads.standing(session, upload_id)
    _must_speak_tus()
    return Response(status=200, headers={"Upload-Length": str(upload.size_bytes), **_stand(upload)})


@tus.route("/uploads/<uuid:upload_id>", methods=["PATCH"], provide_automatic_options=False)
@streams
@allow(Permission.WRITE_PATIENT)
def go_on(upload_id: uuid.UUID) -> Response:
    """Take in the next bytes; the last ones make the photograph."""
    with own_transaction(write=False) as session:
        uploads.standing(session, upload_id)
    _must_speak_tus()
    if request.mimetype != _BYTES:
        raise Problem("unsupported_media_type", f"Set Content-Type: {_BYTES}.")
    offset = _said("Upload-Offset", lambda: rules.whole_number(request.headers.get("Upload-Offset"), "Upload-Offset"))
    promised = _said("Upload-Checksum", lambda: rules.checksum_of(request.headers.get("Upload-Checksum")))
    lane(RECEIVING).enter()
    try:
        with patience():
            receive(desk(), upload_id, offset, _Incoming(), promised=promised, coming=request.content_length)
    finally:
        lane(RECEIVING).leave()
    with own_transaction(write=False) as session:
        return Response(status=204, headers=_stand(uploads.standing(session, upload_id)))


@tus.route("/uploads/<uuid:upload_id>", methods=["DELETE"], provide_automatic_options=False)
@streams
@allow(Permission.WRITE_PATIENT)
def end_upload(upload_id: uuid.UUID) -> Response:
    """Give the upload up; its bytes are deleted."""
    with own_transaction() as session:
        upload = uploads.stop(session, upload_id)
        _must_speak_tus()
    tidy(desk().store, upload.incoming)
    return Response(status=204)


@tus.route("/uploads/<uuid:upload_id>", methods=["POST"], provide_automatic_options=False)
@streams
@allow(Permission.WRITE_PATIENT)
def in_other_words(upload_id: uuid.UUID) -> Response:
    """PATCH or DELETE for clients on whose way only POST gets through."""
    with own_transaction(write=False) as session:
        uploads.standing(session, upload_id)
    meant: dict[str, Callable[[uuid.UUID], Response]] = {"PATCH": go_on, "DELETE": end_upload}
    named = request.headers.get("X-HTTP-Method-Override", "").upper()
    if named not in meant:
        raise Problem("bad_request", "Send PATCH or DELETE, or name one of them in X-HTTP-Method-Override.")
    return meant[named](upload_id)


def _must_speak_tus() -> None:
    if request.headers.get("Tus-Resumable") != rules.VERSION:
        raise Problem("tus_version", f"This server speaks tus {rules.VERSION}; send it in Tus-Resumable.")


def _said(header: str, read: Callable[[], Value]) -> Value:
    try:
        return read()
    except ValueError as error:
        raise invalid(f"/{header}", str(error)) from None


def _most_bytes() -> int:
    return config().photo_max_mb * 1024 * 1024


def _stand(upload: Upload) -> dict[str, str]:
    stand = {"Upload-Offset": str(upload.received_bytes)}
    if upload.state == UploadState.OPEN:
        stand["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return stand


class _Incoming:
    """The request's bytes, and whether they ended before their time. The bound of JSON bodies does not hold here, the photo's does."""

    def __init__(self) -> None:
        request.max_content_length = _most_bytes()
        self._stream, self._left = request.stream, request.content_length
        self._end = time.monotonic() + LONGEST_S
        self.broken = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes."""
        if self.broken or time.monotonic() > self._end:
            self.broken = self.broken or self._left != 0
            return b""
        try:
            piece = self._stream.read(size)
        except (ClientDisconnected, OSError):
            self.broken = True
            return b""
        except RequestEntityTooLarge:
            raise Problem("too_large", "More bytes than the upload's length. Send no more than Upload-Length.") from None
        if self._left is not None:
            self._left -= len(piece)
            self.broken = not piece and self._left > 0
        return piece
