"""Rules over a procedure's entries, each a named pure function: what is unusual (warnings) and what keeps it from being signed."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from schemas.entry_columns import limit_of
from schemas.limits import LIMITS
from schemas.vocabulary import CHECKLIST_RISKS, ChecklistPhase, EntryKind
from server.canonical import number
from server.procedures.facts import Fact, of_kind, standing
from server.procedures.totals import UL, Context, discarded_nanofat, lidocaine_ug, span

Warned = dict[str, Any]
SYRINGE_CHANGE_UL = 100
"""Tolerance of the volume balance per injection: what stays in a syringe and its needle."""
LIDOCAINE_CEILING_MG_PER_KG = 55
LIDOCAINE_WITHOUT_LIPOSUCTION_MG_PER_KG = 28
PLAN_TOLERANCE = 0.25
"""Share by which a scar's volume may differ from its plan before it is remarked on."""


def warning(code: str, message: str, fact: Fact | None = None, **more: Any) -> Warned:
    """One remark in its wire form."""
    base: Warned = {"code": code, "message": message, "entry_id": str(fact["id"]) if fact else None, "field": None, "value": None}
    return base | {"usual": None, "source": None, "confirmed": bool(fact and fact["confirmed"])} | more


def unusual_numbers(document: dict[str, Any]) -> list[Warned]:
    """Soft limits of one entry (wire form): accepted, but remarked on."""
    found = []
    for name, value in document.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        limit = limit_of(document["kind"], name)
        if limit is not None and limit.unusual(value):
            found.append(
                {
                    "code": "unusual_value",
                    "message": f"{name} is {value:g} {limit.unit}; usual is {limit.usual}.",
                    "entry_id": document["id"],
                    "field": name,
                    "value": value,
                    "usual": limit.usual,
                    "source": limit.source or None,
                    "confirmed": document.get("confirmed", False),
                }
            )
    return found


def volume_balance(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Injected and discarded nanofat cannot exceed what was made (0.1 mL tolerance per syringe change)."""
    made = [fact["nanofat_ul"] for fact in of_kind(facts, EntryKind.FILTRATION)]
    injections = of_kind(facts, EntryKind.INJECTION)
    used = sum(fact["volume_ul"] for fact in injections) + (discarded_nanofat(facts) or 0)
    if made and used > sum(made) + SYRINGE_CHANGE_UL * len(injections):
        text = f"{number(used, UL):g} mL were injected or discarded, but only {number(sum(made), UL):g} mL of nanofat were made."
        yield warning("volume_balance", text, field="volume_ml", value=number(used, UL))


def fat_within_lipoaspirate(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """The fat fraction is part of the lipoaspirate."""
    drawn = [fact["lipoaspirate_ul"] for fact in of_kind(facts, EntryKind.HARVEST)]
    fat = sum(fact["fat_ul"] or 0 for fact in of_kind(facts, EntryKind.PREPARATION))
    if drawn and fat > sum(drawn):
        text = f"{number(fat, UL):g} mL of fat from {number(sum(drawn), UL):g} mL of lipoaspirate."
        yield warning("fat_exceeds_lipoaspirate", text, field="fat_ml", value=number(fat, UL))


def nanofat_within_fat(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Nanofat cannot exceed the fat fraction and what was added to it."""
    fats = [fact["fat_ul"] for fact in of_kind(facts, EntryKind.PREPARATION) if fact["fat_ul"] is not None]
    products = of_kind(facts, EntryKind.FILTRATION)
    made = sum(fact["nanofat_ul"] for fact in products)
    added = sum(fact["additives_ul"] or 0 for fact in products)
    if fats and made > sum(fats) + added:
        text = f"{number(made, UL):g} mL of nanofat from {number(sum(fats) + added, UL):g} mL of fat and additives."
        yield warning("nanofat_exceeds_fat", text, field="nanofat_ml", value=number(made, UL))


def lidocaine_dose(facts: Sequence[Fact], context: Context) -> Iterator[Warned]:
    """Mg per kg of body weight: 28 without liposuction, 55 at most (Klein). Without a weight no dose can be judged."""
    dose = lidocaine_ug(facts)
    if dose is None:
        return
    if not context.weight_g:
        yield warning("weight_missing", "Lidocaine was given but no weight is recorded, so its dose per kg is unknown.", field="weight_kg")
        return
    per_kg = round(dose / context.weight_g, 2)
    limit = LIMITS["lidocaine_mg_per_kg"]
    if per_kg > LIDOCAINE_CEILING_MG_PER_KG:
        text = f"Lidocaine {per_kg:g} mg/kg is above the ceiling of {LIDOCAINE_CEILING_MG_PER_KG} mg/kg; record an incident."
        yield warning("lidocaine_above_ceiling", text, field="lidocaine_mg_per_kg", value=per_kg, usual=limit.usual, source=limit.source)
    elif limit.unusual(per_kg):
        text = f"Lidocaine {per_kg:g} mg/kg; usual is {limit.usual}."
        yield warning("lidocaine_high", text, field="lidocaine_mg_per_kg", value=per_kg, usual=limit.usual, source=limit.source)


_ORDER = (
    ("anaesthesia", (EntryKind.ANAESTHESIA,)),
    ("harvest", (EntryKind.HARVEST,)),
    ("preparation", (EntryKind.PREPARATION,)),
    ("emulsification", (EntryKind.EMULSIFICATION,)),
    ("filtration", (EntryKind.FILTRATION,)),
    ("injection", (EntryKind.INJECTION,)),
)


def order_of_times(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Infiltrate, harvest, prepare, emulsify, filter, inject: each begins no earlier than the one before."""
    earlier = None
    for name, kinds in _ORDER:
        period = span(of_kind(facts, *kinds))
        if period is None:
            continue
        if earlier and period[0] < earlier[1]:
            yield warning("times_out_of_order", f"The first {name} is recorded before the first {earlier[0]}.", field="recorded_at")
        earlier = (name, period[0])


def narrowing_connectors(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Stages are numbered in order and their connectors do not widen."""
    stages = sorted(of_kind(facts, EntryKind.EMULSIFICATION), key=lambda fact: fact["stage"])
    if len({fact["stage"] for fact in stages}) < len(stages):
        yield warning("stage_twice", "Two emulsification entries have the same stage number.", field="stage")
    sized = [fact for fact in stages if fact["connector_um"]]
    for before, after in pairwise(sized):
        if after["connector_um"] > before["connector_um"]:
            text = f"Stage {after['stage']} is wider ({number(after['connector_um'], UL):g} mm) than stage {before['stage']}."
            yield warning("connector_widens", text, after, field="connector_mm", value=number(after["connector_um"], UL))


def filter_within_connector(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """A filter wider than the last connector filters nothing."""
    widths = [fact["connector_um"] for fact in of_kind(facts, EntryKind.EMULSIFICATION) if fact["connector_um"]]
    for fact in of_kind(facts, EntryKind.FILTRATION):
        if widths and fact["aperture_um"] and fact["aperture_um"] > min(widths):
            text = f"The filter ({fact['aperture_um']} µm) is wider than the narrowest connector ({min(widths)} µm)."
            yield warning("filter_wider_than_connector", text, fact, field="aperture_um", value=fact["aperture_um"])


def unfiltered_product(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Unfiltered product is a real protocol, and must be visible."""
    for fact in of_kind(facts, EntryKind.FILTRATION):
        if not fact["filtered"]:
            yield warning("unfiltered", f"The product was not filtered: {fact['reason']}", fact, field="filtered", value=False)


def volume_per_area(facts: Sequence[Fact], context: Context) -> Iterator[Warned]:
    """ML per cm² of each scar that has an area; linear scars have none."""
    limit = LIMITS["volume_per_area_ml_cm2"]
    given: dict[Any, int] = {}
    for fact in of_kind(facts, EntryKind.INJECTION):
        given[fact["scar_id"]] = given.get(fact["scar_id"], 0) + fact["volume_ul"]
    for scar_id, volume in given.items():
        area = context.area_cm2.get(scar_id)
        if area and limit.unusual(round(volume / UL / area, 3)):
            value = round(volume / UL / area, 3)
            text = f"{context.scar_labels.get(scar_id, 'A scar')} got {value:g} mL/cm²; usual is {limit.usual}."
            yield warning("volume_per_area", text, field="ml_per_cm2", value=value, usual=limit.usual, source=limit.source)


def plan_against_actual(facts: Sequence[Fact], context: Context) -> Iterator[Warned]:
    """Scars planned but not injected, injected but not planned, or a quarter away from plan."""
    given: dict[Any, int] = {}
    for fact in of_kind(facts, EntryKind.INJECTION):
        given[fact["scar_id"]] = given.get(fact["scar_id"], 0) + fact["volume_ul"]
    if not given:
        return
    for scar_id in dict.fromkeys([*context.planned_ul, *given]):
        planned, volume = context.planned_ul.get(scar_id), given.get(scar_id)
        label = context.scar_labels.get(scar_id, "A scar")
        if volume is None:
            yield warning("planned_not_injected", f"{label} was planned and not injected.", field="scar_id", value=str(scar_id))
        elif planned is None:
            yield warning("injected_not_planned", f"{label} was injected without being planned.", field="scar_id", value=str(scar_id))
        elif abs(volume - planned) > PLAN_TOLERANCE * planned:
            text = f"{label} got {number(volume, UL):g} mL; planned were {number(planned, UL):g} mL."
            yield warning("differs_from_plan", text, field="volume_ml", value=number(volume, UL))


def expired_device(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """An expired device is recordable, with a reason; compared with the device clock's own date."""
    for fact in of_kind(facts, EntryKind.DEVICE_USE):
        if fact["details"].get("expired"):
            text = f"{fact['details']['item']} expired on {fact['details']['expires_on']}."
            yield warning("expired_device", text, fact, field="expires_on", value=fact["details"]["expires_on"])


def unreadable_barcode(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """A scan that does not check out is kept as evidence, and must not be mistaken for a reading."""
    for fact in of_kind(facts, EntryKind.DEVICE_USE):
        problem = fact["details"].get("barcode_problem")
        if problem:
            text = f"The barcode of {fact['details']['item']} could not be trusted: {problem}"
            yield warning("barcode_problem", text, fact, field="barcode", value=fact["details"].get("barcode"))


def checklist_answers(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """An answer that someone should see again: a `no` to what must be done, a `yes` to a risk or a concern."""
    for fact in of_kind(facts, EntryKind.CHECKLIST):
        item, answer = fact["details"]["item"], fact["details"]["answer"]
        if answer == ("yes" if item in CHECKLIST_RISKS else "no"):
            phase, words = fact["details"]["phase"].replace("_", " "), item.replace("_", " ")
            yield warning("checklist_answer", f"Check list, {phase}: {words} was answered {answer}.", fact, field="answer", value=answer)


def total_volume(facts: Sequence[Fact], _context: Context) -> Iterator[Warned]:
    """Nanofat given to one face in one session."""
    limit = LIMITS["total_injected_ml"]
    injected = sum(fact["volume_ul"] for fact in of_kind(facts, EntryKind.INJECTION))
    if injected and limit.unusual(injected / UL):
        text = f"{number(injected, UL):g} mL in all; usual is {limit.usual}."
        yield warning("total_volume", text, field="injected_ml", value=number(injected, UL), usual=limit.usual, source=limit.source)


RULES: tuple[Callable[[Sequence[Fact], Context], Iterator[Warned]], ...] = (
    volume_balance,
    fat_within_lipoaspirate,
    nanofat_within_fat,
    lidocaine_dose,
    order_of_times,
    narrowing_connectors,
    filter_within_connector,
    unfiltered_product,
    volume_per_area,
    plan_against_actual,
    expired_device,
    unreadable_barcode,
    checklist_answers,
    total_volume,
)


def warnings(all_facts: Sequence[Fact], context: Context) -> list[Warned]:
    """All remarks on a procedure: the stored ones of each standing entry, then those between entries."""
    facts = standing(all_facts)
    stored = [one for fact in facts for one in fact["warnings"]]
    return stored + [one for rule in RULES for one in rule(facts, context)]


def cannot_sign(all_facts: Sequence[Fact], context: Context) -> list[dict[str, str]]:
    """What would make the signed document false: `{"code", "message"}` each. Everything else may be signed, as a listed warning."""
    facts = standing(all_facts)
    problems = []
    if not of_kind(facts, EntryKind.INJECTION):
        problems.append({"code": "no_injection", "message": "No injection is recorded. Abandon the procedure if none was given."})
    problems += [{"code": one["code"], "message": one["message"]} for one in volume_balance(facts, context)]
    strangers = [fact for fact in facts if fact["scar_id"] and fact["scar_id"] not in context.scar_labels]
    problems += [{"code": "foreign_scar", "message": "An entry names a scar of another patient."} for _ in strangers[:1]]
    time_out = [fact for fact in of_kind(facts, EntryKind.CHECKLIST) if fact["details"]["phase"] == ChecklistPhase.TIME_OUT]
    if not time_out:
        problems.append({"code": "no_time_out", "message": "No time out is recorded. Record its answers, as a late entry if need be."})
    if lidocaine_ug(facts) is not None and not context.weight_g:
        problems.append(
            {"code": "weight_missing", "message": "Lidocaine was given and no weight is recorded. Enter weight_kg of the procedure."}
        )
    return problems
