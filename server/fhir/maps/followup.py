"""Visit → Appointment; message → CommunicationRequest; attempt and call → Communication. What a message said is not handed on. Pure."""

from schemas.vocabulary import CallOutcome, ReminderState, VisitState
from server.fhir.datatypes import Json, no_time, notes, ref, said, when
from server.fhir.scope import Scope, resource
from server.followup.models import Attempt, Call, Outcome, Reminder, Visit

_APPOINTMENT = {
    VisitState.PLANNED: "proposed",
    VisitState.DUE: "proposed",
    VisitState.BOOKED: "booked",
    VisitState.ATTENDED: "fulfilled",
    VisitState.ANSWERED: "fulfilled",
    VisitState.MISSED: "noshow",
    VisitState.LOST_TO_FOLLOW_UP: "noshow",
    VisitState.DECLINED: "cancelled",
    VisitState.CANCELLED: "cancelled",
}
_TIMELESS = frozenset({"proposed", "cancelled"})
"""R4 lets only these be without start and end."""

_TAKES_PART = {
    VisitState.BOOKED: "accepted",
    VisitState.ATTENDED: "accepted",
    VisitState.ANSWERED: "accepted",
    VisitState.DECLINED: "declined",
}
_REQUEST = {
    ReminderState.ACCEPTED: "completed",
    ReminderState.DELIVERED: "completed",
    ReminderState.UNDELIVERED: "completed",
    ReminderState.UNCERTAIN: "unknown",
    ReminderState.SUPPRESSED: "revoked",
    ReminderState.CANCELLED: "revoked",
    ReminderState.EXPIRED: "revoked",
    ReminderState.DEAD: "revoked",
}
_COMMUNICATION = {
    Outcome.ACCEPTED: "completed",
    Outcome.NOT_SENT: "not-done",
    Outcome.REJECTED: "not-done",
    Outcome.UNCERTAIN: "unknown",
}
_NOT_REACHED = frozenset({CallOutcome.NO_ANSWER, CallOutcome.WRONG_NUMBER})


def appointment(scope: Scope, row: Visit) -> Json:
    """A follow-up. A visit's end is recorded nowhere, nor is the time of one that was never booked: there R4 gets the reason for it."""
    status = _APPOINTMENT[row.state]
    times: Json = {"start": when(row.booked_for), "_end": no_time()} if row.booked_for else {}
    if not times and status not in _TIMELESS:
        times = {"_start": no_time(), "_end": no_time()}
    reason = row.reason if status in {"cancelled", "noshow"} else None
    taking_part = {"actor": ref("Patient", row.patient_id), "required": "required", "status": _TAKES_PART.get(row.state, "needs-action")}
    return resource(
        "Appointment",
        row.id,
        status=status,
        cancelationReason=said(reason),
        serviceType=[scope.terms.concept("visit-kind", row.kind)],
        reasonReference=[ref("Procedure", row.procedure_id)],
        description=f"{row.title} ({str(row.state).replace('_', ' ')})",
        **times,
        created=when(row.created_at),
        basedOn=[ref("ServiceRequest", row.procedure_id)],
        participant=[taking_part],
        requestedPeriod=[{"start": row.opens_on.isoformat(), "end": row.closes_on.isoformat()}],
    )


def request(scope: Scope, row: Reminder) -> Json:
    """One message that is due, or was: whether it went out, each attempt says."""
    return resource(
        "CommunicationRequest",
        row.id,
        status=_REQUEST.get(row.state, "active"),
        statusReason=said(row.reason),
        category=[scope.terms.concept("message-purpose", row.purpose)],
        medium=[scope.terms.concept("channel", row.channel)],
        subject=ref("Patient", row.patient_id or ""),
        about=[ref("Appointment", row.visit_id)] if row.visit_id else [ref("Procedure", row.procedure_id or "")],
        occurrenceDateTime=when(row.due_at),
        authoredOn=when(row.created_at),
        requester=scope.organization,
        recipient=[ref("Patient", row.patient_id or "")],
        sender=scope.organization,
    )


def attempt(scope: Scope, row: Attempt, of: Reminder) -> Json:
    """One attempt to send it; `received` where the provider has said so of this very message."""
    arrived = of.delivered_at if row.message_id and row.message_id == of.message_id else None
    return resource(
        "Communication",
        row.id,
        identifier=[{"system": "urn:graftlog:message", "value": row.message_id}] if row.message_id else [],
        basedOn=[ref("CommunicationRequest", of.id)],
        status=_COMMUNICATION[row.outcome],
        statusReason=said(row.error),
        category=[scope.terms.concept("message-purpose", of.purpose)],
        medium=[scope.terms.concept("channel", of.channel)],
        subject=ref("Patient", of.patient_id or ""),
        sent=when(row.ended_at) if row.outcome == Outcome.ACCEPTED else None,
        received=when(arrived),
        recipient=[ref("Patient", of.patient_id or "")],
        sender=scope.organization,
    )


def call(scope: Scope, row: Call, visit: Visit) -> Json:
    """One call about a visit and how it ended."""
    return resource(
        "Communication",
        row.id,
        status="not-done" if row.outcome in _NOT_REACHED else "completed",
        statusReason=scope.terms.concept("call-outcome", row.outcome),
        medium=[scope.terms.concept("kind", "phone_call")],
        subject=ref("Patient", row.patient_id),
        about=[ref("Appointment", visit.id)],
        sent=when(row.called_at),
        recipient=[ref("Patient", row.patient_id)],
        sender=ref("Practitioner", row.called_by) if row.called_by else scope.organization,
        note=notes(row.note),
    )
