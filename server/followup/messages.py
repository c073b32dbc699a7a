"""What a reminder says. Nothing about the treatment, so that anybody may see it: the clinic, a date, whom to call."""

import html
import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from server.followup.protocol import Purpose

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_AWAY = (
    (0, "today"),
    (1, "tomorrow"),
    (6, "in {} days"),
    (7, "in a week"),
    (11, "in {} days"),
    (17, "in about two weeks"),
    (24, "in about three weeks"),
    (None, "in about a month"),
)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class BadAddress(ValueError):
    """No mail can be sent to this address."""


@dataclass(frozen=True)
class Letter:
    """All that a message is made of. Dates are local to the clinic; `booked_for` is None until a time is agreed on."""

    key: uuid.UUID
    clinic: str
    phone: str | None
    address: str
    given_name: str
    family_name: str
    purpose: Purpose
    visit_on: date
    opens_on: date
    closes_on: date
    booked: bool
    booked_for: datetime | None
    written_at: datetime


def compose(letter: Letter, mail_from: str) -> EmailMessage:
    """The e-mail, in the clinic's name, from the address in `mail_from`. Raises BadAddress for the patient's, ValueError for ours."""
    sender = _address(letter.clinic, parseaddr(mail_from)[1])
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    try:
        mail["To"] = _address(f"{letter.given_name} {letter.family_name}", letter.address)
    except ValueError:
        raise BadAddress from None
    mail["Subject"] = _subject(letter)
    mail["Date"] = format_datetime(letter.written_at)
    mail["Message-ID"] = f"<{letter.key}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "en"
    paragraphs = _paragraphs(letter)
    mail.set_content("\n\n".join(paragraphs) + "\n", cte="quoted-printable")  # not every server takes eight bits
    mail.add_alternative(_page(paragraphs), subtype="html", cte="quoted-printable")
    return mail


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    if not local or not domain or not local.isascii() or _UNSEEN.search(address):
        raise ValueError("not an address that mail servers take")
    return Address(_one_line(name), local, domain.encode("idna").decode())


def _one_line(text: str) -> str:
    """Safe in a header: no line breaks, no control characters."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _subject(letter: Letter) -> str:
    """Short enough for one line; whose it is, the sender's name says."""
    if letter.purpose == Purpose.BOOK:
        return "Time to arrange your follow-up appointment"
    return f"Your follow-up appointment: {_day(_on(letter))}"


def _paragraphs(letter: Letter) -> list[str]:
    return [
        f"Dear {_one_line(letter.given_name)},",
        *(_to_book(letter) if letter.purpose == Purpose.BOOK else _coming(letter)),
        f"Kind regards,\n{_one_line(letter.clinic)}",
    ]


def _to_book(letter: Letter) -> list[str]:
    today = letter.written_at.date()
    due = f"{_day(letter.visit_on)}, {_away(letter.visit_on, today)}"
    window = f"from {_day(max(letter.opens_on, today))} to {_day(letter.closes_on)}"
    return [
        f"Your next follow-up appointment at {_one_line(letter.clinic)} is due around {due}. As far as we know, no time is arranged yet.",
        f"{_call(letter)} to choose a day that suits you. The best time is {window}.",
        "If you have already arranged it, thank you: there is nothing more to do.",
    ]


def _coming(letter: Letter) -> list[str]:
    today = letter.written_at.date()
    clinic = _one_line(letter.clinic)
    if not letter.booked:
        return [
            f"Your follow-up appointment at {clinic} is due around {_day(letter.visit_on)}, {_away(letter.visit_on, today)}.",
            f"If you have arranged a time, we look forward to seeing you. If not, {_call(letter, start=False)} to choose one.",
        ]
    if letter.booked_for is None:
        booked = f"This is a friendly reminder of your follow-up appointment at {clinic}, which is due around {_day(letter.visit_on)}."
    else:
        booked = (
            f"This is a friendly reminder of your follow-up appointment at {clinic} "
            f"{_away(_on(letter), today)}, on {_day(_on(letter))} at {letter.booked_for:%H:%M}."
        )
    return [booked, f"If you cannot come, {_call(letter, start=False)} to choose another time. We look forward to seeing you."]


def _on(letter: Letter) -> date:
    return letter.booked_for.date() if letter.booked_for else letter.visit_on


def _call(letter: Letter, *, start: bool = True) -> str:
    words = f"please call us on {_one_line(letter.phone)}" if letter.phone else "please contact us"
    return words[0].upper() + words[1:] if start else words


def _day(day: date) -> str:
    """In words, whatever the machine's locale is."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _away(day: date, today: date) -> str:
    """How far away, counted on the day of writing: a message that goes out late must not say "tomorrow" on the day itself."""
    days = (day - today).days
    return next(words.format(days) for most, words in _AWAY if most is None or days <= most)


def _page(paragraphs: list[str]) -> str:
    body = "\n".join(f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>" for text in paragraphs)
    return f'<!doctype html>\n<html lang="en">\n<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body>\n</html>\n'
