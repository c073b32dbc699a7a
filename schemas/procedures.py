"""Shapes of procedures: plan, header, state changes, signature, addenda, totals."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.common import Items, Page
from schemas.devices import Pin
from schemas.entries import WarningOut
from schemas.fields import Choice, Day, Document, Id, Moment, Quantity, Secret, Shape, Text
from schemas.session import code_field
from schemas.vocabulary import HarvestSite, Plane, ProcedureState, Side, SignatureMeaning, Subunit, Urgency

MOST_SCARS = 60


class PlannedInjection(Shape):
    """What one scar is meant to get."""

    scar_id = Id(required=True)
    volume_ml = Quantity("volume_ml", attribute="volume_ul", required=True)
    plane = Choice(Plane)
    needle_gauge = Quantity("needle_gauge", steps=1)


class Plan(Shape):
    """What is intended."""

    harvest_site = Choice(HarvestSite)
    harvest_side = Choice(Side)
    passes = Quantity("planned_passes", steps=1)
    aperture_um = Quantity("aperture_um", steps=1)
    injections = fields.List(fields.Nested(PlannedInjection), validate=validate.Length(max=MOST_SCARS))

    @validates_schema
    def _each_scar_once(self, data: dict[str, Any], **_: Any) -> None:
        scars = [one["scar_id"] for one in data.get("injections", ())]
        if len(set(scars)) != len(scars):
            raise ValidationError("A scar is planned twice; give it one volume.", "injections")


class Header(Shape):
    """What may be said of a procedure until it is signed."""

    planned_for = Moment()
    urgency = Choice(Urgency)
    title = Text(longest=200)
    assistant = Text(longest=200, allow_none=True)
    anaesthetist = Text(longest=200, allow_none=True)
    weight_kg = Quantity(
        "weight_kg", attribute="weight_g", allow_none=True, metadata={"description": "On the day; without it the patient's weight counts."}
    )
    consent_on = Day(allow_none=True, metadata={"description": "Day the patient signed the consent."})
    baseline_photos_on = Day(allow_none=True, metadata={"description": "Day the photographs before the procedure were taken."})


class Planning(Header):
    """What is planned of a procedure; `plan` replaces the whole plan."""

    surgeon_id = Id()
    plan = fields.Nested(Plan)


class ProcedureChange(Planning):
    """PATCH of a procedure."""

    started_at = Moment(metadata={"description": "Corrects the beginning of a completed procedure until it is signed."})
    ended_at = Moment(
        metadata={"description": "Corrects the end of a completed procedure until it is signed; the follow-up moves with it."}
    )


class ProcedureCreate(Planning):
    """A new procedure of one patient."""

    id = Id()
    patient_id = Id(required=True)
    surgeon_id = Id(required=True)
    planned_for = Moment(required=True)


class ProcedureSummary(Document, ProcedureCreate):
    """A procedure without its entries."""

    state = Choice(ProcedureState)
    started_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    closed_reason = Text(allow_none=True, longest=1000)
    created_by = Id(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class ProcedureRow(ProcedureSummary):
    """A row of the list."""

    patient = fields.Dict(required=True)
    surgeon = fields.Dict(required=True)
    injected_ml = fields.Float(required=True, allow_none=True)
    scars = fields.Integer(required=True)


class ProcedureOut(ProcedureSummary):
    """A procedure with everything recorded, and what follows from it."""

    entries = fields.List(fields.Dict(), required=True)
    totals = fields.Dict(required=True)
    warnings = fields.List(fields.Nested(WarningOut), required=True)


class ProcedureList(Items):
    """A page of procedures, newest first."""

    items = fields.List(fields.Nested(ProcedureRow), required=True)


class ProcedureQuery(Page):
    """Filters of the list."""

    state = Choice(ProcedureState)
    surgeon_id = Id()
    patient_id = Id()
    planned_from = Day()
    planned_to = Day()
    subunit = Choice(Subunit)
    q = Text(longest=100, metadata={"description": "Part of the patient's name or number, or of the title."})


class PlanAnswers(Shape):
    """The planning half of a procedure, each answer with the numbers behind it."""

    procedure_id = Id(required=True)
    plan = fields.Nested(Plan, required=True)
    nanofat_needed = fields.Dict(required=True)
    lipoaspirate_needed = fields.Dict(required=True)
    tumescent = fields.Dict(required=True)
    lidocaine_ceiling = fields.Dict(required=True)
    risk_zones = fields.List(fields.Dict(), required=True)
    missing = fields.List(fields.Dict(), required=True)


class EntriesOut(Shape):
    """What was stored, and what now follows."""

    entries = fields.List(fields.Dict(), required=True)
    totals = fields.Dict(required=True)
    warnings = fields.List(fields.Nested(WarningOut), required=True)


class EntryList(Items):
    """Entries in order; retracted ones are marked."""

    items = fields.List(fields.Dict(), required=True)


class StateChange(Shape):
    """When it happened; by default now."""

    at = Moment()


class Reasoned(Shape):
    """A change that undoes something says why."""

    reason = Text(longest=1000, required=True)


class ReasonedChange(Reasoned):
    """The same for a change that happened at some time."""

    at = Moment()


class SignRequest(Shape):
    """Signing asks for the password again, and for a second factor: a code, or by the clinic's policy the PIN on a paired tablet."""

    password = Secret()
    code = code_field()
    pin = Pin(required=False)
    meaning = Choice(SignatureMeaning, load_default=SignatureMeaning.AUTHOR.value)


class SignatureOut(Shape):
    """A signature and exactly what it covers."""

    id = Id(required=True)
    procedure_id = Id(required=True)
    signer_id = Id(required=True)
    signer_name = Text(required=True)
    meaning = Choice(SignatureMeaning, required=True)
    signed_at = Moment(required=True)
    manifest = fields.Dict(required=True)
    signature = Text(longest=200, required=True)
    key_id = Text(longest=64, required=True)
    public_key = Text(longest=200, required=True)


class AddendumRequest(Shape):
    """What may still be said after signing, itself signed."""

    id = Id()
    text = Text(longest=8000, required=True)
    password = Secret()
    code = code_field()
    pin = Pin(required=False)


class AddendumOut(Shape):
    """A signed addendum."""

    id = Id(required=True)
    procedure_id = Id(required=True)
    text = Text(longest=8000, required=True)
    signer_id = Id(required=True)
    signer_name = Text(required=True)
    signed_at = Moment(required=True)
    manifest = fields.Dict(required=True)
    signature = Text(longest=200, required=True)
    key_id = Text(longest=64, required=True)


class AddendumList(Items):
    """Addenda in order."""

    items = fields.List(fields.Nested(AddendumOut), required=True)


class HistoryQuery(Page):
    """Paging of a history."""


class HistoryRow(Shape):
    """One row of the journal."""

    seq = fields.Integer(required=True)
    at = Moment(required=True)
    actor_id = Id(required=True, allow_none=True)
    device_id = Id(required=True, allow_none=True)
    action = Text(required=True)
    collection = Text(required=True)
    record_id = Id(required=True)
    write_id = Id(required=True, allow_none=True)
    body = fields.Dict(required=True, allow_none=True)


class HistoryList(Items):
    """Journal rows, oldest first."""

    items = fields.List(fields.Nested(HistoryRow), required=True)
