"""What of a procedure needs an eye: remarks and gaps, each with the one thing to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from schemas.vocabulary import ProcedureState
from server.procedures.note.words import counted
from server.procedures.service.record import Record
from server.web import words

_ACTS = {
    "planned_not_injected": ("Compare planned and given", "scars"),
    "injected_not_planned": ("Compare planned and given", "scars"),
    "differs_from_plan": ("Compare planned and given", "scars"),
    "volume_per_area": ("Compare planned and given", "scars"),
    "times_out_of_order": ("Look at the times", "times"),
    "volume_balance": ("Check the volumes", "numbers"),
    "fat_exceeds_lipoaspirate": ("Check the volumes", "numbers"),
    "nanofat_exceeds_fat": ("Check the volumes", "numbers"),
    "total_volume": ("Check the volumes", "numbers"),
    "lidocaine_above_ceiling": ("Check the doses", "numbers"),
    "lidocaine_high": ("Check the doses", "numbers"),
    "weight_missing": ("Check the doses", "numbers"),
}
_DONE = frozenset({ProcedureState.COMPLETED, ProcedureState.SIGNED})


@dataclass(frozen=True)
class Gap:
    """What is missing, in a sentence; where `href` leads, and what that is called."""

    message: str
    words: str
    href: str


def action(one: Mapping[str, Any], number: int | None) -> dict[str, str]:
    """The one thing to do about a remark: its words, and the part of the page that it leads to (or the page of the tablets' rows)."""
    if one["code"].startswith("tablet_"):  # also where it names an entry: the page of that row settles it
        return {"words": "Settle it with the tablets' rows", "to": "sync"}
    if number is not None:
        return {"words": f"Entry {number}", "to": f"entry-{number}"}
    said, to = _ACTS.get(one["code"], ("Look through the entries", "entries"))
    return {"words": said, "to": to}


def remarks(whole: Record, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """The record's warnings; `numbers` are those of the entries as the page counts them."""
    return [one | {"action": action(one, numbers.get(one["entry_id"]))} for one in whole.warnings()]


def gaps(whole: Record, missing: Iterable[Mapping[str, str]], *, may_plan: bool) -> list[Gap]:
    """What the plan misses, and the photographs that are not there. The note names these in its own parts, so they are no warnings."""
    album = url_for("web.patient_photos", patient_id=whole.patient.id)
    found = {one["code"]: _gap(whole, one, album, may_plan=may_plan) for one in missing}
    stored = [one for one in whole.pictures if one.stored_at]
    coming = len([one for one in whole.pictures if not one.stored_at and not one.erased])
    if coming:
        text = f"{counted(coming, 'photograph')} of this procedure {'is' if coming == 1 else 'are'} announced and not here yet."
        found["coming"] = Gap(f"{text} Leave the tablet on, near the network.", "See the photographs", "#photographs")
    elif not stored and whole.procedure.state in _DONE:
        found["photos"] = Gap("No photograph of this procedure is stored.", "See the patient’s photographs", album)
    return list(found.values())


def _gap(whole: Record, one: Mapping[str, str], album: str, *, may_plan: bool) -> Gap:
    message = words.GAPS.get(one["code"], one["message"])
    if one["code"] in {"allergies", "birth_date"}:
        return Gap(message, "See the patient’s record", url_for("web.patient", patient_id=whole.patient.id))
    if whole.procedure.state == ProcedureState.PLANNED and may_plan:
        return Gap(message, "Add it to the plan", url_for("web.edit_plan", procedure_id=whole.procedure.id))
    if one["code"] == "photos":
        return Gap(message, "See the patient’s photographs", album)
    if whole.procedure.state == ProcedureState.PLANNED:
        return Gap(message, "See what is planned", "#plan")
    return Gap(message, "See what is recorded", "#entries")
