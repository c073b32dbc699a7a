"""Incident → AdverseEvent; the safety check list → one QuestionnaireResponse for each pause. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import ChecklistPhase, EntryKind, Severity
from server.fhir.datatypes import V3, Json, concept, ref, when
from server.fhir.scope import Scope, Step, resource
from server.procedures.service.record import Record

_SERIOUS = {Severity.SEVERE: "serious"}


def adverse_event(scope: Scope, whole: Record, step: Step) -> Json | None:
    """An incident that stands. R4 cannot say that an adverse event was entered in error: a struck one is an observation only."""
    if step.struck:
        return None
    severity = step.fact["severity"]
    return resource(
        "AdverseEvent",
        step.id,
        actuality="actual",
        event=scope.terms.concept("incident", step.fact["incident"], step.document.get("text")),
        subject=ref("Patient", whole.patient.id),
        date=when(step.at),
        recordedDate=when(step.fact["received_at"]),
        seriousness=concept(f"{V3}/adverse-event-seriousness", _SERIOUS.get(severity, "non-serious")) if severity else None,
        severity=concept(f"{V3}/adverse-event-severity", str(severity)) if severity else None,
        recorder=ref("Practitioner", step.fact["recorded_by"]),
        suspectEntity=[{"instance": ref("Procedure", whole.procedure.id)}],
    )


def checklists(scope: Scope, whole: Record, all_steps: Sequence[Step]) -> list[Json]:
    """Answers that stand, by pause; several answers to one item stand in their order."""
    found = []
    for phase in ChecklistPhase:
        answered = [one for one in all_steps if one.kind == EntryKind.CHECKLIST and one.document["phase"] == phase]
        standing = [one for one in answered if not one.struck]
        if answered:
            found.append(_checklist(scope, whole, phase, standing, answered[-1]))
    return found


def _checklist(scope: Scope, whole: Record, phase: ChecklistPhase, standing: Sequence[Step], last: Step) -> Json:
    items: dict[str, list[Json]] = {}
    for one in standing:
        coded = scope.terms.codings("checklist-answer", one.document["answer"])[0]
        items.setdefault(one.document["item"], []).append({"valueCoding": coded})
    return resource(
        "QuestionnaireResponse",
        f"{whole.procedure.id}.{str(phase).replace('_', '-')}",
        partOf=[ref("Procedure", whole.procedure.id)],
        status="completed" if standing else "entered-in-error",
        subject=ref("Patient", whole.patient.id),
        authored=when(last.at),
        author=ref("Practitioner", last.fact["recorded_by"]),
        item=[{"linkId": name, "text": name.replace("_", " "), "answer": answers} for name, answers in items.items()],
    )
