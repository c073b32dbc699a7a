"""What became of a procedure, for its page: assessments, adverse events over time, scars before and now."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import Complication, Presence
from server.canonical import number
from server.clinics.models import User
from server.outcomes.models import Assessment, ScarMeasurement
from server.outcomes.service import assessments
from server.patients.models import Scar
from server.procedures.models import Procedure
from server.procedures.note.words import amount, capital, difference, plain, short_day
from server.web import assessment_photos, outcome_words, queries
from server.web.drawings import events
from server.web.photo_pairs import view_of

_SIZES = (("length_um", "long"), ("width_um", "wide"), ("depth_um", "deep"))


def where(one: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """At which scar or place, as far as it was said."""
    if one["scar_id"]:
        return labels.get(one["scar_id"], "a scar")
    return capital(" ".join(plain(one[name]) for name in ("subunit", "side") if one[name]))


def outcome(session: Session, procedure: Procedure, scars: Sequence[Scar]) -> dict[str, Any]:
    """Everything for `procedure/outcome.html`."""
    found = assessments.of_procedure(session, procedure.id)
    rows = assessments.adverse_events(session, procedure) if found else []
    labels = {str(one.id): one.label for one in scars}
    begun = assessments.operated_on(session, procedure)
    courses = [_course(one, labels, begun) for one in rows]
    named = {uuid.UUID(look["photo_id"]) for one in rows for look in one["observations"] if look["photo_id"]}
    return {
        "assessments": _assessments(session, found),
        "events": [one | {"name": _name(one, labels), "said": outcome_words.COURSE[one["ongoing"]]} for one in rows],
        "drawing": events.events(courses, title="Adverse events over time, in days after the procedure") if courses else None,
        "caption": f"{events.caption(courses)} {events.SHAPES}" if courses else events.caption(courses),
        "photos": assessment_photos.of_events(session, procedure, scars, named),
        "view_of": view_of,
        "scars": _changes(session, assessments.standing(found), scars),
        "graded": outcome_words.graded,
        "presences": outcome_words.SEEN,
        "relations": outcome_words.RELATIONS,
    }


def _name(one: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    name = outcome_words.donor(Complication(one["complication"]))
    place = where(one, labels)
    return f"{name} ({place})" if place else name


def _course(one: Mapping[str, Any], labels: Mapping[str, str], begun: date) -> events.Course:
    looks = [
        events.Look(
            day=look["day"],
            ctcae=look["ctcae"],
            gone=look["over"],
            words=f"{short_day(date.fromisoformat(look['assessed_on']))}, day {look['day']}: {_seen(look)}",
        )
        for look in one["observations"]
    ]
    begin = (date.fromisoformat(one["onset_on"] or one["first_seen"]) - begun).days
    last = one["last_present"] or one["first_absent"] or one["first_seen"]
    gone = (date.fromisoformat(one["first_absent"]) - begun).days if one["first_absent"] else None
    return events.Course(_name(one, labels), begin, (date.fromisoformat(last) - begun).days, gone, looks)


def _seen(look: Mapping[str, Any]) -> str:
    if look["over"]:
        return "gone"
    graded = outcome_words.graded(look["clavien_dindo"], look["ctcae"], disability=look["disability"])
    return f"{outcome_words.SEEN[Presence(look['present'])]}, {graded}"


def _assessments(session: Session, found: Sequence[Assessment]) -> list[dict[str, Any]]:
    names = queries.names(session, User, {one.assessed_by for one in found})
    withdrawing = {str(one.replaces) for one in found if one.withdrawn}
    rows = []
    for one in reversed(assessments.wholes(session, found)):
        how = "withdrawal" if one["withdrawn"] else "stands"
        if one["replaced_by"]:
            how = "withdrawn" if one["id"] in withdrawing else "replaced"
        rows.append(
            one
            | {
                "who": names.get(uuid.UUID(one["assessed_by"]), "unknown"),
                "stands": how == "stands",
                "said": outcome_words.ASSESSED[how],
                "red": outcome_words.ERYTHEMA[str(one["erythema"])] if one["erythema"] is not None else None,
                "unasked": len(Complication) - len({finding["complication"] for finding in one["findings"]}),
                "counts": {how: sum(finding["present"] == how for finding in one["findings"]) for how in Presence},
            }
        )
    return rows


def size(one: Scar | ScarMeasurement) -> str:
    """`30 mm long, 2 mm wide`, as far as it was measured."""
    said = [f"{amount(number(um, 1000), 'mm')} {word}" for name, word in _SIZES if (um := getattr(one, name)) is not None]
    if one.area_mm2_e1 is not None:
        said.append(amount(number(one.area_mm2_e1, 1000), "cm²"))
    return ", ".join(said) or "not measured"


def _measured(session: Session, scars: Sequence[Scar]) -> dict[uuid.UUID, list[tuple[Assessment, ScarMeasurement]]]:
    """Standing measurements of each scar, the oldest first."""
    joined = sa.and_(Assessment.clinic_id == ScarMeasurement.clinic_id, Assessment.id == ScarMeasurement.assessment_id)
    query = (
        sa.select(Assessment, ScarMeasurement)
        .select_from(ScarMeasurement)
        .join(Assessment, joined)
        .where(ScarMeasurement.scar_id.in_([one.id for one in scars]))
    )
    rows = [(look, one) for look, one in session.execute(query.order_by(Assessment.assessed_on, Assessment.id))]
    replaced = set(session.scalars(sa.select(Assessment.replaces).where(Assessment.replaces.in_([look.id for look, _ in rows]))))
    found: dict[uuid.UUID, list[tuple[Assessment, ScarMeasurement]]] = {}
    for look, one in rows:
        if look.id not in replaced:
            found.setdefault(one.scar_id, []).append((look, one))
    return found


def last_sizes(session: Session, scars: Sequence[Scar]) -> dict[uuid.UUID, tuple[str, date]]:
    """(size, day) of the newest measurement of each scar that was measured again."""
    return {scar_id: (size(known[-1][1]), known[-1][0].assessed_on) for scar_id, known in _measured(session, scars).items()}


def sizes(session: Session, scars: Sequence[Scar]) -> list[dict[str, Any]]:
    """For the form: each scar with its size as first recorded and as last measured again."""
    again = last_sizes(session, scars)
    rows = []
    for one in scars:
        known = again.get(one.id)
        last = f"{known[0]} on {short_day(known[1])}" if known else None
        rows.append({"id": one.id, "label": one.label, "first": size(one), "last": last})
    return rows


def _changes(session: Session, standing: Sequence[Assessment], scars: Sequence[Scar]) -> list[dict[str, Any]]:
    """Before and now of each scar that an assessment of this procedure measured again."""
    ours = {one.id for one in standing}
    again = _measured(session, scars) if ours else {}
    rows = []
    for scar in scars:
        known = [pair for pair in again.get(scar.id, ()) if pair[0].id in ours]
        if not known:
            continue
        look, now = known[-1]
        both = scar.depth_um is not None and now.depth_um is not None
        rows.append(
            {
                "label": scar.label,
                "before": size(scar),
                "now": size(now),
                "on": look.assessed_on,
                "depth_before": amount(_mm(scar.depth_um), "mm"),
                "depth_now": amount(_mm(now.depth_um), "mm"),
                "difference": difference(number((now.depth_um or 0) - (scar.depth_um or 0), 1000), "mm") if both else "not known",
            }
        )
    return rows


def _mm(um: int | None) -> int | float | None:
    return None if um is None else number(um, 1000)
