"""The case that README, demo and tests tell: one depressed scar of the left cheek and two boxcar scars, a year ago.

60 mL of lipoaspirate from the lower abdomen, 32 mL of fat, 30 passes through 2.4 mm and 30 through 1.2 mm, a 500 µm filter,
12 mL of nanofat; 2.4 + 0.8 + 0.6 mL injected, 8.2 mL discarded.
"""

from dataclasses import dataclass
from typing import Any, cast

from server.app import App
from tests import make
from tests.api import Api

LINEAR = {
    "label": "Left cheek",
    "subunit": "cheek_medial",
    "side": "left",
    "morphology": "depressed_linear",
    "aetiology": "trauma",
    "length_mm": 32,
    "width_mm": 3,
}
UPPER = LINEAR | {"label": "Upper boxcar", "morphology": "boxcar_deep", "aetiology": "acne", "length_mm": 10, "width_mm": 8}
LOWER = UPPER | {"label": "Lower boxcar", "morphology": "boxcar_shallow", "length_mm": 6, "width_mm": 5}
GIVEN_ML = (2.4, 0.8, 0.6)


def at(minute: float) -> str:
    """RFC 3339 time in the theatre, so many minutes after nine."""
    whole = int(minute)
    return f"2025-11-24T{9 + whole // 60:02d}:{whole % 60:02d}:{round(minute % 1 * 60):02d}+01:00"


@dataclass(frozen=True)
class Case:
    """Where the case is, seen by the surgeon."""

    tablet: Api
    patient_id: str
    scar_ids: tuple[str, ...]
    id: str

    @property
    def path(self) -> str:
        """Address of the procedure."""
        return f"/procedures/{self.id}"

    def read(self) -> dict[str, Any]:
        """The whole procedure."""
        return dict(self.tablet.get(self.path))

    def record(self, *entries: dict[str, Any], expect: int = 201) -> dict[str, Any]:
        """Send entries as one list."""
        return dict(self.tablet.post(f"{self.path}/entries", list(entries), expect))

    def move(self, to: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        """Start, complete, cancel, abandon or withdraw."""
        return dict(self.tablet.post(f"{self.path}/{to}", body, expect))

    def sign(self, expect: int = 201, **body: Any) -> dict[str, Any]:
        """Sign as the person at this tablet."""
        make.half_a_minute_later(cast("App", self.tablet.client.application).db)
        return dict(self.tablet.post(f"{self.path}/signature", make.proof() | body, expect))


def planned(tablet: Api, clinic: make.Clinic, *, mrn: str = "RPS-00017", **header: Any) -> Case:
    """The case as it stands the day before."""
    anna = tablet.post("/patients", {"mrn": mrn, "family_name": "Petrauskienė", "given_name": "Anna", "weight_kg": 62})
    scars = [tablet.post(f"/patients/{anna['id']}/scars", scar)["id"] for scar in (LINEAR, UPPER, LOWER)]
    volumes = zip(scars, (2.5, 0.8, 0.7), strict=True)
    plan = {
        "harvest_site": "lower_abdomen",
        "passes": 60,
        "aperture_um": 500,
        "injections": [{"scar_id": scar, "volume_ml": ml, "plane": "intradermal", "needle_gauge": 27} for scar, ml in volumes],
    }
    body = {"patient_id": anna["id"], "surgeon_id": str(clinic.surgeon.user_id), "planned_for": at(30), "plan": plan}
    return Case(tablet, anna["id"], tuple(scars), tablet.post("/procedures", body | header)["id"])


def begun(tablet: Api, clinic: make.Clinic, **header: Any) -> Case:
    """The case just begun."""
    case = planned(tablet, clinic, **header)
    case.move("start", at=at(30))
    return case


def entries(case: Case) -> list[dict[str, Any]]:
    """What the tablet sends in the course of the case."""
    injections = zip(case.scar_ids, GIVEN_ML, (76, 79, 81), strict=True)
    how = {"plane": "intradermal", "delivery": "sharp_needle", "needle_gauge": 27}
    return [
        make.entry("checklist", recorded_at=at(32), phase="time_out", item="patient_site_procedure", answer="yes"),
        make.entry("anaesthesia", recorded_at=at(34), technique="tumescent", volume_ml=100, lidocaine_mg_per_l=800),
        make.entry(
            "harvest", recorded_at=at(52), started_at=at(42), ended_at=at(52), site="lower_abdomen", cannula_mm=2.4, lipoaspirate_ml=60
        ),
        make.entry("preparation", recorded_at=at(62), started_at=at(53), ended_at=at(62), separation="decant", fat_ml=32),
        make.entry("emulsification", recorded_at=at(65), stage=1, device="luer_luer", connector_mm=2.4, passes=30),
        make.entry("emulsification", recorded_at=at(68), stage=2, device="luer_luer", connector_mm=1.2, passes=30),
        make.entry("filtration", recorded_at=at(70), filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=12.0),
        *(make.entry("injection", recorded_at=at(when), scar_id=scar, volume_ml=ml, **how) for scar, ml, when in injections),
        make.entry("discard", recorded_at=at(85), volume_ml=8.2, reason="not needed"),
    ]


def completed(tablet: Api, clinic: make.Clinic, **header: Any) -> Case:
    """The case at its end, ready to be signed."""
    case = begun(tablet, clinic, **header)
    case.record(*entries(case))
    case.move("completion", at=at(90))
    return case


def signed(tablet: Api, clinic: make.Clinic) -> Case:
    """The case as a closed document."""
    case = completed(tablet, clinic)
    case.sign()
    return case


def codes(answer: dict[str, Any]) -> list[str]:
    """The codes of the warnings in an answer."""
    return [one["code"] for one in answer["warnings"]]
