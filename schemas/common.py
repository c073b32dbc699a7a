"""Shapes that every feature uses: problems, lists, cursors."""

from marshmallow import fields

from schemas.fields import QueryWhole, Shape, Text
from schemas.limits import LIMITS, Limit

LIMITS["limit"] = Limit("limit", "items", 1, 200, typical=50)
PAGE = 50
LONGEST_CURSOR = 1500
"""Two names of 120 characters, each up to four bytes, and an id."""


class ProblemField(Shape):
    """One field that needs correction."""

    pointer = fields.String(required=True, metadata={"description": "JSON pointer into the request body", "example": "/volume_ml"})
    message = fields.String(required=True)


class Obstacle(Shape):
    """One thing that keeps a procedure from being signed."""

    code = fields.String(required=True)
    message = fields.String(required=True)


class ProblemOut(Shape):
    """RFC 9457 problem."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String()
    errors = fields.List(fields.Nested(ProblemField))
    retry_after_s = fields.Integer(metadata={"description": "Only with status 429: seconds to wait, as in Retry-After."})
    problems = fields.List(fields.Nested(Obstacle), metadata={"description": "Only with code cannot_sign: everything that would be false."})


class Page(Shape):
    """Paging of every list."""

    limit = QueryWhole("limit", load_default=PAGE)
    cursor = Text(longest=LONGEST_CURSOR, metadata={"description": "`next_cursor` of the page before."})


class Items(Shape):
    """What every list answers besides its `items`."""

    next_cursor = Text(longest=LONGEST_CURSOR, required=True, allow_none=True, metadata={"description": "Null on the last page."})
