"""What every way out has in common: a parcel goes in, and every failure says whether it may have left after all."""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from schemas.vocabulary import Channel


class NotSent(Exception):
    """Surely not sent: it may be tried again. `error` names the class of error and nothing of the patient.

    `wait_s` is what the provider asked for (Retry-After); `provider_down` counts towards the breaker.
    """

    def __init__(self, error: str, *, wait_s: float | None = None, provider_down: bool = False) -> None:
        """`error` is stored and shown."""
        self.error, self.wait_s, self.provider_down = error, wait_s, provider_down
        super().__init__(error)


class Rejected(NotSent):
    """Surely not sent, and never will be to this address: trying again is useless, another channel may do."""


class MaybeSent(NotSent):
    """The message was handed over and the answer never came: trying again could send it twice."""


@dataclass(frozen=True)
class Parcel:
    """One message, ready to leave. `to` is an e-mail address, a number in E.164, or an endpoint's address.

    `key` is the idempotency key: the same message always has the same one. `secrets` is what encrypts or signs (push, webhook).
    """

    clinic_id: uuid.UUID
    reminder_id: uuid.UUID
    key: uuid.UUID
    to: str
    text: str
    to_name: str = ""
    sender_name: str = ""
    subject: str = ""
    html: str = ""
    language: str = "en"
    date: str = ""
    calendar: bytes | None = None
    calendar_method: str = "PUBLISH"
    headers: dict[str, str] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


class Known(StrEnum):
    """What a provider says when it is asked about a key."""

    ACCEPTED = "accepted"
    NEVER_SEEN = "never_seen"
    CANNOT_SAY = "cannot_say"


class Way(Protocol):
    """A way out. Used by one thread at a time; keeps its connection between calls."""

    channel: Channel
    idempotent: bool
    """Whether the provider takes a repeated key as the same message, so that a call may be repeated after a crash."""

    def send(self, parcel: Parcel) -> str:
        """The provider's id of the message, once it is in other hands. Raises NotSent, Rejected or MaybeSent, and nothing else."""

    def ask(self, parcel_key: uuid.UUID, reminder_id: uuid.UUID, clinic_id: uuid.UUID) -> Known:
        """What became of a call that was cut off."""

    def close(self) -> None:
        """Give the connection back."""
