"""Tables: visits, the messages about them, and one row for every attempt to send one."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import Channel, Purpose, ReminderState, VisitKind, VisitState
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base, InClinic, Versioned
from server.journal.service import Journaled

PATIENT, STAFF, SYSTEM = "patient", "staff", "system"
"""Recipients. Their addresses are read when a message is sent, so they are never old."""

IS_PENDING = sa.text("state = 'pending'")
WAS_TOLD = sa.text("state IN ('accepted', 'delivered') AND recipient = 'patient' AND visit_id IS NOT NULL")
IS_LEASED = sa.text("state IN ('claimed', 'sending')")
HAS_MESSAGE = sa.text("message_id IS NOT NULL")


def belongs_to(column: str, table: str) -> sa.ForeignKeyConstraint:
    """Foreign key to a row of the same clinic."""
    return sa.ForeignKeyConstraint(["clinic_id", column], [f"{table}.clinic_id", f"{table}.id"])


class Visit(Journaled, Versioned, Base):
    """A follow-up visit (or check-in) of one procedure. Dates are calendar dates in the clinic's zone; `booked_for` is the time agreed on.

    `reason` says why it was missed or cancelled; `call_after` keeps it off the work list until that day.
    """

    __tablename__ = "visits"
    __table_args__ = (
        belongs_to("procedure_id", "procedures"),
        belongs_to("patient_id", "patients"),
        sa.UniqueConstraint("clinic_id", "procedure_id", "step", "generation"),
        sa.Index("ix_visits_patient", "clinic_id", "patient_id"),
        sa.Index("ix_visits_target", "clinic_id", "target_date", "id"),
        sa.Index("ix_visits_state", "clinic_id", "state", "target_date", "id"),
    )
    collection = "visits"
    procedure_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    step: Mapped[str]
    title: Mapped[str]
    kind: Mapped[VisitKind] = mapped_column(words(VisitKind), default=VisitKind.VISIT)
    protocol_version: Mapped[str]
    target_date: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    state: Mapped[VisitState] = mapped_column(words(VisitState), default=VisitState.PLANNED)
    reason: Mapped[str | None]
    booked_for: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    call_after: Mapped[date | None]
    generation: Mapped[int] = mapped_column(default=1)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "procedure_id": str(self.procedure_id),
            "patient_id": str(self.patient_id),
            "step": self.step,
            "title": self.title,
            "kind": str(self.kind),
            "protocol_version": self.protocol_version,
            "target_date": self.target_date.isoformat(),
            "opens_on": self.opens_on.isoformat(),
            "closes_on": self.closes_on.isoformat(),
            "state": str(self.state),
            "reason": self.reason,
            "booked_for": instant(self.booked_for) if self.booked_for else None,
            "confirmed_at": instant(self.confirmed_at) if self.confirmed_at else None,
            "call_after": self.call_after.isoformat() if self.call_after else None,
            "generation": self.generation,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Reminder(Journaled, Versioned, Base):
    """One message, before and after it was sent: to a patient about a visit, to staff, or to a clinic's own system.

    `claimed`, `sending` and the lease are the engine's own bookkeeping: no part of the document, hence not journaled (see `engine`).
    `due_at` is the promise, `next_at` when the engine looks at it next; `about_on` is the day of the visit that it speaks of.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        belongs_to("visit_id", "visits"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("patient_id", "patients"),
        belongs_to("user_id", "users"),
        sa.UniqueConstraint("clinic_id", "idempotency_key"),
        sa.Index("ix_reminders_visit", "clinic_id", "visit_id"),
        sa.Index("ix_reminders_procedure", "clinic_id", "procedure_id"),
        sa.Index("ix_reminders_patient", "clinic_id", "patient_id"),
        sa.Index("ix_reminders_due", "clinic_id", "due_at", "id"),
        sa.Index("ix_reminders_state", "clinic_id", "state", "due_at", "id"),
        sa.Index("ix_reminders_message", "message_id", sqlite_where=HAS_MESSAGE, postgresql_where=HAS_MESSAGE),
        # Of which visits the patient was told: what a cohort's report walks through.
        sa.Index("ix_reminders_told", "clinic_id", "visit_id", sqlite_where=WAS_TOLD, postgresql_where=WAS_TOLD),
        # These three keep an idle tick flat, however many messages lie in the future or in the past.
        sa.Index("ix_reminders_pending", "channel", "next_at", sqlite_where=IS_PENDING, postgresql_where=IS_PENDING),
        sa.Index("ix_reminders_clinic_pending", "channel", "clinic_id", "next_at", sqlite_where=IS_PENDING, postgresql_where=IS_PENDING),
        sa.Index("ix_reminders_leased", "lease_until", "clinic_id", sqlite_where=IS_LEASED, postgresql_where=IS_LEASED),
    )
    collection = "reminders"
    visit_id: Mapped[uuid.UUID | None]
    procedure_id: Mapped[uuid.UUID | None]
    patient_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    rung: Mapped[int] = mapped_column(default=0)
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    recipient: Mapped[str] = mapped_column(default=PATIENT)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    generation: Mapped[int] = mapped_column(default=1)
    about_on: Mapped[date | None]
    wall: Mapped[str]
    zone: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_at: Mapped[datetime]
    state: Mapped[ReminderState] = mapped_column(words(ReminderState), default=ReminderState.PENDING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[uuid.UUID | None]
    begun_at: Mapped[datetime | None]
    idempotency_key: Mapped[uuid.UUID]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    message_id: Mapped[str | None]
    payload: Mapped[dict[str, Any] | None]

    def document(self) -> dict[str, Any]:
        """Wire form. A message between workers is shown as pending: nothing is known to have happened to it yet."""
        return reminder_document({name: getattr(self, name) for name in REMINDER_FIELDS})


def to_patient(visit: Visit) -> dict[str, Any]:
    """Columns of a message to the patient about a visit that say whose it is."""
    return {
        "clinic_id": visit.clinic_id,
        "visit_id": visit.id,
        "procedure_id": visit.procedure_id,
        "patient_id": visit.patient_id,
        "recipient": PATIENT,
    }


def due_now(zone: ZoneInfo) -> dict[str, Any]:
    """Columns of a message that goes out as soon as may be; `zone` is the reader's."""
    now = clock.now()
    wall = now.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")
    return {"wall": wall, "zone": zone.key, "due_at": now, "next_at": now}


IN_FLIGHT = frozenset({ReminderState.CLAIMED, ReminderState.SENDING})
REMINDER_FIELDS = tuple(column.key for column in sa.inspect(Reminder).columns)


def reminder_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Wire form of a reminder's columns, for the engine, which handles rows and no objects."""
    return {
        "id": str(row["id"]),
        "visit_id": _text(row["visit_id"]),
        "procedure_id": _text(row["procedure_id"]),
        "patient_id": _text(row["patient_id"]),
        "user_id": _text(row["user_id"]),
        "days_before": row["rung"],
        "purpose": str(row["purpose"]),
        "recipient": row["recipient"],
        "channel": str(row["channel"]),
        "generation": row["generation"],
        "about_on": row["about_on"].isoformat() if row["about_on"] else None,
        "local_time": row["wall"],
        "time_zone": row["zone"],
        "due_at": instant(row["due_at"]),
        "expires_at": instant(row["expires_at"]),
        "state": str(ReminderState.PENDING if row["state"] in IN_FLIGHT else row["state"]),
        "reason": row["reason"],
        "attempts": row["attempts"],
        "last_error": row["last_error"],
        "sent_at": instant(row["sent_at"]) if row["sent_at"] else None,
        "delivered_at": instant(row["delivered_at"]) if row["delivered_at"] else None,
        "message_id": row["message_id"],
        "write_id": str(row["write_id"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _text(given: uuid.UUID | None) -> str | None:
    return str(given) if given else None


class Outcome(StrEnum):
    """How an attempt ended; `uncertain` means that nobody can know whether the message went out."""

    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


class Attempt(InClinic, Base):
    """One attempt to send a reminder, written once, when it has ended; `error` is a class of error, never a patient's data.

    An answer that comes after the attempt was given up as uncertain is a second row with the same number.
    """

    __tablename__ = "attempts"
    __table_args__ = (belongs_to("reminder_id", "reminders"), sa.Index("ix_attempts_reminder", "clinic_id", "reminder_id", "number"))
    reminder_id: Mapped[uuid.UUID]
    number: Mapped[int]
    lease_token: Mapped[uuid.UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    error: Mapped[str | None]
    message_id: Mapped[str | None]
