"""Shapes of entries: one schema per kind. Quantities that are summed load into stored units (`attribute`), the rest stay as sent."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from schemas.fields import Choice, Day, Flag, Id, Measure, Moment, Quantity, Scan, Shape, Text
from schemas.vocabulary import (
    CHECKLIST_ITEMS,
    Anaesthesia,
    ChecklistAnswer,
    ChecklistPhase,
    Delivery,
    DiscardMaterial,
    EmulsifyDevice,
    EntryKind,
    HarvestMethod,
    HarvestSite,
    IncidentKind,
    InjectionEndpoint,
    InjectionTechnique,
    NoteTopic,
    Plane,
    Separation,
    Severity,
    Side,
    WashSolution,
)


def _when(field: str, value: object, then: dict[str, Any]) -> dict[str, Any]:
    """A rule over two fields as JSON Schema: the twin of a validator, so that the API's description says what is checked."""
    return {"if": {"required": [field], "properties": {field: {"const": value}}}, "then": then}


class Entry(Shape):
    """What every entry carries."""

    ALSO: ClassVar[tuple[dict[str, Any], ...]] = (_when("confirmed", value=True, then={"required": ["reason"]}),)
    """Rules over several fields, for the API's description; each kind adds its own."""

    id = Id(metadata={"description": "Made by the client; a repeated call with the same id is harmless."})
    recorded_at = Moment(required=True, metadata={"description": "Device time, with its offset."})
    device_seq = Quantity("device_seq", steps=1, metadata={"description": "The tablet's own gapless counter."})
    confirmed = Flag(metadata={"description": "The person saw the warning and means it; needs a reason."})
    reason = Text(longest=500, metadata={"description": "Why: of a confirmation, of something left out, of a retraction."})

    @validates_schema
    def _confirmed_needs_reason(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("confirmed") and not data.get("reason"):
            raise ValidationError("A confirmation needs a reason; say why.", "reason")


class Timed(Entry):
    """An entry that lasts."""

    started_at = Moment()
    ended_at = Moment()

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if "started_at" in data and "ended_at" in data and data["ended_at"] < data["started_at"]:
            raise ValidationError("Ends before it starts; check both times.", "ended_at")


class ChecklistEntry(Entry):
    """One answer of the surgical safety check list."""

    ALSO = tuple(_when("phase", str(phase), {"properties": {"item": {"enum": [*items]}}}) for phase, items in CHECKLIST_ITEMS.items())
    kind = Choice((EntryKind.CHECKLIST,), required=True)
    phase = Choice(ChecklistPhase, required=True)
    item = Choice(tuple(item for items in CHECKLIST_ITEMS.values() for item in items), required=True)
    answer = Choice(ChecklistAnswer, required=True)
    actor = Text(longest=120, metadata={"description": "Who answered, when not the person recording."})

    @validates_schema
    def _item_of_phase(self, data: dict[str, Any], **_: Any) -> None:
        items = CHECKLIST_ITEMS[ChecklistPhase(data["phase"])]
        if data["item"] not in items:
            raise ValidationError(f"Not an item of {data['phase']}; those are: {', '.join(items)}.", "item")


class AnaesthesiaEntry(Timed):
    """Tumescent infiltration, nerve block, or another technique."""

    ALSO = (_when("technique", str(Anaesthesia.TUMESCENT), {"required": ["volume_ml", "lidocaine_mg_per_l"]}),)
    kind = Choice((EntryKind.ANAESTHESIA,), required=True)
    technique = Choice(Anaesthesia, required=True)
    lidocaine_mg_per_l = Quantity("lidocaine_mg_per_l", attribute="lidocaine_ug_per_l")
    adrenaline_mg_per_l = Measure("adrenaline_mg_per_l")
    bicarbonate_meq_per_l = Measure("bicarbonate_meq_per_l")
    volume_ml = Quantity("tumescent_ml", attribute="volume_ul", metadata={"description": "Volume infiltrated, mL."})
    wait_min = Measure("wait_min")
    lidocaine_mg = Quantity("lidocaine_mg", attribute="lidocaine_ug", metadata={"description": "Dose of a block, mg."})
    region = Text(longest=120, metadata={"example": "lower abdomen"})
    agent = Text(longest=120)

    @validates_schema
    def _tumescent_complete(self, data: dict[str, Any], **_: Any) -> None:
        if data["technique"] == Anaesthesia.TUMESCENT:
            missing = [name for name, key in (("volume_ml", "volume_ul"), ("lidocaine_mg_per_l", "lidocaine_ug_per_l")) if key not in data]
            if missing:
                raise ValidationError({name: ["A tumescent entry needs it; send it."] for name in missing})


class HarvestEntry(Timed):
    """Fat drawn from one site."""

    kind = Choice((EntryKind.HARVEST,), required=True)
    site = Choice(HarvestSite, required=True)
    side = Choice(Side)
    cannula_mm = Quantity("cannula_mm", attribute="cannula_um", metadata={"description": "Outer diameter, mm."})
    port_mm = Measure("port_mm")
    port_count = Measure("port_count", steps=1)
    method = Choice(HarvestMethod)
    syringe_ml = Measure("syringe_ml")
    negative_pressure_mmhg = Measure("negative_pressure_mmhg")
    lipoaspirate_ml = Quantity("lipoaspirate_ml", attribute="lipoaspirate_ul", required=True)

    @validates_schema
    def _port_in_cannula(self, data: dict[str, Any], **_: Any) -> None:
        if "port_mm" in data and "cannula_um" in data and data["port_mm"] * 1000 > data["cannula_um"]:
            raise ValidationError("A port cannot be wider than its cannula; are the two swapped?", "port_mm")


class PreparationEntry(Timed):
    """Washing and separating the fat."""

    ALSO = ({"dependentRequired": {"centrifuge_rpm": ["rotor_radius_cm"]}},)
    kind = Choice((EntryKind.PREPARATION,), required=True)
    separation = Choice(Separation, required=True)
    wash_solution = Choice(WashSolution)
    wash_ml = Measure("wash_ml")
    wash_cycles = Measure("wash_cycles", steps=1)
    decant_min = Measure("decant_min")
    centrifuge_g = Measure("centrifuge_g")
    centrifuge_rpm = Measure("centrifuge_rpm")
    rotor_radius_cm = Measure("rotor_radius_cm")
    centrifuge_min = Measure("centrifuge_min")
    fat_ml = Quantity("fat_ml", attribute="fat_ul", metadata={"description": "Fat fraction kept, mL."})

    @validates_schema
    def _rpm_needs_radius(self, data: dict[str, Any], **_: Any) -> None:
        if "centrifuge_rpm" in data and "rotor_radius_cm" not in data:
            raise ValidationError("Revolutions say nothing without the rotor's radius; give it, or give g.", "rotor_radius_cm")


class EmulsificationEntry(Timed):
    """One stage; one pass is one transfer from syringe to syringe."""

    kind = Choice((EntryKind.EMULSIFICATION,), required=True)
    stage = Quantity("stage", steps=1, required=True)
    device = Choice(EmulsifyDevice, required=True)
    connector_mm = Quantity("connector_mm", attribute="connector_um", metadata={"description": "Inner diameter, mm."})
    passes = Quantity("passes", steps=1, required=True)


class FiltrationEntry(Timed):
    """Filtered or not, and what came out."""

    ALSO = (
        _when("filtered", value=True, then={"required": ["aperture_um"], "properties": {"filter_passes": {"minimum": 1}}}),
        _when("filtered", value=False, then={"required": ["reason"]}),
    )
    kind = Choice((EntryKind.FILTRATION,), required=True)
    filtered = Flag(required=True)
    aperture_um = Quantity("aperture_um", steps=1)
    filter_passes = Quantity("filter_passes", steps=1)
    additives = Text(longest=200)
    additives_ml = Quantity("additives_ml", attribute="additives_ul")
    nanofat_ml = Quantity("nanofat_ml", attribute="nanofat_ul", required=True)

    @validates_schema
    def _consistent(self, data: dict[str, Any], **_: Any) -> None:
        if data["filtered"] and "aperture_um" not in data:
            raise ValidationError("A filtered product needs the filter's aperture in µm; send it.", "aperture_um")
        if not data["filtered"] and not data.get("reason"):
            raise ValidationError("Say why the product was not filtered.", "reason")
        if data["filtered"] and data.get("filter_passes") == 0:
            raise ValidationError("Filtered with no pass? Send filtered: false and a reason.", "filter_passes")


class InjectionEntry(Timed):
    """Nanofat placed in one scar."""

    kind = Choice((EntryKind.INJECTION,), required=True)
    scar_id = Id(required=True)
    volume_ml = Quantity("volume_ml", attribute="volume_ul", required=True)
    plane = Choice(Plane, required=True)
    delivery = Choice(Delivery)
    needle_gauge = Quantity("needle_gauge", steps=1)
    cannula_mm = Quantity("cannula_mm", attribute="cannula_um")
    technique = Choice(InjectionTechnique)
    subcision = Flag()
    endpoint = Choice(InjectionEndpoint)
    depth_mm = Measure("injection_depth_mm")
    bolus_ml = Measure("bolus_ml")
    syringe_ml = Measure("syringe_ml")


class DiscardEntry(Entry):
    """What was thrown away, and why."""

    kind = Choice((EntryKind.DISCARD,), required=True)
    volume_ml = Quantity("discarded_ml", attribute="volume_ul", required=True)
    material = Choice(DiscardMaterial, load_default=DiscardMaterial.NANOFAT.value)


class DeviceUseEntry(Entry):
    """A device or consumable opened. The raw scan is kept; what it says is read by the server (GS1 or HIBC)."""

    kind = Choice((EntryKind.DEVICE_USE,), required=True)
    item = Text(longest=200, required=True, metadata={"example": "Nanofat filter 500 µm"})
    barcode = Scan(longest=300)
    lot = Text(longest=20)
    expires_on = Day()
    opened_at = Moment()
    opened_by = Text(longest=120)


class IncidentEntry(Entry):
    """Something went wrong, or nearly. `recorded_at` is when."""

    kind = Choice((EntryKind.INCIDENT,), required=True)
    incident = Choice(IncidentKind, required=True)
    severity = Choice(Severity)
    scar_id = Id()
    action = Text(longest=1000)
    text = Text(longest=2000)


class NoteEntry(Entry):
    """Free text; with a topic it answers that item of the operation note."""

    ALSO = ({"anyOf": [{"required": ["text"]}, {"required": ["blood_loss_ml"]}]},)
    kind = Choice((EntryKind.NOTE,), required=True)
    topic = Choice(NoteTopic, load_default=NoteTopic.GENERAL.value)
    text = Text(longest=4000)
    blood_loss_ml = Quantity("blood_loss_ml", attribute="blood_loss_ul")

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_: Any) -> None:
        if "text" not in data and "blood_loss_ul" not in data:
            raise ValidationError("Say something: send text or blood_loss_ml.", "text")


class RetractionEntry(Entry):
    """Strikes an earlier entry through; the earlier entry stays."""

    kind = Choice((EntryKind.RETRACTION,), required=True)
    retracts = Id(required=True, metadata={"description": "The entry that was wrong."})
    reason = Text(longest=500, required=True)


SHAPES: dict[str, type[Entry]] = {
    EntryKind.CHECKLIST: ChecklistEntry,
    EntryKind.ANAESTHESIA: AnaesthesiaEntry,
    EntryKind.HARVEST: HarvestEntry,
    EntryKind.PREPARATION: PreparationEntry,
    EntryKind.EMULSIFICATION: EmulsificationEntry,
    EntryKind.FILTRATION: FiltrationEntry,
    EntryKind.INJECTION: InjectionEntry,
    EntryKind.DISCARD: DiscardEntry,
    EntryKind.DEVICE_USE: DeviceUseEntry,
    EntryKind.INCIDENT: IncidentEntry,
    EntryKind.NOTE: NoteEntry,
    EntryKind.RETRACTION: RetractionEntry,
}


class WarningOut(Shape):
    """Something unusual: accepted, shown, and listed at signing."""

    code = Text(longest=60, required=True)
    message = Text(longest=500, required=True)
    entry_id = Id(allow_none=True)
    field = Text(longest=60, allow_none=True)
    value = fields.Raw(allow_none=True)
    usual = Text(longest=120, allow_none=True)
    source = Text(longest=300, shortest=0, allow_none=True)
    confirmed = Flag()
