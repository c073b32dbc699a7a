"""Shapes of instruments: what a clinic loads and has licensed, and what there is."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.common import Items
from schemas.fields import Day, Document, Id, Moment, Shape, Text
from schemas.instrument_words import Origin


class InstrumentCreate(Shape):
    """An instrument from the clinic's own file: in our form, or a FHIR R4 Questionnaire with our form beside it for scales and licence."""

    definition = fields.Dict(keys=fields.String(), required=True, metadata={"description": "docs/instruments.md shows the form."})
    questionnaire = fields.Dict(keys=fields.String(), metadata={"description": "A FHIR R4 Questionnaire, which has the items then."})


class LicenceCreate(Shape):
    """The clinic's word that it may use an instrument. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    holder = Text(longest=200, required=True, metadata={"description": "Who licenses it."})
    reference = Text(longest=500, required=True, metadata={"description": "Number or place of the agreement."})
    valid_from = Day(required=True)
    valid_until = Day(metadata={"description": "The last day of use; none: without end."})

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        """It ends after it begins."""
        if "valid_until" in data and data["valid_until"] < data["valid_from"]:
            raise ValidationError("Ends before it begins; check both days.", "valid_until")


class InstrumentOut(Document):
    """One version that the clinic has loaded, as its file says."""

    id = Id()
    key = Text(longest=40)
    version = Text(longest=40)
    title = Text(longest=200)
    definition = fields.Dict()
    loaded_by = Id(allow_none=True)
    created_at = Moment()


class LicenceOut(Document):
    """A licence as recorded."""

    id = Id()
    key = Text(longest=40)
    holder = Text(longest=200)
    reference = Text(longest=500)
    valid_from = Day()
    valid_until = Day(allow_none=True)
    recorded_by = Id(allow_none=True)
    created_at = Moment()


class KnownInstrument(Document):
    """One version, and whether its questions may be asked today. Of what may not be asked, no wording is shown."""

    key = Text(longest=40)
    version = Text(longest=40)
    title = Text(longest=200)
    audience = Text(longest=40)
    origin = fields.String(metadata={"enum": [str(one) for one in Origin]})
    newest = fields.Boolean()
    usable = fields.Boolean()
    obstacle = Text(longest=1000, allow_none=True, metadata={"description": "Why not, and what to do."})
    licence_holder = Text(longest=200, allow_none=True)
    definition = fields.Dict(metadata={"description": "In our form; without items where it may not be used."})


class InstrumentList(Items):
    """All versions, by key, of each the newest last."""

    items = fields.List(fields.Nested(KnownInstrument), required=True)
