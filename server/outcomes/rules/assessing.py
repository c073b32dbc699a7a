"""What an assessment may say: of days, places, events and grades. Pure: fields as loaded, and what is known besides."""

import uuid
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from schemas.outcome_words import Complication, Presence
from server.procedures.note.words import short_day

Fault = tuple[str, str]
"""JSON pointer, and what is wrong with the fix."""
Fields = Mapping[str, Any]
DAYS = ("onset_on", "last_present", "first_absent")
SIZES = ("length_um", "width_um", "depth_um", "area_mm2_e1")
GRADES = ("clavien_dindo", "ctcae")
_SITE = ("scar_id", "subunit", "side")


@dataclass(frozen=True)
class Earlier:
    """An adverse event that was told before; `last_seen`: the last day on which a standing assessment knows that it was there."""

    complication: Complication
    last_seen: date | None = None


@dataclass(frozen=True)
class Known:
    """What the fields are held against. Days are the clinic's; a procedure that went on past midnight began before its day zero."""

    operated_on: date
    began_on: date
    today: date
    scars: Container[uuid.UUID]
    photos: Container[uuid.UUID]
    events: Mapping[uuid.UUID, Earlier] = field(default_factory=dict)


def faults(fields: Fields, known: Known) -> Iterator[Fault]:
    """Everything that is wrong with an assessment."""
    day: date = fields["assessed_on"]
    if day < known.operated_on:
        yield "/assessed_on", f"Lies before the procedure of {short_day(known.operated_on)}; check the date."
    if day > known.today:
        yield "/assessed_on", "Lies in the future; check the date."
    yield from _whole(fields)
    findings: Sequence[Fields] = fields.get("findings", ())
    for place, finding in enumerate(findings):
        for name, message in (*_finding(finding, known), *_days(finding, day, known)):
            yield f"/findings/{place}/{name}", message
    yield from _ids(findings, "findings")
    yield from _ids(fields.get("measurements", ()), "measurements")
    yield from _together(findings)
    yield from _redness(fields)
    yield from _measurements(fields.get("measurements", ()), known)


def _ids(rows: Sequence[Fields], name: str) -> Iterator[Fault]:
    given = [one.get("id") for one in rows]
    for place, one in enumerate(given):
        if one and one in given[:place]:
            yield f"/{name}/{place}/id", "Is used twice; each has an id of its own."


def _whole(fields: Fields) -> Iterator[Fault]:
    correcting, withdrawn = fields.get("replaces"), fields.get("withdrawn", False)
    if correcting and not fields.get("reason"):
        yield "/reason", "Say why the earlier assessment is corrected or withdrawn."
    if fields.get("reason") and not correcting:
        yield "/reason", "Only with replaces: a new assessment needs no reason."
    if withdrawn and not correcting:
        yield "/withdrawn", "Name in replaces the assessment that is withdrawn."
    told = next((name for name in ("findings", "measurements", "erythema", "note") if fields.get(name) not in (None, [])), None)
    if withdrawn and told:
        yield f"/{told}", "A withdrawal says nothing about the patient: leave it out, or correct the assessment instead."
    if not withdrawn and not told:
        yield "/findings", "Nothing is said: grade the redness, answer an item of the checklist, measure a scar, or write a note."


def _finding(one: Fields, known: Known) -> Iterator[Fault]:
    present, event_id = one["present"], one.get("event_id")
    graded = next((name for name in GRADES if one.get(name) is not None), "disability" if one.get("disability") else None)
    if graded and present != Presence.YES:
        yield graded, "Only what is present has a grade: choose present yes, or take the grade away."
    if one.get("disability") and not one.get("clavien_dindo") and present == Presence.YES:
        yield "disability", "The suffix d belongs to a Clavien-Dindo grade; choose one."
    if event_id:
        earlier = known.events.get(event_id)
        if earlier is None:
            yield "event_id", "No such event of this procedure; leave it out for an event that begins now."
        elif earlier.complication != one["complication"]:
            yield "event_id", f"This event is of {earlier.complication.replace('_', ' ')}; name that complication, or leave event_id out."
    if one.get("scar_id") and one["scar_id"] not in known.scars:
        yield "scar_id", "No such scar of this patient."
    if one.get("photo_id") and one["photo_id"] not in known.photos:
        yield "photo_id", "No such photo of this patient."


def _days(one: Fields, assessed_on: date, known: Known) -> Iterator[Fault]:
    given = {name: one[name] for name in DAYS if one.get(name)}
    if given and one["present"] != Presence.YES and not (one["present"] == Presence.NO and one.get("event_id")):
        yield next(iter(given)), "Only what was present has days: choose present yes, or take the day away."
        return
    for name, day in given.items():
        if day > assessed_on:
            yield name, f"Lies after the assessment of {short_day(assessed_on)}; check both days."
        elif day < known.began_on:
            yield name, f"Lies before the procedure of {short_day(known.began_on)}; what was there before is no complication of it."
    onset, last, absent = (given.get(name) for name in DAYS)
    if onset and last and last < onset:
        yield "last_present", f"Lies before its onset on {short_day(onset)}; check both days."
    was = max((day for day in (onset, last) if day), default=None)
    if was and absent and absent <= was:
        yield "first_absent", f"Must be later than {short_day(was)}, when it was still there."
    earlier = known.events.get(one["event_id"]) if one.get("event_id") else None
    if earlier and earlier.last_seen and absent and absent <= earlier.last_seen:
        yield (
            "first_absent",
            f"An earlier assessment saw it on {short_day(earlier.last_seen)}; choose a later day, or correct that assessment.",
        )


def _together(findings: Sequence[Fields]) -> Iterator[Fault]:
    """What contradicts itself within one assessment."""
    seen: set[tuple[Any, ...]] = set()
    present = {one["complication"] for one in findings if one["present"] == Presence.YES and not one.get("first_absent")}
    for place, one in enumerate(findings):
        place_or_event = [one["event_id"]] if one.get("event_id") else [one.get(name) for name in _SITE]
        key = (one["complication"], *place_or_event)
        if key in seen:
            yield f"/findings/{place}/complication", "Is answered twice for the same place or event; keep one answer."
        elif everywhere(one) and not one.get("event_id") and one["complication"] in present:
            yield f"/findings/{place}/present", "Another answer says that it is present; leave this one out, or name its place."
        seen.add(key)


def everywhere(one: Fields) -> bool:
    """Whether it says, without naming a place, that there is none. Unless it is about one event, there is nothing of the kind anywhere."""
    return one["present"] == Presence.NO and not any(one.get(name) for name in _SITE)


def still_there(one: Fields) -> bool:
    """Whether it says that it is present and has not gone since."""
    return one["present"] == Presence.YES and not one.get("first_absent")


def red(fields: Fields) -> bool | None:
    """Whether the skin is red: from grade 1 (almost clear) on, else as the checklist says of erythema. None: nobody said.

    Almost clear is counted as red, so that the time until it is clear is rather told too long than too short.
    """
    if fields.get("erythema") is not None:
        return bool(fields["erythema"] >= 1)
    answers = [one for one in fields.get("findings", ()) if one["complication"] == Complication.ERYTHEMA]
    if any(still_there(one) for one in answers):
        return True
    return False if any(one["present"] != Presence.UNKNOWN for one in answers) else None


def _redness(fields: Fields) -> Iterator[Fault]:
    grade = fields.get("erythema")
    if grade is None:
        return
    for place, one in enumerate(fields.get("findings", ())):
        if one["complication"] != Complication.ERYTHEMA:
            continue
        if grade >= 1 and everywhere(one) and not one.get("event_id"):
            yield f"/findings/{place}/present", f"The grade of erythema is {grade}, so it is present; leave it out, or change the grade."
        if grade == 0 and still_there(one):
            yield f"/findings/{place}/present", "The grade of erythema is 0, clear; say when it was first absent, or change the grade."


def _measurements(rows: Sequence[Fields], known: Known) -> Iterator[Fault]:
    seen: set[uuid.UUID] = set()
    for place, one in enumerate(rows):
        if one["scar_id"] not in known.scars:
            yield f"/measurements/{place}/scar_id", "No such scar of this patient."
        if one["scar_id"] in seen:
            yield f"/measurements/{place}/scar_id", "Is measured twice; keep one row for each scar."
        seen.add(one["scar_id"])
        if all(one.get(name) is None for name in SIZES):
            yield f"/measurements/{place}/length_mm", "Nothing is measured: give a size, or leave the scar out."
        if one.get("length_um") and one.get("width_um") and one["width_um"] > one["length_um"]:
            yield f"/measurements/{place}/width_mm", "Width is larger than length; swap the two."
