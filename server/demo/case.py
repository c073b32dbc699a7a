"""The documented case: a post-traumatic scar of the left cheek and two boxcar acne scars, from plan to signature."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.vocabulary import CHECKLIST_ITEMS
from server import clock
from server.clinics import demo as known
from server.demo import people, portraits
from server.demo.client import Client, over_http
from server.ids import uuid7

MRN = "RPS-1001"
SCARS = (
    {"label": "Left cheek, main scar", "subunit": "cheek_medial", "side": "left", "view": "front", "x": 0.66, "y": 0.55,
     "morphology": "depressed_linear", "aetiology": "trauma", "length_mm": 32, "width_mm": 3.5, "depth_mm": 1.6, "age_months": 40},
    {"label": "Left cheek, upper boxcar", "subunit": "cheek_lateral", "side": "left", "view": "front", "x": 0.73, "y": 0.49,
     "morphology": "boxcar_deep", "aetiology": "acne", "length_mm": 12, "width_mm": 9, "depth_mm": 0.8, "age_months": 120},
    {"label": "Left cheek, lower boxcar", "subunit": "cheek_buccal", "side": "left", "view": "front", "x": 0.70, "y": 0.62,
     "morphology": "boxcar_shallow", "aetiology": "acne", "length_mm": 10, "width_mm": 8, "depth_mm": 0.4, "age_months": 120},
)  # fmt: skip
PLANNED_ML = (2.5, 0.8, 0.6)
GIVEN_ML = (2.4, 0.8, 0.6)


def play(client: Client, begun: datetime, *, sign: bool) -> dict[str, Any]:
    """Register the patient, plan, record and complete the case that began at `begun`; sign it if asked."""
    surgeon_id = client.get("/session")["user"]["id"]
    patient = client.post(
        "/patients",
        {"id": str(uuid7()), "mrn": MRN, "family_name": "Petrauskienė", "given_name": "Anna", "birth_date": "1991-04-17", "sex": "female",
         "phone": "+36 30 555 0117", "email": "anna@patients.example", "weight_kg": 62, "height_cm": 168, "fitzpatrick": 2,
         "allergies": "none known"},
    )  # fmt: skip
    scars = [client.post(f"/patients/{patient['id']}/scars", {"id": str(uuid7())} | scar) for scar in SCARS]
    injections = [
        {"scar_id": scar["id"], "volume_ml": volume, "plane": "intradermal", "needle_gauge": 27}
        for scar, volume in zip(scars, PLANNED_ML, strict=True)
    ]
    day = begun.date().isoformat()
    procedure = client.post(
        "/procedures",
        {"id": str(uuid7()), "patient_id": patient["id"], "surgeon_id": surgeon_id, "planned_for": begun.isoformat(), "consent_on": day,
         "baseline_photos_on": day, "assistant": "Nóra Szabó", "anaesthetist": "none; local anaesthesia by the surgeon",
         "plan": {"harvest_site": "lower_abdomen", "harvest_side": "midline", "passes": 60, "aperture_um": 500, "injections": injections}},
    )  # fmt: skip
    path = f"/procedures/{procedure['id']}"
    photograph_before(client, procedure, scars, begun, consents=("record", "rating", "teaching"))
    client.post(f"{path}/start", {"at": begun.isoformat()})
    entries = case_entries(begun, [scar["id"] for scar in scars])
    client.post(f"{path}/entries", entries)
    client.post(f"{path}/completion", {"at": (begun + timedelta(minutes=74)).isoformat()})
    if sign:
        client.post(f"{path}/signature", {"password": known.PASSWORD, "code": known.code(1), "meaning": "author"})
    return {"patient": patient, "scars": scars, "procedure": procedure}


def photograph_before(
    client: Client, procedure: dict[str, Any], scars: list[dict[str, Any]], begun: datetime, *, consents: tuple[str, ...]
) -> None:
    """The face and the first of its scars, half an hour before the case began; and for what the patient lets them be shown."""
    about = {"procedure_id": procedure["id"], "kind": "baseline", "taken_at": (begun - timedelta(minutes=30)).isoformat()}
    whose = procedure["patient_id"]
    client.photograph(whose, portraits.portrait(scars), view="front", **about)
    client.photograph(whose, portraits.close_up(scars, scars[0]), view="close_up", scar_id=scars[0]["id"], **about)
    for purpose in consents:
        client.post(f"/patients/{whose}/photo-consents", {"purpose": purpose, "given": True, "decided_on": begun.date().isoformat()})


def entry(begun: datetime, minute: float, kind: str, **fields: Any) -> dict[str, Any]:
    """An entry as a tablet sends it, `minute` minutes into the case."""
    return {"id": str(uuid7()), "kind": kind, "recorded_at": (begun + timedelta(minutes=minute)).isoformat()} | fields


def checklist(begun: datetime, phase: str, minute: float, **answers: str) -> list[dict[str, Any]]:
    """Every item of one phase, answered yes unless said otherwise."""
    items = next(items for known, items in CHECKLIST_ITEMS.items() if known == phase)
    return [entry(begun, minute, "checklist", phase=phase, item=item, answer=answers.get(item, "yes")) for item in items]


def case_entries(begun: datetime, scar_ids: list[str]) -> list[dict[str, Any]]:
    """The numbers of the documented case."""

    def at(minute: float) -> str:
        return (begun + timedelta(minutes=minute)).isoformat()

    def add(minute: float, kind: str, **fields: Any) -> dict[str, Any]:
        return entry(begun, minute, kind, **fields)

    noes = {"known_allergy": "no", "airway_risk": "no", "blood_loss_risk": "no", "surgeon_concerns": "no", "anaesthesia_concerns": "no",
            "antibiotic_given": "not_applicable", "imaging_displayed": "not_applicable", "equipment_problems": "no",
            "recovery_concerns": "no", "specimens_labelled": "not_applicable"}  # fmt: skip
    injections = [
        add(48 + 4 * number, "injection", scar_id=scar_id, volume_ml=volume, plane="intradermal", delivery="sharp_needle", needle_gauge=27,
            technique="retrograde_linear", endpoint="yellowish_blanch", subcision=number == 0)
        for number, (scar_id, volume) in enumerate(zip(scar_ids, GIVEN_ML, strict=True))
    ]  # fmt: skip
    return [
        *checklist(begun, "sign_in", 0, **noes),
        add(3, "anaesthesia", technique="tumescent", lidocaine_mg_per_l=800, adrenaline_mg_per_l=1, bicarbonate_meq_per_l=10,
            volume_ml=80, wait_min=12, region="lower abdomen", started_at=at(1), ended_at=at(3)),
        add(4, "anaesthesia", technique="nerve_block", lidocaine_mg=40, region="left infraorbital nerve"),
        *checklist(begun, "time_out", 14, **noes),
        add(16, "device_use", item="Harvest cannula 2.4 mm, multiport", lot="C24-0917", expires_on="2029-05-31"),
        add(22, "harvest", site="lower_abdomen", side="midline", cannula_mm=2.4, port_mm=1.0, method="hand_syringe", syringe_ml=20,
            lipoaspirate_ml=60, started_at=at(16), ended_at=at(22)),
        add(32, "preparation", separation="decant", wash_solution="saline", wash_cycles=2, wash_ml=120, decant_min=8, fat_ml=32,
            started_at=at(23), ended_at=at(32)),
        add(36, "emulsification", stage=1, device="luer_luer", connector_mm=2.4, passes=30, started_at=at(34), ended_at=at(36)),
        add(39, "emulsification", stage=2, device="luer_luer", connector_mm=1.2, passes=30, started_at=at(37), ended_at=at(39)),
        add(40, "device_use", item="Nanofat filter 500 µm", barcode="(01)09506000134352(17)290531(10)NF500-118"),
        add(43, "filtration", filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=12.0, started_at=at(41), ended_at=at(43)),
        *injections,
        add(66, "discard", volume_ml=8.2, material="nanofat", reason="not needed"),
        *checklist(begun, "sign_out", 68, **noes),
        add(70, "note", topic="diagnosis", text="Depressed post-traumatic scar of the left cheek; two boxcar acne scars beside it."),
        add(70, "note", topic="incisions", text="One 2 mm stab incision in the umbilical fold; needle entries only on the face."),
        add(70, "note", topic="findings", text="Main scar tethered in its middle third, released by subcision with an 18 G needle."),
        add(71, "note", topic="closure", text="Umbilical stab left to heal under a dressing."),
        add(71, "note", topic="blood_loss", text="Minimal.", blood_loss_ml=5),
        add(71, "note", topic="antibiotics", text="None given."),
        add(71, "note", topic="thromboprophylaxis", text="Early mobilisation; low risk."),
        add(72, "note", topic="instructions",
            text="No pressure on the cheek for a week. Redness for two to three weeks is expected. Call the clinic for pain that grows, "
            "fever, or any change of vision."),
    ]  # fmt: skip


def run_over_http(address: str, say: Callable[[str], None]) -> None:
    """Play the case once against a running demo server, then say who can sign in. A server without demo accounts is left alone."""
    client = over_http(address)
    session = client.call("GET", "/catalogue") and _signed_in(client)
    if session is None:
        return
    if not client.get(f"/patients?q={MRN}")["items"]:
        zone = ZoneInfo(people.TIME_ZONE)
        begun = (clock.now() - timedelta(minutes=80)).astimezone(zone).replace(microsecond=0)
        play(client, begun, sign=False)
    say(f"Demo accounts, all with the password {known.PASSWORD} (this machine only); surgeon, nurse and coordinator also")
    say(f"have the PIN {known.PIN} for tablets:")
    for email, name, roles in known.ACCOUNTS:
        say(f"  {email:26} {name}, {', '.join(roles)}")


def _signed_in(client: Client) -> dict[str, Any] | None:
    try:
        return client.sign_in("surgeon@demo.example", password=known.PASSWORD, code=known.code())
    except RuntimeError:
        return None
