"""Shapes of the access report and of the list of disclosures."""

from marshmallow import fields

from schemas.common import Items, Page
from schemas.fields import Choice, Document, Flag, Id, Moment, Text
from schemas.reading_words import Outcome, Reading
from schemas.vocabulary import DeviceState


class AccessQuery(Page):
    """Paging."""


class ReadOut(Document):
    """One reading: who, on which tablet, when, what, and whether it was given. Both names null: from the command line."""

    id = Id()
    at = Moment()
    person = Text(allow_none=True)
    tablet = Text(allow_none=True)
    reading = Choice(Reading)
    record_id = Id(allow_none=True)
    outcome = Choice(Outcome)
    emergency_id = Id(allow_none=True, metadata={"description": "The emergency access by which it was read."})
    disclosure = Flag()


class HoldingTablet(Document):
    """A tablet that has synchronised; it holds all patients' records."""

    id = Id()
    name = Text()
    state = Choice(DeviceState)
    first_at = Moment()
    last_at = Moment()


class AccessReport(Items):
    """Readings of one patient's record, the newest first."""

    items = fields.List(fields.Nested(ReadOut), required=True)
    tablets = fields.List(fields.Nested(HoldingTablet), required=True)


class DisclosureOut(Document):
    """Something that left the clinic."""

    id = Id()
    at = Moment()
    kind = Choice(("note_file", "export", "message"))
    person = Text(allow_none=True)
    channel = Text(allow_none=True)
    record_id = Id(allow_none=True)


class Disclosures(Items):
    """All of them, the newest first."""

    items = fields.List(fields.Nested(DisclosureOut), required=True)


class ErasureOut(Document):
    """A decision to erase on the patient's request. `bodies` counts earlier versions in the journal, up to its row `journal_to`."""

    id = Id()
    patient_id = Id()
    decided_by = Id()
    reason = Text()
    journal_to = fields.Integer(strict=True)
    records = fields.List(Id())
    bodies = fields.Integer(strict=True)
    photos = fields.Integer(strict=True)
    contact = fields.List(Text())
    created_at = Moment()


class Erasures(Items):
    """All of them, the newest first."""

    items = fields.List(fields.Nested(ErasureOut), required=True)
