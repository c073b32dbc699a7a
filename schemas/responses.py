"""Shapes of responses to instruments: answers as they are sent, and scores as the server has computed them."""

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from marshmallow import ValidationError, fields, validates_schema

from schemas.common import Items
from schemas.fields import Day, Document, Flag, Id, Moment, Shape, Text
from schemas.outcome_words import AnsweredBy, ResponseState

NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,39}"
MOST, LARGEST = 200, 1_000_000


class Named(fields.Field[dict[str, Any]]):
    """Name → number, yes or no, or null. `low` and `high` bound the numbers; without `flags` there is no yes and no."""

    def __init__(self, low: float = -LARGEST, high: float = LARGEST, *, flags: bool = True, nulls: bool = True, **kwargs: Any) -> None:
        """What a value may be."""
        self.low, self.high, self.flags, self.nulls = low, high, flags, nulls
        super().__init__(**kwargs)
        kinds = ["number", *(["boolean"] if flags else []), *(["null"] if nulls else [])]
        cast("dict[str, Any]", self.metadata).update(
            {
                "type": "object",
                "maxProperties": MOST,
                "propertyNames": {"pattern": f"^{NAME}$"},
                "additionalProperties": {"type": kinds, "minimum": low, "maximum": high},
            }
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > MOST:
            raise ValidationError(f"Must be an object with at most {MOST} names.")
        wrong = {str(name)[:40]: [fault] for name, one in value.items() if (fault := self._fault(str(name), one))}
        if wrong:
            raise ValidationError(wrong)
        return value

    def _fault(self, name: str, one: object) -> str | None:
        if not re.fullmatch(NAME, name):
            return "Not a name; letters, digits, dot, dash and underscore, at most 40."
        if (one is None and self.nulls) or (isinstance(one, bool) and self.flags):
            return None
        if isinstance(one, bool) or not isinstance(one, int | float):
            return f"Must be a number{', true or false' if self.flags else ''}."
        inside = (isinstance(one, int) or math.isfinite(one)) and self.low <= one <= self.high
        return None if inside else f"Must lie between {self.low:g} and {self.high:g}."


class ResponseCreate(Shape):
    """Answers that a member of staff writes down with the patient, all at once or some; or the scores that somebody else has computed.

    `id` is made by the client, so that a repeated call is harmless.
    """

    id = Id()
    instrument = Text(longest=40, required=True, metadata={"example": "pain"})
    instrument_version = Text(longest=40, metadata={"description": "The newest where none is named."})
    answers = Named(metadata={"description": "By item; null: asked, and left out.", "example": {"pain": 3}})
    complete = Flag(load_default=False, metadata={"description": "Whether that is all; then the scores are computed."})
    totals = Named(flags=False, metadata={"description": "The client's own scores by scale; refused where they differ from the server's."})
    scores = Named(
        0,
        100,
        flags=False,
        nulls=False,
        metadata={"description": "Instead of answers: 0 to 100 by scale, from a licensed scorer elsewhere."},
    )
    answered_on = Day(metadata={"description": "Today where none is given."})

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        """Answers or scores, not both; totals of what is complete."""
        if "scores" in data and ("answers" in data or "totals" in data):
            raise ValidationError("Send answers, or scores computed elsewhere, not both.", "scores")
        if "totals" in data and not data.get("complete"):
            raise ValidationError("Only with complete: true.", "totals")


class ResponseChange(Shape):
    """Further answers to a response that is still open."""

    answers = Named(metadata={"description": "By item; those that are not named stay as they are.", "example": {"pain": 3}})
    complete = Flag(load_default=False)
    totals = Named(flags=False, metadata={"description": "The client's own scores by scale."})

    @validates_schema
    def says_something(self, data: dict[str, Any], **_: Any) -> None:
        """Totals of what is complete."""
        if "totals" in data and not data.get("complete"):
            raise ValidationError("Only with complete: true.", "totals")


class ScoreOut(Document):
    """One scale of a complete response; value null: too many of its items are missing."""

    id = Id()
    response_id = Id()
    patient_id = Id()
    procedure_id = Id()
    visit_id = Id(allow_none=True)
    instrument = Text(longest=40)
    scale = Text(longest=40)
    value = fields.Float(allow_none=True)
    answered = fields.Integer(metadata={"description": "Of how many items there is an answer; 0 of 0: a score from elsewhere."})
    items = fields.Integer()
    answered_on = Day()
    created_at = Moment()


class ResponseOut(Document):
    """One filling-in of one version of an instrument."""

    id = Id()
    patient_id = Id()
    procedure_id = Id()
    visit_id = Id(allow_none=True)
    instrument = Text(longest=40)
    instrument_version = Text(longest=40)
    via = fields.String(metadata={"enum": [str(one) for one in AnsweredBy]})
    state = fields.String(metadata={"enum": [str(one) for one in ResponseState]})
    answers = fields.Dict()
    given_by = Id(allow_none=True, metadata={"description": "Who wrote it down; null: the patient."})
    answered_on = Day(allow_none=True)
    completed_at = Moment(allow_none=True)
    reason = Text(longest=1000, allow_none=True, metadata={"description": "Why it was withdrawn."})
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class WholeResponse(ResponseOut):
    """A response with its scores, which are there once it is complete."""

    scores = fields.List(fields.Nested(ScoreOut))


class ResponseList(Items):
    """All of a visit, the oldest first, withdrawn ones included."""

    items = fields.List(fields.Nested(WholeResponse), required=True)
