"""What a clinician found → Observations; a complication that was there → AdverseEvent as well. Pure."""

from collections.abc import Collection, Sequence
from typing import Any

from schemas.outcome_words import Presence, RedSource, Relation
from server.fhir.datatypes import BODY_SITE, V3, Json, absent, concept, day, notes, places, ref, when
from server.fhir.maps.values import components, value
from server.fhir.scope import Scope, resource
from server.followup.models import Redness
from server.outcomes.models.assessments import Assessment, Finding, ScarMeasurement

_CAUSALITY = {
    Relation.RELATED: "Certain",
    Relation.POSSIBLY: "Possible",
    Relation.UNRELATED: "Unlikely",
    Relation.UNKNOWN: "Unclassifiable",
}


def _status(*, counts: bool) -> str:
    return "final" if counts else "entered-in-error"


def assessment(scope: Scope, row: Assessment, members: Sequence[Any], *, counts: bool) -> Json:
    """One look at the result. `members` are ids of its findings and measurements; one that was replaced counts no more."""
    return resource(
        "Observation",
        row.id,
        partOf=[ref("Procedure", row.procedure_id)],
        status=_status(counts=counts and not row.withdrawn),
        category=[concept(f"{V3}/observation-category", "exam")],
        code=scope.terms.concept("kind", "assessment"),
        subject=ref("Patient", row.patient_id),
        effectiveDateTime=day(row.assessed_on),
        issued=when(row.created_at),
        performer=[ref("Practitioner", row.assessed_by)],
        note=notes(row.note, row.reason),
        dataAbsentReason=absent("error" if row.withdrawn else "unknown") if row.erythema is None and not members else None,
        hasMember=[ref("Observation", one) for one in members],
        component=components(scope.terms, {"erythema": row.erythema}),
    )


def finding(scope: Scope, row: Finding, of: Assessment, *, counts: bool) -> Json:
    """One item of the checklist: there, not there, or not known. Both grades stand side by side as they were given."""
    document = row.document()
    names = ("onset_on", "last_present", "first_absent", "clavien_dindo", "ctcae", "relation", "treatment")
    fields = {name: document[name] for name in names} | {"disability": row.disability or None}
    where = scope.terms.concept("subunit", row.subunit) if row.subunit else None
    return resource(
        "Observation",
        row.id,
        extension=places(BODY_SITE, [row.scar_id] if row.scar_id else []),
        partOf=[ref("Procedure", row.procedure_id)],
        status=_status(counts=counts),
        code=scope.terms.concept("complication", row.complication),
        subject=ref("Patient", row.patient_id),
        effectiveDateTime=day(of.assessed_on),
        performer=[ref("Practitioner", of.assessed_by)],
        **value(scope.terms, "presence", row.present),
        bodySite=where,
        note=notes(row.note),
        derivedFrom=[ref("Media", row.photo_id)] if row.photo_id else [],
        component=components(scope.terms, fields),
    )


def adverse_event(scope: Scope, row: Finding, of: Assessment, *, counts: bool) -> Json | None:
    """A complication that was there; the same event at another visit carries the same identifier."""
    if row.present != Presence.YES or not counts:
        return None
    causality = {"assessment": concept(f"{V3}/adverse-event-causality-assess", _CAUSALITY[row.relation])}
    return resource(
        "AdverseEvent",
        row.id,
        identifier={"system": "urn:graftlog:adverse-event", "value": str(row.event_id)},
        actuality="actual",
        event=scope.terms.concept("complication", row.complication),
        subject=ref("Patient", row.patient_id),
        date=day(row.onset_on),
        detected=day(of.assessed_on),
        recordedDate=when(row.created_at),
        recorder=ref("Practitioner", of.assessed_by),
        suspectEntity=[{"instance": ref("Procedure", row.procedure_id), "causality": [causality]}],
    )


def measurement(scope: Scope, row: ScarMeasurement, of: Assessment, *, counts: bool) -> Json:
    """A scar measured again."""
    document = row.document()
    sizes = components(scope.terms, {name: document[name] for name in ("length_mm", "width_mm", "depth_mm", "area_cm2")})
    return resource(
        "Observation",
        row.id,
        extension=places(BODY_SITE, [row.scar_id]),
        partOf=[ref("Procedure", of.procedure_id)],
        status=_status(counts=counts),
        category=[concept(f"{V3}/observation-category", "exam")],
        code=scope.terms.concept("kind", "scar_measured"),
        subject=ref("Patient", row.patient_id),
        effectiveDateTime=day(of.assessed_on),
        performer=[ref("Practitioner", of.assessed_by)],
        dataAbsentReason=None if sizes else absent("not-performed"),
        component=sizes,
    )


def redness(scope: Scope, row: Redness, known: Collection[Any], *, counts: bool) -> Json:
    """Red or clear on a day; `known` are the ids of answers and responses, one of which may have said so."""
    source = ref("Observation", row.source_id) if row.source == RedSource.ASSESSMENT else None
    if row.source == RedSource.CHECK_IN and row.source_id in known:
        source = ref("QuestionnaireResponse", row.source_id)
    found = {"dataAbsentReason": absent("asked-unknown")} if row.red is None else {"valueBoolean": row.red}
    return resource(
        "Observation",
        row.id,
        partOf=[ref("Procedure", row.procedure_id)],
        status=_status(counts=counts),
        code=scope.terms.concept("kind", "redness"),
        subject=ref("Patient", row.patient_id),
        effectiveDateTime=day(row.seen_on),
        issued=when(row.created_at),
        **found,
        derivedFrom=[source] if source else [],
    )
