"""A FHIR R4 Questionnaire as the items of an instrument. What it cannot say (scales, licence) comes from our own form beside it."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.outcomes.rules import definition
from server.outcomes.rules.definition import MOST_ITEMS, MOST_OPTIONS
from server.outcomes.rules.instrument import Instrument
from server.outcomes.rules.reader import Fault, Place

_EXTENSIONS = "http://hl7.org/fhir/StructureDefinition/"
_DEEPEST = 5
_NUMBERS = ("integer", "decimal")
CONCERNING, STEP = "concerning", "questionnaire-sliderStepValue"
_NAMES = {"id": "linkId", "options": "answerOption"}
_BOUNDS = {"min": "minValue", "max": "maxValue", "step": STEP}
"""Our names of an item's parts → FHIR's, and those that FHIR has as extensions."""


def read(beside: object, questionnaire: object) -> Instrument:
    """The instrument. Raises Fault, whose place begins with `questionnaire` where that is at fault, and leads into `beside` where not."""
    if not isinstance(beside, dict):
        raise Fault((), "Must be an object with names and values: our form without items.")
    if not isinstance(questionnaire, dict) or questionnaire.get("resourceType") != "Questionnaire":
        raise Fault(("questionnaire", "resourceType"), "Must be a FHIR R4 Questionnaire.")
    given = _joined(beside, questionnaire)
    try:
        return definition.read(given)
    except Fault as fault:
        raise _where_it_stands(fault, beside, questionnaire) from None


def _where_it_stands(fault: Fault, beside: Mapping[str, Any], questionnaire: Mapping[str, Any]) -> Fault:
    """The fault of the joined form at its place in what was given: nobody has seen the joined form."""
    head, *rest = fault.place or ("",)
    if head in {"title", "version"} and beside.get(str(head)) is None and questionnaire.get(head) is not None:
        return Fault(("questionnaire", head), fault.message)
    if head != "items":
        return fault
    if len(rest) < 2:  # noqa: PLR2004  reason: number of the item, and name of its part
        return Fault(("questionnaire", "item"), fault.message)
    one, place = list(_flat(questionnaire["item"], ("questionnaire", "item")))[int(rest[0])]
    name, *inner = rest[1:]
    if name == CONCERNING:
        return Fault((CONCERNING, one["linkId"], *inner), fault.message)
    if name in _BOUNDS:
        return Fault((*place, "extension"), f"{_BOUNDS[str(name)]}: {fault.message}")
    return Fault((*place, _NAMES.get(str(name), name), *(each for each in inner[:1] if isinstance(each, int))), fault.message)


def _joined(beside: Mapping[str, Any], questionnaire: Mapping[str, Any]) -> dict[str, Any]:
    """Our form: `beside` with the questionnaire's items; title and version are its own where `beside` has none.

    `concerning` of `beside` maps linkIds to the answers that call a person at once. Raises Fault.
    """
    place: Place = ("questionnaire",)
    if beside.get("items") is not None:
        raise Fault(("items",), "The questionnaire has the items; remove these.")
    language = questionnaire.get("language", "en")
    if not isinstance(language, str):
        raise Fault((*place, "language"), "Must be a language like en.")
    concerning = beside.get(CONCERNING)
    if concerning is not None and not isinstance(concerning, dict):
        raise Fault((CONCERNING,), "Must map linkIds to lists of answers.")
    items = [_item(one, at, language, concerning or {}) for one, at in _flat(questionnaire.get("item"), (*place, "item"))]
    for link_id in concerning or {}:
        if link_id not in [one["id"] for one in items]:
            raise Fault((CONCERNING, str(link_id)[:40]), "No item of the questionnaire has this linkId.")
    own = {name: questionnaire[name] for name in ("title", "version") if beside.get(name) is None and name in questionnaire}
    return {**{name: value for name, value in beside.items() if name != CONCERNING}, **own, "items": items}


def _flat(value: object, place: Place, depth: int = 0) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """The questions in their order; groups are opened, and display texts are not asked."""
    if not isinstance(value, list) or not value or len(value) > MOST_ITEMS or depth > _DEEPEST:
        raise Fault(place, f"Must be a list of 1 to {MOST_ITEMS} items, at most {_DEEPEST} groups deep.")
    for number, one in enumerate(value):
        here = (*place, number)
        if not isinstance(one, dict):
            raise Fault(here, "Must be an object.")
        if one.get("enableWhen"):
            raise Fault((*here, "enableWhen"), "Questions that depend on others are not asked here; give the questionnaire without.")
        if one.get("repeats") is True:
            raise Fault((*here, "repeats"), "Each question takes one answer; take repeats away.")
        if one.get("type") == "group":
            yield from _flat(one.get("item"), (*here, "item"), depth + 1)
        elif one.get("type") != "display":
            yield one, here


def _item(one: Mapping[str, Any], place: Place, language: str, concerning: Mapping[str, Any]) -> dict[str, Any]:
    kind = one.get("type")
    found: dict[str, Any] = {"id": one.get("linkId"), "required": one.get("required", False), "text": _texts(one, "text", language)}
    if kind == "boolean":
        found["kind"] = "boolean"
    elif kind in _NUMBERS:
        found |= {"kind": "scale", "min": _extension(one, "minValue"), "max": _extension(one, "maxValue")}
        step = _extension(one, STEP)
        found["step"] = 0.1 if step is None and kind == "decimal" else step
    elif kind == "choice":
        found |= {"kind": "choice", "options": _options(one.get("answerOption"), (*place, "answerOption"), language)}
    else:
        raise Fault((*place, "type"), "Must be one of: choice, integer, decimal, boolean, group, display.")
    if isinstance(one.get("linkId"), str) and one["linkId"] in concerning:
        found["concerning"] = concerning[one["linkId"]]
    return found


def _options(value: object, place: Place, language: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or len(value) > MOST_OPTIONS:
        raise Fault(place, "Must be a list of options; a choice from a value set is not read.")
    found = []
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            raise Fault((*place, number), "Must be an object.")
        coding = one["valueCoding"] if isinstance(one.get("valueCoding"), dict) else {}
        counts = next(
            (at for at in (_extension(one, "ordinalValue"), _extension(coding, "ordinalValue"), one.get("valueInteger")) if at is not None),
            None,
        )
        if isinstance(counts, float) and counts.is_integer():
            counts = int(counts)
        if counts is None:
            raise Fault((*place, number), "Give it a number: an ordinalValue extension, or valueInteger.")
        label = _texts(coding, "display", language) if coding.get("display") else {language: str(one.get("valueString") or counts)}
        found.append({"value": counts, "label": label})
    return found


def _extensions(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value = one.get("extension")
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _extension(one: Mapping[str, Any], name: str) -> Any:
    """The number of an extension, or None."""
    found = next((each for each in _extensions(one) if each.get("url") == _EXTENSIONS + name), {})
    return next((found[kind] for kind in ("valueInteger", "valueDecimal") if kind in found), None)


def _texts(one: Mapping[str, Any], name: str, language: str) -> dict[str, Any]:
    """The text in the questionnaire's language, and in those of its translation extensions."""
    found: dict[str, Any] = {language: one.get(name)}
    beside = one.get(f"_{name}")
    for each in _extensions(beside) if isinstance(beside, dict) else []:
        if each.get("url") == f"{_EXTENSIONS}translation":
            parts = {part["url"]: part for part in _extensions(each) if isinstance(part.get("url"), str)}
            code, content = parts.get("lang", {}).get("valueCode"), parts.get("content", {}).get("valueString")
            if isinstance(code, str) and code not in found:
                found[code] = content
    return found
