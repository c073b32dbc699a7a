"""Reading a clinic's outbox folder: the messages that were written to files because no SMTP server is configured."""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from schemas.vocabulary import Channel
from server.followup.channels.outbox import CHANNEL_HEADER, NUMBER_HEADER

MOST = 200


@dataclass(frozen=True)
class OutboxMail:
    """One message as it would have arrived; `written_at` is when it was put into the folder. A text message has a number as `recipient`."""

    reminder_id: uuid.UUID
    channel: Channel
    written_at: datetime
    sender: str
    recipient: str
    subject: str
    date: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def newest(outbox: Path, clinic_id: uuid.UUID, limit: int = MOST) -> list[OutboxMail]:
    """The clinic's last mails, newest first."""
    found: list[tuple[float, uuid.UUID]] = []
    try:
        with os.scandir(outbox / str(clinic_id)) as files:
            for file in files:
                reminder_id = _reminder_id(file.name)
                if reminder_id and file.is_file(follow_symlinks=False):
                    found.append((file.stat().st_mtime, reminder_id))
    except FileNotFoundError:
        return []
    mails = (read(outbox, clinic_id, reminder_id) for _, reminder_id in sorted(found, reverse=True)[:limit])
    return [mail for mail in mails if mail]


def read(outbox: Path, clinic_id: uuid.UUID, reminder_id: uuid.UUID) -> OutboxMail | None:
    """One mail, or None. Both parts of the path are UUIDs, so it cannot leave the folder."""
    path = outbox / str(uuid.UUID(str(clinic_id))) / f"{uuid.UUID(str(reminder_id))}.eml"
    try:
        mail = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=SMTP)
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    return OutboxMail(
        reminder_id=reminder_id,
        channel=Channel.SMS if mail[CHANNEL_HEADER] == Channel.SMS else Channel.EMAIL,
        written_at=written_at,
        sender=str(mail["From"] or ""),
        recipient=str(mail[NUMBER_HEADER] or mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        date=str(mail["Date"] or ""),
        headers=tuple((name, str(value)) for name, value in mail.items()),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
    )


def _reminder_id(name: str) -> uuid.UUID | None:
    stem, _, ending = name.rpartition(".")
    try:
        found = uuid.UUID(stem)
    except ValueError:
        return None
    return found if ending == "eml" and str(found) == stem else None


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
