"""Reminders leave over SMTP once: to a server that takes them, refuses them, hangs up, or is not there."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ReminderState, VisitState
from server import clock
from server.clinics.models import Clinic
from server.db import Database
from server.followup.models import Sender
from server.followup.service import schedule
from server.followup.service.visits import mark_visit
from server.patients.models import Patient
from tests.followup.mailbox import Mailbox, nobody_listens
from tests.followup.story import BUDAPEST, Story, budapest, text_of

DUE = "2026-03-13T10:00"
CLINICAL = ("procedure", "scar", "fat", "inject", "surgery", "treatment", "price", "€", "$")


def test_anna_is_told_three_days_and_one_day_before(anna: Story, mailbox: Mailbox) -> None:
    """Nothing a minute early; then one mail each, in the clinic's name."""
    assert anna.run("2026-03-13T09:59") == {}
    assert anna.run(DUE) == {"accepted": 1}
    assert anna.run("2026-03-14T10:00") == {"accepted": 1}
    assert anna.run("2026-03-14T10:01") == {}
    first, second = mailbox.mails
    assert str(first["To"]) == "Anna Petrauskienė <anna@example.org>"
    assert str(first["From"]) == "Riverside Plastic Surgery <follow-up@clinic.example>"
    assert first["Subject"] == "Your follow-up appointment: Monday 16 March 2026"
    assert first["Date"] == "Fri, 13 Mar 2026 10:00:00 +0100"
    text = text_of(first)
    assert "due around Monday 16 March 2026, in 3 days." in text
    assert "+36 1 555 0100" in text
    assert "in 2 days" in text_of(second)  # moved off Sunday, and says so truthfully
    assert "Monday 16 March 2026" in text_of(first, "html")


def test_what_was_sent_is_on_record(anna: Story, mailbox: Mailbox) -> None:
    """State, time and message id; one attempt; sending and accepted in the journal."""
    anna.run(DUE)
    sent = anna.first
    assert (sent.state, sent.attempts, sent.sent_at, sent.lease_token) == (ReminderState.ACCEPTED, 1, budapest(DUE), None)
    assert mailbox.mails[0]["Message-ID"] == sent.message_id == f"<{sent.idempotency_key}@clinic.example>"
    assert anna.attempts() == [(1, "accepted", None)]
    states = [row.body.partition('"state":"')[2].partition('"')[0] for row in anna.journal(sent.id) if row.body]
    assert states == ["pending", "accepted"]


def test_no_message_says_anything_clinical(anna: Story, mailbox: Mailbox) -> None:
    """All nine, read by anybody who looks over Anna's shoulder; other parts of the clinic's own name are its own affair."""
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Clinic, anna.clinic.id).name = "Riverside"
    for reminder in anna.reminders():
        anna.run(reminder.wall)
    assert len(mailbox.mails) == 9
    for mail in mailbox.mails:
        seen = mail.as_string().casefold() + text_of(mail).casefold()
        assert not [word for word in CLINICAL if word in seen]
    book = text_of(mailbox.mails[2])
    assert mailbox.mails[2]["Subject"] == "Time to arrange your follow-up appointment"
    assert "due around Tuesday 2 June 2026, in about two weeks" in book
    assert "The best time is from Tuesday 19 May 2026 to Tuesday 16 June 2026." in book
    assert "in about a month" in text_of(mailbox.mails[5])
    assert "in a week" in text_of(mailbox.mails[6])
    assert "tomorrow" in text_of(mailbox.mails[8])


def test_a_booked_appointment_is_named_with_its_time(anna: Story, mailbox: Mailbox) -> None:
    """Only what is known: booked means booked, and the hour is the clinic's."""
    with clock.at(budapest("2026-03-10T09:00")), anna.db.transaction(anna.clinic.id) as session:
        visit = schedule.visits_of(session, anna.procedure_id)[0]
        mark_visit(session, visit, VisitState.BOOKED, booked_for=budapest("2026-03-18T14:30"))
    anna.run("2026-03-17T10:00")
    (mail,) = mailbox.mails
    assert "tomorrow, on Wednesday 18 March 2026 at 14:30." in text_of(mail)


@pytest.mark.parametrize(
    ("verb", "reply", "state", "error"),
    [
        ("MAIL", "451 try later", "pending", "sender_refused_451"),
        ("MAIL", "550 who are you", "pending", "sender_refused_550"),  # our own address: a person can repair that
        ("RCPT", "451 greylisted", "pending", "recipient_refused_451"),
        ("RCPT", "550 no such user", "dead", "recipient_refused_550"),
        ("DATA", "452 disk full", "pending", "message_refused_452"),
        ("DATA", "554 looks like spam", "dead", "message_refused_554"),
    ],
)
def test_a_server_that_says_no(anna: Story, mailbox: Mailbox, verb: str, reply: str, state: str, error: str) -> None:
    """A passing no is tried again later and then succeeds; a final one ends the matter."""
    mailbox.replies[verb] = reply
    assert anna.run(DUE) == {state: 1}
    assert (anna.first.last_error, mailbox.mails) == (error, [])
    assert anna.run("2026-03-13T10:01") == {}, "tried again at once"
    mailbox.replies.clear()
    assert anna.run("2026-03-13T10:05") == ({"accepted": 1} if state == "pending" else {})
    assert len(mailbox.mails) == (state == "pending")


def test_a_server_that_is_not_there(anna: Story, mailbox: Mailbox) -> None:
    """Surely not sent: tried again with growing pauses, and delivered once when the server is back."""
    with nobody_listens() as url:
        assert anna.run(DUE, smtp_url=url) == {"pending": 1}
        assert timedelta(minutes=1) < anna.first.next_at - budapest(DUE) < timedelta(minutes=3)
        assert anna.run("2026-03-13T10:04", smtp_url=url) == {"pending": 1}
    assert anna.run("2026-03-13T10:20") == {"accepted": 1}
    assert anna.attempts() == [(1, "not_sent", "ConnectionRefusedError"), (2, "not_sent", "ConnectionRefusedError"), (3, "accepted", None)]
    assert len(mailbox.mails) == 1


def test_after_eight_attempts_it_is_dead(anna: Story) -> None:
    """An invitation keeps for a week: tried again with growing pauses, never at night, then given up, and the reason stays visible."""
    tried = []
    with nobody_listens() as url:
        while (invitation := anna.reminders()[2]).state == ReminderState.PENDING:
            wall = invitation.next_at.astimezone(BUDAPEST) + timedelta(seconds=1)
            anna.run(wall.isoformat()[:19], smtp_url=url)
            tried.append(wall)
            with anna.db.transaction(everywhere=True) as session:
                session.execute(sa.delete(Sender))  # the breaker has its own story
    assert (invitation.state, invitation.attempts, invitation.reason) == (ReminderState.DEAD, 8, "too_many_attempts")
    assert {number for number, _, _ in anna.attempts()} == set(range(1, 9))
    nights = [one for one in tried if not 9 <= one.hour < 19]
    assert len(tried) == 8 + len(nights), "at night it only learns that it must wait for the morning"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_connection_that_breaks_before_the_message(anna: Story, mailbox: Mailbox, verb: str) -> None:
    """Surely not sent."""
    mailbox.hang_up.add(verb)
    assert anna.run(DUE) == {"pending": 1}
    mailbox.hang_up.clear()
    assert anna.run("2026-03-13T10:10") == {"accepted": 1}


def test_a_connection_that_breaks_after_the_message(anna: Story, mailbox: Mailbox) -> None:
    """Nobody can know; so it is said, and never sent a second time."""
    mailbox.hang_up.add("DATA")
    assert anna.run(DUE) == {"uncertain": 1}
    mailbox.hang_up.clear()
    assert anna.run("2026-03-13T12:00") == {}
    assert anna.run("2026-03-14T09:59") == {}
    assert len(mailbox.mails) == 1
    assert (anna.first.reason, anna.first.last_error) == ("no_answer", "SMTPServerDisconnected")
    assert anna.attempts() == [(1, "uncertain", "SMTPServerDisconnected")]


def test_an_address_that_mail_cannot_reach(anna: Story, mailbox: Mailbox) -> None:
    """An international domain is written as mail servers know it; what cannot be written is dead at once, not eight times."""
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"]))).email = "anna@bücher.example"
    anna.run(DUE)
    assert mailbox.mails[0]["To"].addresses[0].domain == "xn--bcher-kva.example"
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"]))).email = "ånna@example.org"
    assert anna.run("2026-03-14T10:00") == {"dead": 1}
    assert anna.attempts()[1] == (1, "rejected", "bad_address")


def test_a_name_cannot_write_headers(anna: Story, mailbox: Mailbox) -> None:
    """Schemas refuse line breaks already; what an import brought in all the same stays inside its own header."""
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"]))).given_name = 'Anna\r\nBcc: eve@example.org, "x'
        session.get_one(Clinic, anna.clinic.id).name = "Riverside\nBcc: eve@example.org <b>"
    anna.run(DUE)
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert [one.addr_spec for one in mail["To"].addresses] == ["anna@example.org"]
    assert "&lt;b&gt;" in text_of(mail, "html")


def test_a_clinic_without_a_phone_names_none(db: Database, anna: Story, mailbox: Mailbox) -> None:
    """Nobody is told to call None."""
    with db.transaction(anna.clinic.id) as session:
        session.get_one(Clinic, anna.clinic.id).phone = None
    anna.run(DUE)
    text = text_of(mailbox.mails[0])
    assert "please contact us to choose one" in text
    assert "None" not in text
