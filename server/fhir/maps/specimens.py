"""Harvest → Specimen of lipoaspirate; filtration → Specimen of nanofat, with its parents and what was done to it. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import EntryKind
from server.fhir.datatypes import Json, lean, quantity, ref, timed
from server.fhir.scope import Scope, Step, of_kind, resource
from server.procedures.service.record import Record

_PROCESSING = (EntryKind.PREPARATION, EntryKind.EMULSIFICATION, EntryKind.FILTRATION)


def lipoaspirate(scope: Scope, whole: Record, step: Step) -> Json:
    """What was drawn at one site."""
    said = step.document
    collection = {
        "collector": ref("Practitioner", whole.procedure.surgeon_id),
        **timed("collected", step.fact["started_at"], step.fact["ended_at"], step.at),
        "quantity": quantity(said["lipoaspirate_ml"], "mL"),
        "method": scope.terms.maybe("harvest-method", said.get("method")),
        "bodySite": scope.terms.concept("harvest-site", said["site"], said.get("side")),
    }
    return resource(
        "Specimen",
        step.id,
        status="entered-in-error" if step.struck else None,
        type=scope.terms.concept("kind", "lipoaspirate"),
        subject=ref("Patient", whole.patient.id),
        request=_requested(whole),
        collection=lean(collection),
    )


def nanofat(scope: Scope, whole: Record, step: Step, all_steps: Sequence[Step]) -> Json:
    """The product. Its parents are the harvests before it, its processing every step before it that counts, and its own."""
    earlier = [one for one in all_steps if one.at <= step.at]
    done = [one for one in of_kind(earlier, *_PROCESSING) if one.kind != EntryKind.FILTRATION]
    return resource(
        "Specimen",
        step.id,
        status="entered-in-error" if step.struck else None,
        type=scope.terms.concept("kind", "nanofat"),
        subject=ref("Patient", whole.patient.id),
        parent=[ref("Specimen", one.id) for one in of_kind(earlier, EntryKind.HARVEST)],
        request=_requested(whole),
        processing=[_processing(scope, one) for one in (*done, step)],
        container=[{"specimenQuantity": quantity(step.document["nanofat_ml"], "mL")}],
    )


def _requested(whole: Record) -> list[Json]:
    return [ref("ServiceRequest", whole.procedure.id)]


def _processing(scope: Scope, step: Step) -> Json:
    return {
        "description": _described(step),
        "procedure": scope.terms.concept("entry-kind", step.kind),
        **timed("time", step.fact["started_at"], step.fact["ended_at"], step.at),
    }


def _described(step: Step) -> str:
    """For people; the numbers are in the observation of the step."""
    said = step.document
    if step.kind == EntryKind.EMULSIFICATION:
        through = f" through {said['connector_mm']} mm" if "connector_mm" in said else ""
        return f"Stage {said['stage']}: {said['passes']} passes{through}"
    if step.kind == EntryKind.FILTRATION:
        return f"Filtered at {said['aperture_um']} µm" if said["filtered"] else "Not filtered"
    return f"Separation: {said['separation'].replace('_', ' ')}"
