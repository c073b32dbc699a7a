"""`GET /catalogue`: the words and limits that tablet, schema, database and page share, as one versioned document."""

from dataclasses import asdict
from enum import StrEnum
from functools import cache
from typing import Any

from flask import Response
from marshmallow import fields

from schemas import outcome_words, vocabulary
from schemas.entries import SHAPES
from schemas.entry_columns import limit_of
from schemas.fields import Shape, Text
from schemas.limits import LIMITS
from server.access import public
from server.canonical import digest
from server.http import Routes, answer

routes = Routes("catalogue", __name__, url_prefix="/api/v1", description="Words and limits")
EVIDENCE = {
    "V": "figure seen in a public source",
    "B": "general background knowledge; needs a surgeon's sign-off before clinical use",
    "E": "engineering judgement; needs a surgeon's sign-off before clinical use",
}


class CatalogueOut(Shape):
    """Vocabulary, limits and entry kinds."""

    version = Text(required=True)
    vocabulary = fields.Dict(required=True)
    limits = fields.Dict(required=True)
    evidence = fields.Dict(required=True)
    entries = fields.Dict(required=True)
    checklist = fields.Dict(required=True)
    high_risk_vessel_zones = fields.List(Text(), required=True)


@cache
def document() -> dict[str, Any]:
    """The whole catalogue; its version is the hash of its content."""
    named = (vars(vocabulary) | vars(outcome_words)).values()
    enums = [one for one in named if isinstance(one, type) and issubclass(one, StrEnum) and one is not StrEnum]
    body: dict[str, Any] = {
        "vocabulary": {one.__name__: [str(word) for word in one] for one in enums},
        "limits": {name: asdict(limit) for name, limit in LIMITS.items()},
        "evidence": EVIDENCE,
        "entries": {str(kind): _fields(kind, shape) for kind, shape in SHAPES.items()},
        "checklist": {str(phase): list(items) for phase, items in vocabulary.CHECKLIST_ITEMS.items()},
        "high_risk_vessel_zones": sorted(vocabulary.HIGH_RISK_VESSEL_ZONES),
    }
    return {"version": digest(body)[:16]} | body


def _fields(kind: str, shape: type[Shape]) -> dict[str, Any]:
    described = {}
    for name, field in shape().fields.items():
        limit = limit_of(kind, name)
        described[name] = {"required": field.required, "limit": limit.name if limit else None}
    return described


@routes.route("/catalogue", methods=["GET"])
@routes.etag
@routes.response(200, CatalogueOut)
@public
def catalogue() -> Response:
    """The catalogue; ask again with If-None-Match."""
    return answer(document(), etag=document()["version"])
