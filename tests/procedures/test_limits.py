"""Hard limits refuse slips of units; soft ones accept and remark."""

from typing import Any

import pytest

from tests import make
from tests.procedures import case as stages
from tests.procedures.case import Case, codes

FILTER = {"filtered": True, "aperture_um": 500, "nanofat_ml": 12}
SLIPS = [
    ("filtration", FILTER | {"aperture_um": 0.5}, "/aperture_um", ["0.5 µm", "50 to 2000 µm", "0.5 mm is 500"]),
    ("filtration", FILTER | {"nanofat_ml": 0}, "/nanofat_ml", ["0 mL", "0.05 to 300 mL"]),
    ("harvest", {"site": "hip", "lipoaspirate_ml": 60, "cannula_mm": 14}, "/cannula_mm", ["14 mm", "0.7 to 6 mm", "not gauge"]),
    ("harvest", {"site": "hip", "lipoaspirate_ml": 60, "cannula_mm": 2, "port_mm": 3}, "/port_mm", ["swapped"]),
    ("emulsification", {"stage": 1, "device": "luer_luer", "passes": 30, "connector_mm": 1200}, "/connector_mm", ["1200 µm is 1.2"]),
    ("emulsification", {"stage": 1, "device": "luer_luer", "passes": 400}, "/passes", ["there and back is two"]),
    ("emulsification", {"stage": 1, "device": "luer_luer", "passes": 13.9}, "/passes", ["13.9"]),
    ("preparation", {"separation": "centrifuge", "centrifuge_rpm": 3000}, "/rotor_radius_cm", ["give g"]),
    ("preparation", {"separation": "centrifuge", "centrifuge_g": 15000}, "/centrifuge_g", ["not revolutions"]),
    ("anaesthesia", {"technique": "tumescent"}, "/volume_ml", ["needs it"]),
    ("anaesthesia", {"technique": "nerve_block", "lidocaine_mg": 6000}, "/lidocaine_mg", ["5 mL of 1 % is 50 mg"]),
    ("filtration", {"filtered": True, "nanofat_ml": 12}, "/aperture_um", ["needs the filter's aperture"]),
    ("filtration", {"filtered": False, "nanofat_ml": 12}, "/reason", ["why"]),
    ("filtration", FILTER | {"filter_passes": 0}, "/filter_passes", ["filtered: false"]),
    ("checklist", {"phase": "time_out", "item": "site_marked", "answer": "yes"}, "/item", ["team_introduced"]),
    ("note", {}, "/text", ["Say something"]),
    ("note", {"text": "x", "confirmed": True}, "/reason", ["needs a reason"]),
    ("discard", {"volume_ml": "8,2"}, "/volume_ml", ["not text", "point"]),
    (
        "harvest",
        {"site": "hip", "lipoaspirate_ml": 60, "started_at": stages.at(9), "ended_at": stages.at(8)},
        "/ended_at",
        ["before it starts"],
    ),
    ("operation", {}, "/kind", ["harvest", "retraction"]),
]


@pytest.mark.parametrize(("kind", "fields", "pointer", "says"), SLIPS)
def test_a_slip_is_refused_with_field_limit_unit_and_likely_meaning(
    kind: str, fields: dict[str, Any], pointer: str, says: list[str], case: Case
) -> None:
    refusal = case.tablet.post(f"{case.path}/entries", make.entry(kind, **fields), 422)
    error = next(one for one in refusal["errors"] if one["pointer"] == pointer)
    assert [text for text in says if text not in error["message"]] == []
    assert case.read()["entries"] == []


def test_in_a_list_the_pointer_says_which_entry(case: Case) -> None:
    fine, slip = make.entry("note", text="fine"), make.entry("filtration", **FILTER | {"aperture_um": 0.5})
    assert case.record(fine, slip, expect=422)["errors"][0]["pointer"] == "/1/aperture_um"


def test_an_unusual_value_is_stored_and_remarked_on(case: Case) -> None:
    sent = make.entry("filtration", **FILTER | {"aperture_um": 1200})
    answer = case.record(sent)
    remark = next(one for one in answer["warnings"] if one["code"] == "unusual_value")
    assert (remark["entry_id"], remark["field"], remark["value"]) == (sent["id"], "aperture_um", 1200)
    assert remark["usual"] == "300 to 600 µm"
    assert remark["message"] == "aperture_um is 1200 µm; usual is 300 to 600 µm."
    assert remark["confirmed"] is False
    assert answer["entries"][0]["warnings"] == [remark]
    assert remark in case.read()["warnings"]


def test_what_the_surgeon_confirms_is_marked_so(case: Case) -> None:
    answer = case.record(make.entry("filtration", **FILTER | {"aperture_um": 1200}, confirmed=True, reason="none smaller left"))
    assert [one["confirmed"] for one in answer["warnings"] if one["code"] == "unusual_value"] == [True]
    assert answer["entries"][0]["reason"] == "none smaller left"


def test_usual_values_earn_no_remark(case: Case) -> None:
    assert codes(case.record(make.entry("filtration", **FILTER))) == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("anaesthesia", {"technique": "tumescent", "lidocaine_mg_per_l": 800, "volume_ml": 600}),
        ("injection", {"volume_ml": 6, "plane": "subdermal"}),
        ("injection", {"volume_ml": 1, "plane": "subdermal", "depth_mm": 12}),
        ("harvest", {"site": "hip", "lipoaspirate_ml": 300}),
    ],
)
def test_the_limit_of_a_field_depends_on_its_kind(kind: str, fields: dict[str, Any], case: Case) -> None:
    scar = {"scar_id": case.scar_ids[0]} if kind == "injection" else {}
    assert "unusual_value" in codes(case.record(make.entry(kind, **fields, **scar)))


def test_a_scar_of_another_patient_is_refused(case: Case, db: Any, clinic: make.Clinic) -> None:
    strange = make.scar(db, clinic, make.patient(db, clinic)["id"])["id"]
    sent = make.entry("injection", scar_id=strange, volume_ml=1, plane="subdermal")
    assert case.tablet.post(f"{case.path}/entries", sent, 422)["errors"][0]["pointer"] == "/scar_id"
    assert case.record(sent, expect=422)["errors"][0]["pointer"] == "/0/scar_id"
