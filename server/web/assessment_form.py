"""The form of an assessment: what stands in its boxes, and the body of the API that the boxes mean."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from schemas.assessments import AssessmentCreate
from schemas.outcome_words import REGION_OF, Complication, Presence, Region
from schemas.pointers import pointers
from server.problems import Problem
from server.web.outcome_words import donor
from server.web.plan_form import number_in

SIZES = ("length_mm", "width_mm", "depth_mm", "area_cm2")
PHOTO = "photo_id"
DETAILS = (
    "scar_id",
    "subunit",
    "side",
    "onset_on",
    "last_present",
    "first_absent",
    "clavien_dindo",
    "ctcae",
    "relation",
    "treatment",
    "note",
    PHOTO,
)
"""Boxes beside an answer; `disability` is one to tick."""
_OWN = ("assessed_on", "note", "reason", "replaces")


@dataclass(frozen=True)
class Answer:
    """One answer's place in the form: an item of the checklist, or an event told earlier."""

    prefix: str
    complication: Complication
    event_id: str | None = None


def answers(events: Sequence[Mapping[str, Any]]) -> Iterator[Answer]:
    """All that can be answered: ongoing events first, then the checklist."""
    yield from (Answer(f"e-{one['event_id']}", Complication(one["complication"]), one["event_id"]) for one in events)
    yield from (Answer(f"c-{one}", one) for one in Complication)


def read(sent: Mapping[str, str], events: Sequence[Mapping[str, Any]], scar_ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    """What the API would load. Raises 422 `invalid`, whose pointers are the boxes of the form."""
    errors: list[dict[str, str]] = []
    body: dict[str, Any] = {name: sent[name].strip() for name in ("id", *_OWN) if sent.get(name, "").strip()}
    if "withdraw" in sent:
        body["withdrawn"] = True
        body.pop("note", None)
        return _loaded(body, [], [], errors)
    if sent.get("erythema"):
        body["erythema"] = number_in(sent, "erythema", errors)
    given = [one for one in answers(events) if _said(sent, one, events)]
    body["findings"] = [_finding(sent, one, _said(sent, one, events), errors) for one in given]
    measured = [one for one in scar_ids if any(sent.get(f"m-{one}-{name}", "").strip() for name in SIZES)]
    body["measurements"] = [
        {"scar_id": str(one)}
        | {name: number_in(sent, f"m-{one}-{name}", errors) for name in SIZES if sent.get(f"m-{one}-{name}", "").strip()}
        for one in measured
    ]
    return _loaded(body, given, measured, errors)


def _said(sent: Mapping[str, str], one: Answer, events: Sequence[Mapping[str, Any]]) -> str:
    """Its own answer, or "no" where all the rest of its part was asked about and nothing was there.

    An event that is ongoing, and redness that has a grade, are answered in their own place.
    """
    own = sent.get(one.prefix, "")
    if own or one.event_id:
        return own
    elsewhere = {event["complication"] for event in events}
    if sent.get("erythema"):
        elsewhere.add(Complication.ERYTHEMA)
    none = sent.get(f"none-{REGION_OF[one.complication]}") and one.complication not in elsewhere
    return Presence.NO if none else ""


def _finding(sent: Mapping[str, str], one: Answer, said: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    boxes = {name: sent[f"{one.prefix}-{name}"].strip() for name in DETAILS if sent.get(f"{one.prefix}-{name}", "").strip()}
    finding: dict[str, Any] = {"complication": str(one.complication), "present": said, **boxes}
    if "ctcae" in boxes:
        finding["ctcae"] = number_in(sent, f"{one.prefix}-ctcae", errors)
    if sent.get(f"{one.prefix}-disability"):
        finding["disability"] = True
    return finding | ({"event_id": one.event_id} if one.event_id else {})


def _loaded(body: dict[str, Any], given: Sequence[Answer], measured: Sequence[uuid.UUID], errors: list[dict[str, str]]) -> dict[str, Any]:
    if errors:
        raise _refused([{"pointer": f"/{one['field']}", "message": one["message"]} for one in errors])
    try:
        loaded: dict[str, Any] = AssessmentCreate().load(body)
    except ValidationError as error:
        raise in_boxes(Problem("invalid", errors=pointers(error.messages)), given, measured) from None
    return loaded


def in_boxes(problem: Problem, given: Sequence[Answer], measured: Sequence[uuid.UUID]) -> Problem:
    """The same refusal with the boxes of the form in place of the API's pointers."""
    return _refused([_fault(row, given, measured) for row in problem.errors]) if problem.errors else problem


def asked(
    sent: Mapping[str, str], events: Sequence[Mapping[str, Any]], scar_ids: Sequence[uuid.UUID]
) -> tuple[list[Answer], list[uuid.UUID]]:
    """(answers, measured scars) of a form, in the order in which `read` puts them into the body."""
    given = [one for one in answers(events) if _said(sent, one, events)]
    return given, [one for one in scar_ids if any(sent.get(f"m-{one}-{name}", "").strip() for name in SIZES)]


def _refused(rows: list[dict[str, str]]) -> Problem:
    return Problem("invalid", " ".join(dict.fromkeys(one["message"] for one in rows)), errors=rows)


def _fault(row: Mapping[str, str], given: Sequence[Answer], measured: Sequence[uuid.UUID]) -> dict[str, str]:
    steps = row["pointer"].strip("/").split("/")
    if steps[0] == "findings" and len(steps) > 2:  # noqa: PLR2004  reason: findings, which, field
        one = given[int(steps[1])]
        box = f"{one.prefix}-{steps[2]}" if steps[2] in {*DETAILS, "disability"} else f"{one.prefix}-yes"
        return {"pointer": f"/{box}", "message": f"{donor(one.complication)}: {row['message']}"}
    if steps[0] == "measurements" and len(steps) > 2:  # noqa: PLR2004  reason: measurements, which, field
        return {"pointer": f"/m-{measured[int(steps[1])]}-{steps[2]}", "message": row["message"]}
    box = {"erythema": "erythema-0", "findings": "erythema-0", "withdrawn": "reason"}.get(steps[0], steps[0])
    return {"pointer": f"/{box}", "message": "Enter the day." if box == "assessed_on" and "missing" in row["message"] else row["message"]}


def typed_from(stored: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Boxes of an assessment that is to be corrected. Of several answers to one item without an event in the form, the last is shown."""
    known = {one["event_id"] for one in events}
    typed = {name: str(stored[name]) for name in ("assessed_on", "note", "erythema") if stored[name] is not None}
    for one in stored["findings"]:
        prefix = f"e-{one['event_id']}" if one["event_id"] in known else f"c-{one['complication']}"
        typed[prefix] = one["present"]
        typed |= {f"{prefix}-{name}": str(one[name]) for name in DETAILS if one[name] is not None and one[name] != "unknown"}
        if one["disability"]:
            typed[f"{prefix}-disability"] = "1"
    for one in stored["measurements"]:
        typed |= {f"m-{one['scar_id']}-{name}": str(one[name]) for name in SIZES if one[name] is not None}
    return typed


def photos_in(typed: Mapping[str, str]) -> set[uuid.UUID]:
    """Photographs that a form's boxes name; what is no id names none."""
    found = set()
    for name, value in typed.items():
        if name.endswith(f"-{PHOTO}") and value:
            with suppress(ValueError):
                found.add(uuid.UUID(value))
    return found


SITED = frozenset({Region.RECIPIENT})
"""Parts whose items have a scar or subunit."""
