"""Shapes of emergency access: one patient, one hour, a reason, a review."""

from marshmallow import fields

from schemas.common import Items, Page
from schemas.fields import Document, Id, Moment, Shape, Text

LONGEST_REASON = 500


class EmergencyOpen(Shape):
    """Whose record, and why it cannot wait for somebody who may read it."""

    mrn = Text(longest=64, required=True, metadata={"example": "RPS-1042"})
    reason = Text(longest=LONGEST_REASON, required=True, metadata={"example": "Called at night about a swelling; no surgeon answers."})


class EmergencyReview(Shape):
    """What came of the review."""

    note = Text(longest=LONGEST_REASON, required=True)


class EmergencyOut(Document):
    """An emergency access and its review."""

    id = Id()
    user_id = Id()
    patient_id = Id()
    reason = Text(longest=LONGEST_REASON)
    expires_at = Moment()
    reviewed_by = Id(allow_none=True)
    reviewed_at = Moment(allow_none=True)
    review_note = Text(longest=LONGEST_REASON, allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class EmergencyList(Items):
    """Emergency accesses, the newest first."""

    items = fields.List(fields.Nested(EmergencyOut), required=True)


class EmergencyQuery(Page):
    """Paging."""
