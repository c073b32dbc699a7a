"""Which fields of an entry are columns of their own, and which limit each number has. Standard library only."""

from schemas.limits import LIMITS, Limit
from schemas.vocabulary import EntryKind

STORED: dict[str, tuple[str, int]] = {
    "lipoaspirate_ml": ("lipoaspirate_ul", 1000),
    "fat_ml": ("fat_ul", 1000),
    "nanofat_ml": ("nanofat_ul", 1000),
    "additives_ml": ("additives_ul", 1000),
    "volume_ml": ("volume_ul", 1000),
    "cannula_mm": ("cannula_um", 1000),
    "connector_mm": ("connector_um", 1000),
    "aperture_um": ("aperture_um", 1),
    "stage": ("stage", 1),
    "passes": ("passes", 1),
    "filter_passes": ("filter_passes", 1),
    "filtered": ("filtered", 0),
    "needle_gauge": ("needle_gauge", 1),
    "lidocaine_mg_per_l": ("lidocaine_ug_per_l", 1000),
    "lidocaine_mg": ("lidocaine_ug", 1000),
    "blood_loss_ml": ("blood_loss_ul", 1000),
    "site": ("site", 0),
    "plane": ("plane", 0),
    "incident": ("incident", 0),
    "severity": ("severity", 0),
    "scar_id": ("scar_id", 0),
    "retracts": ("retracts", 0),
    "started_at": ("started_at", 0),
    "ended_at": ("ended_at", 0),
}
"""Wire field → (column, stored steps in one wire unit; 0 = stored as it is). Every other field of an entry lives in `details`."""

COLUMNS = {column: (wire, steps) for wire, (column, steps) in STORED.items()}
_LIMIT_NAMES = {
    (EntryKind.ANAESTHESIA, "volume_ml"): "tumescent_ml",
    (EntryKind.DISCARD, "volume_ml"): "discarded_ml",
    (EntryKind.INJECTION, "depth_mm"): "injection_depth_mm",
}


def limit_of(kind: str, field: str) -> Limit | None:
    """The limit of a number on the wire: usually the one of its own name."""
    return LIMITS.get(_LIMIT_NAMES.get((EntryKind(kind), field), field))
