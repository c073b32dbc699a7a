"""What a person decides about one message: that a doubtful one arrived or did not, that one which failed is sent again."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import PATIENT_CHANNELS, Channel, Purpose, ReminderState
from schemas.work import Arrival
from server import clock
from server.clinics import service as clinics
from server.db import find
from server.followup.calendar import end_of
from server.followup.comparison import REPLAYED, about
from server.followup.models import PATIENT, Reminder, Visit, due_now
from server.followup.planning import LATE_AT_MOST
from server.followup.service.contact import not_delivered
from server.followup.service.listing import NOT_YET
from server.followup.service.reach import address_on
from server.followup.service.schedule import key_of
from server.followup.verdict import fits
from server.ids import uuid7
from server.journal.service import say
from server.patients.models import Patient
from server.problems import Problem

SETTLED_BY_PERSON = "settled_by_person"
AGAIN = (ReminderState.DEAD, ReminderState.UNDELIVERED, ReminderState.EXPIRED)
"""States of messages that a person may send again."""
_STAYS_TRUE = LATE_AT_MOST | {
    Purpose.LINK: timedelta(days=1),
    Purpose.DIGEST: timedelta(hours=4),
    Purpose.ALERT: timedelta(days=1),
    Purpose.EVENT: timedelta(days=3),
}
_SENT = (ReminderState.ACCEPTED, ReminderState.DELIVERED, ReminderState.UNCERTAIN)
_COPIED = ("visit_id", "procedure_id", "patient_id", "user_id", "rung", "purpose", "recipient", "payload")


def settle(session: Session, reminder: Reminder, outcome: Arrival) -> Reminder:
    """Say of a locked, uncertain message whether it arrived. One that did not takes the patient's next channel, or becomes an alert.

    Raises `conflict` for a message that is not in doubt.
    """
    if reminder.state != ReminderState.UNCERTAIN:
        raise Problem("conflict", "Nobody doubts what became of this message; read it again.")
    reminder.reason = SETTLED_BY_PERSON
    reminder.lease_token = None  # a worker's late answer no longer counts against a person's word
    if outcome == Arrival.ARRIVED:
        reminder.state, reminder.sent_at = ReminderState.ACCEPTED, reminder.begun_at or reminder.updated_at
    else:
        reminder.state = ReminderState.UNDELIVERED
    say(session, reminder, f"settle_{outcome}")
    session.flush()
    if outcome == Arrival.DID_NOT_ARRIVE:
        not_delivered(session, reminder, "did not arrive")
    return reminder


def replay(session: Session, reminder: Reminder) -> Reminder:
    """A new message in place of a locked one that failed, due now. Raises `conflict` with the reason where it may not be sent."""
    if reminder.state not in AGAIN:
        raise Problem("conflict", "Only a message that was given up, came too late or did not arrive can be sent again.")
    visit, zone = find(session, Visit, reminder.visit_id, lock=True) if reminder.visit_id else None, clinics.zone_of(session)
    if visit is None and reminder.state == ReminderState.EXPIRED:
        raise Problem("conflict", "What it said is no longer so; a newer message has taken its place or will.")
    about_on = about(visit, zone) if visit else None
    if visit:
        _check_visit(session, reminder, visit, about_on)
    expires_at = _until(reminder, visit, clock.now(), zone)
    channel = _channel(session, reminder)
    if visit:
        visit.generation += 1
        session.flush()
    generation = visit.generation if visit else reminder.generation + 1
    again = Reminder(
        **{name: getattr(reminder, name) for name in _COPIED},
        **due_now(zone),
        id=uuid7(),
        clinic_id=reminder.clinic_id,
        channel=channel,
        generation=generation,
        idempotency_key=_key(reminder, visit, channel, generation),
        about_on=about_on,
        expires_at=expires_at,
        reason=REPLAYED,
    )
    session.add(again)
    say(session, again, "replay")
    session.flush()
    return again


def _check_visit(session: Session, reminder: Reminder, visit: Visit, about_on: date | None) -> None:
    if not fits(reminder.purpose, visit.state):
        raise Problem("conflict", f"The visit is {str(visit.state).replace('_', ' ')} by now, so this message is no longer needed.")
    same = (Reminder.visit_id == visit.id, Reminder.purpose == reminder.purpose, Reminder.rung == reminder.rung)
    others = session.scalars(sa.select(Reminder).where(*same, Reminder.id != reminder.id)).all()
    if any(one.state in NOT_YET for one in others):
        raise Problem("conflict", "The same message is already waiting to be sent.")
    if any(one.state in _SENT and one.about_on == about_on for one in others):
        raise Problem("conflict", "The same message has gone out already.")


def _until(reminder: Reminder, visit: Visit | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Until when the message stays true, from now on. Raises `conflict` where that is over."""
    ends = now + _STAYS_TRUE[reminder.purpose]
    if visit and reminder.purpose not in {Purpose.CHASE, Purpose.LINK}:
        last = visit.closes_on if reminder.purpose == Purpose.CHECK_IN else about(visit, zone)
        ends = min(ends, end_of(last, zone), visit.booked_for or ends)
    if ends <= now:
        raise Problem("conflict", "The day that this message speaks of is over; call the patient instead.")
    return ends


def _channel(session: Session, reminder: Reminder) -> Channel:
    """The same one, or another where the address has gone. Raises `conflict` without any."""
    if reminder.recipient != PATIENT or reminder.patient_id is None:
        return reminder.channel
    patient = find(session, Patient, reminder.patient_id)
    for channel in (reminder.channel, *PATIENT_CHANNELS):
        if patient and address_on(patient, channel):
            return channel
    raise Problem("conflict", "No address of the patient is recorded; add one first.")


def _key(reminder: Reminder, visit: Visit | None, channel: Channel, generation: int) -> uuid.UUID:
    if visit is None:
        return uuid.uuid5(reminder.idempotency_key, f"again|{generation}")
    return key_of(visit, reminder.purpose, reminder.rung, channel, generation)
