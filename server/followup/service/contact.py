"""What patients say back, and what providers say about addresses: a number is all that is known, so every clinic is looked in."""

import hmac
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind, Channel, Purpose, ReminderState, VisitState
from server import clock
from server.db import find, insert_missing, table_of
from server.followup.comparison import FALLBACK, LADDER, TOLD
from server.followup.models import Reminder, StoppedAddress, Visit
from server.followup.service import protocols
from server.followup.service.alerts import raise_alert
from server.followup.service.reach import address_on, channels_of
from server.followup.service.schedule import key_of
from server.ids import uuid7
from server.journal.service import say
from server.patients import service as patients
from server.patients.models import Patient
from server.walls import everywhere, inside

_EVERYWHERE = {"all_clinics": True}
_PEPPER = b"graftlog stopped addresses"
A_REPLY_IS_ABOUT = timedelta(days=7)
"""A bare YES answers a message of at most this age."""


def address_hash(channel: Channel, address: str) -> bytes:
    """What is stored of an address that said stop."""
    return hmac.digest(_PEPPER, f"{channel}:{address.strip().casefold()}".encode(), "sha256")


def is_stopped(session: Session, channel: Channel, address: str) -> bool:
    """Whether this address said stop. One primary key look-up."""
    return session.get(StoppedAddress, address_hash(channel, address)) is not None


def stop_address(session: Session, channel: Channel, address: str, via: str) -> int:
    """Nothing more goes to this address, from this moment on: of every patient who has it the consent is withdrawn. How many those are."""
    row = {"address_hash": address_hash(channel, address), "channel": channel, "stopped_at": clock.now()}
    insert_missing(session, table_of(StoppedAddress), row)
    return sum(_consent(session, patient, given=False, via=via) for patient in _patients_with(session, channel, address))


def start_address(session: Session, channel: Channel, address: str, via: str) -> int:
    """The owner of the address takes the stop back; of every patient who has it the consent is given again. How many those are."""
    stopped = session.get(StoppedAddress, address_hash(channel, address))
    if stopped is None:
        return 0
    session.delete(stopped)
    session.flush()
    return sum(_consent(session, patient, given=True, via=via) for patient in _patients_with(session, channel, address))


def _patients_with(session: Session, channel: Channel, address: str) -> list[Patient]:
    column = Patient.phone_e164 if channel == Channel.SMS else sa.func.lower(Patient.email)
    query = sa.select(Patient).where(column == address.strip().casefold()).order_by(Patient.clinic_id, Patient.id)
    with everywhere(session):
        return list(session.scalars(query, execution_options=_EVERYWHERE))


@contextmanager
def _inside(session: Session, patient: Patient) -> Iterator[None]:
    """Act inside the patient's clinic, whose journal then says so."""
    with inside(session, patient.clinic_id):
        yield
        session.flush()


def _consent(session: Session, patient: Patient, *, given: bool, via: str) -> int:
    if patient.reminder_consent == given:
        return 0
    with _inside(session, patient):
        return int(set_consent(session, patient.id, given=given, via=via))


def set_consent(session: Session, patient_id: uuid.UUID, *, given: bool, via: str) -> bool:
    """What a patient of the session's clinic wants from now on; whether that changed. `via` says in the journal how it was said."""
    patient = find(session, Patient, patient_id, lock=True)
    if patient is None or patient.reminder_consent == given:
        return False
    say(session, patient, f"{'start' if given else 'stop'}_by_{via}")
    patients.change_patient(session, patient, {"reminder_consent": given})
    return True


def open_channels(session: Session, patient: Patient, visit: Visit) -> list[Channel]:
    """The patient's channels in order, for messages about a visit, without those whose address said stop."""
    order = protocols.of_version(session, visit.protocol_version).channels
    return [one for one in channels_of(patient, order) if not is_stopped(session, one, address_on(patient, one) or "")]


def reply(session: Session, number: str, *, yes: bool) -> int:
    """A bare YES or NO by text message, about the last message to that number; how many patients it spoke for."""
    return sum(_replied(session, patient, yes=yes) for patient in _patients_with(session, Channel.SMS, number))


def _replied(session: Session, patient: Patient, *, yes: bool) -> int:
    with _inside(session, patient):
        visit = _last_spoken_of(session, patient)
        if visit is None:
            return 0
        if not yes:
            _alert(session, patient, AlertKind.WANTS_ANOTHER_TIME, "Answered NO by text message: cannot come as planned.", visit)
        elif visit.booked_for:
            visit.confirmed_at = clock.now()
            say(session, visit, "confirm_by_sms")
        else:
            _alert(session, patient, AlertKind.WANTS_A_CALL, "Answered YES by text message, and no time is arranged yet.", visit)
    return 1


def _last_spoken_of(session: Session, patient: Patient) -> Visit | None:
    query = (
        sa.select(Visit)
        .join(Reminder, sa.and_(Reminder.clinic_id == Visit.clinic_id, Reminder.visit_id == Visit.id))
        .where(
            Visit.patient_id == patient.id,
            Visit.state.in_((VisitState.PLANNED, VisitState.DUE, VisitState.BOOKED, VisitState.MISSED)),
            Reminder.channel == Channel.SMS,
            Reminder.state.in_(TOLD),
            Reminder.purpose.in_((Purpose.BOOK, Purpose.NEAR, Purpose.CHASE)),
            Reminder.sent_at > clock.now() - A_REPLY_IS_ABOUT,
        )
        .order_by(Reminder.sent_at.desc())
        .limit(1)
    )
    found = session.scalar(query)
    return find(session, Visit, found.id, lock=True) if found else None


def reply_text(session: Session, number: str) -> int:
    """Anything else that a patient writes: a person must read it, at the provider, because its words are not stored here."""
    told = 0
    for patient in _patients_with(session, Channel.SMS, number):
        with _inside(session, patient):
            _alert(
                session,
                patient,
                AlertKind.WANTS_A_CALL,
                "Wrote a text message; read it at the provider and call.",
                _last_spoken_of(session, patient),
            )
        told += 1
    return told


def _alert(session: Session, patient: Patient, kind: AlertKind, detail: str, visit: Visit | None) -> None:
    raise_alert(session, kind, patient_id=patient.id, detail=detail, visit=visit)


def not_delivered(session: Session, reminder: Reminder, why: str) -> Reminder | None:
    """A message surely did not reach the patient: the next channel has its turn, or a person. The new message, or None.

    The session acts for the reminder's clinic. `why` is a class of error.
    """
    if reminder.patient_id is None or reminder.visit_id is None or reminder.purpose not in LADDER:
        return None
    patient = find(session, Patient, reminder.patient_id)
    visit = find(session, Visit, reminder.visit_id)
    if patient is None or visit is None:
        return None
    channel = _untried(session, reminder, patient, visit)
    if channel is None or reminder.expires_at <= clock.now():
        _alert(
            session,
            patient,
            AlertKind.BAD_CONTACT,
            f"A message could not be delivered ({why.replace('_', ' ')}); check the address.",
            visit,
        )
        return None
    row = Reminder(
        **{name: getattr(reminder, name) for name in _COPIED},
        id=uuid7(),
        channel=channel,
        idempotency_key=key_of(visit, reminder.purpose, reminder.rung, channel, reminder.generation),
        state=ReminderState.PENDING,
        reason=FALLBACK,
        next_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


_COPIED = (
    "clinic_id", "visit_id", "procedure_id", "patient_id", "rung", "purpose", "recipient",
    "generation", "about_on", "wall", "zone", "due_at", "expires_at",
)  # fmt: skip


def _untried(session: Session, reminder: Reminder, patient: Patient, visit: Visit) -> Channel | None:
    """The patient's next channel that this message has not been tried on."""
    same = (Reminder.visit_id == reminder.visit_id, Reminder.purpose == reminder.purpose, Reminder.rung == reminder.rung)
    tried = set(session.scalars(sa.select(Reminder.channel).where(*same, Reminder.generation == reminder.generation)))
    return next((one for one in open_channels(session, patient, visit) if one not in tried), None)
