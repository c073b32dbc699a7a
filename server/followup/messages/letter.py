"""All that a message is made of, gathered by the engine in the transaction that begins the sending."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from schemas.vocabulary import Channel, Purpose


@dataclass(frozen=True)
class Text:
    """A text with variables: a clinic's own, as the table of templates holds it, or a built-in one.

    `language` is the one it is written in, which decides how days are said; None: the patient's. `subject` is an e-mail's.
    """

    subject: str | None
    body: str
    language: str | None = None


@dataclass(frozen=True)
class Letter:
    """Facts of one message. Dates are the clinic's; `booked_for` (in the clinic's zone) is None until a time is agreed on.

    `demo`: of a clinic whose patients are invented. `link` is the patient's page for this visit; None where there is none (staff,
    systems). `own` replaces the built-in text.
    """

    clinic_id: uuid.UUID
    reminder_id: uuid.UUID
    key: uuid.UUID
    channel: Channel
    purpose: Purpose
    to: str
    clinic: str
    phone: str | None
    written_at: datetime
    demo: bool = False
    given_name: str = ""
    family_name: str = ""
    language: str = "en"
    visit_id: uuid.UUID | None = None
    visit_on: date | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    booked: bool = False
    booked_for: datetime | None = None
    generation: int = 1
    link: str | None = None
    own: Text | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
