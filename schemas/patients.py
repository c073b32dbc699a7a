"""Shapes of patients and their scars."""

from marshmallow import fields

from schemas.common import Items, Page
from schemas.fields import Choice, Day, Document, Flag, Id, Moment, Pattern, Quantity, Shape, Text
from schemas.vocabulary import PATIENT_CHANNELS, Aetiology, FaceView, Morphology, Sex, Side, Subunit

PHONE = r"\+?[0-9 ()/.\-]{5,25}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9\u00a1-\uffef]([A-Za-z0-9\u00a1-\uffef-]{0,61}[A-Za-z0-9\u00a1-\uffef])?"
EMAIL = rf"{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_LABEL}"
"""What every mail server takes: before the @ only ASCII without quotes, after it names with a dot, in any script (RFC 5321, RFC 5890)."""


class PatientChange(Shape):
    """What may be changed of a patient; a missing field stays as it is, null clears it."""

    mrn = Text(longest=64, metadata={"description": "Medical record number, unique within the clinic.", "example": "RPS-00017"})
    family_name = Text(longest=120)
    given_name = Text(longest=120)
    birth_date = Day(allow_none=True)
    died_on = Day(allow_none=True, metadata={"description": "Ends the follow-up: nothing is sent any more."})
    sex = Choice(Sex)
    phone = Pattern(PHONE, "+36 30 123 4567", longest=26, allow_none=True)
    email = Pattern(EMAIL, "anna@example.org", longest=320, allow_none=True)
    contact_by = Choice(
        PATIENT_CHANNELS, allow_none=True, metadata={"description": "Preferred channel of reminders; null: as the protocol says."}
    )
    time_zone = Text(
        longest=64,
        allow_none=True,
        metadata={"description": "IANA zone where the patient lives; null: where the clinic is.", "example": "Europe/Budapest"},
    )
    language = Pattern(r"[a-z]{2}", "hu", longest=2)
    weight_kg = Quantity("weight_kg", attribute="weight_g", allow_none=True)
    height_cm = Quantity("height_cm", steps=10, attribute="height_mm", allow_none=True)
    fitzpatrick = Quantity("fitzpatrick", steps=1, allow_none=True)
    allergies = Text(
        longest=1000,
        allow_none=True,
        metadata={"description": "Known allergies, or 'none known'; null means nobody has asked."},
    )
    reminder_consent = Flag(metadata={"description": "Whether follow-up reminders may be sent; false stops them at once."})
    notes = Text(longest=4000, allow_none=True)


class PatientCreate(PatientChange):
    """A new patient. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    mrn = Text(longest=64, required=True, metadata={"description": "Unique within the clinic.", "example": "RPS-00017"})
    family_name = Text(longest=120, required=True)
    given_name = Text(longest=120, required=True)


class PatientOut(Document, PatientCreate):
    """A patient as stored."""

    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class PatientQuery(Page):
    """Filter of the list of patients."""

    q = Text(longest=100, metadata={"description": "Part of a name, number or phone; several words must all match."})


class PatientList(Items):
    """A page of patients."""

    items = fields.List(fields.Nested(PatientOut), required=True)


class ScarChange(Shape):
    """What may be changed of a scar; a missing field stays as it is, null clears it."""

    label = Text(longest=120, metadata={"example": "Left cheek, main"})
    subunit = Choice(Subunit)
    side = Choice(Side)
    view = Choice(FaceView, allow_none=True, metadata={"description": "Drawing of the face map that x and y refer to."})
    x = Quantity("x", steps=10000, attribute="x_e4", allow_none=True, metadata={"description": "0 at the left edge, 1 at the right."})
    y = Quantity("y", steps=10000, attribute="y_e4", allow_none=True, metadata={"description": "0 at the top, 1 at the bottom."})
    morphology = Choice(Morphology)
    aetiology = Choice(Aetiology)
    length_mm = Quantity("length_mm", attribute="length_um", allow_none=True)
    width_mm = Quantity("width_mm", attribute="width_um", allow_none=True)
    depth_mm = Quantity("depth_mm", attribute="depth_um", allow_none=True)
    area_cm2 = Quantity(
        "area_cm2",
        attribute="area_mm2_e1",
        allow_none=True,
        metadata={"description": "Measured area; without it, length × width of scars that are not linear."},
    )
    age_months = Quantity("age_months", steps=1, allow_none=True)
    notes = Text(longest=2000, allow_none=True)


class ScarCreate(ScarChange):
    """A new scar."""

    id = Id()
    label = Text(longest=120, required=True, metadata={"example": "Left cheek, main"})
    subunit = Choice(Subunit, required=True)
    side = Choice(Side, required=True)
    morphology = Choice(Morphology, required=True)
    aetiology = Choice(Aetiology, required=True)


class ScarOut(Document, ScarCreate):
    """A scar as stored, with what follows from it."""

    patient_id = Id()
    high_risk_vessel_zone = Flag()
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class ScarList(Items):
    """All scars of a patient."""

    items = fields.List(fields.Nested(ScarOut), required=True)
