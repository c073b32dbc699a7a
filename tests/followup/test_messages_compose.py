"""A letter made ready to leave: addresses, the page around the text, how to stop, the calendar, and what staff and systems get."""

from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from icalendar import Calendar

from schemas.vocabulary import PATIENT_PURPOSES, Channel, Purpose
from server.config import Config, from_environment
from server.followup.channels.mail import build
from server.followup.messages.compose import BadAddress, compose
from server.followup.messages.examples import LINK, example
from server.followup.messages.letter import Letter, Text
from tests.followup.test_calendar_file import event


@pytest.fixture(scope="module")
def https() -> Config:
    """An installation with an address of its own."""
    return from_environment({"PUBLIC_URL": "https://follow-up.clinic.example"})


def anna(purpose: Purpose = Purpose.NEAR, channel: Channel = Channel.EMAIL, **only_what_matters: Any) -> Letter:
    """An English letter to Anna, or one of the same clinic to its staff or systems."""
    letter = example(purpose if purpose in PATIENT_PURPOSES else Purpose.LINK, channel, "en")
    return replace(letter, **{"purpose": purpose} | only_what_matters)


def test_an_email_says_from_whom_to_whom_and_how_to_stop(https: Config) -> None:
    parcel = compose(anna(), https)
    assert (parcel.sender_name, parcel.to_name, parcel.to) == ("Riverside Plastic Surgery", "Anna Petrauskienė", "anna@example.org")
    assert parcel.text.endswith(f"Sent by Riverside Plastic Surgery. If you want no more reminders: {LINK}/stop\n")
    assert parcel.headers == {"List-Unsubscribe": f"<{LINK}/stop>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert parcel.date.startswith("Sun, 06 Dec 2026 09:00:00 +0000")


def test_one_click_is_promised_over_https_only(https: Config) -> None:
    parcel = compose(anna(link="http://localhost:8000/v/x"), https)
    assert parcel.headers == {"List-Unsubscribe": "<http://localhost:8000/v/x/stop>"}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "If you want no more"), ("hu", "Ha nem kér több"), ("es", "Si no desea recibir más")]
)
def test_even_an_own_text_cannot_leave_out_how_to_stop(language: str, words: str, https: Config) -> None:
    parcel = compose(replace(example(Purpose.BOOK, Channel.EMAIL, language, own=Text("Hello", "Come."))), https)
    assert f"{words}" in parcel.text
    assert f"{LINK}/stop" in parcel.text
    assert f'<a href="{LINK}/stop">' in parcel.html
    assert f'<html lang="{language}">' in parcel.html


def test_the_page_shows_the_link_as_a_button_and_escapes_everything(https: Config) -> None:
    parcel = compose(anna(given_name='<b>Anna</b> & "Co"'), https)
    assert "Dear &lt;b&gt;Anna&lt;/b&gt; &amp; &quot;Co&quot;," in parcel.html
    assert "<b>" not in parcel.html
    assert parcel.html.count(f'<a href="{LINK}" style=') == 1
    assert "<script" not in parcel.html


@pytest.mark.parametrize(
    "body", ["{{ link }}", "Come: {{ link }} now", "See\n{{ link }}\nor call", "See\n\n{{ link }}\n\nBye", "{{ link }}x"]
)
def test_wherever_the_link_stands_it_can_be_clicked(body: str, https: Config) -> None:
    parcel = compose(anna(own=Text("Hello", body)), https)
    assert f'<a href="{LINK}"' in parcel.html


def test_a_reminder_of_an_agreed_time_carries_it_for_the_calendar(https: Config) -> None:
    letter = anna()
    parcel = compose(letter, https)
    assert parcel.calendar is not None
    found = event(parcel.calendar)
    assert found.start == letter.booked_for
    assert found["SUMMARY"] == "Appointment at Riverside Plastic Surgery"
    assert found["DESCRIPTION"] == "Questions, or another time: +36 1 555 0100"
    assert parcel.calendar_method == "PUBLISH"


def test_the_calendar_speaks_the_patients_language(https: Config) -> None:
    parcel = compose(example(Purpose.NEAR, Channel.EMAIL, "hu"), https)
    assert parcel.calendar is not None
    assert event(parcel.calendar)["SUMMARY"] == "Időpont: Riverside Plastic Surgery"


@pytest.mark.parametrize(
    "letter",
    [anna(booked_for=None), anna(Purpose.BOOK), anna(Purpose.CHASE), anna(Purpose.CHECK_IN), anna(Purpose.LINK)],
    ids=["no time", "book", "chase", "check_in", "link"],
)
def test_without_an_agreed_time_there_is_nothing_for_the_calendar(letter: Letter, https: Config) -> None:
    assert compose(letter, https).calendar is None


ADDRESSES = [
    "",
    "anna",
    "anna@",
    "@example.org",
    "anna@example.org\r\nBcc: x@evil.example",
    "an na@example.org",
    "ánna@example.org",
    "a@" + "ő" * 80,
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_no_server_takes_is_found_out_before_sending(address: str, https: Config) -> None:
    with pytest.raises(BadAddress):
        compose(anna(to=address), https)


@pytest.mark.parametrize(
    "number", ["", "36301234567", "+36 30 123 4567", "+0123456789", "+12345", "+1234567890123456", "+36301234567\n", "STOP"]
)
def test_a_number_that_cannot_be_dialled_is_found_out_before_sending(number: str, https: Config) -> None:
    with pytest.raises(BadAddress):
        compose(anna(channel=Channel.SMS, to=number), https)


def test_a_text_message_is_text_alone(https: Config) -> None:
    parcel = compose(anna(channel=Channel.SMS), https)
    assert parcel.text.startswith("Riverside Plastic Surgery: Hello Anna,")
    assert (parcel.subject, parcel.html, parcel.calendar, parcel.headers) == ("", "", None, {})


def test_nothing_that_a_name_holds_becomes_a_header(https: Config) -> None:
    evil = "Anna\r\nBcc: everybody@evil.example\r\n\r\n<p>"
    own = Text("Hello {{ given_name }} of {{ clinic }}", "Come.")
    parcel = compose(anna(given_name=evil, family_name=evil, clinic=f"River{evil}", own=own), https)
    assert not any("\n" in one or "\r" in one for one in (parcel.subject, parcel.to_name, parcel.sender_name, *parcel.headers.values()))
    head = build(parcel, "Graftlog <follow-up@clinic.example>").data.decode().partition("\r\n\r\n")[0]
    assert [line for line in head.splitlines() if line.lower().startswith("bcc")] == []


def test_staff_get_the_digest_as_the_service_wrote_it(https: Config) -> None:
    words = {"subject": "3 patients to call", "text": "Overdue: 2\nDue: 1", "path": "/work"}
    parcel = compose(anna(Purpose.DIGEST, to="csaba@clinic.example", link=None, payload=words), https)
    assert parcel.subject == "3 patients to call"
    assert parcel.text == "Overdue: 2\nDue: 1\n\nOpen it here:\nhttps://follow-up.clinic.example/work\n"
    assert '<a href="https://follow-up.clinic.example/work"' in parcel.html
    assert (parcel.headers, parcel.calendar) == ({}, None)


def test_a_push_opens_the_page_that_it_speaks_of(https: Config) -> None:
    secrets = {"p256dh": "x", "auth": "y"}
    payload = {"subscription_id": "1", "title": "A patient needs a call", "body": "Open the work list.", "path": "/work"}
    parcel = compose(anna(Purpose.ALERT, Channel.PUSH, to="https://push.example/1", payload=payload, secrets=secrets), https)
    assert parcel.payload == {
        "title": "A patient needs a call",
        "body": "Open the work list.",
        "url": "https://follow-up.clinic.example/work",
    }
    assert parcel.secrets == secrets


def test_a_webhook_gets_its_event_as_it_is(https: Config) -> None:
    payload = {"type": "visit.booked", "timestamp": "2026-12-06T09:00:00Z", "data": {"id": "1"}}
    parcel = compose(
        anna(Purpose.EVENT, Channel.WEBHOOK, to="https://clinic.example/hook", payload=payload, secrets={"secret": "s"}), https
    )
    assert (parcel.payload, parcel.to, parcel.secrets) == (payload, "https://clinic.example/hook", {"secret": "s"})


def test_a_text_is_read_once_and_not_for_every_letter(https: Config) -> None:
    """Composing takes 0.2 ms on the slowest machine at hand, reading the text alone several."""
    letter = anna()
    compose(letter, https)
    best = min(_seconds(letter, https) for _ in range(5))
    assert best < 0.002


def _seconds(letter: Letter, config: Config) -> float:
    begun = process_time()
    for _ in range(100):
        compose(letter, config)
    return (process_time() - begun) / 100


def test_the_calendar_holds_nothing_but_the_appointment(https: Config) -> None:
    parcel = compose(anna(), https)
    assert parcel.calendar is not None
    assert "Anna" not in Calendar.from_ical(parcel.calendar).to_ical().decode()
