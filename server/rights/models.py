"""Tables: emergency accesses, erasures."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server import clock
from server.canonical import instant
from server.column_types import Json
from server.db import Base, Versioned
from server.journal.service import Journaled
from server.journal.verifier import ERASURES


class EmergencyAccess(Journaled, Versioned, Base):
    """One patient's record, opened for an hour to somebody whose roles do not read records; a colleague reviews it afterwards."""

    __tablename__ = "emergency_accesses"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "reviewed_by"], ["users.clinic_id", "users.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.Index("ix_emergency_accesses_user", "clinic_id", "user_id", "expires_at"),
    )
    collection = "emergency_accesses"
    user_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    reason: Mapped[str]
    expires_at: Mapped[datetime]
    reviewed_by: Mapped[uuid.UUID | None]
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "user_id": str(self.user_id),
            "patient_id": str(self.patient_id),
            "reason": self.reason,
            "expires_at": instant(self.expires_at),
            "reviewed_by": str(self.reviewed_by) if self.reviewed_by else None,
            "reviewed_at": instant(self.reviewed_at) if self.reviewed_at else None,
            "review_note": self.review_note,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Erasure(Journaled, Base):
    """A decision to erase, on a patient's request, what need not be kept. Never changed, and what the journal's guard looks for.

    `contact` names the fields that were emptied, `records` the ids whose bodies in the journal, up to its number `journal_to`, are gone
    (`bodies` of them), `photos` counts the photographs.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "decided_by"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_erasures_patient", "clinic_id", "patient_id"),
    )
    collection = ERASURES
    patient_id: Mapped[uuid.UUID]
    decided_by: Mapped[uuid.UUID]
    reason: Mapped[str]
    journal_to: Mapped[int] = mapped_column(sa.BigInteger)
    records: Mapped[list[str]] = mapped_column(Json)
    bodies: Mapped[int]
    photos: Mapped[int]
    contact: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "decided_by": str(self.decided_by),
            "reason": self.reason,
            "journal_to": self.journal_to,
            "records": self.records,
            "bodies": self.bodies,
            "photos": self.photos,
            "contact": self.contact,
            "created_at": instant(self.created_at),
        }
