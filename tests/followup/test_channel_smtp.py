"""Mails over a real connection that is kept: what a server can do to it, and what is then known of the mail."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from server.config import Config
from server.followup.channels import smtp
from server.followup.channels.base import Known, MaybeSent, NotSent, Rejected
from server.followup.channels.smtp import SmtpWay
from tests.followup.mailbox import Mailbox, nobody_listens
from tests.followup.parcels import mail_to_anna


class Once(set[str]):
    """Forgets a verb when it is asked for it."""

    def __contains__(self, verb: object) -> bool:
        """Whether it was there."""
        there = super().__contains__(verb)
        self.discard(str(verb))
        return there


@pytest.fixture
def way(mailing: Config) -> Iterator[SmtpWay]:
    """To the mailbox."""
    made = SmtpWay(mailing)
    yield made
    made.close()


def line(way: SmtpWay) -> socket.socket | None:
    """The connection that is kept."""
    return way._smtp.sock if way._smtp else None


def test_three_mails_over_one_connection(way: SmtpWay, mailbox: Mailbox) -> None:
    parcels = [mail_to_anna() for _ in range(3)]
    lines = set()
    for parcel in parcels:
        assert way.send(parcel) == f"<{parcel.key}@clinic.example>"
        lines.add(line(way))
    assert len(lines) == 1
    assert [mail["Message-ID"] for mail in mailbox.mails] == [f"<{parcel.key}@clinic.example>" for parcel in parcels]


def test_lines_that_begin_with_a_dot_arrive_whole(way: SmtpWay, mailbox: Mailbox) -> None:
    way.send(mail_to_anna(text="..\n.end\n.", html=""))
    assert mailbox.mails[0].get_content().replace("\r\n", "\n") == "..\n.end\n.\n"


def test_a_closed_way_opens_again(way: SmtpWay, mailbox: Mailbox) -> None:
    way.send(mail_to_anna())
    way.close()
    assert line(way) is None
    way.send(mail_to_anna())
    assert len(mailbox.mails) == 2


def test_an_idle_connection_is_not_used_again(way: SmtpWay, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    way.send(mail_to_anna())
    first = line(way)
    monkeypatch.setattr(smtp, "IDLE_S", -1)
    way.send(mail_to_anna())
    assert line(way) is not first
    assert len(mailbox.mails) == 2


def cut(way: SmtpWay, _mailbox: Mailbox) -> None:
    """The line is dead."""
    sock = line(way)
    assert sock is not None
    sock.shutdown(socket.SHUT_RDWR)


def hang_up_at(verb: str) -> Callable[[SmtpWay, Mailbox], None]:
    """The server hangs up, once."""

    def act(_way: SmtpWay, mailbox: Mailbox) -> None:
        mailbox.hang_up = Once({verb})

    return act


@pytest.mark.parametrize("end", [cut, hang_up_at("MAIL"), hang_up_at("RCPT")], ids=["cut", "at MAIL", "at RCPT"])
def test_a_kept_connection_that_is_dead_is_replaced_silently(
    end: Callable[[SmtpWay, Mailbox], None], way: SmtpWay, mailbox: Mailbox
) -> None:
    """Nothing of the second mail had left."""
    way.send(mail_to_anna())
    end(way, mailbox)
    way.send(mail_to_anna())
    assert len(mailbox.mails) == 2


def test_a_server_that_says_goodbye_to_a_kept_connection(way: SmtpWay, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """421 where the connection is old means: call again."""
    way.send(mail_to_anna())
    replies = iter(["421 too many mails over this line"])
    monkeypatch.setattr(mailbox, "_answer", lambda _server, verb: next(replies, None) if verb == "MAIL" else None)
    way.send(mail_to_anna())
    assert len(mailbox.mails) == 2


def test_a_fresh_connection_that_dies_is_said_and_not_repeated(way: SmtpWay, mailbox: Mailbox) -> None:
    mailbox.hang_up = Once({"MAIL"})
    with pytest.raises(NotSent, match="SMTPServerDisconnected") as caught:
        way.send(mail_to_anna())
    assert (type(caught.value), caught.value.provider_down) == (NotSent, True)
    assert mailbox.mails == []
    way.send(mail_to_anna())
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("before", [0, 1])
def test_an_answer_that_never_came(before: int, way: SmtpWay, mailbox: Mailbox) -> None:
    """The server has the mail, and nobody can know it: kept connection or not, it is never sent again."""
    for _ in range(before):
        way.send(mail_to_anna())
    mailbox.hang_up.add("DATA")
    with pytest.raises(MaybeSent, match="SMTPServerDisconnected"):
        way.send(mail_to_anna())
    assert len(mailbox.mails) == before + 1


@pytest.mark.parametrize(
    ("verb", "reply", "kind", "error", "down"),
    [
        ("MAIL", "451 try later", NotSent, "sender_refused_451", False),
        ("MAIL", "550 who are you", NotSent, "sender_refused_550", False),
        ("MAIL", "421 not now", NotSent, "sender_refused_421", True),
        ("RCPT", "451 greylisted", NotSent, "recipient_refused_451", False),
        ("RCPT", "421 not now", NotSent, "recipient_refused_421", True),
        ("RCPT", "550 no such user", Rejected, "recipient_refused_550", False),
        ("DATA", "452 disk full", NotSent, "message_refused_452", False),
        ("DATA", "554 looks like spam", Rejected, "message_refused_554", False),
        ("DATA", "399 what", MaybeSent, "message_refused_399", False),
    ],
)
def test_a_server_that_says_no_and_then_yes(
    verb: str, reply: str, kind: type[NotSent], error: str, down: bool, way: SmtpWay, mailbox: Mailbox
) -> None:
    """The next mail goes out, whatever state the refusal has left the connection in."""
    mailbox.replies[verb] = reply
    with pytest.raises(NotSent) as caught:
        way.send(mail_to_anna())
    assert (type(caught.value), caught.value.error, caught.value.provider_down) == (kind, error, down)
    mailbox.replies.clear()
    way.send(mail_to_anna())
    assert len(mailbox.mails) == 1


def test_a_refused_recipient_leaves_the_connection_in_use(way: SmtpWay, mailbox: Mailbox) -> None:
    way.send(mail_to_anna())
    first = line(way)
    mailbox.replies["RCPT"] = "550 no such user"
    with pytest.raises(Rejected):
        way.send(mail_to_anna())
    mailbox.replies.clear()
    way.send(mail_to_anna())
    assert line(way) is first


def test_nobody_listens(mailing: Config) -> None:
    with nobody_listens() as url:
        way = SmtpWay(replace(mailing, smtp_url=url))
        with pytest.raises(NotSent, match="ConnectionRefusedError") as caught:
            way.send(mail_to_anna())
    assert (type(caught.value), caught.value.provider_down) == (NotSent, True)


@pytest.mark.parametrize(("host", "error"), [("mail.invalid", "gaierror"), ("mail..example", "UnicodeError")])
def test_a_name_that_does_not_exist(host: str, error: str, mailing: Config) -> None:
    way = SmtpWay(replace(mailing, smtp_url=f"smtp://{host}"))
    with pytest.raises(NotSent, match=error):
        way.send(mail_to_anna())


def test_an_address_that_is_none_calls_nobody(way: SmtpWay) -> None:
    with pytest.raises(Rejected, match="bad_address"):
        way.send(mail_to_anna(to="nowhere"))
    assert line(way) is None


def test_plain_smtp_answers_no_questions(way: SmtpWay) -> None:
    parcel = mail_to_anna()
    assert way.ask(parcel.key, parcel.reminder_id, parcel.clinic_id) == Known.CANNOT_SAY
    assert not way.idempotent
