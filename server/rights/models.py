"""Table: emergency accesses."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from server.canonical import instant
from server.db import Base, Versioned
from server.journal.service import Journaled


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
