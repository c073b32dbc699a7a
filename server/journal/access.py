"""The access log: who has read what of a patient. Links only, never what was shown or searched for; append-only like the journal."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from schemas.reading_words import Outcome, Reading
from server import clock
from server.column_types import words
from server.db import Base, InClinic, insert_many, table_of
from server.ids import uuid7

DISCLOSURES = frozenset({Reading.NOTE_FILE, Reading.EXPORT})


class AccessRow(InClinic, Base):
    """One reading. `patient_id` is null for a tablet's sync and a cohort's report, which concern many, and for what was not found."""

    __tablename__ = "access_log"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"]),
        sa.Index("ix_access_log_patient", "clinic_id", "patient_id", "id"),
        sa.Index("ix_access_log_device", "clinic_id", "device_id", "id"),
    )
    at: Mapped[datetime]
    user_id: Mapped[uuid.UUID | None]
    device_id: Mapped[uuid.UUID | None]
    patient_id: Mapped[uuid.UUID | None]
    reading: Mapped[Reading] = mapped_column(words(Reading))
    record_id: Mapped[uuid.UUID | None]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    emergency_id: Mapped[uuid.UUID | None]
    """The emergency access by which it was read; null where the person's roles allow it."""


def write(
    session: Session,
    caller: Any,
    reading: Reading,
    patients: Iterable[uuid.UUID | None],
    record: uuid.UUID | None = None,
    outcome: Outcome = Outcome.GIVEN,
    emergency_id: uuid.UUID | None = None,
) -> None:
    """One row for each patient; `caller` is a person, a tablet, or None for the command line."""
    at = clock.now()
    rows = [
        {
            "clinic_id": session.info["clinic_id"],
            "id": uuid7(),
            "at": at,
            "user_id": caller.user_id if caller else None,
            "device_id": caller.device_id if caller else None,
            "patient_id": patient,
            "reading": reading,
            "record_id": record,
            "outcome": outcome,
            "emergency_id": emergency_id,
        }
        for patient in patients
    ]
    if rows:
        insert_many(session, table_of(AccessRow), rows)
