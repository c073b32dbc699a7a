"""Shapes of follow-up visits and of the reminders about them."""

from marshmallow import fields

from schemas.common import Items, Page
from schemas.fields import Choice, Day, Id, Moment, Shape, Text
from schemas.vocabulary import Channel, Purpose, ReminderState, VisitKind, VisitState

MARKS = (VisitState.BOOKED, VisitState.ATTENDED, VisitState.MISSED, VisitState.DECLINED)
"""What a person may say about a visit; the other states follow from its procedure and from time."""

SHOWN = tuple(state for state in ReminderState if state not in {ReminderState.CLAIMED, ReminderState.SENDING})
"""States of a message on the wire: claimed and sending are between workers, and read as pending."""


class VisitChange(Shape):
    """Mark a visit. Attended, missed and declined cancel its unsent reminders; booked moves them to the time agreed on."""

    state = Choice(MARKS, required=True)
    booked_for = Moment(metadata={"description": "The time agreed on; only with state booked."})


class VisitOut(Shape):
    """A follow-up visit as stored. Dates are calendar dates of the clinic."""

    id = Id(required=True)
    procedure_id = Id(required=True)
    patient_id = Id(required=True)
    step = Text(required=True, metadata={"description": "Name of the protocol's step.", "example": "3m"})
    title = Text(required=True, metadata={"example": "3 months"})
    kind = Choice(VisitKind, required=True)
    protocol_version = Text(required=True)
    target_date = Day(required=True)
    opens_on = Day(required=True)
    closes_on = Day(required=True, metadata={"description": "Last day of the window."})
    state = Choice(VisitState, required=True)
    reason = Text(required=True, allow_none=True, metadata={"description": "Why it was missed or cancelled."})
    booked_for = Moment(required=True, allow_none=True)
    confirmed_at = Moment(required=True, allow_none=True, metadata={"description": "When the patient confirmed the time agreed on."})
    call_after = Day(required=True, allow_none=True, metadata={"description": "Not on the work list before this day."})
    generation = fields.Integer(required=True)
    write_id = Id(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class VisitList(Items):
    """A page of visits."""

    items = fields.List(fields.Nested(VisitOut), required=True)


class VisitQuery(Page):
    """Filter of the list of visits."""

    state = Choice(VisitState)
    due_before = Day(metadata={"description": "Visits with a target date before this one."})


class ReminderOut(Shape):
    """A reminder as stored. `reason` and `last_error` say why nothing went out; neither holds anything of the patient."""

    id = Id(required=True)
    visit_id = Id(required=True, allow_none=True)
    procedure_id = Id(required=True, allow_none=True)
    patient_id = Id(required=True, allow_none=True)
    user_id = Id(required=True, allow_none=True, metadata={"description": "The member of staff it is for."})
    days_before = fields.Integer(required=True, metadata={"description": "Days before the visit; below 0 days after its window closed."})
    purpose = Choice(Purpose, required=True)
    recipient = Choice(("patient", "staff", "system"), required=True)
    channel = Choice(Channel, required=True)
    generation = fields.Integer(required=True)
    about_on = Day(required=True, allow_none=True, metadata={"description": "The day of the visit that it speaks of."})
    local_time = Text(required=True, metadata={"description": "Wall time of sending in `time_zone`.", "example": "2026-12-04T10:00"})
    time_zone = Text(required=True, metadata={"example": "Europe/Budapest"})
    due_at = Moment(required=True)
    expires_at = Moment(required=True, metadata={"description": "Never sent from this moment on."})
    state = Choice(SHOWN, required=True)
    reason = Text(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    last_error = Text(required=True, allow_none=True)
    sent_at = Moment(required=True, allow_none=True)
    delivered_at = Moment(required=True, allow_none=True, metadata={"description": "When the provider said that it arrived."})
    message_id = Text(longest=400, required=True, allow_none=True)
    write_id = Id(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class ReminderList(Items):
    """A page of reminders."""

    items = fields.List(fields.Nested(ReminderOut), required=True)


class ReminderQuery(Page):
    """Filter of the list of reminders."""

    state = Choice(SHOWN)
    visit_id = Id()
