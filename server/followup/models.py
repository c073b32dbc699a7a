"""Tables: visits, reminders, and one row for every attempt to send a reminder."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import Channel, ReminderState, VisitState, VisitStep
from server.canonical import instant
from server.db import Base, InClinic, Versioned, words
from server.followup.protocol import Purpose
from server.journal.service import Journaled

PATIENT = "patient"
"""The one recipient so far. The address itself is read when the message is sent, so it is never an old one."""

IS_PENDING = sa.text("state = 'pending'")
IS_LEASED = sa.text("state IN ('claimed', 'sending')")


def _belongs_to(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id", column], [f"{table}.clinic_id", f"{table}.id"])


class Visit(Journaled, Versioned, Base):
    """A follow-up visit of one procedure. Dates are calendar dates in the clinic's zone; `booked_for` is the time agreed on."""

    __tablename__ = "visits"
    __table_args__ = (
        _belongs_to("procedure_id", "procedures"),
        _belongs_to("patient_id", "patients"),
        sa.UniqueConstraint("clinic_id", "procedure_id", "step", "generation"),
        sa.Index("ix_visits_patient", "clinic_id", "patient_id"),
        sa.Index("ix_visits_target", "clinic_id", "target_date", "id"),
        sa.Index("ix_visits_state", "clinic_id", "state", "target_date", "id"),
    )
    collection = "visits"
    procedure_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    step: Mapped[VisitStep] = mapped_column(words(VisitStep))
    protocol_version: Mapped[str]
    target_date: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    state: Mapped[VisitState] = mapped_column(words(VisitState), default=VisitState.PLANNED)
    booked_for: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=1)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "procedure_id": str(self.procedure_id),
            "patient_id": str(self.patient_id),
            "step": str(self.step),
            "protocol_version": self.protocol_version,
            "target_date": self.target_date.isoformat(),
            "opens_on": self.opens_on.isoformat(),
            "closes_on": self.closes_on.isoformat(),
            "state": str(self.state),
            "booked_for": instant(self.booked_for) if self.booked_for else None,
            "generation": self.generation,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Reminder(Journaled, Versioned, Base):
    """One message about one visit, before and after it was sent.

    `claimed` and the lease are the engine's own bookkeeping: no part of the document, hence not journaled (see `leases`).
    """

    __tablename__ = "reminders"
    __table_args__ = (
        _belongs_to("visit_id", "visits"),
        _belongs_to("procedure_id", "procedures"),
        _belongs_to("patient_id", "patients"),
        sa.UniqueConstraint("clinic_id", "idempotency_key"),
        sa.Index("ix_reminders_visit", "clinic_id", "visit_id"),
        sa.Index("ix_reminders_procedure", "clinic_id", "procedure_id"),
        sa.Index("ix_reminders_patient", "clinic_id", "patient_id"),
        sa.Index("ix_reminders_due", "clinic_id", "due_at", "id"),
        sa.Index("ix_reminders_state", "clinic_id", "state", "due_at", "id"),
        # These two keep an idle tick flat, however many reminders lie in the future or in the past.
        sa.Index("ix_reminders_pending", "due_at", "clinic_id", sqlite_where=IS_PENDING, postgresql_where=IS_PENDING),
        sa.Index("ix_reminders_leased", "lease_until", "clinic_id", sqlite_where=IS_LEASED, postgresql_where=IS_LEASED),
    )
    collection = "reminders"
    visit_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    rung: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    recipient: Mapped[str] = mapped_column(default=PATIENT)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    generation: Mapped[int]
    wall: Mapped[str]
    zone: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[ReminderState] = mapped_column(words(ReminderState), default=ReminderState.PENDING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[uuid.UUID | None]
    begun_at: Mapped[datetime | None]
    idempotency_key: Mapped[uuid.UUID]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str | None]

    def document(self) -> dict[str, Any]:
        """Wire form. A claimed reminder is shown as pending: nothing has happened to it yet."""
        shown = ReminderState.PENDING if self.state == ReminderState.CLAIMED else self.state
        return {
            "id": str(self.id),
            "visit_id": str(self.visit_id),
            "procedure_id": str(self.procedure_id),
            "patient_id": str(self.patient_id),
            "days_before": self.rung,
            "purpose": str(self.purpose),
            "recipient": self.recipient,
            "channel": str(self.channel),
            "generation": self.generation,
            "local_time": self.wall,
            "time_zone": self.zone,
            "due_at": instant(self.due_at),
            "expires_at": instant(self.expires_at),
            "state": str(shown),
            "reason": self.reason,
            "attempts": self.attempts,
            "last_error": self.last_error,
            "sent_at": instant(self.sent_at) if self.sent_at else None,
            "message_id": self.message_id,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


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
    __table_args__ = (_belongs_to("reminder_id", "reminders"), sa.Index("ix_attempts_reminder", "clinic_id", "reminder_id", "number"))
    reminder_id: Mapped[uuid.UUID]
    number: Mapped[int]
    lease_token: Mapped[uuid.UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    error: Mapped[str | None]
