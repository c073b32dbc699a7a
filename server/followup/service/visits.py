"""What people say about visits: booked, attended, missed, declined; and what the calendar says about the others."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from schemas.vocabulary import VisitKind, VisitState
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.followup.service.alerts import settle_wishes
from server.followup.service.schedule import facts_of, messages_about, sync_messages
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.procedures.models import Procedure

MARKED = "marked"
_OF_THE_DAY = frozenset({VisitState.ATTENDED, VisitState.MISSED})
_IN_PERSON = frozenset({VisitState.BOOKED, VisitState.ATTENDED})


def mark_visit(session: Session, visit: Visit, state: VisitState, *, booked_for: datetime | None = None) -> Visit:
    """What a person says about a locked visit, corrections included. Its unsent messages follow, in the same transaction.

    Raises `conflict` for a cancelled visit, 422 for a time without booking, a check-in that is booked, or a day that has not come.
    """
    if visit.state == VisitState.CANCELLED:
        raise Problem("conflict", "This visit was cancelled; plan the follow-up of the procedure that took its place.")
    if booked_for and state != VisitState.BOOKED:
        raise invalid("/booked_for", "Only with state booked.")
    if visit.kind == VisitKind.CHECK_IN and state in _IN_PERSON:
        raise invalid("/state", "A check-in is answered from home: record the answer, or mark it missed or declined.")
    if state in _OF_THE_DAY:
        _check_day(session, visit)
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


def mark_by_hand(session: Session, visit: Visit, state: VisitState, *, booked_for: datetime | None = None) -> Visit:
    """`mark_visit` outside of a call: a time that is arranged settles what the patient had asked for."""
    mark_visit(session, visit, state, booked_for=booked_for)
    if visit.state == VisitState.BOOKED and visit.booked_for:
        settle_wishes(session, visit, "A time was arranged.")
    return visit


def first_day(session: Session, visit: Visit) -> date:
    """The first one on which it may take place, in the clinic's zone: its window's, or an earlier one that was agreed on."""
    zone = clinics.zone_of(session)
    return min(visit.opens_on, visit.booked_for.astimezone(zone).date() if visit.booked_for else visit.opens_on)


def _check_day(session: Session, visit: Visit) -> None:
    """One slip of the finger would end the reminders of a whole year."""
    first = first_day(session, visit)
    if clinics.today(session) < first:
        raise invalid("/state", f"Not before {first}, when the visit may take place. If the patient came earlier, first book that time.")


def resync(session: Session, visit: Visit, *, reason: str) -> int:
    """Make a locked visit's unsent messages fit what is now known of it; how many rows that took."""
    procedure = session.get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    patient = find(session, Patient, visit.patient_id)
    if patient is None:
        raise LookupError("a visit without its patient")
    facts = facts_of(session, procedure, patient, [visit])
    return sync_messages(session, visit, messages_about(session, visit.id), patient, facts, reason=reason)
