"""How the FHIR interface answers: its media type, versions as weak tags, refusals as OperationOutcome, strict questions."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from flask import Response, current_app, request

from server.fhir import codes
from server.fhir.datatypes import LOCAL, Json, concept, lean
from server.fhir.scope import Scope
from server.http import person, refusal_headers
from server.problems import Problem, invalid

FHIR_JSON = "application/fhir+json"
PREFIX = "/fhir/"
_ACCEPTED = (FHIR_JSON, "application/json", "text/json")
_FORMATS = frozenset({"json", *_ACCEPTED})
_MOST, _USUAL = 200, 50
_FEW_DIGITS = re.compile("[0-9]{1,4}")
_ISSUE = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    413: "too-long",
    422: "invalid",
    429: "throttled",
    503: "transient",
}


def below(path: str) -> bool:
    """Whether this address is of the FHIR interface."""
    return path.startswith(PREFIX) or path == PREFIX[:-1]


def refusal(problem: Problem) -> Response:
    """The problem as an OperationOutcome. Unsound questions are 400 in FHIR."""
    status = 400 if problem.status == 422 else problem.status  # noqa: PLR2004  reason: the status itself
    issue = {
        "severity": "error" if status < 500 else "fatal",  # noqa: PLR2004  reason: a fault of the server's own
        "code": _ISSUE.get(problem.status, "exception"),
        "details": concept(f"{LOCAL}:problem", problem.code, text=problem.title),
        "diagnostics": problem.detail,
    }
    issues = [lean(issue | {"diagnostics": one["message"], "expression": [one["pointer"].strip("/")]}) for one in problem.errors]
    body = {"resourceType": "OperationOutcome", "issue": issues or [lean(issue)]}
    return _json(body, status, refusal_headers(problem))


def base() -> str:
    """Where this interface stands, for whoever is asking."""
    return f"{current_app.config['GRAFTLOG'].public_url}/fhir"


def scope() -> Scope:
    """The clinic of whoever is calling, on this server."""
    config = current_app.config["GRAFTLOG"]
    return Scope(config.public_url, person().clinic_id, codes.terms(config.snomed_map))


def one(resource: Json, version: str | None = None) -> Response:
    """One resource; `version` is its tag, and 304 goes out where it is known already."""
    response = _json(resource)
    if version is not None:
        response.set_etag(version, weak=True)
        response.make_conditional(request.environ)
    return response


def _json(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers=dict(headers or {}), mimetype=FHIR_JSON)


def question(known: Collection[str] = ()) -> dict[str, str]:
    """Parameters of the address, each known and given once; 422 otherwise. 406 where another format than JSON is wanted."""
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in {*known, "_format"}:
            raise invalid(f"/{name}", f"Not a parameter here; those are: {', '.join((*known, '_format'))}.")
        if len(values) > 1:
            raise invalid(f"/{name}", "Given more than once; give it once.")
        if "\x00" in values[0]:
            raise invalid(f"/{name}", "Holds a character that no text has; leave it out.")
        given[name] = values[0]
    wanted = given.pop("_format", FHIR_JSON).partition(";")[0].strip().replace(" ", "+")
    accepts = not request.accept_mimetypes or request.accept_mimetypes.best_match(_ACCEPTED)
    if wanted not in _FORMATS or not accepts:
        raise Problem("not_acceptable", f"Ask for {FHIR_JSON}.")
    return given


def limit_of(given: Mapping[str, str]) -> int:
    """How many on a page: `_count`, 1 to 200."""
    text = given.get("_count", str(_USUAL))
    if not _FEW_DIGITS.fullmatch(text) or int(text) == 0:
        raise invalid("/_count", f"Must be a whole number from 1 to {_MOST}.")
    return min(int(text), _MOST)


def text_of(given: Mapping[str, Any], name: str) -> str:
    """A parameter that the question cannot be without."""
    if not given.get(name):
        raise invalid(f"/{name}", "Say of which patient: patient=<id>.")
    return str(given[name])
