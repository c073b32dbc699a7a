"""Plan → ServiceRequest for the whole and one for each scar, and a CarePlan that names them and the follow-up. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import ProcedureState, Urgency
from server.fhir.datatypes import TARGET_BODY_STRUCTURE, Json, places, quantity, ref, when
from server.fhir.scope import Scope, resource
from server.followup.models import Visit
from server.procedures.models import PlannedInjection, Procedure

_STATUS = {
    ProcedureState.PLANNED: "active",
    ProcedureState.IN_PROGRESS: "active",
    ProcedureState.COMPLETED: "completed",
    ProcedureState.SIGNED: "completed",
    ProcedureState.CANCELLED: "revoked",
    ProcedureState.ABANDONED: "revoked",
    ProcedureState.ENTERED_IN_ERROR: "entered-in-error",
}


def requests(scope: Scope, row: Procedure) -> list[Json]:
    """The whole first, then what each scar is meant to get."""
    details = [f"{row.planned_passes} passes"] if row.planned_passes else []
    details += [f"filter {row.planned_aperture_um} µm"] if row.planned_aperture_um else []
    site = scope.terms.concept("harvest-site", row.harvest_site) if row.harvest_site else None
    whole = resource(
        "ServiceRequest",
        row.id,
        extension=places(TARGET_BODY_STRUCTURE, [one.scar_id for one in row.injections]),
        **_common(row),
        code=scope.terms.concept("kind", "nanofat_procedure", row.title),
        orderDetail=[{"text": one} for one in details],
        bodySite=[site] if site else [],
    )
    return [whole, *(_injection(scope, row, one) for one in row.injections)]


def intended_id(row: Procedure, injection: PlannedInjection) -> str:
    """Of the request for one scar: by its place in the plan."""
    return f"{row.id}.{injection.position}"


def _injection(scope: Scope, row: Procedure, one: PlannedInjection) -> Json:
    detail = [scope.terms.concept("plane", one.plane)] if one.plane else []
    detail += [{"text": f"needle {one.needle_gauge} G"}] if one.needle_gauge else []
    return resource(
        "ServiceRequest",
        intended_id(row, one),
        extension=places(TARGET_BODY_STRUCTURE, [one.scar_id]),
        basedOn=[ref("ServiceRequest", row.id)],
        **_common(row),
        code=scope.terms.concept("kind", "intended_injection"),
        orderDetail=detail,
        quantityQuantity=quantity(one.document()["volume_ml"], "mL"),
    )


def _common(row: Procedure) -> Json:
    return {
        "status": _STATUS[row.state],
        "intent": "plan" if row.state == ProcedureState.PLANNED else "order",
        "priority": "urgent" if row.urgency == Urgency.EMERGENCY else "routine",
        "subject": ref("Patient", row.patient_id),
        "occurrenceDateTime": when(row.planned_for),
        "authoredOn": when(row.created_at),
        "requester": ref("Practitioner", row.surgeon_id),
        "performer": [ref("Practitioner", row.surgeon_id)],
    }


def care_plan(scope: Scope, row: Procedure, visits: Sequence[Visit]) -> Json:
    """What is meant to happen from the procedure to the last follow-up."""
    named = [ref("ServiceRequest", row.id), *(ref("ServiceRequest", intended_id(row, one)) for one in row.injections)]
    named += [ref("Appointment", one.id) for one in visits]
    return resource(
        "CarePlan",
        row.id,
        status={"active": "active", "completed": "active"}.get(_STATUS[row.state], _STATUS[row.state]),
        intent="plan",
        category=[scope.terms.concept("kind", "nanofat_procedure")],
        title=row.title,
        subject=ref("Patient", row.patient_id),
        created=when(row.created_at),
        author=ref("Practitioner", row.created_by or row.surgeon_id),
        contributor=[scope.organization],
        activity=[{"reference": one} for one in named],
    )
