"""Parts of the note beside its items: balance of volumes, scars, face map, timeline, check list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from schemas.vocabulary import CHECKLIST_ITEMS, LINEAR_MORPHOLOGIES, ChecklistAnswer, EntryKind, NoteTopic
from server.canonical import number as units
from server.procedures.facts import Fact, entry_document, local
from server.procedures.models import PlannedInjection
from server.procedures.note.case import Case
from server.procedures.note.describe import needle
from server.procedures.note.items import UL, place
from server.procedures.note.words import (
    NONE_RECORDED,
    NOT_RECORDED,
    amount,
    capital,
    counted,
    day,
    difference,
    joined,
    listed,
    offset,
    percent,
    plain,
)

Part = dict[str, Any]


def balance(case: Case) -> Part:
    """Volumes from lipoaspirate to residual. `from_ml` is where a row's bar begins; those `of_nanofat` share what nanofat there was."""
    totals = case.totals
    given, thrown = totals["injected_ml"], totals["discarded_ml"]
    used = round((given or 0) + (thrown or 0), 3)
    rows = [
        _volume("Lipoaspirate", totals["lipoaspirate_ml"]),
        _volume("Fat fraction", totals["fat_ml"]),
        _volume("Additives", totals["additives_ml"], totals["fat_ml"] or 0),
        _volume("Nanofat", totals["nanofat_ml"]),
        _volume("Nanofat injected", given, of_nanofat=True),
        _volume("Nanofat discarded", thrown, given or 0, of_nanofat=True),
        _volume("Residual, not accounted for", totals["residual_ml"], used, of_nanofat=True),
    ]
    yields = [
        {"label": "Nanofat from fat fraction", "text": percent(totals["yield_ratio"])},
        {"label": "Nanofat from lipoaspirate", "text": percent(totals["harvest_yield"])},
    ]
    return {"rows": [row for row in rows if row["label"] != "Additives" or row["ml"] is not None], "yields": yields}


def _volume(label: str, ml: float | None, from_ml: float = 0, *, of_nanofat: bool = False) -> Part:
    return {"label": label, "ml": ml, "from_ml": from_ml, "of_nanofat": of_nanofat, "text": amount(ml, "mL")}


def scars(case: Case) -> Part:
    """One row per scar that was planned or injected, numbered as on the face map, and the sum."""
    planned = {one.scar_id: one for one in case.record.procedure.injections}
    rows = [_scar(case, position, row, planned) for position, row in enumerate(case.totals["scars"], 1)]
    intended = case.record.context.planned_ul
    plan, given = sum(intended.values()), case.totals["injected_ml"]
    total = {
        "planned": amount(units(plan, UL), "mL") if intended else "not planned",
        "given": amount(given, "mL"),
        "difference": difference(round((given or 0) - plan / UL, 3), "mL") if intended and given is not None else NOT_RECORDED,
    }
    return {"rows": rows, "total": total}


def _scar(case: Case, position: int, row: Part, planned: dict[UUID, PlannedInjection]) -> Part:
    scar_id = UUID(row["scar_id"])
    plan = planned.get(scar_id)
    facts = [fact for fact in case.of(EntryKind.INJECTION) if fact["scar_id"] == scar_id]
    intended, anything = row["planned_ml"] is not None, case.totals["injected_ml"] is not None
    needles = [needle(entry_document(fact)) for fact in facts]
    return {
        "number": position,
        "label": case.label(scar_id),
        "where": place(case.scar(scar_id)),
        "planned": amount(row["planned_ml"], "mL") if intended else "not planned",
        "given": NONE_RECORDED if anything and not facts else amount(row["injected_ml"], "mL"),
        "difference": _difference(row["difference_ml"]) if anything else NOT_RECORDED,
        "plane": _against([plain(fact["plane"]) for fact in facts], plain(plan.plane) if plan and plan.plane else None),
        "needle": _against(needles, f"{plan.needle_gauge} G" if plan and plan.needle_gauge else None),
        "per_area": _per_area(case, scar_id, row["ml_per_cm2"], given=bool(facts)),
    }


def _difference(ml: float | None) -> str:
    return "not planned" if ml is None else difference(ml, "mL")


def _against(used: Sequence[str], planned: str | None) -> str:
    """What was used, and the plan where it said otherwise."""
    distinct = [one for one in dict.fromkeys(used) if one]
    said = listed(distinct) or NOT_RECORDED
    return f"{said} (planned: {planned})" if planned and distinct != [planned] else said


def _per_area(case: Case, scar_id: UUID, per_cm2: float | None, *, given: bool) -> str:
    if per_cm2 is not None:
        return amount(per_cm2, "mL/cm²")
    scar = case.scar(scar_id)
    if scar is None or scar.area_for_dose_cm2 is not None or not given:
        return NOT_RECORDED
    return "no area: linear scar" if scar.morphology in LINEAR_MORPHOLOGIES else f"area {NOT_RECORDED}"


def face_map(case: Case) -> Part:
    """Points of the scars that have one, and the scars that have none."""
    points, unplaced = [], []
    for position, row in enumerate(case.totals["scars"], 1):
        scar_id = UUID(row["scar_id"])
        scar, mark = case.scar(scar_id), {"number": position, "label": case.label(scar_id)}
        if scar is None or scar.view is None or scar.x_e4 is None or scar.y_e4 is None:
            unplaced.append(mark)
        else:
            points.append({"view": str(scar.view), "x": units(scar.x_e4, 10000), "y": units(scar.y_e4, 10000), **mark})
    return {"points": points, "unplaced": unplaced}


def timeline(case: Case) -> Part:
    """Standing entries in time order on the device's own clock; the check list's answers as one row per phase."""
    rows, phases = [], set()
    for fact in case.facts:
        text = case.text(fact)
        if fact["kind"] == EntryKind.CHECKLIST:
            phase = fact["details"]["phase"]
            if phase in phases:
                continue
            phases.add(phase)
            text = f"Check list, {plain(phase)}: first answer. The answers are listed under Safety check list."
        elif fact["kind"] == EntryKind.NOTE and fact["details"].get("topic", NoteTopic.GENERAL) != NoteTopic.GENERAL:
            text = f"Note on {plain(fact['details']['topic'])}: see the items above."
        rows.append({"time": case.time(fact), "text": text, "by": case.person(fact["recorded_by"])})
    return {"note": _clock_note(case), "rows": rows, "durations": _durations(case)}


def _clock_note(case: Case) -> str:
    if not case.record.facts:
        return "No entry is recorded."
    moment = local(case.record.facts[0])
    shown = "Times as the recording device's clock showed them"
    on_day = f" on {day(moment)}" if case.one_day else ""
    return f"{shown}{on_day}, {offset(moment) if case.one_offset else 'each with its offset from UTC'}."


def _durations(case: Case) -> list[Part]:
    minutes = case.totals["minutes"]
    spans = [("Harvest", "harvest"), ("Processing", "processing"), ("Injection", "injection"), ("First to last entry", "total")]
    # A single entry without beginning and end spans nothing; that is a time nobody took, not a step of 0 minutes.
    rows = [{"label": label, "text": amount(minutes[name] or None, "min")} for label, name in spans]
    waited = case.totals["emulsify_to_injection_min"]
    return [*rows, {"label": "Emulsification to first injection", "text": amount(waited, "min")}]


def checklist(case: Case) -> list[Part]:
    """Each phase: the last answer to every item, earlier and different answers beside it, and what nobody answered."""
    facts = case.of(EntryKind.CHECKLIST)
    return [_phase(case, phase, [fact for fact in facts if fact["details"]["phase"] == phase]) for phase in CHECKLIST_ITEMS]


def _phase(case: Case, phase: Any, facts: Sequence[Fact]) -> Part:
    answers: dict[str, list[Fact]] = {}
    for fact in facts:
        answers.setdefault(fact["details"]["item"], []).append(fact)
    lines = []
    for answer in ChecklistAnswer:
        items = [_item(item, given) for item, given in answers.items() if given[-1]["details"]["answer"] == answer]
        if items:
            lines.append(f"{capital(plain(answer))}: {'; '.join(items)}.")
    missing = [plain(item) for item in CHECKLIST_ITEMS[phase] if item not in answers]
    if missing:
        lines.append(f"No answer recorded: {'; '.join(missing)}.")
    people = list(dict.fromkeys(case.person(fact["recorded_by"]) for fact in facts))
    period = list(dict.fromkeys((case.time(facts[0]), case.time(facts[-1])))) if facts else []
    answered = f"{len(CHECKLIST_ITEMS[phase]) - len(missing)} of {counted(len(CHECKLIST_ITEMS[phase]), 'item')} answered"
    return {"phase": capital(plain(phase)), "answered": joined((answered, " to ".join(period), listed(people)), "; "), "lines": lines}


def _item(item: str, given: Sequence[Fact]) -> str:
    last = given[-1]["details"]
    earlier = [plain(fact["details"]["answer"]) for fact in given[:-1] if fact["details"]["answer"] != last["answer"]]
    more = joined(
        (last.get("actor") and f"answered by {last['actor']}", f"earlier: {', '.join(earlier)}" if earlier else None, given[-1]["reason"])
    )
    return f"{plain(item)} ({more})" if more else plain(item)
