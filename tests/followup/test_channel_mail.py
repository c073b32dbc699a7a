"""What an e-mail looks like on the wire: whatever a clinic and its patients are called, and nothing smuggled in."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import clock
from server.followup.channels.base import NotSent, Rejected
from server.followup.channels.mail import build, spec
from tests.followup.parcels import mail_to_anna
from tests.followup.story import budapest

FROM = "Graftlog <follow-up@clinic.example>"
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
names = st.text(max_size=200)


def read(data: bytes) -> EmailMessage:
    """As Anna's program reads it."""
    return message_from_bytes(data, _class=EmailMessage, policy=default)


def sent(**fields: object) -> EmailMessage:
    """One mail, built and read."""
    return read(build(mail_to_anna(**fields), FROM).data)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """What stands in it."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_in_the_clinics_name() -> None:
    parcel = mail_to_anna(language="hu")
    mail = build(parcel, FROM)
    found = read(mail.data)
    assert (mail.sender, mail.recipient) == ("follow-up@clinic.example", "anna@example.org")
    assert str(found["From"]) == "Riverside Plastic Surgery <follow-up@clinic.example>"
    assert str(found["To"]) == "Anna Petrauskienė <anna@example.org>"
    assert found["Subject"] == "Your follow-up appointment: Monday 16 March 2026"
    assert found["Date"] == "Fri, 13 Mar 2026 10:00:00 +0100"
    assert found["Message-ID"] == mail.message_id == f"<{parcel.key}@clinic.example>"
    assert (found["Auto-Submitted"], found["Content-Language"]) == ("auto-generated", "hu")
    assert text_of(found) == parcel.text
    assert text_of(found, "html") == parcel.html


def test_the_same_parcel_is_always_the_same_mail() -> None:
    parcel = mail_to_anna()
    assert build(parcel, FROM) == build(parcel, FROM)


def test_without_a_date_the_clock_says_it() -> None:
    with clock.at(budapest("2026-03-13T10:00")):
        assert sent(date="")["Date"] == "Fri, 13 Mar 2026 09:00:00 +0000"


def test_an_appointment_comes_with_its_calendar_twice() -> None:
    """As an alternative for programs that show it, as a file for those that open it."""
    mail = sent(calendar=CALENDAR, calendar_method="REQUEST")
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    inline, file = list(mail.walk())[-2:]
    assert (inline.get_param("method"), file.get_filename()) == ("REQUEST", "appointment.ics")
    assert inline.get_payload(decode=True) == file.get_payload(decode=True) == CALENDAR


def test_one_click_to_stop() -> None:
    """RFC 8058: both headers as they were given, and no address of a page broken."""
    page = f"https://follow-up.clinic.example/stop/{'a' * 120}"
    mail = sent(
        headers={"List-Unsubscribe": f"<{page}>, <mailto:stop@clinic.example>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    )
    assert mail["List-Unsubscribe"] == f"<{page}>, <mailto:stop@clinic.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("field", ["to_name", "sender_name", "subject", "language", "date"])
def test_no_field_can_write_a_header(field: str) -> None:
    mail = sent(
        **{field: "x\r\nBcc: eve@example.org\r\n\r\n<script>\n\u2028Bcc: eve@example.org"}
        if field != "language"
        else {field: "en\r\nBcc: eve"}
    )
    assert mail["Bcc"] is None
    assert [one.addr_spec for one in mail["To"].addresses] == ["anna@example.org"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["follow-up@clinic.example"]
    assert text_of(mail) == "Dear Anna,\n\nPlease come.\n"


def test_no_header_can_write_another() -> None:
    assert sent(headers={"List-Id": "x\r\nBcc: eve@example.org"})["Bcc"] is None


@pytest.mark.parametrize("name", ["Bcc: x", "To", "subject", "Content-Type", "", "X\r\nBcc"])
def test_a_parcel_does_not_set_our_headers(name: str) -> None:
    with pytest.raises(NotSent, match="cannot_be_written"):
        build(mail_to_anna(headers={name: "x"}), FROM)


def test_names_with_every_mark_of_punctuation() -> None:
    mail = sent(to_name='Anna "Nan" Petrauskienė, <b>', sender_name='Riverside, "Side" & Co. \\ (est. 1990) <x@y>')
    assert mail["To"].addresses[0].display_name == 'Anna "Nan" Petrauskienė, <b>'
    assert mail["From"].addresses[0].display_name == 'Riverside, "Side" & Co. \\ (est. 1990) <x@y>'
    assert sent(to_name="=?utf-8?q?x?=")["To"].addresses[0].display_name == "=?utf-8?q?x?="
    assert str(sent(to_name="")["To"]) == "anna@example.org"


@given(names, names, names)
def test_any_names_and_subjects_arrive_as_they_are(patient: str, clinic: str, subject: str) -> None:
    """Folded lines of at most 78 characters in ASCII, which read back to the same words."""
    mail = build(mail_to_anna(to_name=patient, sender_name=clinic, subject=subject), FROM)
    mail.data.decode("ascii")
    assert max(map(len, mail.data.split(b"\r\n"))) <= 78
    assert b"\n" not in mail.data.replace(b"\r\n", b"")
    found = read(mail.data)
    assert {name for name, _ in found.items()} == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"
    }  # fmt: skip
    assert found["To"].addresses[0].addr_spec == "anna@example.org"
    raw = message_from_bytes(mail.data)
    assert decoded(parseaddr(raw["To"])[0]) == plain(patient)
    assert decoded(parseaddr(raw["From"])[0]) == plain(clinic)
    assert decoded(raw["Subject"]) == plain(subject)


def decoded(text: str) -> str:
    """By the older of the library's two readers: the newer one puts a space between two encoded words of a name."""
    return str(make_header(decode_header(re.sub(r"\r?\n ", " ", text))))


def plain(text: str) -> str:
    """Without what no header holds."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).split())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=500))
def test_any_text_arrives_as_it_is(text: str) -> None:
    data = build(mail_to_anna(text=text, html=f"<p>{text}</p>"), FROM).data
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert text_of(read(data)) == text.rstrip("\n") + "\n"


def test_lines_of_dots_and_boundaries_are_only_text() -> None:
    parcel = mail_to_anna(text="x")
    text = f".\n..\n--=_{parcel.key.hex}_alternative--\nFrom me\ntrailing  \n"
    assert text_of(read(build(mail_to_anna(text=text, key=parcel.key), FROM).data)) == text


@pytest.mark.parametrize(
    ("given_address", "written"),
    [
        ("anna@example.org", "anna@example.org"),
        ("anna.p+x@mail.example.org", "anna.p+x@mail.example.org"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna p@example.org", '"anna p"@example.org'),
        ('"anna p"@example.org', '"anna p"@example.org'),
        ("a..b@example.org", '"a..b"@example.org'),
    ],
)
def test_addresses_as_servers_take_them(given_address: str, written: str) -> None:
    assert spec(given_address) == written


NO_ADDRESSES = [
    "", "anna", "@example.org", "anna@", "ånna@example.org", "anna@exa mple.org", "anna@example..org", "a@-x.org", "a@[127.0.0.1]",
    "a\r\nRCPT TO:<eve@x>@example.org", "anna@example.org>\r\nBcc: x", "x" * 65 + "@example.org",
    "anna@" + "x." * 130 + "org", "anna@" + "ü" * 70 + ".org",
]  # fmt: skip


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_addresses_that_no_server_takes_are_final(address: str) -> None:
    with pytest.raises(Rejected, match="bad_address"):
        build(mail_to_anna(to=address), FROM)


def test_our_own_address_is_ours_to_repair() -> None:
    """Not the patient's fault: it is tried again."""
    with pytest.raises(NotSent, match="cannot_be_written") as caught:
        build(mail_to_anna(), "Graftlog <follow-up@>")
    assert not isinstance(caught.value, Rejected)
