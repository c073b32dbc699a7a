"""What the demo's visits find: mostly scars that are better, now and then a complication with its course, all through the API."""

import random
from datetime import date, datetime
from typing import Any

from server.demo.client import Client
from server.demo.redness import first_clear
from server.ids import uuid7

_FACE = ("infection_superficial", "nodule", "oil_cyst", "hyperpigmentation", "numbness", "contour_irregularity")
_GRAVE = (
    *("skin_necrosis", "vision_change", "neuro_deficit", "visceral_injury"),
    *("local_anaesthetic_toxicity", "venous_thromboembolism", "fat_embolism"),
)
"""Asked at every visit: what was not asked cannot be said not to have been."""
_DONOR = ("donor_bruising", "donor_contour", "donor_numbness")
_RARE: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "2w": (
        ("ecchymosis", {"ctcae": 1, "clavien_dindo": "I", "relation": "related"}),
        ("donor_bruising", {"ctcae": 1, "relation": "related"}),
        ("oedema", {"ctcae": 1, "relation": "related"}),
        ("herpes_flare", {"ctcae": 2, "clavien_dindo": "II", "relation": "possibly", "treatment": "Aciclovir by mouth."}),
    ),
    "3m": (
        ("oil_cyst", {"ctcae": 2, "clavien_dindo": "I", "relation": "related"}),
        ("hyperpigmentation", {"ctcae": 1, "relation": "possibly"}),
        ("nodule", {"ctcae": 1, "clavien_dindo": "I", "relation": "possibly"}),
    ),
}
_OFTEN = {"2w": 0.2, "3m": 0.1}


def assess(client: Client, visit: dict[str, Any], at: datetime) -> None:
    """At one visit that a patient came to; the same whenever the demo is made."""
    path = f"/procedures/{visit['procedure_id']}"
    procedure = client.get(path)
    if procedure["state"] not in {"completed", "signed"}:
        return
    day = (at.date() - datetime.fromisoformat(procedure["started_at"]).date()).days
    number = client.get(f"/patients/{procedure['patient_id']}")["mrn"]
    dice = random.Random(f"{number} {visit['step']}")
    events = client.get(f"{path}/adverse-events")["items"]
    findings = [_again(one, dice) for one in events if one["ongoing"]] + _new(visit["step"], at.date(), dice)
    said = {one["complication"] for one in findings}
    findings += [{"complication": one, "present": "no"} for one in (*_FACE, *_GRAVE, *_DONOR) if one not in said]
    body = {
        "id": str(uuid7()),
        "assessed_on": at.date().isoformat(),
        "erythema": dice.choice([1, 1, 2, 2, 3]) if day < first_clear(number) else 0,
        "findings": findings,
    }
    if day >= 60:
        body["measurements"] = [_measured(one, dice) for one in client.get(f"/patients/{procedure['patient_id']}/scars")["items"]]
    client.post(f"/visits/{visit['id']}/assessment", body)


def _new(step: str, today: date, dice: random.Random) -> list[dict[str, Any]]:
    if dice.random() >= _OFTEN.get(step, 0):
        return []
    complication, how = dice.choice(_RARE[step])
    return [{"complication": complication, "present": "yes", "last_present": today.isoformat(), **how}]


def _again(event: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """An event of the visit before: most have gone by now."""
    known = {"complication": event["complication"], "event_id": event["event_id"]}
    return known | ({"present": "no"} if dice.random() < 0.8 else {"present": "yes", "ctcae": 1, "relation": event["relation"]})


def _measured(scar: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    depth = round(scar["depth_mm"] * dice.uniform(0.3, 0.75), 1) if scar["depth_mm"] else None
    return {"scar_id": scar["id"], "length_mm": scar["length_mm"], "width_mm": scar["width_mm"], "depth_mm": max(0.1, depth or 0.1)}
