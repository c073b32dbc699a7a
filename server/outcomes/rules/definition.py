"""Our own form of an instrument: reading it with every check, and writing it again in one way."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from schemas.instrument_words import Audience, Best, Conversion, ItemKind, MissingRule, ScaleRule
from server.outcomes.rules.instrument import TOP, Instrument, Item, Option, Scale, wire
from server.outcomes.rules.reader import (
    Fault,
    Place,
    fields_of,
    flag_of,
    id_of,
    number_of,
    once,
    rows_of,
    text_of,
    texts_of,
    whole_of,
    word_of,
)

KEY, ITEM_ID, VERSION = "[a-z][a-z0-9_]{0,39}", "[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", "[A-Za-z0-9][A-Za-z0-9_.-]{0,39}"
MOST_ITEMS, MOST_OPTIONS, MOST_SCALES, MOST_STEPS = 200, 50, 60, 1000
_UNLICENSED = "none"


def read(value: object) -> Instrument:
    """The instrument. Raises Fault."""
    if is_fhir(value):
        raise Fault(
            ("resourceType",), "A FHIR Questionnaire is sent as questionnaire; definition is our own form, with its scales and licence."
        )
    given = fields_of(value, (), ("key", "version", "title", "licence", "audience", "scales"), ("items", "note"))
    holder, reference = _licence(given["licence"])
    items = (
        tuple(_item(one, ("items", place)) for place, one in enumerate(rows_of(given["items"], ("items",), MOST_ITEMS)))
        if given.get("items") is not None
        else ()
    )
    once((one.id for one in items), ("items",), "Item")
    known = {one.id: one for one in items}
    scales = tuple(_scale(one, ("scales", place), known) for place, one in enumerate(rows_of(given["scales"], ("scales",), MOST_SCALES)))
    once((one.id for one in scales), ("scales",), "Scale")
    made = Instrument(
        key=id_of(given["key"], ("key",), KEY, "face_q"),
        version=id_of(given["version"], ("version",), VERSION, "1.0"),
        title=text_of(given["title"], ("title",)),
        audience=word_of(given["audience"], ("audience",), Audience),
        scales=scales,
        items=items,
        holder=holder,
        reference=reference,
        note=text_of(given["note"], ("note",), 1000) if given.get("note") is not None else None,
    )
    if items and not made.languages:
        raise Fault(("items",), "No language has words for every question and every answer; complete one of them.")
    return made


def is_fhir(value: object) -> bool:
    """Whether it is a resource of FHIR and none of our forms."""
    return isinstance(value, dict) and "resourceType" in value


def _licence(value: object) -> tuple[str | None, str | None]:
    """(holder, where its terms are); (None, None) where everybody may use it."""
    if value == _UNLICENSED:
        return None, None
    if not isinstance(value, dict):
        raise Fault(("licence",), "Must be none, or name the holder and a reference.")
    given = fields_of(value, ("licence",), ("holder",), ("reference",))
    reference = given.get("reference")
    return (
        text_of(given["holder"], ("licence", "holder")),
        text_of(reference, ("licence", "reference"), 500) if reference is not None else None,
    )


def _item(value: object, place: Place) -> Item:
    given = fields_of(value, place, ("id", "kind", "text"), ("options", "min", "max", "step", "ends", "unit", "required", "concerning"))
    kind = word_of(given["kind"], (*place, "kind"), ItemKind)
    for name in (
        {"options"}
        if kind == ItemKind.SCALE
        else {"min", "max", "step", "ends", "unit"} | ({"options"} if kind == ItemKind.BOOLEAN else set())
    ):
        if given.get(name) is not None:
            raise Fault((*place, name), f"An item of kind {kind} has none; remove it.")
    low, high, step = _range(given, place) if kind == ItemKind.SCALE else (Fraction(0), Fraction(1), Fraction(1))
    item = Item(
        id=id_of(given["id"], (*place, "id"), ITEM_ID, "q1"),
        kind=kind,
        text=texts_of(given["text"], (*place, "text")),
        options=_options(given.get("options"), (*place, "options")) if kind == ItemKind.CHOICE else (),
        low=low,
        high=high,
        step=step,
        ends=_ends(given["ends"], (*place, "ends")) if given.get("ends") is not None else None,
        unit=text_of(given["unit"], (*place, "unit"), 20) if given.get("unit") is not None else None,
        required=flag_of(given.get("required", False), (*place, "required")),
    )
    return _concerning(item, given.get("concerning"), (*place, "concerning"))


def _concerning(item: Item, value: object, place: Place) -> Item:
    if value is None:
        return item
    found = set()
    for number, one in enumerate(rows_of(value, place, MOST_STEPS)):
        fault = item.fault(one)
        if one is None or fault:
            raise Fault((*place, number), f"Is no answer to this item: {fault or 'name a value.'}")
        found.add(Fraction(int(one)) if isinstance(one, bool) else number_of(one, (*place, number)))
    return Item(**{**vars(item), "concerning": frozenset(found)})


def _range(given: Mapping[str, Any], place: Place) -> tuple[Fraction, Fraction, Fraction]:
    for name in ("min", "max"):
        if given.get(name) is None:
            raise Fault((*place, name), "Is missing; a scale has a least and a greatest number.")
    low, high = number_of(given["min"], (*place, "min")), number_of(given["max"], (*place, "max"))
    step = number_of(given["step"], (*place, "step")) if given.get("step") is not None else Fraction(1)
    if low >= high:
        raise Fault((*place, "max"), "Must be greater than min.")
    if step <= 0 or (high - low) % step or (high - low) / step > MOST_STEPS:
        raise Fault((*place, "step"), f"Must lead from min to max in at most {MOST_STEPS} whole steps.")
    return low, high, step


def _options(value: object, place: Place) -> tuple[Option, ...]:
    found = []
    for number, one in enumerate(rows_of(value, place, MOST_OPTIONS)):
        given = fields_of(one, (*place, number), ("value", "label"))
        value_of = whole_of(given["value"], (*place, number, "value"))
        found.append(Option(value_of, texts_of(given["label"], (*place, number, "label"))))
    once((one.value for one in found), place, "Value")
    return tuple(found)


def _ends(value: object, place: Place) -> tuple[dict[str, str], dict[str, str]]:
    given = fields_of(value, place, ("min", "max"))
    return texts_of(given["min"], (*place, "min")), texts_of(given["max"], (*place, "max"))


def _scale(value: object, place: Place, known: Mapping[str, Item]) -> Scale:
    given = fields_of(value, place, ("id", "title", "best"), ("items", "range", "rule", "missing", "conversion", "table", "unit"))
    items = _items_of_scale(given, place, known)
    rule = word_of(given.get("rule", ScaleRule.SUM), (*place, "rule"), ScaleRule)
    if rule == ScaleRule.SINGLE and len(items) > 1:
        raise Fault((*place, "rule"), "A single item makes this scale, but several are named; choose sum or mean.")
    low, high = _range_of_scale(given.get("range"), (*place, "range"), [known[one] for one in items], rule)
    conversion = word_of(given.get("conversion", Conversion.NONE), (*place, "conversion"), Conversion)
    if conversion != Conversion.NONE and (not items or low is None or high is None or low == high):
        raise Fault((*place, "conversion"), "Only with items that have a range.")
    table = given.get("table")
    if (table is None) is (conversion == Conversion.TABLE):
        raise Fault((*place, "table"), "Give the table with conversion: table, and only then.")
    return Scale(
        id=id_of(given["id"], (*place, "id"), KEY, "appearance"),
        title=text_of(given["title"], (*place, "title")),
        best=word_of(given["best"], (*place, "best"), Best),
        items=items,
        low=low,
        high=high,
        rule=rule,
        missing=word_of(given.get("missing", MissingRule.NONE), (*place, "missing"), MissingRule),
        conversion=conversion,
        table=_table(table, (*place, "table"), low, high) if table is not None and low is not None and high is not None else (),
        unit=text_of(given["unit"], (*place, "unit"), 20) if given.get("unit") is not None else None,
    )


def _items_of_scale(given: Mapping[str, Any], place: Place, known: Mapping[str, Item]) -> tuple[str, ...]:
    if not known:
        if given.get("items") is not None:
            raise Fault((*place, "items"), "The instrument has no items; remove it, or load the questions too.")
        return ()
    names = rows_of(given.get("items"), (*place, "items"), MOST_ITEMS)
    for number, name in enumerate(names):
        if not isinstance(name, str) or name not in known:
            raise Fault((*place, "items", number), "No item of this instrument has this id; check its spelling.")
    once(names, (*place, "items"), "Item")
    return tuple(names)


def _range_of_scale(value: object, place: Place, items: list[Item], rule: ScaleRule) -> tuple[Fraction | None, Fraction | None]:
    """What is said, which must be what the items come to."""
    bounds = [one.bounds for one in items]
    share = len(bounds) if bounds and rule == ScaleRule.MEAN else 1
    least, most = (sum((one[end] for one in bounds), Fraction(0)) / share for end in (0, 1))
    reached = (least, most) if bounds else None
    if value is None:
        return reached or (None, None)
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004  reason: a range has two ends
        raise Fault(place, "Must be a list of two numbers, the least and the greatest.")
    low, high = (number_of(one, (*place, number)) for number, one in enumerate(value))
    if low >= high:
        raise Fault(place, "The first number must be the smaller one.")
    if reached and [low, high] != [_to_thousandths(one) for one in reached]:
        raise Fault(place, f"The items come to {float(reached[0]):g} to {float(reached[1]):g}; correct the range or the items.")
    return reached or (low, high)


def _table(value: object, place: Place, low: Fraction, high: Fraction) -> tuple[tuple[int, Fraction], ...]:
    """Each whole raw value → 0 to 100, all of them, in one direction."""
    if not isinstance(value, dict):
        raise Fault(place, 'Must give the converted value of each raw value, for example "12": 47.')
    if low.denominator != 1 or high.denominator != 1 or high - low > MOST_STEPS:
        raise Fault(place, "Only for a scale whose raw values are whole numbers.")
    wanted = {str(raw): raw for raw in range(int(low), int(high) + 1)}
    for name in value:
        if name not in wanted:
            raise Fault((*place, str(name)[:40]), f"Not a raw value of this scale, which goes from {low} to {high}; keys are in quotes.")
    for name in wanted:
        if value.get(name) is None:
            raise Fault((*place, name), "Is missing; the table must have every raw value.")
    rows = [(raw, number_of(value[name], (*place, name))) for name, raw in wanted.items()]
    for raw, number in rows:
        if not 0 <= number <= TOP:
            raise Fault((*place, str(raw)), "Must lie between 0 and 100.")
    values = [number for _, number in rows]
    if values not in (sorted(values), sorted(values, reverse=True)):
        raise Fault(place, "Goes up and down again; one of its values is a slip.")
    return tuple(rows)


def write(instrument: Instrument) -> dict[str, Any]:
    """The same in our form, every name in it; `read` gives the instrument back."""
    licence: Any = {"holder": instrument.holder, "reference": instrument.reference} if instrument.licensed else _UNLICENSED
    return {
        "key": instrument.key,
        "version": instrument.version,
        "title": instrument.title,
        "licence": licence,
        "audience": str(instrument.audience),
        "note": instrument.note,
        "items": [_written_item(one) for one in instrument.items] or None,
        "scales": [_written_scale(one) for one in instrument.scales],
    }


def _written_item(one: Item) -> dict[str, Any]:
    found: dict[str, Any] = {"id": one.id, "kind": str(one.kind), "text": dict(one.text), "required": one.required}
    if one.kind == ItemKind.CHOICE:
        found["options"] = [{"value": option.value, "label": dict(option.label)} for option in one.options]
    if one.kind == ItemKind.SCALE:
        found |= {"min": wire(one.low), "max": wire(one.high), "step": wire(one.step), "unit": one.unit}
        found["ends"] = {"min": dict(one.ends[0]), "max": dict(one.ends[1])} if one.ends else None
    concerning = sorted(one.concerning)
    if concerning:
        found["concerning"] = (
            [bool(value) for value in concerning] if one.kind == ItemKind.BOOLEAN else [wire(value) for value in concerning]
        )
    return found


def _written_scale(one: Scale) -> dict[str, Any]:
    found: dict[str, Any] = {"id": one.id, "title": one.title, "best": str(one.best), "unit": one.unit}
    found |= {"rule": str(one.rule), "missing": str(one.missing), "conversion": str(one.conversion)}
    found["range"] = None if one.low is None or one.high is None else [wire(_to_thousandths(one.low)), wire(_to_thousandths(one.high))]
    found["items"] = list(one.items) or None
    if one.table:
        found["table"] = {str(raw): wire(value) for raw, value in one.table}
    return found


def _to_thousandths(value: Fraction) -> Fraction:
    """As files can say it: a mean over three items may come to thirds."""
    return Fraction(round(value * 1000), 1000)
