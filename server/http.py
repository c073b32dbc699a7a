"""How the API speaks HTTP: strict JSON in, documents out, problem+json for every refusal, and OpenAPI that says so."""

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NoReturn, Protocol, TypeVar

from flask import Response, g, request
from flask_smorest import Api, Blueprint
from marshmallow import EXCLUDE, RAISE, ValidationError
from sqlalchemy.orm import Session
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from schemas.common import ProblemOut
from schemas.pointers import pointers
from server.access import PUBLIC, Caller, Signed, Tablet
from server.bodies import JSON_PLEASE, read_json
from server.idempotency import is_kept
from server.problems import Problem, bad_cursor
from server.spec import access_doc, describe_versions

PROBLEM_JSON = "application/problem+json"
MOST_ERRORS, LONGEST_POINTER = 100, 200
LONGEST_SEQ = 18
"""Digits of a row's number in a cursor: less than either database's whole numbers hold."""
"""Of a refusal: names in it are the client's, who could send a million long ones."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
T = TypeVar("T")
R = TypeVar("R", bound="Stored")
View = TypeVar("View", bound=Callable[..., Any])
_BY_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "bad_request",
    409: "conflict",
    411: "bad_request",
    412: "stale",
    413: "too_large",
    414: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    428: "if_match_required",
    429: "too_many_tries",
    431: "too_large",
}
_ADVICE = {
    "not_found": "Check the address and the id.",
    "method_not_allowed": "See the Allow header.",
    "stale": "Read the record again, apply your change to it, and send the new ETag in If-Match.",
    "if_match_required": "Send the record's ETag in If-Match.",
    "unsupported_media_type": JSON_PLEASE,
    "too_large": "Send less at once; the limit is MAX_BODY_KB.",
}


def session() -> Session:
    """This request's database session; committed after the view returns, before the answer leaves."""
    return g.session  # type: ignore[no-any-return]  # reason: flask.g is untyped


def streams(view: View) -> View:
    """Mark a view through which bytes come or go slowly. It gets no transaction around it, and opens short ones itself."""
    vars(view)["__streams__"] = True
    return view


def own_transaction(*, write: bool = True) -> AbstractContextManager[Session]:
    """A transaction of the clinic that is acting, for a view that `streams`; committed when the block ends."""
    return g.own_transaction(write=write)  # type: ignore[no-any-return]  # reason: flask.g is untyped


def person() -> Signed:
    """Who is acting; only for views marked with a permission that people alone have, so neither `SYNC` nor `DEVICE`."""
    return g.person  # type: ignore[no-any-return]  # reason: flask.g is untyped


def caller() -> Caller:
    """The person or the tablet that is acting; for views marked with `Permission.SYNC`, which both have."""
    return g.person  # type: ignore[no-any-return]  # reason: flask.g is untyped


def tablet() -> Tablet:
    """Which tablet is calling under its own token; only for views marked with `Permission.DEVICE`."""
    return g.person  # type: ignore[no-any-return]  # reason: flask.g is untyped


def found(row: T | None) -> T:
    """The row, or 404."""
    if row is None:
        raise Problem("not_found", _ADVICE["not_found"])
    return row


def answer(document: Any, status: int = 200, *, etag: uuid.UUID | str | None = None, with_more: bool = False) -> Response:
    """JSON as it stands, with its version. `with_more`: than the record itself, so the tag goes on with a hash of everything."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = Response(body, status, mimetype="application/json")
    if etag is not None:
        response.set_etag(f"{etag}.{sha256(body.encode()).hexdigest()[:16]}" if with_more else str(etag))
        if request.method == "GET":
            response.make_conditional(request.environ)
    return response


def must_match(write_id: uuid.UUID | str) -> None:
    """Refuse a change that was not made to this version: 428 without If-Match, 412 with another version's."""
    if not request.if_match:
        raise Problem("if_match_required", _ADVICE["if_match_required"])
    sent = {tag.partition(".")[0] for tag in request.if_match.as_set() if tag}
    if not request.if_match.star_tag and str(write_id) not in sent:
        raise Problem("stale", _ADVICE["stale"])


class _Parser(FlaskParser):
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012  reason: webargs declares it so
        "json": RAISE,
        "query": RAISE,
        "headers": EXCLUDE,
        "path": RAISE,
    }

    def load_json(self, req: Any, schema: Any) -> Any:  # noqa: ARG002  reason: webargs' signature
        return read_json()

    def load_querystring(self, req: Any, schema: Any) -> Any:
        repeated = {name: ["Given more than once; give it once."] for name, values in req.args.lists() if len(values) > 1}
        if repeated:
            raise refused(repeated)
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        messages = error.messages
        inner = next(iter(messages.values())) if isinstance(messages, Mapping) and len(messages) == 1 else messages
        raise refused(inner)


def refused(messages: Any) -> Problem:
    """422 with a pointer for each of marshmallow's messages, as far as anybody would read them."""
    rows = [row | {"pointer": row["pointer"][:LONGEST_POINTER]} for row in pointers(messages)[:MOST_ERRORS]]
    first = rows[0] if rows else {"pointer": "", "message": ""}
    return Problem("invalid", f"{first['pointer'] or 'body'}: {first['message']}", errors=rows)


class Routes(Blueprint):  # type: ignore[misc]  # reason: flask-smorest ships no types
    """A blueprint of the API: strict parsing, and every route documents its problems."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As flask-smorest's."""
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(access_doc)

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method, notes in self._docs[endpoint].items():
            if method != "parameters":
                notes["access"], notes["kept"] = getattr(obj, "__access__", PUBLIC), is_kept(obj)

    def etag(self, obj: View) -> View:
        """Document ETag, If-None-Match and If-Match; `answer` and `must_match` do the work, with `write_id` as the tag."""
        vars(obj)["_apidoc"] = {**getattr(obj, "_apidoc", {}), "etag": True}  # where flask-smorest keeps its notes
        return obj

    def refuses(self, *statuses: int) -> Callable[[View], View]:
        """Document which problems a route answers with, besides those every route has (400, 401, 403, 422, 503…)."""

        def mark(view: View) -> View:
            for status in statuses:
                view = self.alt_response(status, HTTPStatus(status).name)(view)
            return view

        return mark


class GraftlogApi(Api):  # type: ignore[misc]  # reason: flask-smorest ships no types
    """flask-smorest with our problems instead of its own error bodies."""

    ERROR_SCHEMA = ProblemOut

    def handle_http_exception(self, error: HTTPException, said: Callable[[Problem], Response] | None = None) -> Response:
        """Any HTTP error, our words instead of the framework's; `said` by an interface that has a form of its own for problems."""
        if error.code is not None and error.code < 400:
            return error.get_response()  # type: ignore[return-value]  # reason: a redirect of the router
        code = _BY_STATUS.get(error.code or 500, "internal")
        response = (said or problem_response)(Problem(code, _ADVICE.get(code, "")))
        if error.code == 405:
            response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
        return response

    def _register_etag_headers(self) -> None:
        describe_versions(self.spec)

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE, kept = PROBLEM_JSON, self.DEFAULT_RESPONSE_CONTENT_TYPE
        try:
            super()._register_responses()
        finally:
            self.DEFAULT_RESPONSE_CONTENT_TYPE = kept


def problem_response(problem: Problem) -> Response:
    """RFC 9457 answer."""
    text = json.dumps(problem.as_dict(), ensure_ascii=False)
    return Response(text, problem.status, headers=refusal_headers(problem), mimetype=PROBLEM_JSON)


def refusal_headers(problem: Problem) -> dict[str, str]:
    """What a client should do next, as headers say it."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if problem.status == 503:
        headers["Retry-After"] = "2"
    if "retry_after_s" in problem.extra:
        headers["Retry-After"] = str(problem.extra["retry_after_s"])
    return headers


def cursor_of(*parts: str) -> str:
    """Opaque cursor after the last item of a page."""
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode().rstrip("=")


class Stored(Protocol):
    """A row that says itself what a client sees of it."""

    def document(self) -> dict[str, Any]: ...  # noqa: D102  reason: the class says it


def page_of(rows: Sequence[R], limit: int, place: Callable[[R], Sequence[str]]) -> Response:
    """A page of a list: documents of up to `limit` rows, and the `place` after which the next begins; `rows` hold one more, if there is."""
    following = cursor_of(*place(rows[limit - 1])) if len(rows) > limit else None
    return answer({"items": [row.document() for row in rows[:limit]], "next_cursor": following})


def after_id(query: Mapping[str, Any]) -> uuid.UUID | None:
    """The id behind which a page begins, from its cursor; None for the first page. 422 for anything else."""
    try:
        return uuid.UUID(read_cursor(query["cursor"], 1)[0]) if "cursor" in query else None
    except ValueError:
        raise bad_cursor() from None


def number_behind(query: Mapping[str, Any], longest: int = LONGEST_SEQ) -> int | None:
    """The number behind which a page begins, from its cursor, of at most so many digits; None for the first page. 422 for anything else."""
    if "cursor" not in query:
        return None
    (part,) = read_cursor(query["cursor"], 1)
    if not part.isascii() or not part.isdigit() or len(part) > longest:
        raise bad_cursor()
    return int(part)


def read_cursor(cursor: str, count: int) -> list[str]:
    """The parts of a cursor that `cursor_of` made; 422 for anything else."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        parts = None
    if (
        not isinstance(parts, list)
        or len(parts) != count
        or not all(isinstance(part, str) and not _UNSTORABLE.search(part) for part in parts)
    ):
        raise bad_cursor()
    return parts
