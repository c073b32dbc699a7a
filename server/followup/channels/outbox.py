"""Messages as files in the outbox folder: the way out of an installation without a mail server. People read them on a page."""

import os
import tempfile
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from schemas.vocabulary import Channel
from server import clock
from server.config import Config
from server.followup.channels.base import Known, NotSent, Parcel
from server.followup.channels.mail import build

CHANNEL_HEADER = "X-Graftlog-Channel"
NUMBER_HEADER = "X-Graftlog-Number"
_PRIVATE = 0o700


class OutboxWay:
    """One file per message: writing it again replaces it with the same, and whether it is there can be seen."""

    idempotent = True

    def __init__(self, config: Config, channel: Channel = Channel.EMAIL) -> None:
        """`channel` is whose place the folder takes: e-mail, or text messages."""
        self.channel = channel
        self._folder = config.outbox
        self._mail_from = config.mail_from

    def send(self, parcel: Parcel) -> str:
        """The Message-ID, once the file is on the disk."""
        mail = build(_as_mail(parcel, self._mail_from) if self.channel == Channel.SMS else parcel, self._mail_from)
        try:
            _write(self._path(parcel.clinic_id, parcel.reminder_id), mail.data)
        except OSError as error:
            raise NotSent(type(error).__name__) from None
        return mail.message_id

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:  # noqa: ARG002  reason: base.Way
        """Whether the file is there."""
        try:
            return Known.ACCEPTED if self._path(clinic_id, reminder_id).exists() else Known.NEVER_SEEN
        except OSError:
            return Known.CANNOT_SAY

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, clinic_id: uuid.UUID, reminder_id: uuid.UUID) -> Path:
        return self._folder / str(clinic_id) / f"{reminder_id}.eml"


def _as_mail(parcel: Parcel, mail_from: str) -> Parcel:
    """A text message in the form that the folder's readers know: the number is a header, because it is no mail address."""
    return replace(
        parcel,
        to=mail_from.rpartition("<")[2].rstrip("> "),
        to_name=parcel.to,
        subject="Text message",
        html="",
        calendar=None,
        headers={CHANNEL_HEADER: str(Channel.SMS), NUMBER_HEADER: parcel.to},
    )


def _write(path: Path, data: bytes) -> None:
    """Readers see the whole file or none; the folder holds addresses, so only its owner may look."""
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        moment = clock.now().timestamp()
        os.utime(draft, (moment, moment))
        os.replace(draft, path)  # noqa: PTH105  reason: `draft` is mkstemp's string
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)  # noqa: PTH108  reason: `draft` is mkstemp's string
        raise
