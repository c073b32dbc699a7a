"""What a patient's link does: it acts inside its own clinic, for its own visit, and for nobody else."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.questions import Given, Question
from schemas.vocabulary import AlertKind, Channel, Purpose, VisitKind, VisitState
from server import clock
from server.clinics import service as clinics
from server.clinics.models import Clinic
from server.config import Config
from server.db import find
from server.followup import links
from server.followup.calendar import end_of
from server.followup.channels.ways import available
from server.followup.comparison import CHASED
from server.followup.models import Alert, Link, Reminder, Visit, due_now, to_patient
from server.followup.service import alarms, answers
from server.followup.service.alerts import WISHES, raise_alert
from server.followup.service.contact import open_channels, set_consent
from server.followup.service.reach import zone_of
from server.followup.service.schedule import key_of
from server.ids import uuid7
from server.journal.service import changed, say
from server.patients.models import Patient
from server.problems import Problem
from server.walls import enter, everywhere

LASTS_AT_LEAST = timedelta(days=7)
"""A link that somebody has just asked for, whatever the window says."""
ONE_NEW_LINK_IN = timedelta(minutes=10)
A_NEW_LINK_WAITS = timedelta(days=1)
STILL_WELCOME = CHASED | {VisitState.LOST_TO_FOLLOW_UP}
"""A patient who comes back after all is not turned away."""


@dataclass(frozen=True)
class Opened:
    """What is behind a token. `ended`: it has run out or was replaced; then it stops reminders, asks for a new link, and no more."""

    link: Link
    clinic: Clinic
    patient: Patient
    visit: Visit
    ended: bool

    @property
    def welcome(self) -> bool:
        """Whether there is still something to say about the visit."""
        return self.visit.state in STILL_WELCOME or (self.visit.kind == VisitKind.CHECK_IN and self.visit.state == VisitState.ANSWERED)


def open_link(session: Session, token: str, *, lock: bool = False) -> Opened | None:
    """The visit behind a token, or None. From here on the session acts for that clinic, and for nobody who may be signed in besides."""
    with everywhere(session):
        link = links.find_link(session, token)
    if link is None:
        return None
    session.info["actor"] = None
    enter(session, link.clinic_id)
    clinic, patient = session.get(Clinic, link.clinic_id), find(session, Patient, link.patient_id)
    visit = find(session, Visit, link.visit_id, lock=lock)
    if clinic is None or patient is None or visit is None:
        raise LookupError("a link without its visit")
    return Opened(link, clinic, patient, visit, ended=link.revoked_at is not None or link.expires_at <= clock.now())


def confirm(session: Session, opened: Opened) -> None:
    """She can come. Said twice it is said once; a wish that she had before is marked as overtaken."""
    visit = opened.visit
    over = visit.booked_for is not None and visit.booked_for <= clock.now()
    if visit.state != VisitState.BOOKED or visit.confirmed_at or over:
        return
    visit.confirmed_at = clock.now()
    say(session, visit, "confirm_by_link")
    for alert in wishes(session, visit):
        said = alert.detail.removesuffix(_OVERTAKEN)
        alert.detail = f"{said if said.endswith(('.', '!', '?')) else f'{said}.'}{_OVERTAKEN}"
    session.flush()


_OVERTAKEN = " Later said that the time agreed on is fine."


def wishes(session: Session, visit: Visit) -> list[Alert]:
    """What the patient has asked for and nobody has dealt with yet."""
    query = sa.select(Alert).where(Alert.visit_id == visit.id, Alert.kind.in_(WISHES), Alert.closed_at.is_(None)).order_by(Alert.id)
    return list(session.scalars(query))


def ask_for_another_time(session: Session, opened: Opened, when: str, note: str | None) -> None:
    """A person will call; asked again, the latest wish counts, and the journal keeps the earlier one."""
    detail = f"Needs another time: {'any time of day' if when == 'any' else when}."
    _ask(session, opened, AlertKind.WANTS_ANOTHER_TIME, f"{detail} Wrote: {note}" if note else detail)


def worse(session: Session, opened: Opened) -> bool:
    """Something that is none of the red flags has got worse: at a check-in its answer, else a wish for a call; whether it concerns."""
    if opened.visit.kind == VisitKind.CHECK_IN and opened.visit.state != VisitState.CANCELLED:
        return answer(session, opened, Question.WORSE, Given.YES, None)
    alarms.sound(session, AlertKind.CONCERNING_ANSWER, alarms.LINK, patient_id=opened.patient.id, detail=WORSE, visit=opened.visit)
    return True


def worries(session: Session, opened: Opened) -> None:
    """Something that is none of the red flags, and she would like to be called about it."""
    raise_alert(session, AlertKind.WANTS_A_CALL, patient_id=opened.visit.patient_id, detail=WORRIES, visit=opened.visit)
    session.flush()


WORSE = "Says that something has got worse, and none of the red flags. Call at once."
WORRIES = "Says that something is wrong, and none of the red flags. Call."


def ask_for_a_call(session: Session, opened: Opened) -> None:
    """No time is arranged yet, and she would like to be called."""
    _ask(session, opened, AlertKind.WANTS_A_CALL, "Asks for a call to arrange the visit.")


def cannot_come(session: Session, opened: Opened) -> None:
    """She is not lost by that: the visit stays open, and a person calls."""
    _ask(session, opened, AlertKind.WANTS_A_CALL, "Cannot come as planned; call to find another way.")


def _ask(session: Session, opened: Opened, kind: AlertKind, detail: str) -> None:
    visit = opened.visit
    alert = raise_alert(session, kind, patient_id=visit.patient_id, detail=detail, visit=visit)
    alert.detail = detail
    if visit.confirmed_at:
        visit.confirmed_at = None
        say(session, visit, "unconfirm_by_link")
    session.flush()


def answer(
    session: Session, opened: Opened, question: Question, given: Given, answer_id: uuid.UUID | None, flags: Sequence[str] = ()
) -> bool:
    """Store an answer; whether it concerns. An id that is already another answer's is replaced, because no patient can choose one."""
    try:
        stored, _ = answers.record(session, opened.visit, question, given, via=answers.BY_LINK, answer_id=answer_id, flags=flags)
    except Problem as problem:
        if problem.code != "id_taken":
            raise
        stored, _ = answers.record(session, opened.visit, question, given, via=answers.BY_LINK, flags=flags)
    return stored.concerning


def stop(session: Session, opened: Opened) -> None:
    """No more messages, from this moment on. Also by a link that has ended: it only takes away."""
    set_consent(session, opened.patient.id, given=False, via="link")


def start_again(session: Session, opened: Opened) -> None:
    """Take the stop back."""
    set_consent(session, opened.patient.id, given=True, via="link")


class Sent(StrEnum):
    """What became of the wish for a new link."""

    ON_ITS_WAY = "on_its_way"
    IMPOSSIBLE = "impossible"


def asked_lately(session: Session, visit: Visit) -> bool:
    """Whether a new link went out, or is about to, within the last ten minutes."""
    query = sa.select(Reminder.id).where(
        Reminder.visit_id == visit.id, Reminder.purpose == Purpose.LINK, Reminder.created_at > clock.now() - ONE_NEW_LINK_IN
    )
    return session.scalar(query.limit(1)) is not None


def new_link_to_contact(session: Session, config: Config, opened: Opened) -> Sent:
    """Send a new link for a locked visit to the contact on file, at most one in ten minutes; the old one ends."""
    if asked_lately(session, opened.visit):
        return Sent.ON_ITS_WAY
    if not can_send(session, config, opened.patient, opened.visit):
        return Sent.IMPOSSIBLE
    new_link(session, config, opened.visit, send=True)
    return Sent.ON_ITS_WAY


def can_send(session: Session, config: Config, patient: Patient, visit: Visit) -> bool:
    """Whether a new link could reach the patient."""
    return visit.state in CHASED and patient.reminder_consent and _channel(session, config, patient, visit) is not None


def _channel(session: Session, config: Config, patient: Patient, visit: Visit) -> Channel | None:
    """The patient's best channel that works here and has not been stopped."""
    usable = available(config)
    return next((one for one in open_channels(session, patient, visit) if one in usable), None)


def new_link(session: Session, config: Config, visit: Visit, *, send: bool) -> tuple[str, datetime, Channel | None]:
    """(address, when it ends, channel it is sent by). All earlier links of the visit end.

    Raises `conflict` for a visit that is settled, and where it should be sent and cannot be.
    """
    patient = find(session, Patient, visit.patient_id)
    if patient is None:
        raise LookupError("a visit without its patient")
    if visit.state not in STILL_WELCOME:
        raise Problem("conflict", f"This visit is {visit.state.replace('_', ' ')}; there is nothing left that a link could be for.")
    if send and not can_send(session, config, patient, visit):
        raise Problem("conflict", "The patient has no address that may be written to; make the link with send false, and read it out.")
    zone = clinics.zone_of(session)
    ends = max(end_of(visit.closes_on, zone) + links.OUTLIVES_WINDOW, clock.now() + LASTS_AT_LEAST)
    links.revoke(session, visit.id)
    address = links.ensure(session, config, {visit.id: (patient.id, ends)})[visit.id]
    changed(session, Visit, [(visit.id, visit.write_id, visit.document(), "new_link")])
    channel = _channel(session, config, patient, visit) if send else None
    if channel:
        session.add(_message(session, visit, patient, channel))
    session.flush()
    return address, ends, channel


def _message(session: Session, visit: Visit, patient: Patient, channel: Channel) -> Reminder:
    serial = session.scalar(sa.select(sa.func.max(Link.serial)).where(Link.clinic_id == visit.clinic_id, Link.visit_id == visit.id)) or 1
    return Reminder(
        **to_patient(visit),
        **due_now(zone_of(patient, clinics.zone_of(session))),
        id=uuid7(),
        purpose=Purpose.LINK,
        channel=channel,
        generation=visit.generation,
        expires_at=clock.now() + A_NEW_LINK_WAITS,
        idempotency_key=key_of(visit, Purpose.LINK, serial, channel, visit.generation),
    )
