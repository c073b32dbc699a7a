"""Shapes of the sending: how it stands, pauses, and what a person decides about one message."""

from marshmallow import ValidationError, fields, validates_schema

from schemas.fields import Choice, Document, Flag, Id, Moment, Shape, Text
from schemas.vocabulary import Channel
from schemas.work import Arrival


class PauseOut(Document):
    """A stretch of time in which the clinic sends nothing; open while `ended_at` is null."""

    id = Id()
    reason = Text(longest=200)
    begun_at = Moment()
    begun_by = Id(allow_none=True)
    ended_at = Moment(allow_none=True)
    ended_by = Id(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class PauseChange(Shape):
    """Stop all messages of the clinic, or let them go on."""

    paused = Flag(required=True)
    reason = Text(longest=200, metadata={"description": "Why nothing may go out; needed to pause.", "example": "The phone line is down."})

    @validates_schema
    def reason_goes_with_pausing(self, data: dict[str, object], **_: object) -> None:
        """A pause without a reason is one that nobody dares to end."""
        if data.get("paused") and not data.get("reason"):
            raise ValidationError("Say why nothing may go out.", "reason")
        if data.get("paused") is False and data.get("reason"):
            raise ValidationError("Only for a pause; leave it out to go on.", "reason")


class PauseState(Document):
    """Whether the clinic is paused."""

    paused = fields.Nested(PauseOut, allow_none=True)


class ChannelState(Document):
    """What waits on one channel."""

    channel = Choice(Channel)
    waiting = fields.Integer(metadata={"description": "All that is still to come."})
    due = fields.Integer()
    oldest_due_at = Moment(allow_none=True)
    resting_until = Moment(allow_none=True, metadata={"description": "Not tried before, because the provider was down."})
    failures = fields.Integer(metadata={"description": "Calls in a row that found the provider down."})


class Bucket(Document):
    """How many messages went out at most so many seconds late."""

    at_most_s = fields.Integer()
    count = fields.Integer()


class Lateness(Document):
    """Messages of the last 24 hours by how late they went out."""

    count = fields.Integer()
    sum_s = fields.Float()
    buckets = fields.List(fields.Nested(Bucket))


class Sending(Document):
    """How the clinic's sending stands."""

    paused = fields.Nested(PauseOut, allow_none=True)
    everything_paused = fields.Boolean(metadata={"description": "The whole installation is stopped by its administrator."})
    channels = fields.List(fields.Nested(ChannelState))
    clock_held = Text(allow_none=True, metadata={"description": "Why the server's clock is not believed; nothing is sent meanwhile."})
    last_tick_at = Moment(allow_none=True)
    lateness = fields.Nested(Lateness)


class Settlement(Shape):
    """What a person found out about a message of which nobody knew whether it arrived."""

    outcome = Choice(Arrival, required=True)


class Nothing(Shape):
    """No fields."""
