"""Shapes of redness over time."""

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Choice, Day, Document, Flag, Id, Moment
from schemas.outcome_words import RedSource


class RednessOut(Document):
    """Whether the skin was red on a day. It is never changed; one that names it in `replaces` takes its place."""

    id = Id()
    patient_id = Id()
    procedure_id = Id()
    visit_id = Id(allow_none=True)
    seen_on = Day()
    day = fields.Integer(metadata={"description": "Calendar days after the procedure, in the clinic's zone.", "example": 14})
    red = Flag(allow_none=True, metadata={"description": "Null: whoever was asked was not sure."})
    source = Choice(RedSource)
    source_id = Id(metadata={"description": "The answer or the assessment that says so."})
    replaces = Id(allow_none=True)
    created_at = Moment()


class RednessList(Items):
    """All that was seen after one procedure, by day, and what follows: the redness ended after the one day and by the other."""

    items = fields.List(fields.Nested(RednessOut), required=True)
    last_present = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Last day on which it was seen; null: on none.", "example": 14}
    )
    first_absent = fields.Integer(
        required=True, allow_none=True, metadata={"description": "First later day on which it was gone; null: not yet.", "example": 21}
    )
