"""Forty earlier cases over eighteen months: seeded, so that every demo tells the same past relative to its own day."""

import random
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.clinics import demo as known
from server.demo import people, portraits
from server.demo.case import checklist, entry, photograph_before
from server.demo.client import Client
from server.ids import uuid7

CASES = 40
PHOTOGRAPHED = 8
"""So many of the last ones have photographs."""
MONTHS_BACK = 18
_SCARS = (
    ("Right cheek, rolling", "cheek_medial", "right", 0.34, 0.56, "rolling", "acne", 22, 12, 1.2),
    ("Left cheek, rolling", "cheek_medial", "left", 0.66, 0.56, "rolling", "acne", 18, 11, 1.0),
    ("Chin", "chin", "midline", 0.50, 0.84, "depressed_broad", "trauma", 16, 7, 1.5),
    ("Forehead, left", "forehead", "left", 0.60, 0.20, "depressed_linear", "trauma", 41, 3, 1.1),
    ("Right temple", "temple", "right", 0.22, 0.33, "boxcar_deep", "varicella", 7, 6, 0.9),
    ("Upper lip", "upper_lip", "right", 0.45, 0.71, "depressed_linear", "bite", 14, 2.5, 0.8),
    ("Nose tip", "nose_tip", "midline", 0.50, 0.59, "depressed_broad", "surgery", 9, 7, 1.0),
    ("Right jawline", "jawline", "right", 0.31, 0.77, "tethered", "surgery", 28, 5, 2.2),
    ("Left cheek, boxcar", "cheek_buccal", "left", 0.69, 0.63, "boxcar_shallow", "acne", 11, 8, 0.4),
    ("Right cheek, icepick field", "cheek_lateral", "right", 0.28, 0.52, "mixed", "acne", 30, 20, 0.7),
)
_SITES = ("lower_abdomen", "lower_abdomen", "flank", "inner_thigh", "inner_knee", "periumbilical")


def days(today: date) -> list[date]:
    """Operating days, oldest first: weekdays, thinning out towards the past as a practice that grows."""
    dice = random.Random(2021)
    longest = MONTHS_BACK * 30
    found: set[date] = set()
    while len(found) < CASES:
        day = today - timedelta(days=2 + int(longest * dice.random() ** 1.15))
        if day.weekday() < 5:
            found.add(day)
    return sorted(found)


def play(client: Client, number: int, day: date) -> dict[str, Any]:
    """One earlier case, recorded on its day. Most are signed; the last ones are not yet, one was abandoned, one called off."""
    dice = random.Random(1762 + number)
    zone = ZoneInfo(people.TIME_ZONE)
    begun = datetime.combine(day, time(dice.choice([8, 9, 10, 11, 13, 14]), dice.choice([0, 15, 30])), zone)
    patient, scars = _patient(client, number, day, dice)
    volumes = [round(dice.uniform(0.3, 2.4), 1) for _ in scars]
    surgeon_id = client.get("/session")["user"]["id"]
    site = dice.choice(_SITES)
    procedure = client.post(
        "/procedures",
        {
            "id": str(uuid7()),
            "patient_id": patient["id"],
            "surgeon_id": surgeon_id,
            "planned_for": begun.isoformat(),
            "consent_on": (day - timedelta(days=dice.randint(1, 20))).isoformat(),
            "baseline_photos_on": day.isoformat(),
            "assistant": "Nóra Szabó",
            "plan": {
                "harvest_site": site,
                "passes": 60,
                "aperture_um": 500,
                "injections": [
                    {"scar_id": scar["id"], "volume_ml": volume, "plane": "intradermal", "needle_gauge": 27}
                    for scar, volume in zip(scars, volumes, strict=True)
                ],
            },
        },
    )
    path = f"/procedures/{procedure['id']}"
    if number == 11:
        client.post(f"{path}/cancellation", {"reason": "The patient has a cold; a new date will be agreed."})
        return procedure  # type: ignore[no-any-return]  # reason: JSON
    client.post(f"{path}/start", {"at": begun.isoformat()})
    if number == 23:
        client.post(f"{path}/entries", _opening(begun, site, dice)[:12])
        client.post(
            f"{path}/abandonment", {"at": (begun + timedelta(minutes=25)).isoformat(), "reason": "Vasovagal reaction before harvest."}
        )
        return procedure  # type: ignore[no-any-return]  # reason: JSON
    client.post(f"{path}/entries", _entries(begun, site, scars, volumes, dice, number))
    if number >= CASES - PHOTOGRAPHED:
        photograph_before(client, procedure, scars, begun, consents=("record", "rating"))
    client.post(f"{path}/completion", {"at": (begun + timedelta(minutes=dice.randint(62, 95))).isoformat()})
    if number < CASES - 3:
        client.post(f"{path}/signature", {"password": known.PASSWORD, "code": known.code()})
    if number in {7, 19}:
        text = "The patient called on the next day: more swelling than expected, no other sign; seen and reassured."
        client.post(f"{path}/addenda", {"text": text, "password": known.PASSWORD, "code": known.code(1)})
    return procedure  # type: ignore[no-any-return]  # reason: JSON


def seen_again(client: Client, procedure: dict[str, Any], at: datetime) -> None:
    """A photograph at a follow-up visit."""
    days = (at - datetime.fromisoformat(procedure["planned_for"])).days
    scars = client.get(f"/patients/{procedure['patient_id']}/scars")["items"]
    healed, red = min(0.75, 0.35 + days / 300), max(0.0, 0.8 - days / 40)
    face = portraits.portrait(scars, healed=healed, red=red)
    about = {"procedure_id": procedure["id"], "kind": "follow_up", "taken_at": at.isoformat()}
    photo = client.photograph(procedure["patient_id"], face, view="front", **about)
    client.post(f"/photos/{photo['id']}/grades", {"quality": "good"})


def _patient(client: Client, number: int, day: date, dice: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    names = [(*name, "female") for name in people.WOMEN] + [(*name, "male") for name in people.MEN]
    random.Random(44).shuffle(names)
    family, given, sex = names[number % len(names)]
    born = date(day.year - dice.randint(21, 58), dice.randint(1, 12), dice.randint(1, 28))
    patient = client.post(
        "/patients",
        {
            "id": str(uuid7()),
            "mrn": f"RPS-{number + 201:04d}",
            "family_name": family,
            "given_name": given,
            "birth_date": born.isoformat(),
            "sex": sex,
            "phone": f"+36 30 555 {number + 200:04d}",
            "email": f"patient{number + 1}@patients.example" if number % 13 else None,
            "weight_kg": dice.randint(50, 92),
            "fitzpatrick": dice.randint(1, 4),
            "allergies": dice.choice(["none known", "none known", "none known", "penicillin", "adhesive plasters"]),
        },
    )
    chosen = dice.sample(_SCARS, dice.choice([1, 1, 2, 2, 3, 4]))
    scars = []
    for label, subunit, side, x, y, morphology, aetiology, length, width, depth in chosen:
        scar = {"id": str(uuid7()), "label": label, "subunit": subunit, "side": side, "view": "front", "x": x, "y": y,
                "morphology": morphology, "aetiology": aetiology, "length_mm": length, "width_mm": width, "depth_mm": depth,
                "age_months": dice.randint(10, 180)}  # fmt: skip
        scars.append(client.post(f"/patients/{patient['id']}/scars", scar))
    return patient, scars


def _opening(begun: datetime, site: str, dice: random.Random) -> list[dict[str, Any]]:
    normal = {"known_allergy": "no", "airway_risk": "no", "blood_loss_risk": "no", "surgeon_concerns": "no", "anaesthesia_concerns": "no"}
    return [
        *checklist(begun, "sign_in", 0, **normal),
        entry(begun, 4, "anaesthesia", technique="tumescent", lidocaine_mg_per_l=800, adrenaline_mg_per_l=1,
              volume_ml=dice.randrange(50, 121, 10), wait_min=dice.randint(8, 20), region=site.replace("_", " ")),
        *checklist(begun, "time_out", 15, **normal),
    ]  # fmt: skip


def _entries(
    begun: datetime, site: str, scars: list[dict[str, Any]], volumes: list[float], dice: random.Random, number: int
) -> list[dict[str, Any]]:
    given = [max(0.1, round(volume + dice.choice([-0.2, -0.1, 0, 0, 0, 0.1]), 1)) for volume in volumes]
    nanofat = round(sum(given) + dice.uniform(1.5, 6), 1)
    aspirate = round(nanofat / dice.uniform(0.16, 0.27))
    fat = round(aspirate * dice.uniform(0.48, 0.6), 1)
    stages = [(1, 2.4), (2, 1.2)] if number % 5 else [(1, 2.0), (2, 1.4), (3, 1.2)]
    found = [
        *_opening(begun, site, dice),
        entry(begun, 24, "harvest", site=site, cannula_mm=2.4, port_mm=1.0, method="hand_syringe", lipoaspirate_ml=aspirate),
        entry(begun, 33, "preparation", separation="decant", wash_solution="saline", wash_cycles=2, decant_min=8, fat_ml=fat),
        *(
            entry(begun, 33 + 3 * stage, "emulsification", stage=stage, device="luer_luer", connector_mm=width, passes=30)
            for stage, width in stages
        ),
        entry(begun, 44, "filtration", filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=nanofat),
        *(
            entry(begun, 48 + 4 * index, "injection", scar_id=scar["id"], volume_ml=volume, plane=dice.choice(["intradermal", "intradermal",
                  "subdermal"]), delivery="sharp_needle", needle_gauge=dice.choice([27, 27, 27, 26, 30]))
            for index, (scar, volume) in enumerate(zip(scars, given, strict=True))
        ),
        *checklist(begun, "sign_out", 66, equipment_problems="no", recovery_concerns="no"),
        entry(begun, 67, "note", topic="findings", text="Scars softened and level with the skin at the end."),
        entry(begun, 67, "note", topic="blood_loss", blood_loss_ml=5),
        entry(begun, 68, "note", topic="instructions", text="No pressure for a week; redness for two to three weeks is expected."),
    ]  # fmt: skip
    left = round(nanofat - sum(given), 1)
    found.append(entry(begun, 67, "discard", volume_ml=left, material="nanofat", reason="not needed"))
    if number in {4, 16, 31}:
        found.append(
            entry(
                begun,
                50,
                "incident",
                incident="bleeding",
                severity="mild",
                text="Small bleed at a needle entry.",
                action="Two minutes of pressure.",
            )
        )
    if number in {9, 27}:
        wrong = entry(begun, 51, "injection", scar_id=scars[0]["id"], volume_ml=4.0, plane="intradermal", needle_gauge=27)
        found += [wrong, entry(begun, 52, "retraction", retracts=wrong["id"], reason="Typed 4.0 for 0.4; the injection is recorded above.")]
    return found
