"""Tables: contact with patients besides the messages: links, answers, alerts, calls, receipts, addresses that said stop."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import AlertKind, CallOutcome, Channel
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base, Versioned
from server.followup.models.visits import belongs_to
from server.journal.service import Journaled


class Link(Base):
    """A patient's link to one visit: only the SHA-256 of its token. It is looked up before it is known whose clinic it is.

    A token is derived from a key file and (visit, serial), so every message carries the same one; a new serial revokes the old.
    """

    __tablename__ = "links"
    __table_args__ = (
        belongs_to("visit_id", "visits"),
        belongs_to("patient_id", "patients"),
        sa.UniqueConstraint("clinic_id", "visit_id", "serial"),
    )
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"))
    visit_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    serial: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Answer(Journaled, Base):
    """One answer to one question, as given, never changed; a later answer to the same question is a further row.

    `flags` are the red flags that a yes to their question names. Without a visit: reported when nobody had asked.
    """

    __tablename__ = "answers"
    __table_args__ = (
        belongs_to("visit_id", "visits"),
        belongs_to("patient_id", "patients"),
        sa.Index("ix_answers_visit", "clinic_id", "visit_id"),
    )
    collection = "answers"
    visit_id: Mapped[uuid.UUID | None]
    patient_id: Mapped[uuid.UUID]
    question: Mapped[str]
    answer: Mapped[str]
    flags: Mapped[list[str] | None]
    concerning: Mapped[bool] = mapped_column(default=False)
    via: Mapped[str]
    given_by: Mapped[uuid.UUID | None]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "patient_id": str(self.patient_id),
            "question": self.question,
            "answer": self.answer,
            "flags": self.flags or [],
            "concerning": self.concerning,
            "via": self.via,
            "given_by": str(self.given_by) if self.given_by else None,
            "given_at": instant(self.given_at),
        }


class Alert(Journaled, Versioned, Base):
    """Something that needs a person, until somebody says what was done about it.

    One that cannot wait has a time of its next escalation for as long as it is open; none has another. `escalation_level` counts
    how often it was told again.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        belongs_to("visit_id", "visits"),
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("closed_by", "users"),
        belongs_to("acknowledged_by", "users"),
        sa.Index("ix_alerts_open", "clinic_id", "closed_at", "kind", "id"),
        sa.Index("ix_alerts_patient", "clinic_id", "patient_id"),
        sa.Index(
            "ix_alerts_urgent",
            "clinic_id",
            "next_escalation_at",
            sqlite_where=sa.text("next_escalation_at IS NOT NULL"),
            postgresql_where=sa.text("next_escalation_at IS NOT NULL"),
        ),
    )
    collection = "alerts"
    kind: Mapped[AlertKind] = mapped_column(words(AlertKind))
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID | None]
    visit_id: Mapped[uuid.UUID | None]
    detail: Mapped[str]
    raised_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None]
    closing_note: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None]
    escalation_level: Mapped[int] = mapped_column(default=0, server_default="0")
    escalated_at: Mapped[datetime | None]
    next_escalation_at: Mapped[datetime | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "kind": str(self.kind),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id) if self.procedure_id else None,
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "detail": self.detail,
            "raised_at": instant(self.raised_at),
            "closed_at": instant(self.closed_at) if self.closed_at else None,
            "closed_by": str(self.closed_by) if self.closed_by else None,
            "closing_note": self.closing_note,
            "acknowledged_at": instant(self.acknowledged_at) if self.acknowledged_at else None,
            "acknowledged_by": str(self.acknowledged_by) if self.acknowledged_by else None,
            "escalation_level": self.escalation_level,
            "escalated_at": instant(self.escalated_at) if self.escalated_at else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Call(Journaled, Base):
    """One call to a patient about a visit and how it ended, never changed."""

    __tablename__ = "calls"
    __table_args__ = (
        belongs_to("visit_id", "visits"),
        belongs_to("patient_id", "patients"),
        belongs_to("called_by", "users"),
        sa.Index("ix_calls_visit", "clinic_id", "visit_id"),
    )
    collection = "calls"
    visit_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    outcome: Mapped[CallOutcome] = mapped_column(words(CallOutcome))
    call_after: Mapped[date | None]
    note: Mapped[str | None]
    called_by: Mapped[uuid.UUID | None]
    called_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "visit_id": str(self.visit_id),
            "patient_id": str(self.patient_id),
            "outcome": str(self.outcome),
            "call_after": self.call_after.isoformat() if self.call_after else None,
            "note": self.note,
            "called_by": str(self.called_by) if self.called_by else None,
            "called_at": instant(self.called_at),
        }


class Receipt(Base):
    """What a provider told us, once: a delivery status or a patient's reply. The pair (provider, key) stops replays.

    Written before it is known whose it is, so it carries no clinic and no content, only what was understood.
    """

    __tablename__ = "receipts"
    __table_args__ = (sa.Index("ix_receipts_message", "message_id"),)
    provider: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str | None]
    status: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)


class StoppedAddress(Base):
    """An address that said stop: only a keyed hash of it. Asked before every message, of every clinic that sends from here."""

    __tablename__ = "stopped_addresses"
    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    stopped_at: Mapped[datetime] = mapped_column(default=clock.now)
