"""Table: whether the treated skin was red, as somebody saw it on a day."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.outcome_words import RedSource
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base
from server.followup.models.visits import belongs_to
from server.journal.service import Journaled


class Redness(Journaled, Base):
    """Red or clear `day` calendar days after the procedure, in the clinic's zone. Never changed; `replaces` corrects an earlier one.

    From these rows come `last_present` and `first_absent`: redness that was seen on day 14 and not on day 90 ended between them, and
    nobody knows more. `source_id` is the answer or the assessment that says so.
    """

    __tablename__ = "redness"
    __table_args__ = (
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("visit_id", "visits"),
        sa.ForeignKeyConstraint(["clinic_id", "replaces"], ["redness.clinic_id", "redness.id"]),
        sa.UniqueConstraint("clinic_id", "replaces"),
        sa.Index("ix_redness_procedure", "clinic_id", "procedure_id", "day", "red"),
        sa.Index("ix_redness_patient", "clinic_id", "patient_id"),
    )
    collection = "redness"
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    visit_id: Mapped[uuid.UUID | None]
    seen_on: Mapped[date]
    day: Mapped[int]
    red: Mapped[bool | None]
    source: Mapped[RedSource] = mapped_column(words(RedSource))
    source_id: Mapped[uuid.UUID]
    replaces: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form. `red` null: whoever was asked was not sure, or what was said before is taken back."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "seen_on": self.seen_on.isoformat(),
            "day": self.day,
            "red": self.red,
            "source": str(self.source),
            "source_id": str(self.source_id),
            "replaces": str(self.replaces) if self.replaces else None,
            "created_at": instant(self.created_at),
        }
