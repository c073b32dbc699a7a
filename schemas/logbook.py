"""Shapes of a surgeon's logbook."""

from marshmallow import fields

from schemas.fields import Choice, Day, Document, Id, Moment, Shape, Text
from schemas.outcome_words import LogbookRole


class LogbookQuery(Shape):
    """Which procedures: days of the clinic's zone, both included."""

    done_from = Day()
    done_to = Day()


class LogbookComplication(Document):
    """One adverse event, from assessments after signing."""

    complication = fields.String()
    clavien_dindo = fields.String(allow_none=True)
    disability = fields.Boolean(metadata={"description": "The suffix d of Clavien-Dindo: it left a disability."})
    ctcae = fields.Integer(allow_none=True)
    ongoing = fields.Boolean()


class LogbookIncident(Document):
    """One incident of the signed note."""

    incident = fields.String()
    severity = fields.String(allow_none=True)


class LogbookRow(Document):
    """One signed procedure. Everything but `complications` and `visits` is as signed, or follows from it."""

    procedure_id = Id()
    done_on = Day()
    signed_at = Moment()
    mrn = Text(longest=64)
    role = Choice(LogbookRole, metadata={"description": "As the note says; who supervised is not known."})
    title = Text()
    session_number = fields.Integer(metadata={"description": "The how manieth signed procedure of this patient here it is."})
    scars = fields.Integer(metadata={"description": "Scars injected."})
    subunits = fields.List(fields.String())
    harvest_sites = fields.List(fields.String())
    injected_ml = fields.Float(allow_none=True)
    passes = fields.Integer(allow_none=True)
    apertures_um = fields.List(fields.Integer())
    anaesthesia = fields.List(fields.String())
    incidents = fields.List(fields.Nested(LogbookIncident))
    complications = fields.List(fields.Nested(LogbookComplication), metadata={"description": "From assessments, not from the signed note."})
    assessments = fields.Integer(metadata={"description": "How many stand; without any, no complication means that nobody looked."})
    visits_due = fields.Integer()
    visits_attended = fields.Integer()
    visits_to_come = fields.Integer()


class LogbookTotal(Document):
    """Procedures of one year in one role."""

    year = fields.Integer()
    role = Choice(LogbookRole)
    procedures = fields.Integer()


class Logbook(Shape):
    """The logbook of whoever asks, the newest first, with totals of what is shown."""

    surgeon = Text(required=True)
    items = fields.List(fields.Nested(LogbookRow), required=True)
    totals = fields.List(fields.Nested(LogbookTotal), required=True)
