"""E-mail over SMTP, over a connection that is kept between mails. Every failure says whether the mail may have left after all."""

import re
import smtplib
import socket
import ssl
import time
import uuid
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from schemas.vocabulary import Channel
from server.config import LOOPBACK, Config
from server.followup.channels.base import Known, MaybeSent, NotSent, Parcel, Rejected
from server.followup.channels.mail import Mail, build

TIMEOUT_S = 10
IDLE_S = 30
"""A connection unused for so long is closed before the next mail: servers hang up on idle ones, some without saying so."""
_ACCEPTED, _LATER, _NEVER = range(200, 300), range(400, 500), range(500, 600)
_GO_AHEAD, _CLOSING = 354, 421
_DOTS = re.compile(rb"(?m)^\.")
_BROKEN = (OSError, smtplib.SMTPException)


class _Stale(Exception):
    """The kept connection is dead, and nothing of the message has left."""


class SmtpWay:
    """Plain SMTP knows no keys and answers no questions, so a mail whose answer was lost is never repeated."""

    channel = Channel.EMAIL
    idempotent = False

    def __init__(self, config: Config) -> None:
        """Connects with the first mail."""
        self._url = urlsplit(config.smtp_url or "")
        self._mail_from = config.mail_from
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, parcel: Parcel) -> str:
        """The Message-ID, once the server has taken the mail."""
        mail = build(parcel, self._mail_from)
        if self._smtp is not None and time.monotonic() - self._used_at > IDLE_S:
            self.close()
        try:
            self._send(mail, kept=self._smtp is not None)
        except _Stale:
            self._drop()
            self._send(mail, kept=False)
        return mail.message_id

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:  # noqa: ARG002  reason: base.Way
        """No server can be asked."""
        return Known.CANNOT_SAY

    def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        if self._smtp is not None:
            with suppress(*_BROKEN):
                self._smtp.putcmd("QUIT")  # without waiting for the answer: a dead line has none
        self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _send(self, mail: Mail, *, kept: bool) -> None:
        smtp = self._connection()
        try:
            self._announce(smtp, mail, kept=kept)
            _hand_over(smtp, mail.data)
        except Exception:
            self._rescue(smtp)
            raise
        self._used_at = time.monotonic()

    def _rescue(self, smtp: smtplib.SMTP) -> None:
        """After a refusal the connection is good for the next mail; after anything else it is not."""
        with suppress(*_BROKEN):
            if smtp.sock is not None and smtp.rset()[0] in _ACCEPTED:
                self._used_at = time.monotonic()
                return
        self._drop()

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = self._connect()
            except (*_BROKEN, UnicodeError) as error:  # the latter for a name that no name service could hold
                raise NotSent(_name(error), provider_down=True) from None
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        url = self._url
        host = url.hostname or "localhost"
        me = socket.gethostname()  # smtplib would ask the name service, which can take longer than the mail
        smtp: smtplib.SMTP
        if url.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, url.port or 465, me, timeout=TIMEOUT_S, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(host, url.port or (587 if url.username else 25), me, timeout=TIMEOUT_S)
        try:
            smtp.ehlo_or_helo_if_needed()
            encrypted = url.scheme == "smtps"
            if not encrypted and smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
                encrypted = True
            if url.username:
                _sign_in(smtp, url.username, url.password or "", safe=encrypted or host in LOOPBACK)
            if smtp.sock is not None:  # the final dot is a write of its own and must not wait for the other side's delayed answer
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _announce(self, smtp: smtplib.SMTP, mail: Mail, *, kept: bool) -> None:
        """Everything before the message itself. A kept connection that turns out dead here is worth another one."""
        try:
            self._ask(smtp, "MAIL", f"FROM:<{mail.sender}>", "sender", kept=kept)
            self._ask(smtp, "RCPT", f"TO:<{mail.recipient}>", "recipient", kept=kept)
            self._ask(smtp, "DATA", "", "data", kept=kept)
        except _BROKEN as error:
            if kept:
                raise _Stale from None
            raise NotSent(_name(error), provider_down=True) from None

    @staticmethod
    def _ask(smtp: smtplib.SMTP, verb: str, words: str, what: str, *, kept: bool) -> None:
        code, _ = smtp.docmd(verb, words)
        if code == _CLOSING and kept:
            raise _Stale
        if code not in _ACCEPTED and code != _GO_AHEAD:
            if what == "sender":  # our own address: a person can repair that
                raise NotSent(f"sender_refused_{code}", provider_down=code == _CLOSING)
            raise _refusal(code, f"{what}_refused_{code}")


def _sign_in(smtp: smtplib.SMTP, user: str, password: str, *, safe: bool) -> None:
    if not safe:
        raise smtplib.SMTPNotSupportedError("no encryption, so the password stays here")
    smtp.login(unquote(user), unquote(password))


def _hand_over(smtp: smtplib.SMTP, payload: bytes) -> None:
    """Send the message. Its final dot is the border: before it the server cannot have it, after it only the answer tells."""
    try:
        smtp.send(_DOTS.sub(b"..", payload))
    except _BROKEN as error:
        smtp.close()
        raise NotSent(_name(error)) from None
    try:
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except _BROKEN as error:
        smtp.close()
        raise MaybeSent(_name(error)) from None
    if code in _LATER or code in _NEVER:
        raise _refusal(code, f"message_refused_{code}")
    if code not in _ACCEPTED:
        smtp.close()
        raise MaybeSent(f"message_refused_{code}")


def _refusal(code: int, error: str) -> NotSent:
    return Rejected(error) if code in _NEVER else NotSent(error, provider_down=code == _CLOSING)


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}_{code}" if code else type(error).__name__
