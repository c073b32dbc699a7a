"""Every measured or chosen field of an entry: its UCUM unit, or the code system of its words. Pure."""

VERSION = "1"
"""Of the mapping and of our code systems: raised whenever a resource comes to say something else than before."""

MAPPED_ON = "2026-11-28"
"""The day of that version."""

COUNTED = "count"
YES_NO = "flag"
TEXT = "text"
DAY = "day"

UNITS: dict[str, str] = {
    "lipoaspirate_ml": "mL",
    "fat_ml": "mL",
    "nanofat_ml": "mL",
    "additives_ml": "mL",
    "volume_ml": "mL",
    "blood_loss_ml": "mL",
    "wash_ml": "mL",
    "bolus_ml": "mL",
    "syringe_ml": "mL",
    "cannula_mm": "mm",
    "port_mm": "mm",
    "connector_mm": "mm",
    "depth_mm": "mm",
    "length_mm": "mm",
    "width_mm": "mm",
    "area_cm2": "cm2",
    "rotor_radius_cm": "cm",
    "aperture_um": "um",
    "passes": "{passes}",
    "filter_passes": "{passes}",
    "wash_cycles": "{cycles}",
    "port_count": "1",
    "x": "1",
    "y": "1",
    "wait_min": "min",
    "decant_min": "min",
    "centrifuge_min": "min",
    "age_months": "mo",
    "centrifuge_g": "[g]",
    "centrifuge_rpm": "{revolutions}/min",
    "negative_pressure_mmhg": "mm[Hg]",
    "lidocaine_mg": "mg",
    "lidocaine_mg_per_l": "mg/L",
    "adrenaline_mg_per_l": "mg/L",
    "bicarbonate_meq_per_l": "meq/L",
}
"""Field → UCUM unit."""

CHOICES: dict[str, str] = {
    "site": "harvest-site",
    "side": "side",
    "method": "harvest-method",
    "wash_solution": "wash-solution",
    "separation": "separation",
    "device": "emulsify-device",
    "plane": "plane",
    "delivery": "delivery",
    "technique": "injection-technique",
    "anaesthesia": "anaesthesia",
    "endpoint": "injection-endpoint",
    "material": "discard-material",
    "incident": "incident",
    "severity": "severity",
    "view": "face-view",
    "aetiology": "aetiology",
    "complication": "complication",
    "presence": "presence",
    "clavien_dindo": "clavien-dindo",
    "relation": "relation",
}
"""Field → code system of its words."""

PLAIN: dict[str, str] = {
    "stage": COUNTED,
    "needle_gauge": COUNTED,
    "ctcae": COUNTED,
    "erythema": COUNTED,
    "answered": COUNTED,
    "items": COUNTED,
    "filtered": YES_NO,
    "subcision": YES_NO,
    "expired": YES_NO,
    "disability": YES_NO,
    "red": YES_NO,
    "additives": TEXT,
    "region": TEXT,
    "agent": TEXT,
    "action": TEXT,
    "text": TEXT,
    "treatment": TEXT,
    "onset_on": DAY,
    "last_present": DAY,
    "first_absent": DAY,
}
"""Field → how it is said without unit or code: a whole number (gauge has no unit in UCUM), yes or no, somebody's words, a day."""

ALL = (*UNITS, *CHOICES, *PLAIN)
MAIN = {
    "harvest": "lipoaspirate_ml",
    "preparation": "fat_ml",
    "emulsification": "passes",
    "filtration": "nanofat_ml",
    "injection": "volume_ml",
    "discard": "volume_ml",
    "note": "blood_loss_ml",
    "incident": "incident",
}
"""Kind of entry → the field that is its observation's value; the others are components."""
