"""Shapes of the texts of messages: those that come with Graftlog, a clinic's own, and a preview."""

import re
from typing import Any, cast

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Choice, Document, Flag, Id, Moment, Pattern, Shape, Text
from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES

LONGEST_SUBJECT, LONGEST_BODY = 200, 5000


class Language(Pattern):
    """Two letters of ISO 639-1, exactly: it is part of an address too."""

    def __init__(self, **kwargs: Any) -> None:
        """Any language is taken; some have built-in texts."""
        super().__init__(
            "[a-z]{2}", "hu", longest=2, metadata={"description": "Any language; en, hu and es have built-in texts."}, **kwargs
        )
        self.form = re.compile(r"[a-z]{2}\Z")
        cast("dict[str, Any]", self.metadata)["pattern"] = "^[a-z]{2}$"


class TemplateChange(Shape):
    """A clinic's own text, with variables in double braces; `GET /follow-up/templates` lists them. Only an e-mail has a subject."""

    subject = Text(longest=LONGEST_SUBJECT, metadata={"example": "Your follow-up appointment: {{ day }}"})
    body = Text(longest=LONGEST_BODY, required=True, metadata={"example": "Dear {{ given_name }},\n\nplease choose a time: {{ link }}"})


class OwnTemplateOut(Document):
    """A clinic's own text as stored; not `active`: the built-in text is sent again."""

    id = Id()
    purpose = Choice(PATIENT_PURPOSES)
    channel = Choice(PATIENT_CHANNELS)
    language = Language()
    subject = Text(longest=LONGEST_SUBJECT, allow_none=True)
    body = Text(longest=LONGEST_BODY)
    active = Flag()
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class WordsOut(Document):
    """Subject and text, with their variables."""

    subject = Text(longest=LONGEST_SUBJECT, allow_none=True)
    body = Text(longest=LONGEST_BODY)


class TemplateOut(Document):
    """One message: the text that comes with Graftlog and the clinic's own; the own one is sent while it is active."""

    purpose = Choice(PATIENT_PURPOSES)
    channel = Choice(PATIENT_CHANNELS)
    language = Language()
    built_in = fields.Nested(WordsOut, allow_none=True)
    own = fields.Nested(OwnTemplateOut, allow_none=True)


class VariableOut(Document):
    """A variable. `maybe_empty`: it must stand between if and endif. `flag`: it can only be asked, as in `{% if booked %}`."""

    name = Text()
    meaning = Text(longest=400)
    example = Text()
    maybe_empty = Flag()
    flag = Flag()


class TemplateList(Items):
    """All texts of all messages, and what they may speak of."""

    items = fields.List(fields.Nested(TemplateOut), required=True)
    variables = fields.List(fields.Nested(VariableOut), required=True)


class PreviewRequest(Shape):
    """What to show. Without `subject` and `body` the text that is sent now; without `visit_id` an example patient."""

    purpose = Choice(PATIENT_PURPOSES, required=True)
    channel = Choice(PATIENT_CHANNELS, required=True)
    language = Language(required=True)
    subject = Text(longest=LONGEST_SUBJECT)
    body = Text(longest=LONGEST_BODY)
    visit_id = Id(metadata={"description": "Fill in with the facts of this visit. The link stays an example."})


class SegmentsOut(Document):
    """Length of a text message. `length` counts septets of GSM-7 or 16-bit units of UCS-2; `odd_letters` are those that force UCS-2."""

    encoding = Choice(("GSM-7", "UCS-2"))
    length = fields.Integer()
    segments = fields.Integer()
    odd_letters = Text(shortest=0)


class PreviewOut(Document):
    """A message as a patient would get it. `html` only of an e-mail, `segments` only of a text message."""

    subject = Text(allow_none=True)
    text = Text(longest=100_000)
    html = Text(longest=200_000, allow_none=True)
    language = Text(metadata={"description": "The one that it is written in: English where there is no text in the language asked for."})
    segments = fields.Nested(SegmentsOut, allow_none=True)
    used_variables = fields.List(Text())
    warnings = fields.List(Text(longest=1000))
