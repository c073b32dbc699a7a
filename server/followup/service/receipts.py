"""What providers tell us afterwards: each callback is taken once, and moves its message forward, never back."""

import re
import unicodedata
import uuid
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.mail_status import MailStatus
from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.clinics.models import Clinic
from server.db import find, insert_missing, table_of
from server.followup.models import Attempt, Outcome, Receipt, Reminder
from server.followup.service import contact
from server.followup.service.reach import address_on
from server.ids import uuid7
from server.journal.service import say
from server.patients.models import Patient
from server.problems import Problem
from server.walls import enter, everywhere

SMS, SMS_INBOUND, EMAIL = "sms", "sms_inbound", "email"
_EVERYWHERE = {"all_clinics": True}
_BEFORE_ACCEPTED = (ReminderState.PENDING, ReminderState.CLAIMED, ReminderState.SENDING, ReminderState.UNCERTAIN)
_NOT_WITH_THE_PROVIDER = (ReminderState.PENDING, ReminderState.CLAIMED)


class Verdict(StrEnum):
    """What a receipt proves of a message."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"


SMS_VERDICTS = dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Verdict.ACCEPTED) | {
    "delivered": Verdict.DELIVERED,
    "read": Verdict.DELIVERED,
    "undelivered": Verdict.FAILED,
    "failed": Verdict.FAILED,
    "canceled": Verdict.FAILED,
}
_MAIL_VERDICTS = {
    MailStatus.DELIVERED: Verdict.DELIVERED,
    MailStatus.DEFERRED: Verdict.ACCEPTED,
    MailStatus.BOUNCED: Verdict.FAILED,
    MailStatus.COMPLAINED: Verdict.DELIVERED,
}
_WHY = {
    "30003": "telephone_not_reachable",
    "30004": "blocked_by_recipient",
    "30005": "unknown_number",
    "30006": "landline",
    "30007": "filtered_by_carrier",
    "21610": "stopped",
}
"""https://www.twilio.com/docs/api/errors, the ones that say something about the telephone."""


def take(session: Session, provider: str, key: str, status: str, message_id: str | None = None) -> None:
    """Store a callback. Raises `duplicate` for one that was taken before, also by a call that runs at the same moment."""
    values = {"provider": provider, "key": key, "status": status, "message_id": message_id, "received_at": clock.now()}
    if not insert_missing(session, table_of(Receipt), values):
        raise Problem("duplicate", "This was told before and has been taken; do not repeat it.")


def sms_status(session: Session, *, sid: str, status: str, key: uuid.UUID | None, error: str) -> None:
    """A gateway's word on one of our messages; about one that nobody knows it is kept and changes nothing."""
    take(session, SMS, f"{sid}:{status}", status, sid)
    verdict = SMS_VERDICTS.get(status)
    reminder = _find(session, Channel.SMS, sid, key)
    if reminder is not None and verdict is not None:
        _apply(session, reminder, verdict, _WHY.get(error, status), sid)


def mail_event(session: Session, event_id: str, *, message_id: str, status: MailStatus) -> None:
    """A mail service's word on one of our mails. A complaint is a stop."""
    take(session, EMAIL, event_id, str(status), message_id)
    reminder = _find(session, Channel.EMAIL, message_id, _key_in(message_id))
    if reminder is None:
        return
    _apply(session, reminder, _MAIL_VERDICTS[status], "bounced", message_id)
    if status == MailStatus.COMPLAINED and reminder.patient_id:
        patient = find(session, Patient, reminder.patient_id)
        address = address_on(patient, Channel.EMAIL) if patient else None
        if address:
            contact.stop_address(session, Channel.EMAIL, address, via="complaint")


def _key_in(message_id: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(message_id.lstrip("<").partition("@")[0])
    except ValueError:
        return None


def _find(session: Session, channel: Channel, message_id: str, key: uuid.UUID | None) -> Reminder | None:
    """Our message, locked; from here on the session acts for its clinic. Found by the provider's id, or by ours where that was lost.

    Two callbacks of one message wait for each other here.
    """
    mine = sa.select(Reminder.clinic_id, Reminder.id).where(Reminder.channel == channel)
    with everywhere(session):
        found = session.execute(mine.where(Reminder.message_id == message_id), execution_options=_EVERYWHERE).first()
        if found is None and key is not None:
            clinics = Reminder.clinic_id.in_(sa.select(Clinic.id))  # the index begins with the clinic
            found = session.execute(mine.where(clinics, Reminder.idempotency_key == key), execution_options=_EVERYWHERE).first()
    if found is None:
        return None
    enter(session, found.clinic_id)
    return find(session, Reminder, found.id, lock=True)


def _apply(session: Session, reminder: Reminder, verdict: Verdict, why: str, message_id: str) -> None:
    if reminder.state in _BEFORE_ACCEPTED and not _settle(session, reminder, verdict, message_id):
        return
    was_told = reminder.state == ReminderState.ACCEPTED
    if verdict == Verdict.DELIVERED and was_told:
        reminder.state, reminder.delivered_at = ReminderState.DELIVERED, clock.now()
        say(session, reminder, "deliver")
    elif verdict == Verdict.FAILED and (was_told or _bounced_late(reminder)):
        reminder.state, reminder.reason, reminder.last_error = ReminderState.UNDELIVERED, "not_arrived", why
        say(session, reminder, "fail")
        session.flush()
        contact.not_delivered(session, reminder, why)
    session.flush()


def _bounced_late(reminder: Reminder) -> bool:
    """A mail server may take a mail and send it back hours later; a telephone's word is final."""
    return reminder.state == ReminderState.DELIVERED and reminder.channel == Channel.EMAIL


def _settle(session: Session, reminder: Reminder, verdict: Verdict, message_id: str) -> bool:
    """A message that the provider has, whatever we knew: its answer was lost, or is still under way. False where that is not proved."""
    waiting = reminder.state in _NOT_WITH_THE_PROVIDER
    if reminder.attempts == 0 or reminder.begun_at is None or (waiting and verdict == Verdict.FAILED):
        return False
    session.add(
        Attempt(
            id=uuid7(),
            clinic_id=reminder.clinic_id,
            reminder_id=reminder.id,
            number=reminder.attempts,
            lease_token=reminder.lease_token or reminder.idempotency_key,
            started_at=reminder.begun_at,
            ended_at=clock.now(),
            outcome=Outcome.ACCEPTED,
            message_id=message_id,
        )
    )
    reminder.state, reminder.reason = ReminderState.ACCEPTED, None
    reminder.sent_at, reminder.message_id = reminder.begun_at, message_id
    reminder.lease_until = reminder.lease_token = None  # a worker that still holds it finds that it is settled
    say(session, reminder, "settle_by_receipt")
    return True


_STOP = frozenset(
    {"stop", "stopp", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}  # English, as the carriers define them
    | {"leall", "leallit", "leallitas", "leiratkozas", "leiratkozom", "alto", "baja", "parar"}
)
_START = frozenset({"start", "unstop", "iniciar", "alta"})
_YES = frozenset({"yes", "igen", "si"})
_NO = frozenset({"no", "nem"})


def _word(text: str) -> str:
    """The message as one word: no case, accents, spaces or punctuation. Of a longer message nothing is left that could match."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text[:200].casefold()) if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", "", bare)


def sms_inbound(session: Session, *, sid: str, number: str, text: str, opt_out: str = "") -> None:
    """What somebody wrote to us. Its words are not stored. `opt_out` is the gateway's own reading of it, which counts too."""
    word, wish = _word(text), opt_out.casefold()
    if word in _STOP or wish == "stop":
        take(session, SMS_INBOUND, sid, "stop")
        contact.stop_address(session, Channel.SMS, number, via="sms")
    elif word in _START or wish == "start":
        take(session, SMS_INBOUND, sid, "start")
        contact.start_address(session, Channel.SMS, number, via="sms")
    elif word in _YES or word in _NO:
        take(session, SMS_INBOUND, sid, "yes" if word in _YES else "no")
        if not contact.reply(session, number, yes=word in _YES):
            contact.reply_text(session, number)
    else:
        take(session, SMS_INBOUND, sid, "text")
        contact.reply_text(session, number)
