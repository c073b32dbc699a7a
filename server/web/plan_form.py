"""The plan's form: what stands in its boxes, and the change that the boxes mean."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from marshmallow import ValidationError

from schemas.pointers import pointers
from schemas.procedures import ProcedureChange
from server.canonical import number
from server.patients.models import Scar
from server.procedures.models import Procedure

TEXTS = ("title", "assistant", "anaesthetist", "consent_on", "baseline_photos_on")
CHOICES = ("harvest_site", "harvest_side")
WHOLE = ("passes", "aperture_um")
HEADER = (*TEXTS, "planned_for", "weight_kg")
PER_SCAR = ("volume_ml", "plane", "needle_gauge")
_RESTORED = frozenset(ProcedureChange().fields) - {"started_at", "ended_at"}
_A_NUMBER = "Not a number; write it like 0.8."


def typed_from(procedure: Procedure, scars: Sequence[Scar], zone: tzinfo) -> dict[str, str]:
    """Boxes as they stand for what is stored; `in-ID` is `1` for a scar that is in."""
    document = procedure.document()
    plan = document["plan"]
    typed = {name: _text(document[name]) for name in (*TEXTS, "weight_kg")}
    typed |= {name: _text(plan.get(name)) for name in (*CHOICES, *WHOLE)}
    typed["planned_for"] = procedure.planned_for.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    planned = {one["scar_id"]: one for one in plan["injections"]}
    for scar in scars:
        one = planned.get(str(scar.id), {})
        typed[f"in-{scar.id}"] = "1" if one else ""
        typed |= {f"{name}-{scar.id}": _text(one.get(name)) for name in PER_SCAR}
    return typed


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def typed_by(sent: Mapping[str, str], scars: Sequence[Scar]) -> dict[str, str]:
    """Boxes as they were sent."""
    names = [*HEADER, *CHOICES, *WHOLE, *(f"{name}-{scar.id}" for scar in scars for name in ("in", *PER_SCAR))]
    return {name: sent.get(name, "").strip() for name in names}


def read(typed: Mapping[str, str], scars: Sequence[Scar], zone: tzinfo) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """(change, faults). The change is what the API's PATCH would load; a fault names the box and says the fix."""
    errors: list[dict[str, str]] = []
    chosen = [scar for scar in scars if typed[f"in-{scar.id}"]]
    body: dict[str, Any] = {name: typed[name] or None for name in TEXTS}
    if not typed["title"]:
        errors.append({"field": "title", "message": "Give the procedure a title."})
    body["weight_kg"] = number_in(typed, "weight_kg", errors)
    body["planned_for"] = moment_in(typed["planned_for"], zone, errors)
    plan: dict[str, Any] = {name: typed[name] for name in CHOICES if typed[name]}
    plan |= {name: number_in(typed, name, errors) for name in WHOLE if typed[name]}
    plan["injections"] = [_injection(typed, scar, errors) for scar in chosen]
    if errors:
        return {}, errors
    try:
        loaded: dict[str, Any] = ProcedureChange().load(body | {"plan": plan})
    except ValidationError as error:
        return {}, [_fault(row, chosen) for row in pointers(error.messages)]
    return loaded, []


def _injection(typed: Mapping[str, str], scar: Scar, errors: list[dict[str, str]]) -> dict[str, Any]:
    box = f"volume_ml-{scar.id}"
    if not typed[box]:
        errors.append({"field": box, "message": f"{scar.label}: give it a volume in mL, or take it out of the plan."})
    one: dict[str, Any] = {"scar_id": str(scar.id), "volume_ml": number_in(typed, box, errors)}
    if typed[f"needle_gauge-{scar.id}"]:
        one["needle_gauge"] = number_in(typed, f"needle_gauge-{scar.id}", errors)
    if typed[f"plane-{scar.id}"]:
        one["plane"] = typed[f"plane-{scar.id}"]
    return one


def number_in(typed: Mapping[str, str], box: str, errors: list[dict[str, str]]) -> float | int | None:
    """The number in a box, None for an empty one; what is none becomes a fault."""
    text = typed[box].replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        errors.append({"field": box, "message": _A_NUMBER})
        return None
    return int(value) if value.is_integer() else value


def moment_in(text: str, zone: tzinfo, errors: list[dict[str, str]]) -> str | None:
    """A `datetime-local` box as a time of the API, on the clinic's clock."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat(timespec="seconds")
    except ValueError:
        errors.append({"field": "planned_for", "message": "Give the day and the time, like 2026-11-30T08:30."})
        return None


def _fault(row: Mapping[str, str], chosen: Sequence[Scar]) -> dict[str, str]:
    """The box that a pointer of the API means."""
    steps = row["pointer"].strip("/").split("/")
    if steps[:2] == ["plan", "injections"] and len(steps) > 3:  # noqa: PLR2004  reason: plan, injections, which, field
        scar = chosen[int(steps[2])]
        return {"field": f"{steps[3]}-{scar.id}", "message": f"{scar.label}: {row['message']}"}
    return {"field": "" if steps[-1] == "injections" else steps[-1], "message": row["message"]}


def like_last(typed: Mapping[str, str], last: Procedure, dose: float | None, scars: Sequence[Scar]) -> dict[str, str]:
    """Boxes filled with what `last` used; volumes by area for the scars that are in and have an area, the rest as they are."""
    plan = last.plan
    filled = dict(typed) | {name: _text(plan[name]) for name in (*CHOICES, *WHOLE) if name in plan}
    for scar in scars:
        area = scar.area_for_dose_cm2
        if dose and area and typed[f"in-{scar.id}"]:
            filled[f"volume_ml-{scar.id}"] = str(number(max(100, round(dose * area * 10) * 100), 1000))
    return filled


def back_to(document: Mapping[str, Any]) -> dict[str, Any]:
    """The change that makes a procedure what this wire form says."""
    changes: dict[str, Any] = ProcedureChange().load({name: value for name, value in document.items() if name in _RESTORED})
    return changes
