"""Limits of every number as data: hard (impossible, or surely a slip of units) and soft (unusual). Standard library only.

Evidence: V = figure seen in a public source, B = general background, E = engineering judgement. Limits marked B or E need a
surgeon's sign-off before clinical use; the catalogue says so to every client.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache


@dataclass(frozen=True)
class Limit:
    """Range of one number on the wire, in its own unit. None means no soft bound on that side."""

    name: str
    unit: str
    hard_min: float
    hard_max: float
    soft_min: float | None = None
    soft_max: float | None = None
    typical: float | None = None
    evidence: str = "E"
    source: str = ""
    slip: str = ""
    """What was probably meant when the hard limit is broken; completes the refusal."""

    def refusal(self, value: float) -> str | None:
        """Sentence that says why `value` is refused, or None if it lies within the hard limits."""
        if self.hard_min <= value <= self.hard_max:
            return None
        text = f"{value:.12g} {self.unit} is outside {self.hard_min:.12g} to {self.hard_max:.12g} {self.unit}."
        return f"{text} {self.slip}" if self.slip else text

    def unusual(self, value: float) -> bool:
        """Whether `value` lies outside the soft range."""
        return (self.soft_min is not None and value < self.soft_min) or (self.soft_max is not None and value > self.soft_max)

    @property
    def usual(self) -> str:
        """The soft range in words, with its unit."""
        low = self.hard_min if self.soft_min is None else self.soft_min
        high = self.hard_max if self.soft_max is None else self.soft_max
        return f"{low:g} to {high:g} {self.unit}".rstrip()

    @property
    def words(self) -> str:
        """Unit and usual range, for a reader of the API's description."""
        return f"Unit: {self.unit}. Usual: {self.usual}." if self.unit else f"Usual: {self.usual}."


_CONSENSUS = "Nanofat consensus 2025, doi 10.1089/fpsam.2024.0385"
_UYULMAZ = "Uyulmaz 2018, PMID 29365061"
_KLEIN = "Klein, maximal safe dosages of tumescent lidocaine, liposuction101.com"
_COHEN = "Mechanical devices table, PMC9548462"
_ACNE = "Acne scar classification, doi 10.1155/2010/893080"

_ROWS = (
    # patient
    Limit("weight_kg", "kg", 2, 400, 40, 150, None, "E", "55 mg/kg guidance was validated between 43.6 and 81.8 kg"),
    Limit("height_cm", "cm", 40, 260, 140, 210, None, "E", "", "Heights are entered in centimetres: 1.72 m is 172."),
    Limit("fitzpatrick", "class", 1, 6, 1, 6, None, "B"),
    # scar
    Limit("length_mm", "mm", 0.1, 300, 2, 100, None, "E", _ACNE, "Scars are measured in millimetres: 2 cm is 20."),
    Limit("width_mm", "mm", 0.05, 150, 0.5, 30, None, "V", _ACNE, "Scars are measured in millimetres: 2 cm is 20."),
    Limit("depth_mm", "mm", 0.01, 15, 0.1, 4, None, "V", _ACNE, "Depth is in millimetres: 0.15 cm is 1.5."),
    Limit("area_cm2", "cm²", 0.001, 400, 0.01, 50, None, "E", "the whole face is about 300 to 400 cm²"),
    Limit("age_months", "months", 0, 1200, 6, 600, None, "E", "a scar younger than 6 months is immature"),
    Limit("x", "of the drawing's width", 0, 1),
    Limit("y", "of the drawing's height", 0, 1),
    # anaesthesia
    Limit("lidocaine_mg_per_l", "mg/L", 0, 4000, 200, 1000, 800, "V", _KLEIN, "0.08 % is 800 mg/L."),
    Limit("adrenaline_mg_per_l", "mg/L", 0, 10, 0.25, 1, 1, "V", _KLEIN, "1:1 000 000 is 1 mg/L."),
    Limit("bicarbonate_meq_per_l", "mEq/L", 0, 50, 0, 12.5, 10, "V", _KLEIN),
    Limit("tumescent_ml", "mL", 0.1, 5000, 10, 500, None, "E", _UYULMAZ),
    Limit("wait_min", "min", 0, 180, 7, 30, None, "B", "vasoconstriction is incomplete before 7 minutes"),
    Limit("lidocaine_mg", "mg", 0, 5000, 0, 500, None, "E", "", "Enter milligrams: 5 mL of 1 % is 50 mg."),
    # harvest
    Limit("cannula_mm", "mm", 0.7, 6, 1.5, 3, 2.4, "V", _COHEN, "Outer diameter in millimetres, not gauge."),
    Limit("port_mm", "mm", 0.2, 5, 0.6, 1.2, 1, "V", "Microfat, nanofat and SVF-gel, acemap 240029746"),
    Limit("port_count", "ports", 1, 60, 1, 24),
    Limit("syringe_ml", "mL", 0.1, 60, 0.3, 60, None, "V", "doi 10.3390 (60 cases, structural fat grafting)"),
    Limit("negative_pressure_mmhg", "mmHg", 0, 760, 50, 550, None, "V", "one atmosphere is 760 mmHg", "1 bar is 750 mmHg, 1 kPa is 7.5."),
    Limit("lipoaspirate_ml", "mL", 0.5, 5000, 10, 200, None, "V", _UYULMAZ),
    # preparation
    Limit("fat_ml", "mL", 0.1, 5000, 5, 150),
    Limit("wash_ml", "mL", 0, 10000, 0, 1000),
    Limit("wash_cycles", "cycles", 0, 20, 1, 3, None, "V", _CONSENSUS),
    Limit("decant_min", "min", 0, 240, 2, 30, None, "B"),
    Limit(
        "centrifuge_g",
        "g",
        1,
        12000,
        50,
        1300,
        1200,
        "V",
        "Microfat processing, 800 to 1200 g",
        "Relative force in g, not revolutions per minute.",
    ),
    Limit("centrifuge_rpm", "rpm", 50, 15000),
    Limit("rotor_radius_cm", "cm", 1, 40, 5, 25),
    Limit("centrifuge_min", "min", 0.1, 60, 1, 5, 3, "V", "2 to 5 min in published series"),
    # emulsification
    Limit("stage", "stage", 1, 20, 1, 4),
    Limit("connector_mm", "mm", 0.3, 5, 1.0, 2.4, 1.2, "V", _CONSENSUS, "Inner diameter in millimetres: 1200 µm is 1.2."),
    Limit(
        "passes", "passes", 0, 300, 20, 40, 30, "V", _CONSENSUS, "One pass is one transfer from syringe to syringe; there and back is two."
    ),
    Limit("planned_passes", "passes", 0, 600, 20, 80, 60, "E", "sum over all stages"),
    # filtration
    Limit("aperture_um", "µm", 50, 2000, 300, 600, 500, "V", _CONSENSUS, "Apertures are entered in whole micrometres: 0.5 mm is 500."),
    Limit("filter_passes", "passes", 0, 20, 1, 3, 1, "V", "Anaerobic fat transfers and emulsifiers, 1 to 3 passes"),
    Limit("additives_ml", "mL", 0, 60, 0, 10, None, "E", "anything added beyond crystalloid is a regulatory matter"),
    Limit("nanofat_ml", "mL", 0.05, 300, 0.5, 40, None, "V", _UYULMAZ),
    # injection
    Limit("volume_ml", "mL", 0.01, 50, 0.05, 5, None, "V", _UYULMAZ, "Volume of one scar in millilitres."),
    Limit(
        "needle_gauge",
        "G",
        14,
        34,
        25,
        30,
        27,
        "V",
        "25 to 30 G in published series",
        "Gauge, not millimetres; a larger gauge is a finer needle.",
    ),
    Limit("injection_depth_mm", "mm", 0.1, 30, 0.5, 5),
    Limit("bolus_ml", "mL", 0, 1, 0, 0.1, 0.1, "B", "largest single aliquot"),
    # discard and note
    Limit("discarded_ml", "mL", 0.01, 5000),
    Limit("blood_loss_ml", "mL", 0, 5000, 0, 100),
    # derived
    Limit("lidocaine_mg_per_kg", "mg/kg", 0, 1000, 0, 28, None, "V", f"{_KLEIN}: 28 mg/kg without liposuction, 55 at most"),
    Limit("volume_per_area_ml_cm2", "mL/cm²", 0, 1000, 0.05, 1, None, "V", "AFTSPAR protocol, 1 mL/cm²"),
    Limit("total_injected_ml", "mL", 0, 1000, 0.2, 25, None, "V", f"{_UYULMAZ}: up to 25 mL of nanofat"),
    Limit("yield_ratio", "of the fat fraction", 0, 1000, 0.05, 0.9, None, "E", "above 1 only with additives"),
    Limit("emulsify_to_injection_min", "min", 0, 100000, 0, 60),
    # logistics
    Limit("device_seq", "", 1, 2_000_000_000),
    Limit("position", "", 1, 1000),
)

PHOTO_MOST_MB = 200
"""Of one photograph, whatever an installation allows."""
THUMBNAIL_SIDES_PX = (320, 1280)
"""Longest side of each thumbnail."""

LIMITS: dict[str, Limit] = {limit.name: limit for limit in _ROWS}


@cache
def limits_version() -> str:
    """Twelve hex digits that change whenever any limit does; part of each signature's manifest."""
    text = json.dumps([asdict(limit) for limit in _ROWS], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
