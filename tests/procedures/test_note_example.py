"""A record built by hand, without a database: the example that the stories about the note start from."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from schemas.entry_loading import load_entry
from schemas.vocabulary import CHECKLIST_ITEMS, ProcedureState
from server.clinics.models import Clinic, User
from server.ids import uuid7
from server.patients.models import Patient, Scar
from server.procedures import rules, totals
from server.procedures.facts import Fact, entry_document
from server.procedures.models import Addendum, Entry, PlannedInjection, Procedure, Signature
from server.procedures.service.record import Record, context_of

BUDAPEST = timezone(timedelta(hours=1))
START = datetime(2026, 11, 23, 9, 30, tzinfo=BUDAPEST)
VERA, NORA = User(id=uuid7(), name="Dr Vera Kovács"), User(id=uuid7(), name="Nóra Szabó")
PROCEDURE_ID = uuid7()
_BLANK: dict[str, Any] = {column.key: None for column in sa.inspect(Entry).column_attrs} | {"late": False, "confirmed": False}


def fact(kind: str, minute: float, *, by: User = VERA, zone: timezone = BUDAPEST, late: bool = False, **wire: Any) -> Fact:
    """An entry as stored, recorded some minutes after 09:30 in Budapest on a device whose clock stands at `zone`."""
    moment = (START + timedelta(minutes=minute)).astimezone(zone)
    sent = load_entry({"id": str(uuid7()), "kind": kind, "recorded_at": moment.isoformat()} | wire)
    expires = sent["details"].get("expires_on")
    if expires and expires < moment.date().isoformat():
        sent["details"]["expired"] = True
    row = (
        _BLANK
        | sent
        | {
            "procedure_id": PROCEDURE_ID,
            "recorded_at": moment.astimezone(UTC),
            "recorded_offset_min": round((moment.utcoffset() or timedelta()).total_seconds() / 60),
            "received_at": moment.astimezone(UTC) + timedelta(seconds=2),
            "recorded_by": by.id,
            "late": late,
        }
    )
    return row | {"warnings": rules.unusual_numbers(entry_document(row))}


CHEEK, BOXCAR_1, BOXCAR_2 = uuid7(), uuid7(), uuid7()


def scars() -> list[Scar]:
    """The depressed scar of the left cheek and the two boxcar scars of the example; the last has no point."""
    boxcar = {
        "subunit": "cheek_buccal",
        "side": "left",
        "morphology": "boxcar_shallow",
        "aetiology": "acne",
        "length_um": 4000,
        "width_um": 3000,
    }
    trauma = {"subunit": "cheek_medial", "side": "left", "morphology": "depressed_broad", "aetiology": "trauma"}
    return [
        Scar(
            id=CHEEK, label="Left cheek, main", view="front", x_e4=6700, y_e4=5600, length_um=32000, width_um=9000, depth_um=1500, **trauma
        ),
        Scar(id=BOXCAR_1, label="Boxcar, upper", view="left", x_e4=4300, y_e4=6200, **boxcar),
        Scar(id=BOXCAR_2, label="Boxcar, lower", **boxcar),
    ]


def checked(phase: str, minute: float, **answers: str) -> list[Fact]:
    """Every item of a phase answered yes, unless `answers` says otherwise."""
    items = CHECKLIST_ITEMS[phase]  # type: ignore[index]  # reason: a StrEnum is its text
    return [fact("checklist", minute, by=NORA, phase=phase, item=item, answer=answers.get(item, "yes")) for item in items]


def example() -> list[Fact]:
    """The case of the API's description: 60 mL lipoaspirate, 32 mL fat, 12 mL nanofat, 3.8 mL injected, 8.2 mL discarded."""
    inject: dict[str, Any] = {"plane": "intradermal", "delivery": "sharp_needle", "needle_gauge": 27}
    return [
        *checked("sign_in", 1, airway_risk="no"),
        fact(
            "anaesthesia",
            8,
            technique="tumescent",
            region="lower abdomen",
            volume_ml=100,
            lidocaine_mg_per_l=800,
            adrenaline_mg_per_l=1,
            wait_min=12,
        ),
        fact("device_use", 10, by=NORA, item="Nanofat filter 500 µm", lot="NF2231", expires_on="2028-04-30"),
        *checked("time_out", 18, antibiotic_given="not_applicable"),
        fact(
            "harvest",
            22,
            site="lower_abdomen",
            side="midline",
            cannula_mm=2.4,
            port_mm=1.0,
            method="hand_syringe",
            lipoaspirate_ml=60,
            started_at="2026-11-23T09:42:00+01:00",
            ended_at="2026-11-23T09:52:00+01:00",
        ),
        fact("preparation", 34, separation="decant", wash_solution="ringer_lactate", decant_min=10, fat_ml=32),
        fact("emulsification", 38, stage=1, device="luer_luer", connector_mm=2.4, passes=30),
        fact("emulsification", 41, stage=2, device="luer_luer", connector_mm=1.2, passes=30),
        fact("filtration", 43, filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=12),
        fact("injection", 50, scar_id=str(CHEEK), volume_ml=2.4, technique="fanning", subcision=True, endpoint="level_with_skin", **inject),
        fact("injection", 56, scar_id=str(BOXCAR_1), volume_ml=0.8, endpoint="yellowish_blanch", **inject),
        fact("injection", 59, scar_id=str(BOXCAR_2), volume_ml=0.6, endpoint="yellowish_blanch", **inject),
        fact("discard", 63, volume_ml=8.2, reason="More made than needed"),
        fact("note", 64, topic="closure", text="Access point closed with one 6-0 nylon suture."),
        fact("note", 65, topic="blood_loss", blood_loss_ml=10),
        fact("note", 66, topic="instructions", text="No pressure on the cheek for 5 days. Suture out on day 5."),
        *checked("sign_out", 68),
    ]


def record(
    facts: Sequence[Fact],
    *,
    signed: bool = False,
    clinic: dict[str, Any] | None = None,
    patient: dict[str, Any] | None = None,
    **procedure: Any,
) -> Record:
    """A record as if loaded: Riverside, Anna Petrauskienė, the example's plan."""
    planned = [(CHEEK, 2500, "intradermal", 27), (BOXCAR_1, 800, "intradermal", 27), (BOXCAR_2, 600, None, None)]
    person = {
        "family_name": "Petrauskienė",
        "given_name": "Anna",
        "mrn": "RPS-00017",
        "birth_date": date(1991, 4, 17),
        "sex": "female",
        "weight_g": 62000,
        "allergies": "none known",
    } | (patient or {})
    header = {
        "state": ProcedureState.COMPLETED,
        "planned_for": START,
        "started_at": START,
        "ended_at": START + timedelta(minutes=72),
        "urgency": "elective",
        "title": "Nanofat injection of depressed facial scars",
        "surgeon_id": VERA.id,
        "planned_passes": 60,
        "planned_aperture_um": 500,
    } | procedure
    case = Procedure(id=PROCEDURE_ID, **header)
    case.injections = [
        PlannedInjection(scar_id=scar, position=index, volume_ul=volume, plane=plane, needle_gauge=gauge)
        for index, (scar, volume, plane, gauge) in enumerate(planned)
    ]
    anna = Patient(id=uuid7(), **person)
    context = context_of(case, anna, scars())
    home = Clinic(**{"name": "Riverside Plastic Surgery", "time_zone": "Europe/Budapest", "phone": "+36 1 555 0100"} | (clinic or {}))
    people = {VERA.id: VERA, NORA.id: NORA}
    kept = sorted(facts, key=lambda one: (one["recorded_at"], str(one["id"])))
    return Record(home, case, anna, people, scars(), kept, context, _signature(kept, context) if signed else None, [])


def _signature(facts: Sequence[Fact], context: totals.Context) -> Signature:
    warnings = [{"code": one["code"], "entry_id": one["entry_id"], "message": one["message"]} for one in rules.warnings(facts, context)]
    manifest = {"entries": [[str(one["id"]), "0" * 64] for one in facts if not one["late"]], "warnings": warnings}
    return Signature(
        id=uuid7(),
        procedure_id=PROCEDURE_ID,
        signer_id=VERA.id,
        signer_name="Dr Vera Kovács",
        meaning="author",
        signed_at=START + timedelta(minutes=80),
        manifest=json.dumps(manifest),
        signature="kQ3v" * 22,
        key_id="riverside-1",
        public_key="p" * 44,
    )


def addendum(text: str) -> Addendum:
    """What Vera said the day after."""
    return Addendum(
        id=uuid7(),
        procedure_id=PROCEDURE_ID,
        text=text,
        signer_id=VERA.id,
        signer_name="Dr Vera Kovács",
        signed_at=START + timedelta(days=1),
        manifest="{}",
        signature="aB9x" * 22,
        key_id="riverside-1",
    )


def test_the_example_is_the_one_of_the_api_description() -> None:
    sums = record(example()).totals()
    assert (sums["lipoaspirate_ml"], sums["fat_ml"], sums["nanofat_ml"]) == (60, 32, 12)
    assert (sums["injected_ml"], sums["discarded_ml"], sums["residual_ml"], sums["passes"]) == (3.8, 8.2, 0, 60)
