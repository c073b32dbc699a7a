"""Entries as clients send them, one or many, into columns in stored units."""

import uuid
from typing import Any

from marshmallow import ValidationError

from schemas.entries import SHAPES
from schemas.entry_columns import COLUMNS

MOST_AT_ONCE = 200
_LOADERS = {kind: shape() for kind, shape in SHAPES.items()}
COMMON = frozenset({"id", "kind", "recorded_at", "device_seq", "confirmed", "reason"})


def load_entries(body: Any) -> list[dict[str, Any]]:
    """One entry or a list, checked by kind: dicts of columns in stored units, the rest under `details`.

    Raises ValidationError whose messages are keyed by index when a list was sent.
    """
    if isinstance(body, dict):
        return [load_entry(body)]
    if not isinstance(body, list) or not 1 <= len(body) <= MOST_AT_ONCE:
        raise ValidationError(f"Send one entry, or a list of 1 to {MOST_AT_ONCE}.")
    loaded, messages, seen = [], {}, set[uuid.UUID]()
    for index, one in enumerate(body):
        try:
            entry = load_entry(one)
        except ValidationError as error:
            messages[index] = error.messages
            continue
        if entry.get("id") in seen:
            messages[index] = {"id": ["Twice in one list; send it once."]}
        if "id" in entry:
            seen.add(entry["id"])
        loaded.append(entry)
    if messages:
        raise ValidationError(messages)
    return loaded


def load_entry(body: Any) -> dict[str, Any]:
    """One entry by its kind."""
    if not isinstance(body, dict):
        raise ValidationError("Must be an object.")
    kind = body.get("kind")
    loader = _LOADERS.get(kind) if isinstance(kind, str) else None
    if loader is None:
        raise ValidationError({"kind": [f"Must be one of: {', '.join(SHAPES)}."]})
    fields_: dict[str, Any] = loader.load(body)
    entry: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for name, value in fields_.items():
        if name in COLUMNS or name in COMMON:
            entry[name] = value
        else:
            details[name] = value.isoformat() if hasattr(value, "isoformat") else value
    entry["details"] = details
    return entry
