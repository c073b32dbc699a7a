"""The protocol as a form of plain fields, and back: what is typed stays as it was, and every fault leads to its field."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from schemas.pointers import pointers
from schemas.protocol import MOST_STEPS, ProtocolContent
from schemas.protocol_rules import WEEKDAYS
from schemas.vocabulary import PATIENT_CHANNELS, Purpose, VisitKind

UNITS = ("days", "months", "years")
CHANNEL_ORDERS = {
    "email,sms": "E-mail; without an address a text message",
    "sms,email": "Text message; without a number an e-mail",
    "email": "E-mail only",
    "sms": "Text message only",
}
_STEP_FIELDS = ("step", "kind", "title", "number", "unit", "opens", "closes", "messages", "chase")
_PLAIN = ("send_at", "from", "until", "holidays", "channels", "lost_after_days", "note")
_MESSAGE = re.compile(r"(-?[0-9]{1,4})(?:\s+([a-z_]+))?\Z")
_PLACES = {
    "after": "number",
    "opens_days_before": "opens",
    "closes_days_after": "closes",
    "chase_days_after_window": "chase",
    "step": "number",
}
"""Which field of the form holds a part of a step."""


def typed_from(content: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the form for a stored content."""
    return {
        "steps": [_typed_step(step) for step in content["steps"]],
        "send_at": content["send_at"],
        "from": content["sending_hours"]["from"],
        "until": content["sending_hours"]["until"],
        "closed": list(content["closed_weekdays"]),
        "holidays": "\n".join(content["holidays"]),
        "channels": ",".join(content["channels"]),
        "lost_after_days": str(content["lost_after_days"]),
        "note": "",
    }


def _typed_step(step: Mapping[str, Any]) -> dict[str, str]:
    ((unit, number),) = step["after"].items()
    book = (f"{one['days_before']} book" if one["purpose"] == Purpose.BOOK else str(one["days_before"]) for one in step["messages"])
    return {
        "step": step["step"],
        "kind": step["kind"],
        "title": step["title"],
        "number": str(number),
        "unit": unit,
        "opens": str(step["opens_days_before"]),
        "closes": str(step["closes_days_after"]),
        "messages": ", ".join(book),
        "chase": ", ".join(map(str, step["chase_days_after_window"])),
    }


def new_step() -> dict[str, str]:
    """An empty row of the form; it gets its name from its distance."""
    return dict.fromkeys(_STEP_FIELDS, "") | {"kind": str(VisitKind.VISIT), "unit": "days", "opens": "0", "closes": "0"}


def typed_by(form: Any) -> dict[str, Any]:
    """What a person has typed, as it came."""
    steps = []
    for place in range(MOST_STEPS + 1):
        if f"steps-{place}-title" not in form:
            break
        steps.append({name: form.get(f"steps-{place}-{name}", "").strip() for name in _STEP_FIELDS})
    closed = [day for day in WEEKDAYS if day in form.getlist("closed")]
    return {"steps": steps, "closed": closed} | {name: form.get(name, "").strip() for name in _PLAIN}


def _whole(text: str) -> Any:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else text


def _numbers(text: str) -> list[Any]:
    return [_whole(part) for part in re.split(r"[,;\s]+", text) if part]


def _step(typed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "step": typed["step"],
        "title": typed["title"],
        "kind": typed["kind"],
        "after": {typed["unit"] if typed["unit"] in UNITS else "days": _whole(typed["number"])},
        "opens_days_before": _whole(typed["opens"]),
        "closes_days_after": _whole(typed["closes"]),
        "messages": [_message(part.strip(), typed["kind"]) for part in re.split("[,;]", typed["messages"]) if part.strip()],
        "chase_days_after_window": _numbers(typed["chase"]),
    }


def _message(text: str, kind: str) -> dict[str, Any]:
    found = _MESSAGE.match(text.casefold())
    if found is None:
        return {"days_before": text, "purpose": Purpose.NEAR}
    usual = Purpose.CHECK_IN if kind == VisitKind.CHECK_IN else Purpose.NEAR
    return {"days_before": int(found[1]), "purpose": found[2] or usual}


def _in_order(steps: list[dict[str, str]]) -> list[dict[str, str]]:
    """Check-ins, then visits, each by their distance; as typed while some distance is no number."""
    days = {"days": 1, "months": 30.4, "years": 365.2}
    if not all(re.fullmatch("[0-9]{1,6}", step["number"]) for step in steps):
        return steps
    return sorted(steps, key=lambda step: (step["kind"] != VisitKind.CHECK_IN, int(step["number"]) * days.get(step["unit"], 1)))


def _named(steps: list[dict[str, str]]) -> list[dict[str, str]]:
    """Every step with a name; a new one is called after its distance."""
    taken = {step["step"] for step in steps}
    for step in steps:
        if not step["step"]:
            wanted = base = f"{step['number'][:4]}{step['unit'][:1]}"
            count = 1
            while wanted in taken:
                count += 1
                wanted = f"{base}_{count}"
            step["step"] = wanted
            taken.add(wanted)
    return steps


def read(typed: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """(content, errors) of what was typed; steps are put in order. Errors are `{"field", "message"}`, `field` the id of the input."""
    typed["steps"] = _in_order(typed["steps"])
    content = {
        "steps": [_step(step) for step in _named([dict(step) for step in typed["steps"]])],
        "send_at": typed["send_at"],
        "sending_hours": {"from": typed["from"], "until": typed["until"]},
        "closed_weekdays": typed["closed"],
        "holidays": re.split(r"[,;\s]+", typed["holidays"]) if typed["holidays"] else [],
        "channels": [one for one in typed["channels"].split(",") if one in PATIENT_CHANNELS],
        "lost_after_days": _whole(typed["lost_after_days"]),
    }
    try:
        loaded: dict[str, Any] = ProtocolContent().load(content)
    except ValidationError as error:
        rows = [{"field": _field(row["pointer"]), "message": _sentence(row, typed)} for row in pointers(error.messages)]
        return content, [row for place, row in enumerate(rows) if row not in rows[:place]]
    return loaded, []


def _field(pointer: str) -> str:
    parts = pointer.strip("/").split("/")
    if parts[0] == "steps" and len(parts) > 2:  # noqa: PLR2004  reason: steps, place, part
        return f"steps-{parts[1]}-{_PLACES.get(parts[2], parts[2])}"
    if parts[0] == "sending_hours":
        return parts[-1] if len(parts) > 1 else "from"
    return {"closed_weekdays": "closed-monday", "steps": "add"}.get(parts[0], parts[0])


def _sentence(row: Mapping[str, str], typed: Mapping[str, Any]) -> str:
    """With the step's title, because the summary stands apart from it."""
    found = re.match("/steps/([0-9]+)/", row["pointer"])
    if not found:
        return row["message"]
    place = int(found[1])
    title = typed["steps"][place]["title"] if place < len(typed["steps"]) else ""
    message = "Write days as numbers, for example 14 book, 3, 1." if _is_no_number(row) else row["message"]
    return f"{title or f'Step {place + 1}'}: {message}"


def _is_no_number(row: Mapping[str, str]) -> bool:
    return row["pointer"].endswith("/days_before") and row["message"].startswith("Must be a number")
