"""How a message leaves: over SMTP, or as a file in the outbox folder. Every failure says whether it may have left after all."""

import os
import re
import smtplib
import socket
import ssl
import tempfile
import uuid
from contextlib import suppress
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

from server import clock
from server.config import LOOPBACK, Config

TIMEOUT_S = 10
_PRIVATE = 0o700
_ACCEPTED, _LATER, _NEVER = range(200, 300), range(400, 500), range(500, 600)
_GO_AHEAD = 354


class NotSent(Exception):
    """Surely not sent: it may be tried again. `error` names the class of error and nothing of the patient."""

    def __init__(self, error: str) -> None:
        """`error` is stored and shown."""
        self.error = error
        super().__init__(error)


class Rejected(NotSent):
    """Surely not sent, and never will be: trying again is useless."""


class MaybeSent(NotSent):
    """The message was handed over and the answer never came: trying again could send it twice."""


def deliver(mail: EmailMessage, config: Config, *, clinic_id: uuid.UUID, reminder_id: uuid.UUID) -> None:
    """Return once the message is in other hands. Raises NotSent, Rejected or MaybeSent."""
    if config.smtp_url:
        _over_smtp(mail, urlsplit(config.smtp_url))
    else:
        try:
            _to_outbox(mail, config.outbox / str(clinic_id) / f"{reminder_id}.eml")
        except OSError as error:
            raise NotSent(type(error).__name__) from None


def _to_outbox(mail: EmailMessage, path: Path) -> None:
    """Readers see the whole file or none; the folder holds addresses, so only its owner may look."""
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(mail.as_bytes(policy=SMTP))
            file.flush()
            os.fsync(file.fileno())
        moment = clock.now().timestamp()
        os.utime(draft, (moment, moment))
        os.replace(draft, path)  # noqa: PTH105  reason: `draft` is mkstemp's string
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)  # noqa: PTH108  reason: `draft` is mkstemp's string
        raise


def _over_smtp(mail: EmailMessage, url: SplitResult) -> None:
    try:
        smtp = _connect(url)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_name(error)) from None
    try:
        try:
            _announce(smtp, _address(mail, "From"), _address(mail, "To"))
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(_name(error)) from None
        _hand_over(smtp, mail.as_bytes(policy=SMTP))
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
    finally:
        smtp.close()


def _connect(url: SplitResult) -> smtplib.SMTP:
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
    except BaseException:
        smtp.close()
        raise
    return smtp


def _sign_in(smtp: smtplib.SMTP, user: str, password: str, *, safe: bool) -> None:
    if not safe:
        raise smtplib.SMTPNotSupportedError("no encryption, so the password stays here")
    smtp.login(unquote(user), unquote(password))


def _announce(smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
    """Everything before the message itself."""
    code, _ = smtp.mail(sender)
    if code not in _ACCEPTED:
        raise NotSent(f"sender_refused_{code}")
    code, _ = smtp.rcpt(recipient)
    if code not in _ACCEPTED:
        raise _refusal(code)(f"recipient_refused_{code}")
    code, _ = smtp.docmd("DATA")
    if code != _GO_AHEAD:
        raise _refusal(code)(f"data_refused_{code}")


def _hand_over(smtp: smtplib.SMTP, payload: bytes) -> None:
    """Send the message. Its final dot is the border: before it the server cannot have it, after it only the answer tells."""
    try:
        smtp.send(re.sub(rb"(?m)^\.", b"..", payload))
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_name(error)) from None
    try:
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise MaybeSent(_name(error)) from None
    if code not in _ACCEPTED:
        raise (_refusal(code) if code in _LATER or code in _NEVER else MaybeSent)(f"message_refused_{code}")


def _refusal(code: int) -> type[NotSent]:
    return Rejected if code in _NEVER else NotSent


def _address(mail: EmailMessage, header: str) -> str:
    return str(cast("AddressHeader", mail[header]).addresses[0].addr_spec)


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}_{code}" if code else type(error).__name__
