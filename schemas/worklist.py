"""Shapes of the work list, of calls to patients and of alerts."""

from marshmallow import fields, validate

from schemas.common import Items, Page
from schemas.fields import Choice, Day, Document, Id, Moment, Shape, Text
from schemas.followup import SHOWN, VisitOut
from schemas.vocabulary import AlertKind, CallOutcome, Channel, Purpose
from schemas.work import WorkKind

ALL = "all"
SHORTEST_NOTE = 3
_SAYS_SOMETHING = rf"^[^{Text.CONTROL}]*[^{Text.CONTROL}\s][^{Text.CONTROL}]+[^{Text.CONTROL}\s][^{Text.CONTROL}]*$"


class WorkListQuery(Page):
    """Which part of the work list."""

    show = Choice((ALL, *WorkKind), load_default=ALL)


class CallCreate(Shape):
    """A call that was made. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    outcome = Choice(CallOutcome, required=True)
    booked_for = Moment(metadata={"description": "The time agreed on; only with outcome booked."})
    call_after = Day(metadata={"description": "Not on the work list before this day; only with outcome call_later, and needed there."})
    note = Text(longest=1000)
    corrects = Id(metadata={"description": "Id of the last call about this visit, logged by mistake: what it did is taken back first."})


class CallOut(Document):
    """A call as stored."""

    id = Id()
    visit_id = Id()
    patient_id = Id()
    outcome = Choice(CallOutcome)
    call_after = Day(allow_none=True)
    note = Text(longest=1000, allow_none=True)
    called_by = Id(allow_none=True)
    called_at = Moment()


class CallList(Items):
    """The calls about a visit."""

    items = fields.List(fields.Nested(CallOut), required=True)


class AlertOut(Document):
    """Something that needs a person. `detail` is a sentence for staff."""

    id = Id()
    kind = Choice(AlertKind)
    patient_id = Id()
    procedure_id = Id(allow_none=True)
    visit_id = Id(allow_none=True)
    detail = Text(longest=1000)
    raised_at = Moment()
    closed_at = Moment(allow_none=True)
    closed_by = Id(allow_none=True)
    closing_note = Text(longest=1000, allow_none=True)
    acknowledged_at = Moment(allow_none=True, metadata={"description": "When somebody said to be on it; it then rests for four hours."})
    acknowledged_by = Id(allow_none=True)
    escalation_level = fields.Integer(metadata={"description": "How often it was told again, to more people.", "example": 0})
    escalated_at = Moment(allow_none=True, metadata={"description": "When it was last told again because nobody was on it."})
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class AlertList(Items):
    """A page of alerts."""

    items = fields.List(fields.Nested(AlertOut), required=True)


class AlertQuery(Page):
    """Which alerts."""

    state = Choice(("open", "closed"), load_default="open")


def closing_note() -> Text:
    """What was done about an alert: something that can be read."""
    return Text(
        longest=1000,
        required=True,
        validate=validate.Length(min=SHORTEST_NOTE, error=f"Write what was done, in {SHORTEST_NOTE} characters or more."),
        metadata={"description": "What was done, for whoever reads it later.", "minLength": SHORTEST_NOTE, "pattern": _SAYS_SOMETHING},
    )


class Closing(Shape):
    """What was done about an alert."""

    note = closing_note()


class WorkPatient(Document):
    """Whom to call."""

    id = Id()
    name = Text(longest=250)
    mrn = Text(longest=64)
    phone = Text(allow_none=True)
    language = Text(metadata={"example": "hu"})


class LastContact(Document):
    """The last message about the visit that went out."""

    channel = Choice(Channel)
    state = Choice(SHOWN)
    at = Moment()
    purpose = Choice(Purpose)


class WorkItem(Document):
    """One row of the work list: why, who, what is known, and what to do next."""

    kind = Choice(WorkKind)
    visit = fields.Nested(VisitOut, allow_none=True)
    patient = fields.Nested(WorkPatient)
    alert = fields.Nested(AlertOut, allow_none=True)
    days_late = fields.Integer(metadata={"description": "Days since the visit's window closed."})
    last_contact = fields.Nested(LastContact, allow_none=True)
    last_call = fields.Nested(CallOut, allow_none=True)
    next_step = Text(metadata={"example": "Call to arrange another time."})


class WorkCounts(Document):
    """How many rows each part of the list has."""

    red_flag = fields.Integer()
    concerning = fields.Integer()
    asking = fields.Integer()
    overdue = fields.Integer()
    due = fields.Integer()
    bad_contact = fields.Integer()


class WorkList(Items):
    """A page of the work list; the counts are those of the whole list."""

    items = fields.List(fields.Nested(WorkItem), required=True)
    counts = fields.Nested(WorkCounts, required=True)
