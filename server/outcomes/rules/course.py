"""Adverse events over time, from what each standing assessment saw. Pure."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from schemas.outcome_words import ClavienDindo, Presence, Relation
from server.outcomes.rules.assessing import everywhere, still_there

Seen = Mapping[str, Any]
"""A finding's columns, with `assessed_on` of its assessment."""
_GRADES = list(ClavienDindo)


def events(findings: Iterable[Seen], operated_on: date) -> list[dict[str, Any]]:
    """One row per event that was ever present, by when it was first seen; findings of standing assessments in order of time.

    An answer "no" that names no place ends every event of its kind: there is nothing of it anywhere. The two scales stay apart.
    """
    of_event: dict[uuid.UUID, list[Seen]] = {}
    for one in findings:
        if everywhere(one) and one["event_id"] not in of_event:
            for seen in of_event.values():
                if seen[0]["complication"] == one["complication"] and not gone(seen):
                    seen.append(one)
        elif one["present"] == Presence.YES or one["event_id"] in of_event:
            of_event.setdefault(one["event_id"], []).append(one)
    return [_event(event_id, seen, operated_on) for event_id, seen in of_event.items()]


def _over(one: Seen) -> bool:
    return one["present"] == Presence.NO or (one["present"] == Presence.YES and one["first_absent"] is not None)


def gone(seen: Sequence[Seen]) -> bool:
    """Whether the last one who could say says so; one who was not sure changes nothing."""
    sure = [one for one in seen if one["present"] != Presence.UNKNOWN]
    return bool(sure) and _over(sure[-1])


def last_seen(seen: Sequence[Seen]) -> date | None:
    """The last day on which it is known to have been there."""
    days = [day for one in seen for day in (one["onset_on"], one["last_present"], one["assessed_on"] if still_there(one) else None) if day]
    return max(days, default=None)


def _event(event_id: uuid.UUID, seen: Sequence[Seen], operated_on: date) -> dict[str, Any]:
    present = [one for one in seen if one["present"] == Presence.YES]
    grades = [one["clavien_dindo"] for one in present if one["clavien_dindo"]]
    onsets = [one["onset_on"] for one in seen if one["onset_on"]]
    over, last = gone(seen), last_seen(seen)
    absent = [one["first_absent"] or one["assessed_on"] for one in seen if _over(one)]
    after = [day for day in absent if last is None or day > last] or absent
    return {
        "event_id": event_id,
        "complication": seen[0]["complication"],
        **{name: next((one[name] for one in reversed(present) if one[name]), None) for name in ("scar_id", "subunit", "side")},
        "first_seen": present[0]["assessed_on"],
        "onset_on": min(onsets, default=None),
        "last_present": last,
        "first_absent": min(after) if over else None,
        "ongoing": not over,
        "clavien_dindo": max(grades, key=_GRADES.index, default=None),
        "disability": any(one["disability"] for one in present),
        "ctcae": max((one["ctcae"] for one in present if one["ctcae"]), default=None),
        "relation": next((one["relation"] for one in reversed(present) if one["relation"] != Relation.UNKNOWN), Relation.UNKNOWN),
        "observations": [_observation(one, operated_on) for one in seen],
    }


def _observation(one: Seen, operated_on: date) -> dict[str, Any]:
    return {
        "assessment_id": one["assessment_id"],
        "finding_id": one["id"],
        "assessed_on": one["assessed_on"],
        "day": (one["assessed_on"] - operated_on).days,
        "present": one["present"],
        "over": _over(one),
        **{name: one[name] for name in ("clavien_dindo", "disability", "ctcae", "treatment", "note", "photo_id")},
    }
