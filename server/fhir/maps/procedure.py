"""Procedure → Procedure; each of its steps, from anaesthesia to injection → a Procedure that is part of it. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import EntryKind, NoteTopic, ProcedureState
from server.fhir.datatypes import TARGET_BODY_STRUCTURE, Json, notes, period, places, ref, said, timed
from server.fhir.scope import Scope, Step, of_kind, resource
from server.patients.models import Scar
from server.procedures.service.record import Record

STATUS = {
    ProcedureState.PLANNED: "preparation",
    ProcedureState.IN_PROGRESS: "in-progress",
    ProcedureState.COMPLETED: "completed",
    ProcedureState.SIGNED: "completed",
    ProcedureState.CANCELLED: "not-done",
    ProcedureState.ABANDONED: "stopped",
    ProcedureState.ENTERED_IN_ERROR: "entered-in-error",
}


def whole_procedure(scope: Scope, whole: Record, all_steps: Sequence[Step]) -> Json:
    """The session as a whole."""
    row, incidents = whole.procedure, of_kind(all_steps, EntryKind.INCIDENT)
    return resource(
        "Procedure",
        row.id,
        identifier=[{"system": "urn:graftlog:procedure", "value": str(row.id)}],
        extension=places(TARGET_BODY_STRUCTURE, [*dict.fromkeys(one.fact["scar_id"] for one in of_kind(all_steps, EntryKind.INJECTION))]),
        basedOn=[ref("ServiceRequest", row.id), ref("CarePlan", row.id)],
        status=STATUS[row.state],
        statusReason=said(row.closed_reason),
        code=scope.terms.concept("kind", "nanofat_procedure", row.title),
        subject=ref("Patient", row.patient_id),
        performedPeriod=period(row.started_at, row.ended_at),
        recorder=ref("Practitioner", row.created_by) if row.created_by else None,
        asserter=ref("Practitioner", whole.signature.signer_id) if whole.signature else None,
        performer=_team(scope, whole),
        reasonCode=[scope.terms.concept("aetiology", one) for one in dict.fromkeys(scar.aetiology for scar in _treated(whole, all_steps))],
        report=[ref("Composition", row.id), ref("DocumentReference", row.id)],
        complication=[scope.terms.concept("incident", one.fact["incident"], one.document.get("text")) for one in incidents],
        followUp=[{"text": text} for text in _written(all_steps, NoteTopic.INSTRUCTIONS)],
        note=notes(*_written(all_steps, NoteTopic.FINDINGS), *_written(all_steps, NoteTopic.GENERAL)),
        usedReference=[ref("Device", one.id) for one in of_kind(all_steps, EntryKind.DEVICE_USE)],
    )


def _treated(whole: Record, all_steps: Sequence[Step]) -> list[Scar]:
    given = {one.fact["scar_id"] for one in of_kind(all_steps, EntryKind.INJECTION)}
    wanted = given or {one.scar_id for one in whole.procedure.injections}
    return [scar for scar in whole.scars if scar.id in wanted]


def _team(scope: Scope, whole: Record) -> list[Json]:
    """Assistant and anaesthetist are names that somebody typed, and no people of the clinic's list."""
    surgeon = {
        "function": scope.terms.concept("role", "surgeon"),
        "actor": ref("Practitioner", whole.procedure.surgeon_id, whole.surgeon.name),
        "onBehalfOf": scope.organization,
    }
    others = (("assistant", whole.procedure.assistant), ("anaesthetist", whole.procedure.anaesthetist))
    return [surgeon, *({"function": {"text": name}, "actor": {"display": who}} for name, who in others if who)]


def _written(all_steps: Sequence[Step], topic: NoteTopic) -> list[str]:
    found = (one.document for one in of_kind(all_steps, EntryKind.NOTE))
    return [one["text"] for one in found if one.get("topic", NoteTopic.GENERAL) == topic and one.get("text")]


def step_procedure(scope: Scope, whole: Record, step: Step) -> Json:
    """One step. What was measured in it is the observation of the same id."""
    scar = next((one for one in whole.scars if one.id == step.fact["scar_id"]), None)
    return resource(
        "Procedure",
        step.id,
        extension=places(TARGET_BODY_STRUCTURE, [scar.id] if scar else []),
        partOf=[ref("Procedure", whole.procedure.id)],
        status=step.status("completed"),
        code=scope.terms.concept("entry-kind", step.kind),
        subject=ref("Patient", whole.patient.id),
        **timed("performed", step.fact["started_at"], step.fact["ended_at"], step.at),
        recorder=ref("Practitioner", step.fact["recorded_by"]),
        performer=[{"actor": ref("Practitioner", whole.procedure.surgeon_id)}],
        bodySite=_where(scope, step, scar),
        note=notes(step.fact["reason"]),
    )


def _where(scope: Scope, step: Step, scar: Scar | None) -> list[Json]:
    if step.kind == EntryKind.HARVEST:
        return [scope.terms.concept("harvest-site", step.fact["site"])]
    return [scope.terms.concept("subunit", scar.subunit)] if scar else []
