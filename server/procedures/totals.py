"""Totals of one procedure, computed from its standing entries. Pure; lists and cohorts compute the same in SQL (see `sums`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.vocabulary import DiscardMaterial, EntryKind
from server.canonical import number
from server.procedures.facts import Fact, of_kind, standing

UL = 1000


@dataclass(frozen=True)
class Context:
    """What totals and rules need to know besides the entries. Volumes in µL, weight in g, areas in cm²."""

    planned_ul: Mapping[UUID, int] = field(default_factory=dict)
    area_cm2: Mapping[UUID, float | None] = field(default_factory=dict)
    scar_labels: Mapping[UUID, str] = field(default_factory=dict)
    weight_g: int | None = None
    planned_passes: int | None = None
    planned_aperture_um: int | None = None


def _sum(facts: Sequence[Fact], column: str) -> int | None:
    values = [fact[column] for fact in facts if fact[column] is not None]
    return sum(values) if values else None


def _ml(stored: int | None) -> int | float | None:
    return None if stored is None else number(stored, UL)


def ratio(part: int | None, whole: int | None) -> float | None:
    """To four digits; None where either is unknown or the whole is nothing."""
    return round(part / whole, 4) if part is not None and whole else None


def discarded_nanofat(facts: Sequence[Fact]) -> int | None:
    """µL of nanofat thrown away; discarded fat and lipoaspirate are not part of the nanofat balance."""
    discards = of_kind(facts, EntryKind.DISCARD)
    return _sum([one for one in discards if one["details"].get("material") == DiscardMaterial.NANOFAT], "volume_ul")


def lidocaine_ug(facts: Sequence[Fact]) -> int | None:
    """Total dose in µg: concentration × infiltrated volume of each solution, plus blocks."""
    doses = []
    for fact in of_kind(facts, EntryKind.ANAESTHESIA):
        if fact["lidocaine_ug_per_l"] is not None and fact["volume_ul"] is not None:
            doses.append(round(fact["lidocaine_ug_per_l"] * fact["volume_ul"] / 1_000_000))
        if fact["lidocaine_ug"] is not None:
            doses.append(fact["lidocaine_ug"])
    return sum(doses) if doses else None


def span(facts: Sequence[Fact]) -> tuple[datetime, datetime] | None:
    """First beginning and last end; an entry without times counts at the moment it was recorded."""
    if not facts:
        return None
    return (
        min(fact["started_at"] or fact["recorded_at"] for fact in facts),
        max(fact["ended_at"] or fact["recorded_at"] for fact in facts),
    )


def minutes(period: tuple[datetime, datetime] | None) -> float | None:
    """Length to a tenth of a minute."""
    return None if period is None else round((period[1] - period[0]).total_seconds() / 60, 1)


def _minutes(facts: Sequence[Fact]) -> dict[str, float | None]:
    processing = of_kind(facts, EntryKind.PREPARATION, EntryKind.EMULSIFICATION, EntryKind.FILTRATION)
    return {
        "harvest": minutes(span(of_kind(facts, EntryKind.HARVEST))),
        "processing": minutes(span(processing)),
        "injection": minutes(span(of_kind(facts, EntryKind.INJECTION))),
    }


def _emulsify_to_injection(facts: Sequence[Fact]) -> float | None:
    emulsified, injected = span(of_kind(facts, EntryKind.EMULSIFICATION)), span(of_kind(facts, EntryKind.INJECTION))
    return minutes((emulsified[1], injected[0])) if emulsified and injected else None


def _scars(facts: Sequence[Fact], context: Context) -> list[dict[str, Any]]:
    given: dict[UUID, list[Fact]] = {}
    for fact in of_kind(facts, EntryKind.INJECTION):
        given.setdefault(fact["scar_id"], []).append(fact)
    rows = []
    for scar_id in [*context.planned_ul, *(one for one in given if one not in context.planned_ul)]:
        planned = context.planned_ul.get(scar_id)
        injected = _sum(given.get(scar_id, ()), "volume_ul")
        area = context.area_cm2.get(scar_id)
        rows.append(
            {
                "scar_id": str(scar_id),
                "planned_ml": _ml(planned),
                "injected_ml": _ml(injected),
                "difference_ml": _ml((injected or 0) - planned) if planned is not None else None,
                "ml_per_cm2": round(injected / UL / area, 3) if injected is not None and area else None,
                "injections": len(given.get(scar_id, ())),
            }
        )
    return rows


def totals(all_facts: Sequence[Fact], context: Context) -> dict[str, Any]:
    """Everything that follows from the entries. None means not recorded; it never stands for zero."""
    facts = standing(all_facts)
    lipoaspirate = _sum(of_kind(facts, EntryKind.HARVEST), "lipoaspirate_ul")
    fat = _sum(of_kind(facts, EntryKind.PREPARATION), "fat_ul")
    nanofat = _sum(of_kind(facts, EntryKind.FILTRATION), "nanofat_ul")
    injected = _sum(of_kind(facts, EntryKind.INJECTION), "volume_ul")
    discarded = discarded_nanofat(facts)
    dose = lidocaine_ug(facts)
    stages = of_kind(facts, EntryKind.EMULSIFICATION)
    return {
        "lipoaspirate_ml": _ml(lipoaspirate),
        "fat_ml": _ml(fat),
        "nanofat_ml": _ml(nanofat),
        "additives_ml": _ml(_sum(of_kind(facts, EntryKind.FILTRATION), "additives_ul")),
        "injected_ml": _ml(injected),
        "discarded_ml": _ml(discarded),
        "residual_ml": None if nanofat is None else _ml(nanofat - (injected or 0) - (discarded or 0)),
        "yield_ratio": ratio(nanofat, fat),
        "harvest_yield": ratio(nanofat, lipoaspirate),
        "passes": _sum(stages, "passes"),
        "stages": len(stages),
        "lidocaine_mg": _ml(dose),
        "lidocaine_mg_per_kg": round(dose / context.weight_g, 2) if dose is not None and context.weight_g else None,
        "blood_loss_ml": _ml(_sum(of_kind(facts, EntryKind.NOTE), "blood_loss_ul")),
        "minutes": _minutes(facts) | {"total": minutes(span(facts))},
        "emulsify_to_injection_min": _emulsify_to_injection(facts),
        "scars": _scars(facts, context),
    }
