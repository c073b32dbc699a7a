"""Pages, styles and scripts go out compressed to whoever takes it: their words repeat so much that a tenth is left."""

import gzip
from functools import lru_cache
from http import HTTPStatus

from flask import Response, request

from server.web.blueprint import pages

LEAST_BYTES = 1_000
_TEXTS = ("text/", "application/javascript", "image/svg+xml")
_LEVEL = 5


@pages.after_request
def packed(response: Response) -> Response:
    """Only what is text and not tiny; what depends on the request says so to caches.

    A page holds the proof that its forms need, beside what was asked for. Guessing that from the sizes of many answers (BREACH) takes
    requests from another site that carry the cookie, and no request from there does: it is SameSite=Strict.
    """
    if not (response.mimetype or "").startswith(_TEXTS) or (response.is_streamed and not response.direct_passthrough):
        return response
    response.vary.add("Accept-Encoding")
    whole = response.status_code not in {HTTPStatus.NOT_MODIFIED, HTTPStatus.PARTIAL_CONTENT} and "Content-Encoding" not in response.headers
    if not whole or not request.accept_encodings["gzip"]:
        return response
    static, file = response.direct_passthrough, response.response
    response.direct_passthrough = False
    body = response.get_data()
    if static and hasattr(file, "close"):
        file.close()
    if len(body) < LEAST_BYTES:
        return response
    response.set_data(_packed_once(body) if static else gzip.compress(body, _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)  # other bytes, the same file
    return response


@lru_cache(maxsize=64)
def _packed_once(body: bytes) -> bytes:
    """Of a static file, which is asked for again and again and never changes under its address."""
    return gzip.compress(body, 9, mtime=0)
