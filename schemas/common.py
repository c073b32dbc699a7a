"""Shapes that every feature uses: problems, lists, cursors."""

from marshmallow import fields

from schemas.fields import QueryWhole, Shape, Text
from schemas.limits import LIMITS, Limit

LIMITS["limit"] = Limit("limit", "items", 1, 200, typical=50)
PAGE = 50


class ProblemField(Shape):
    """One field that needs correction."""

    pointer = Text(shortest=0, required=True, metadata={"description": "JSON pointer into the request body", "example": "/volume_ml"})
    message = Text(longest=2000, required=True)


class ProblemOut(Shape):
    """RFC 9457 problem."""

    type = Text(required=True)
    title = Text(required=True)
    status = fields.Integer(required=True)
    code = Text(required=True)
    detail = Text(longest=4000)
    errors = fields.List(fields.Nested(ProblemField))


class Page(Shape):
    """Paging of every list."""

    limit = QueryWhole("limit", load_default=PAGE)
    cursor = Text(longest=300)
