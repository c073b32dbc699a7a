"""Shapes of the protocol: what a clinic may set up, what comes of it, and the forecast."""

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.common import Items, Page
from schemas.fields import Choice, Day, Document, Flag, Id, Moment, Pattern, Quantity, QueryWhole, Shape, Text
from schemas.limits import LIMITS, Limit
from schemas.protocol_rules import WEEKDAYS, Place, faults_of_content, faults_of_step
from schemas.vocabulary import PATIENT_CHANNELS, Channel, Purpose, VisitKind

MOST_STEPS, MOST_MESSAGES, MOST_CHASES, MOST_HOLIDAYS = 20, 10, 4, 100
NEW, OPEN = "new", "open"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
HOLIDAY = "((19|2[01])[0-9][0-9]-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
LIMITS.update(
    {
        limit.name: limit
        for limit in (
            Limit("after_days", "days", 1, 1000),
            Limit("after_months", "months", 1, 60),
            Limit("after_years", "years", 1, 10),
            Limit("opens_days_before", "days", 0, 366),
            Limit("closes_days_after", "days", 0, 366),
            Limit("days_before", "days", -30, 180),
            Limit("chase_days_after_window", "days", 1, 60),
            Limit("lost_after_days", "days", 7, 365),
            Limit("forecast_days", "days", 1, 366, typical=30),
        )
    }
)


def nested(faults: list[tuple[Place, str]]) -> dict[str | int, Any]:
    """Faults with their places as marshmallow nests its messages."""
    found: dict[str | int, Any] = {}
    for place, message in faults:
        inner = found
        for step in place:
            inner = inner.setdefault(step, {})
        inner.setdefault("_schema", []).append(message)  # beside faults further inside
    return found


class Holiday(Pattern):
    """A real date, or a real day of every year."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            date.fromisoformat(text if len(text) > len("MM-DD") else f"2024-{text}")
        except ValueError:
            raise ValidationError("There is no such day; correct it or leave it out.") from None
        return text


class After(Shape):
    """A distance on the calendar in one unit."""

    days = Quantity("after_days", steps=1)
    months = Quantity("after_months", steps=1)
    years = Quantity("after_years", steps=1)

    @validates_schema
    def one_unit(self, data: dict[str, Any], **_: Any) -> None:
        """Exactly one unit."""
        if len(data) != 1:
            raise ValidationError("Give exactly one of days, months, years.")


class ProtocolMessage(Shape):
    """One message before a visit, or the question of a check-in."""

    days_before = Quantity(
        "days_before", steps=1, required=True, metadata={"description": "-1: the day after, for asking the question of a check-in again."}
    )
    purpose = Choice((Purpose.BOOK, Purpose.NEAR, Purpose.CHECK_IN), required=True)


class ProtocolStep(Shape):
    """One visit or check-in: when it is due, its window, its messages."""

    step = Pattern("[a-z0-9_]{1,16}", "3m", longest=16, required=True, metadata={"description": "Name that visits carry for good."})
    title = Text(longest=40, required=True, metadata={"example": "3 months"})
    kind = Choice(VisitKind, required=True)
    after = fields.Nested(After, required=True)
    opens_days_before = Quantity("opens_days_before", steps=1, required=True)
    closes_days_after = Quantity("closes_days_after", steps=1, required=True)
    messages = fields.List(
        fields.Nested(ProtocolMessage),
        required=True,
        validate=validate.Length(max=MOST_MESSAGES, error=f"At most {MOST_MESSAGES} messages."),
    )
    chase_days_after_window = fields.List(
        Quantity("chase_days_after_window", steps=1),
        required=True,
        validate=validate.Length(max=MOST_CHASES, error=f"At most {MOST_CHASES} messages after the window."),
        metadata={"description": "Messages to whoever did not come, in days after the last day of the window."},
    )

    @validates_schema
    def makes_sense(self, data: dict[str, Any], **_: Any) -> None:
        """By itself."""
        if faults := list(faults_of_step(data)):
            raise ValidationError(nested(faults))


class SendingHours(Shape):
    """Hours of the patient's clock within which messages go out."""

    opens = Pattern(CLOCK, "09:00", longest=5, required=True, data_key="from", attribute="from")
    until = Pattern(CLOCK, "19:00", longest=5, required=True, metadata={"description": "The first minute at which nothing goes out."})


class ProtocolContent(Shape):
    """Everything that decides which message is due when."""

    steps = fields.List(
        fields.Nested(ProtocolStep),
        required=True,
        validate=validate.Length(min=1, max=MOST_STEPS, error=f"From 1 to {MOST_STEPS} steps."),
    )
    send_at = Pattern(CLOCK, "10:00", longest=5, required=True, metadata={"description": "Wall time of sending, on the patient's clock."})
    sending_hours = fields.Nested(SendingHours, required=True)
    closed_weekdays = fields.List(
        Choice(WEEKDAYS), required=True, validate=validate.Length(max=len(WEEKDAYS) - 1, error="Leave at least one weekday open.")
    )
    holidays = fields.List(
        Holiday(HOLIDAY, "2026-12-24 or 12-25", longest=10),
        required=True,
        validate=validate.Length(max=MOST_HOLIDAYS, error=f"At most {MOST_HOLIDAYS} holidays."),
        metadata={"description": "Dates, or month and day for every year."},
    )
    channels = fields.List(
        Choice(PATIENT_CHANNELS),
        required=True,
        validate=validate.Length(min=1, max=len(PATIENT_CHANNELS), error="Choose at least one channel, each once."),
        metadata={"description": "In order of preference; a patient's own wish goes first."},
    )
    lost_after_days = Quantity("lost_after_days", steps=1, required=True)

    @validates_schema
    def fits_together(self, data: dict[str, Any], **_: Any) -> None:
        """Its parts beside each other."""
        if faults := list(faults_of_content(data)):
            raise ValidationError(nested(faults))


class ProtocolChange(Shape):
    """A new version of the protocol, for procedures to come or for the open ones too."""

    content = fields.Nested(ProtocolContent, required=True)
    note = Text(longest=500, metadata={"description": "Why it was changed.", "example": "Visit after 6 weeks added."})
    applies_to = Choice(
        (NEW, OPEN), load_default=NEW, metadata={"description": "new: open procedures keep their version; open: they are planned again."}
    )


class ProtocolQuery(Shape):
    """Whether to store."""

    dry_run = Choice(("true", "false"), load_default="false", metadata={"description": "true: say what would change, store nothing."})


class ProtocolVersionOut(Document):
    """One version of the protocol; the built-in one has no id, author and date."""

    id = Id(allow_none=True)
    version = Text()
    content = fields.Nested(ProtocolContent)
    note = Text(longest=500, allow_none=True)
    created_by = Id(allow_none=True)
    created_at = Moment(allow_none=True)


class VersionInUse(Document):
    """How many open procedures are followed up by a version."""

    version = Text()
    procedures = fields.Integer()


class ProtocolMoveOut(Document):
    """How many open procedures have been moved to a version; the others stay under theirs until their turn."""

    version = Text()
    total = fields.Integer(metadata={"description": "Follows what happens meanwhile: procedures whose follow-up ends need not be moved."})
    done = fields.Integer()
    finished_at = Moment(allow_none=True, metadata={"description": "Null while it goes on."})


class ProtocolOut(ProtocolVersionOut):
    """The protocol in force, and which versions open procedures are followed up by. `move` is null where none was needed."""

    in_force_for = fields.List(fields.Nested(VersionInUse))
    move = fields.Nested(ProtocolMoveOut, allow_none=True)


class VersionsQuery(Page):
    """Paging of the versions."""


class ProtocolVersions(Items):
    """All versions, newest first; the built-in one is the last."""

    items = fields.List(fields.Nested(ProtocolVersionOut), required=True)


class ProtocolDifference(Document):
    """What a version changes for the open procedures; all zero when it is for new ones only."""

    procedures = fields.Integer(metadata={"description": "Open procedures whose visits or messages change."})
    visits_added = fields.Integer()
    visits_moved = fields.Integer()
    visits_cancelled = fields.Integer()
    messages_added = fields.Integer()
    messages_moved = fields.Integer()
    messages_cancelled = fields.Integer()
    messages_other_channel = fields.Integer(metadata={"description": "Messages that go another way and are not moved."})
    sentence = Text(metadata={"example": "moves 14 visits, cancels 3 messages"})


class ProtocolAnswer(Document):
    """What came of a change. `protocol` and `move` are null after a dry run; `move` also where all was done at once."""

    protocol = fields.Nested(ProtocolVersionOut, allow_none=True)
    difference = fields.Nested(ProtocolDifference)
    move = fields.Nested(ProtocolMoveOut, allow_none=True)
    warnings = fields.List(Text(longest=400))


class ForecastQuery(Page):
    """How far to look."""

    days = QueryWhole("forecast_days", load_default=30)


class ForecastItem(Document):
    """One message to come, or one that will not be sent as things stand."""

    reminder_id = Id()
    due_at = Moment()
    leaves_at = Moment(allow_none=True, metadata={"description": "As the sender's pace allows; null when it will not be sent."})
    day = Day(metadata={"description": "On the clinic's calendar."})
    local_time = Text(metadata={"description": "Wall time where the patient lives.", "example": "2026-12-04T10:00"})
    channel = Choice(Channel)
    purpose = Choice(Purpose)
    visit_id = Id(allow_none=True)
    visit_title = Text(allow_none=True)
    visit_on = Day(allow_none=True)
    patient_id = Id()
    patient_name = Text(longest=250)
    will_be_sent = Flag()
    reason = Text(allow_none=True, metadata={"description": "Why it will not be sent."})


class ForecastDay(Document):
    """Messages of one day of the clinic's calendar; days without any are left out."""

    day = Day()
    email = fields.Integer()
    sms = fields.Integer()
    not_sent = fields.Integer()


class ForecastPace(Document):
    """The day on which a channel's messages take longest to go out."""

    channel = Choice(Channel)
    per_second = fields.Integer(metadata={"description": "Messages a second; 0 is as fast as it goes."})
    messages = fields.Integer()
    day = Day(allow_none=True)
    last_leaves_at = Moment(allow_none=True)
    sentence = Text(allow_none=True, metadata={"example": "On 4 Dec 2026 the last of 3300 text messages leaves at 10:55."})


class Forecast(Items):
    """What will be sent in the days to come, as things stand now."""

    items = fields.List(fields.Nested(ForecastItem), required=True)
    begins = Moment(required=True)
    until = Moment(required=True)
    total = fields.Integer(required=True)
    not_sent = fields.Integer(required=True)
    days = fields.List(fields.Nested(ForecastDay), required=True)
    pace = fields.List(fields.Nested(ForecastPace), required=True)
    paused = Text(required=True, allow_none=True, metadata={"description": "Why nothing goes out now, or null."})
