"""Entries as facts: plain mappings of stored columns. Their wire form, and which of them count. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from schemas.entry_columns import STORED
from schemas.vocabulary import EntryKind
from server.canonical import instant, number

Fact = Mapping[str, Any]
"""One row of `entries`: column name → value."""

_WIRE = tuple((wire, column, steps) for wire, (column, steps) in STORED.items())


def local(fact: Fact) -> datetime:
    """When the device's clock said it was recorded, in the device's own offset."""
    moment: datetime = fact["recorded_at"]
    return moment.astimezone(timezone(timedelta(minutes=fact["recorded_offset_min"])))


def entry_document(fact: Fact) -> dict[str, Any]:
    """The wire form of an entry: the one shape for API, journal and signature. Fields that do not apply are absent."""
    document: dict[str, Any] = {
        "id": str(fact["id"]),
        "procedure_id": str(fact["procedure_id"]),
        "kind": str(fact["kind"]),
        "recorded_at": local(fact).isoformat(),
        "received_at": instant(fact["received_at"]),
        "recorded_by": str(fact["recorded_by"]),
        "late": fact["late"],
    }
    for wire, column, steps in _WIRE:
        value = fact[column]
        if value is None:
            continue
        if steps:
            document[wire] = number(value, steps)
        elif isinstance(value, bool):
            document[wire] = value
        else:
            document[wire] = instant(value) if isinstance(value, datetime) else str(value)
    for name in ("device_id", "device_seq", "reason"):
        if fact[name] is not None:
            document[name] = fact[name] if name != "device_id" else str(fact[name])
    if fact["confirmed"]:
        document["confirmed"] = True
    if fact["warnings"]:
        document["warnings"] = fact["warnings"]
    document.update(fact["details"])
    return document


def retractions(facts: Sequence[Fact]) -> dict[Any, Fact]:
    """Retracted entry's id → the retraction. A retraction that is itself retracted has no effect."""
    undone = {fact["retracts"] for fact in facts if fact["kind"] == EntryKind.RETRACTION}
    return {fact["retracts"]: fact for fact in facts if fact["kind"] == EntryKind.RETRACTION and fact["id"] not in undone}


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """By time; but the entries of one tablet stand in the order of its own counter, because its clock may have been set in between."""
    rows = sorted(facts, key=lambda fact: (fact["recorded_at"], str(fact["id"])))
    places: dict[Any, list[int]] = {}
    for place, fact in enumerate(rows):
        if fact["device_id"] is not None and fact["device_seq"] is not None:
            places.setdefault(fact["device_id"], []).append(place)
    for own in places.values():
        counted = sorted((rows[place] for place in own), key=lambda fact: fact["device_seq"])
        for place, fact in zip(own, counted, strict=True):
            rows[place] = fact
    return rows


def standing(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that count: neither retracted nor retractions, in order."""
    struck = retractions(facts)
    return in_order(fact for fact in facts if fact["kind"] != EntryKind.RETRACTION and fact["id"] not in struck)


def of_kind(facts: Iterable[Fact], *kinds: EntryKind) -> list[Fact]:
    """Those of some kinds."""
    return [fact for fact in facts if fact["kind"] in kinds]
