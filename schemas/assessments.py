"""Shapes of what a clinician found: assessments, the complication checklist, adverse events over time, scars measured again."""

from marshmallow import fields
from marshmallow.validate import Length

from schemas.fields import Choice, Day, Document, Flag, Id, Moment, Quantity, Shape, Text
from schemas.limits import LIMITS, Limit
from schemas.outcome_words import ClavienDindo, Complication, Presence, Relation
from schemas.vocabulary import Side, Subunit

LIMITS["erythema"] = Limit("erythema", "grade", 0, 4, slip="0 is clear, 4 is severe.")
LIMITS["ctcae"] = Limit("ctcae", "grade", 1, 5, slip="1 is mild, 5 is death.")
LIMITS["days_after"] = Limit("days_after", "days after the procedure", 0, 109_573)
MOST_FINDINGS = 120
MOST_SCARS = 100
EVENT = {
    "description": "Of an adverse event that an earlier assessment of this procedure told; without it, one that is `present` begins here."
}


class FindingCreate(Shape):
    """One item of the checklist. What nobody asked about is left out: it is not taken for `no`."""

    id = Id()
    complication = Choice(Complication, required=True)
    present = Choice(
        Presence,
        required=True,
        metadata={"description": "`yes`: it was there since the last assessment, and still is unless `first_absent` says otherwise."},
    )
    event_id = Id(allow_none=True, metadata=EVENT)
    scar_id = Id(allow_none=True)
    subunit = Choice(Subunit, allow_none=True)
    side = Choice(Side, allow_none=True)
    onset_on = Day(allow_none=True)
    last_present = Day(allow_none=True, metadata={"description": "The last day on which somebody knows that it was there."})
    first_absent = Day(allow_none=True, metadata={"description": "The first day on which somebody knows that it had gone."})
    clavien_dindo = Choice(
        ClavienDindo,
        allow_none=True,
        metadata={"description": "By what was done about it. Never derived from CTCAE, nor CTCAE from it."},
    )
    disability = Flag(metadata={"description": "The suffix d of Clavien-Dindo: it left a disability."})
    ctcae = Quantity("ctcae", steps=1, allow_none=True)
    relation = Choice(Relation)
    treatment = Text(longest=1000, allow_none=True)
    note = Text(longest=1000, allow_none=True)
    photo_id = Id(allow_none=True, metadata={"description": "A photograph of this patient that shows it."})


class FindingOut(Document, FindingCreate):
    """A finding as stored."""

    event_id = Id()
    assessment_id = Id()
    patient_id = Id()
    procedure_id = Id()
    created_at = Moment()


class ScarMeasurementCreate(Shape):
    """A scar measured again; what was not measured is left out."""

    id = Id()
    scar_id = Id(required=True)
    length_mm = Quantity("length_mm", attribute="length_um", allow_none=True)
    width_mm = Quantity("width_mm", attribute="width_um", allow_none=True)
    depth_mm = Quantity("depth_mm", attribute="depth_um", allow_none=True)
    area_cm2 = Quantity("area_cm2", attribute="area_mm2_e1", allow_none=True)


class ScarMeasurementOut(Document, ScarMeasurementCreate):
    """A measurement as stored."""

    assessment_id = Id()
    patient_id = Id()
    created_at = Moment()


class AssessmentCreate(Shape):
    """One look at the result. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    assessed_on = Day(required=True, metadata={"description": "In the clinic's zone; from the procedure's day to today."})
    erythema = Quantity(
        "erythema",
        steps=1,
        allow_none=True,
        metadata={
            "description": "Clinician's grade: 0 clear, 1 almost clear, 2 mild, 3 moderate, 4 severe. From 1 on the skin counts as red."
        },
    )
    note = Text(longest=4000, allow_none=True)
    findings = fields.List(fields.Nested(FindingCreate), validate=Length(max=MOST_FINDINGS), metadata={"maxItems": MOST_FINDINGS})
    measurements = fields.List(fields.Nested(ScarMeasurementCreate), validate=Length(max=MOST_SCARS), metadata={"maxItems": MOST_SCARS})
    replaces = Id(allow_none=True, metadata={"description": "The assessment that this one corrects; that one counts no more, and stays."})
    reason = Text(longest=500, allow_none=True, metadata={"description": "Only with `replaces`, and then wanted: why."})
    withdrawn = Flag(metadata={"description": "The replaced one should never have been: nothing takes its place."})


class AssessmentOut(Document):
    """An assessment by itself, as the journal keeps it."""

    id = Id()
    patient_id = Id()
    procedure_id = Id()
    visit_id = Id(allow_none=True)
    assessed_on = Day()
    assessed_by = Id()
    erythema = Quantity("erythema", steps=1, allow_none=True)
    note = Text(longest=4000, allow_none=True)
    replaces = Id(allow_none=True)
    reason = Text(longest=500, allow_none=True)
    withdrawn = Flag()
    created_at = Moment()


class Remark(Shape):
    """Something to look at again; it refuses nothing."""

    code = fields.String(required=True)
    message = fields.String(required=True)


class WholeAssessment(AssessmentOut):
    """An assessment with all that it found. `replaced_by` names the one that corrects or withdraws it."""

    replaced_by = Id(allow_none=True)
    findings = fields.List(fields.Nested(FindingOut))
    measurements = fields.List(fields.Nested(ScarMeasurementOut))
    warnings = fields.List(fields.Nested(Remark))


class AssessmentList(Shape):
    """All of a procedure or a visit, the oldest first, those replaced or withdrawn included."""

    items = fields.List(fields.Nested(WholeAssessment), required=True)


class Observation(Document):
    """An adverse event as one assessment saw it."""

    assessment_id = Id()
    finding_id = Id()
    assessed_on = Day()
    day = Quantity("days_after", steps=1)
    present = Choice(Presence)
    over = Flag(metadata={"description": "Whether it had gone by then."})
    clavien_dindo = Choice(ClavienDindo, allow_none=True)
    disability = Flag()
    ctcae = Quantity("ctcae", steps=1, allow_none=True)
    treatment = Text(longest=1000, allow_none=True)
    note = Text(longest=1000, allow_none=True)
    photo_id = Id(allow_none=True)


class AdverseEvent(Document):
    """One adverse event over all standing assessments."""

    event_id = Id()
    complication = Choice(Complication)
    scar_id = Id(allow_none=True)
    subunit = Choice(Subunit, allow_none=True)
    side = Choice(Side, allow_none=True)
    first_seen = Day(metadata={"description": "The first assessment that told it."})
    onset_on = Day(allow_none=True)
    last_present = Day(allow_none=True)
    first_absent = Day(allow_none=True)
    ongoing = Flag()
    clavien_dindo = Choice(ClavienDindo, allow_none=True, metadata={"description": "The worst so far."})
    disability = Flag()
    ctcae = Quantity("ctcae", steps=1, allow_none=True, metadata={"description": "The worst so far."})
    relation = Choice(Relation)
    observations = fields.List(fields.Nested(Observation))


class AdverseEventList(Shape):
    """All of a procedure, by when they were first seen."""

    items = fields.List(fields.Nested(AdverseEvent), required=True)
