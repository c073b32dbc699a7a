"""What people say about visits: booked, attended, missed, declined; and what the calendar says about the others."""

from datetime import datetime

from sqlalchemy.orm import Session

from schemas.vocabulary import VisitKind, VisitState
from server.db import find
from server.followup.models import Visit
from server.followup.service.schedule import facts_of, messages_about, sync_messages
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.procedures.models import Procedure

MARKED = "marked"
_IN_PERSON = frozenset({VisitState.BOOKED, VisitState.ATTENDED})


def mark_visit(session: Session, visit: Visit, state: VisitState, *, booked_for: datetime | None = None) -> Visit:
    """What a person says about a locked visit, corrections included. Its unsent messages follow, in the same transaction.

    Raises `conflict` for a cancelled visit, 422 for a time without booking or a check-in that is booked.
    """
    if visit.state == VisitState.CANCELLED:
        raise Problem("conflict", "This visit was cancelled; plan the follow-up of the procedure that took its place.")
    if booked_for and state != VisitState.BOOKED:
        raise invalid("/booked_for", "Only with state booked.")
    if visit.kind == VisitKind.CHECK_IN and state in _IN_PERSON:
        raise invalid("/state", "A check-in is answered from home: record the answer, or mark it missed or declined.")
    if state == VisitState.BOOKED:
        agreed = booked_for or (visit.booked_for if visit.state == VisitState.BOOKED else None)
        if agreed != visit.booked_for:
            visit.confirmed_at = None
        visit.booked_for = agreed
    visit.state = state
    visit.reason = MARKED if state == VisitState.MISSED else None
    visit.call_after = None
    resync(session, visit, reason=f"visit_{state}")
    session.flush()
    return visit


def resync(session: Session, visit: Visit, *, reason: str) -> int:
    """Make a locked visit's unsent messages fit what is now known of it; how many rows that took."""
    procedure = session.get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    patient = find(session, Patient, visit.patient_id)
    if patient is None:
        raise LookupError("a visit without its patient")
    facts = facts_of(session, procedure, patient, [visit])
    return sync_messages(session, visit, messages_about(session, visit.id), patient, facts, reason=reason)
