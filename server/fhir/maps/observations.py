"""What an entry measured → one Observation: its main number as the value, the rest as components. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import EntryKind
from server.fhir import measures
from server.fhir.datatypes import BODY_SITE, Json, notes, places, ref, timed
from server.fhir.maps.values import components, value
from server.fhir.scope import Scope, Step, of_kind, resource
from server.procedures.service.record import Record

OBSERVED = frozenset(measures.MAIN)
STEPS = frozenset(
    {
        EntryKind.ANAESTHESIA,
        EntryKind.HARVEST,
        EntryKind.PREPARATION,
        EntryKind.EMULSIFICATION,
        EntryKind.FILTRATION,
        EntryKind.INJECTION,
    }
)
"""Kinds of entries that are procedures of their own within the whole."""


def observation(scope: Scope, whole: Record, step: Step, all_steps: Sequence[Step]) -> Json | None:
    """None where the entry measured nothing: a note of words alone."""
    main = measures.MAIN[step.kind]
    if step.kind == EntryKind.NOTE and main not in step.document:
        return None
    known = step.document.get(main)
    procedure = step.id if step.kind in STEPS else whole.procedure.id
    elements = {
        "status": step.status("final"),
        "code": scope.terms.concept("measure", main),
        **timed("effective", step.fact["started_at"], step.fact["ended_at"], step.at),
        **(value(scope.terms, main, known) if known is not None else {}),
    }
    return resource(
        "Observation",
        step.id,
        extension=places(BODY_SITE, [step.fact["scar_id"]] if step.fact["scar_id"] else []),
        partOf=[ref("Procedure", procedure)],
        **elements,
        subject=ref("Patient", whole.patient.id),
        performer=[ref("Practitioner", step.fact["recorded_by"])],
        specimen=_specimen(step, all_steps),
        device=ref("Device", step.fact["device_id"]) if step.fact["device_id"] else None,
        note=notes(step.fact["reason"]),
        component=components(scope.terms, step.document, but=(main,)),
    )


def _specimen(step: Step, all_steps: Sequence[Step]) -> Json | None:
    """What was measured: its own specimen, or the newest nanofat at that time."""
    if step.kind in {EntryKind.HARVEST, EntryKind.FILTRATION}:
        return ref("Specimen", step.id)
    if step.kind != EntryKind.INJECTION:
        return None
    made = [one for one in of_kind(all_steps, EntryKind.FILTRATION) if one.at <= step.at]
    return ref("Specimen", made[-1].id) if made else None
