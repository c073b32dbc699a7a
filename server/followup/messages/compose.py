"""A letter made ready to leave. Nothing about the treatment, so that anybody may see it: the clinic, a date, whom to call."""

import re
from dataclasses import replace
from email.utils import format_datetime

from schemas.vocabulary import PATIENT_PURPOSES, Channel, Purpose
from server.config import Config
from server.followup.channels.base import Parcel
from server.followup.messages import layout
from server.followup.messages.calendar_file import calendar_file
from server.followup.messages.letter import Letter
from server.followup.messages.templates import render
from server.followup.messages.variables import one_line

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
_ONE_CLICK = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


class BadAddress(ValueError):
    """Nothing can be sent to this address."""


def compose(letter: Letter, config: Config) -> Parcel:
    """What the channel sends. Raises BadAddress for the recipient's."""
    parcel = Parcel(
        clinic_id=letter.clinic_id,
        reminder_id=letter.reminder_id,
        key=letter.key,
        to=letter.to,
        text="",
        sender_name=one_line(letter.clinic),
        language=letter.language,
        date=format_datetime(letter.written_at),
        secrets=letter.secrets,
    )
    if letter.channel == Channel.WEBHOOK:
        return replace(parcel, payload=letter.payload)
    if letter.channel == Channel.PUSH:
        return _push(parcel, letter, config)
    if letter.channel == Channel.SMS:
        return _sms(parcel, letter)
    _check_mail_address(letter.to)
    return _mail_to_patient(parcel, letter) if letter.purpose in PATIENT_PURPOSES else _mail_to_staff(parcel, letter, config)


def _check_mail_address(address: str) -> None:
    """As far as every mail server agrees; the way out looks closer. An international domain must have an ASCII form."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or not local.isascii() or _UNSEEN.search(address):
        raise BadAddress
    if not domain.isascii():
        try:
            domain.encode("idna")
        except UnicodeError:
            raise BadAddress from None


def _sms(parcel: Parcel, letter: Letter) -> Parcel:
    if not _E164.match(letter.to):
        raise BadAddress
    words = render(letter)
    return replace(parcel, text=words.text, language=words.language)


def _push(parcel: Parcel, letter: Letter, config: Config) -> Parcel:
    given = letter.payload
    shown = {
        "title": str(given.get("title", "")),
        "body": str(given.get("body", "")),
        "url": config.public_url + str(given.get("path", "/")),
    }
    urgency = {"urgency": given["urgency"]} if "urgency" in given else {}
    return replace(parcel, text=shown["body"], payload=shown | urgency)


def _mail_to_staff(parcel: Parcel, letter: Letter, config: Config) -> Parcel:
    """A digest or an alert, whose words the service has written."""
    subject, text = one_line(str(letter.payload.get("subject", ""))), str(letter.payload.get("text", "")).strip()
    link = config.public_url + str(letter.payload.get("path", "/"))
    text = f"{text}\n\nOpen it here:\n{link}"
    page = layout.page(language=letter.language, title=subject, sender=parcel.sender_name, text=text, link=link, button=layout.OPEN)
    return replace(parcel, subject=subject, text=f"{text}\n", html=page)


def _mail_to_patient(parcel: Parcel, letter: Letter) -> Parcel:
    words = render(letter)
    said = layout.words_of(words.language)
    foot = layout.foot(words.language, parcel.sender_name, letter.link)
    return replace(
        parcel,
        to_name=one_line(f"{letter.given_name} {letter.family_name}"),
        language=words.language,
        subject=words.subject,
        text=f"{words.text}\n\n{foot}\n",
        html=layout.page(
            language=words.language,
            title=words.subject,
            sender=parcel.sender_name,
            text=words.text,
            link=letter.link,
            button=said.button,
            footer=foot,
        ),
        headers=_unsubscribe(letter.link),
        calendar=_calendar(letter, said) if letter.purpose == Purpose.NEAR else None,
    )


def _unsubscribe(link: str | None) -> dict[str, str]:
    """RFC 8058: a mail program stops the messages by itself, with a POST, which it may send to an https address only."""
    if not link:
        return {}
    return {"List-Unsubscribe": f"<{layout.stop_link(link)}>"} | (_ONE_CLICK if link.startswith("https:") else {})


def _calendar(letter: Letter, said: layout.Words) -> bytes | None:
    """None while no time is agreed on."""
    if letter.visit_id is None or letter.booked_for is None:
        return None
    return calendar_file(
        visit_id=letter.visit_id,
        generation=letter.generation,
        starts_at=letter.booked_for,
        written_at=letter.written_at,
        summary=said.appointment.format(one_line(letter.clinic)),
        description=said.questions.format(one_line(letter.phone)) if letter.phone else "",
    )
