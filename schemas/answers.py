"""Shapes of answers to check-ins, of a new link, and of what a patient writes on the page behind it."""

from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.common import Items
from schemas.fields import Choice, Document, Flag, Id, Moment, Shape, Text
from schemas.questions import Given, Question
from schemas.red_flags import RedFlag
from schemas.reports_of_flags import flags

LONGEST_NOTE = 200


class Times(StrEnum):
    """When a patient would rather come."""

    MORNINGS = "mornings"
    AFTERNOONS = "afternoons"
    ANY = "any"


class AnswerCreate(Shape):
    """An answer that a patient gave by telephone; red flags may be said about any visit.

    `id` is made by the client, so that a repeated call is harmless.
    """

    id = Id(required=True)
    question = Choice(Question, required=True)
    answer = Choice(Given, required=True)
    flags = flags()

    @validates_schema
    def names_the_flags(self, data: dict[str, Any], **_: Any) -> None:
        """A yes to the red flags says which; nothing else does."""
        if (data["question"], data["answer"]) == (Question.RED_FLAGS, Given.YES):
            if not data.get("flags"):
                raise ValidationError("Say which of the red flags are there.", "flags")
        elif data.get("flags"):
            raise ValidationError("Only with question red_flags and answer yes; leave it out.", "flags")


class AnswerOut(Document):
    """An answer as given. It is never changed; a later answer to the same question is a further one."""

    id = Id()
    visit_id = Id(allow_none=True, metadata={"description": "Null: said when nobody had asked."})
    patient_id = Id()
    question = Choice(Question)
    answer = Choice(Given)
    flags = fields.List(Choice(RedFlag), metadata={"description": "The red flags that a yes to their question names."})
    concerning = Flag(metadata={"description": "Whether it raised an alert; the patient was asked to call at once."})
    via = Choice(("link", "phone"), metadata={"description": "On the patient's own page, or by telephone to a member of staff."})
    given_by = Id(allow_none=True, metadata={"description": "Who wrote it down; null: the patient."})
    given_at = Moment()


class AnswerList(Items):
    """All answers of one visit, in the order given."""

    items = fields.List(fields.Nested(AnswerOut), required=True)


class LinkCreate(Shape):
    """Make a new link; all earlier ones of this visit end."""

    send = Flag(required=True, metadata={"description": "Whether to send it to the contact on file; false: read it out."})


class LinkOut(Document):
    """A patient's new link. The address is a credential: whoever has it can answer for this visit."""

    address = Text(longest=2000, metadata={"example": "https://follow-up.clinic.example/v/Ypn0y0vX8jrd3jPm2kq0Zg"})
    expires_at = Moment()
    sent_by = Choice(("email", "sms"), allow_none=True, metadata={"description": "How it is on its way; null: not sent."})


class Wish(Shape):
    """What a patient writes who needs another time."""

    when = Choice(Times, required=True)
    note = Text(longest=LONGEST_NOTE)


class Reply(Shape):
    """One answer on the patient's page; `id` was made with the page, so a button pressed twice counts once."""

    id = Id()
    answer = Choice(Given, required=True)
