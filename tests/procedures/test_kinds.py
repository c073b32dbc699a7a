"""Every kind of entry reads back with the values that were sent."""

from datetime import datetime
from typing import Any

import pytest

from schemas import entries, entry_loading
from schemas.vocabulary import EntryKind
from tests import make
from tests.procedures.case import Case, at

REASON = "the surgeon says so"
LASTING = {"started_at": at(40), "ended_at": at(41.5)}
FULL: dict[str, dict[str, Any]] = {
    "checklist": {"phase": "sign_in", "item": "known_allergy", "answer": "no", "actor": "Nóra Szabó"},
    "anaesthesia": LASTING
    | {
        "technique": "tumescent",
        "lidocaine_mg_per_l": 812.5,
        "adrenaline_mg_per_l": 0.75,
        "bicarbonate_meq_per_l": 12.5,
        "volume_ml": 100.125,
        "wait_min": 12.0,
        "lidocaine_mg": 20,
        "region": "lower abdomen",
        "agent": "lidocaine",
    },
    "harvest": LASTING
    | {
        "site": "lower_abdomen",
        "side": "midline",
        "cannula_mm": 2.4,
        "port_mm": 1.0,
        "port_count": 12,
        "method": "hand_syringe",
        "syringe_ml": 10.0,
        "negative_pressure_mmhg": 300.5,
        "lipoaspirate_ml": 60,
    },
    "preparation": LASTING
    | {
        "separation": "centrifuge",
        "wash_solution": "saline",
        "wash_ml": 100,
        "wash_cycles": 2,
        "decant_min": 5.5,
        "centrifuge_g": 1200,
        "centrifuge_rpm": 3000,
        "rotor_radius_cm": 12.0,
        "centrifuge_min": 3,
        "fat_ml": 32.001,
    },
    "emulsification": LASTING | {"stage": 1, "device": "luer_luer", "connector_mm": 2.4, "passes": 30},
    "filtration": LASTING
    | {"filtered": True, "aperture_um": 500, "filter_passes": 2, "additives": "saline", "additives_ml": 0.5, "nanofat_ml": 12},
    "injection": LASTING
    | {
        "volume_ml": 2.4,
        "plane": "intradermal",
        "delivery": "sharp_needle",
        "needle_gauge": 27,
        "cannula_mm": 0.9,
        "technique": "retrograde_linear",
        "subcision": True,
        "endpoint": "level_with_skin",
        "depth_mm": 2.0,
        "bolus_ml": 0.1,
        "syringe_ml": 1,
    },
    "discard": {"volume_ml": 8.2, "material": "nanofat"},
    "device_use": {
        "item": "Nanofat filter 500 µm",
        "barcode": "(01)09506000134352(17)291231(10)ABC123",
        "lot": "ABC123",
        "expires_on": "2029-12-31",
        "opened_at": at(31),
        "opened_by": "Nóra Szabó",
    },
    "incident": {"incident": "bleeding", "severity": "mild", "action": "compressed", "text": "two minutes"},
    "note": {"topic": "findings", "text": "Tethered at its upper end.", "blood_loss_ml": 12.5},
    "retraction": {},
}
COMMON = {"device_seq": 7, "confirmed": True, "reason": REASON}


def same(sent: Any, read: Any) -> bool:
    """Equal, times as instants."""
    if isinstance(sent, str) and sent.startswith("2025-11-24T"):
        return datetime.fromisoformat(sent) == datetime.fromisoformat(read)
    return bool(sent == read) and isinstance(sent, bool) == isinstance(read, bool)


@pytest.mark.parametrize("kind", EntryKind)
def test_every_field_of_every_kind_reads_back(kind: str, case: Case) -> None:
    sent = make.entry(kind, recorded_at=at(45), **COMMON, **FULL[kind])
    if kind == EntryKind.INJECTION:
        sent["scar_id"] = case.scar_ids[0]
    if kind == EntryKind.RETRACTION:
        sent["retracts"] = case.record(make.entry("note", text="wrong"))["entries"][0]["id"]
    (answered,) = case.record(sent)["entries"]
    (stored,) = [one for one in case.tablet.get(f"{case.path}/entries")["items"] if one["id"] == sent["id"]]
    assert {name: stored.get(name) for name, value in sent.items() if not same(value, stored.get(name))} == {}
    assert stored == answered


def test_the_table_above_leaves_no_field_out() -> None:
    links = {"injection": {"scar_id"}, "incident": {"scar_id"}, "retraction": {"retracts"}}
    for kind, shape in entries.SHAPES.items():
        assert set(shape().fields) - entry_loading.COMMON - links.get(kind, set()) == set(FULL[kind])


def test_an_entry_says_who_recorded_it_and_when_it_arrived(case: Case, clinic: make.Clinic) -> None:
    (note,) = case.record(make.entry("note", text="calm", recorded_at=at(45)))["entries"]
    assert note["recorded_by"] == str(clinic.surgeon.user_id)
    assert note["recorded_at"] == "2025-11-24T09:45:00+01:00"
    assert note["received_at"].endswith("Z")
    assert note["late"] is False


def test_the_devices_own_offset_is_kept(case: Case) -> None:
    (note,) = case.record(make.entry("note", text="calm", recorded_at="2025-11-24T14:15:00.5+05:45"))["entries"]
    assert note["recorded_at"] == "2025-11-24T14:15:00.500000+05:45"


def test_whole_numbers_stay_whole_on_the_wire(case: Case) -> None:
    answer = case.tablet.call("POST", f"{case.path}/entries", json=make.entry("harvest", site="hip", port_mm=1.0, lipoaspirate_ml=60.0))
    assert '"port_mm":1,' in answer.text or '"port_mm":1}' in answer.text
    assert '"lipoaspirate_ml":60,' in answer.text


def test_entries_are_listed_in_the_order_of_their_own_times(case: Case) -> None:
    for text, minute in (("second", 50), ("third", 60), ("first", 40)):
        case.record(make.entry("note", text=text, recorded_at=at(minute)))
    assert [one["text"] for one in case.tablet.get(f"{case.path}/entries")["items"]] == ["first", "second", "third"]
