"""Whom and what a signed document is about, as it was when signed, and what has changed in the record since. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

PATIENT_FIELDS = ("mrn", "family_name", "given_name", "birth_date", "sex", "weight_kg", "allergies")
SCAR_FIELDS = ("label", "subunit", "side", "view", "x", "y", "morphology", "aetiology", "length_mm", "width_mm", "depth_mm", "area_cm2")


def subject(clinic: str, surgeon: str, patient: Mapping[str, Any], scars: list[dict[str, Any]]) -> dict[str, Any]:
    """What the note prints besides the entries, from wire forms: part of the manifest, so that the signature covers it."""
    return {
        "clinic": clinic,
        "surgeon": surgeon,
        "patient": {name: patient[name] for name in PATIENT_FIELDS},
        "scars": {scar["id"]: {name: scar[name] for name in SCAR_FIELDS} for scar in scars},
    }


def changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each value that differs from what was signed. A scar recorded later is no difference."""
    for name in ("clinic", "surgeon"):
        if then[name] != now[name]:
            yield f"{name.capitalize()}: signed as {then[name]}, now {now[name]}."
    yield from _fields("Patient", then["patient"], now["patient"])
    for scar_id, scar in then["scars"].items():
        yield from _fields(f"Scar {scar['label']!r}", scar, now["scars"].get(scar_id, {}))


def _fields(what: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, value in then.items():
        if now.get(name) != value:
            yield f"{what}, {name.replace('_', ' ')}: signed as {_said(value)}, now {_said(now.get(name))}."


def _said(value: Any) -> str:
    return "not recorded" if value is None else str(value)
