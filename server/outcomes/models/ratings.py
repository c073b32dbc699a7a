"""Tables: photo pairs for the blinded panel, each rater's random order, and the ratings."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import PhotoView
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base
from server.followup.models import belongs_to
from server.journal.service import Journaled


class RatingPair(Journaled, Base):
    """A baseline and a follow-up photograph of the same view of one patient, for raters to compare. `step` is the visit's, as "3m".

    `scar_id` is null for a view of the whole face. Never changed; whether it may be shown is asked of the consent each time.
    """

    __tablename__ = "rating_pairs"
    __table_args__ = (
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("scar_id", "scars"),
        belongs_to("baseline_id", "photos"),
        belongs_to("follow_up_id", "photos"),
        belongs_to("made_by", "users"),
        sa.UniqueConstraint("clinic_id", "baseline_id", "follow_up_id"),
        sa.Index("ix_rating_pairs_procedure", "clinic_id", "procedure_id", "step"),
        sa.Index("ix_rating_pairs_patient", "clinic_id", "patient_id"),
    )
    collection = "rating_pairs"
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    scar_id: Mapped[uuid.UUID | None]
    step: Mapped[str] = mapped_column(sa.String(16))
    view: Mapped[PhotoView] = mapped_column(words(PhotoView))
    baseline_id: Mapped[uuid.UUID]
    follow_up_id: Mapped[uuid.UUID]
    made_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "scar_id": str(self.scar_id) if self.scar_id else None,
            "step": self.step,
            "view": str(self.view),
            "baseline_id": str(self.baseline_id),
            "follow_up_id": str(self.follow_up_id),
            "made_by": str(self.made_by) if self.made_by else None,
            "created_at": instant(self.created_at),
        }


class RatingQueue(Journaled, Base):
    """One rater's random order: from `seed` and a pair's id comes its place, and on which side the baseline stands. Never changed."""

    __tablename__ = "rating_queues"
    __table_args__ = (belongs_to("rater_id", "users"), sa.UniqueConstraint("clinic_id", "rater_id"))
    collection = "rating_queues"
    rater_id: Mapped[uuid.UUID]
    seed: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {"id": str(self.id), "rater_id": str(self.rater_id), "seed": self.seed, "created_at": instant(self.created_at)}


class Rating(Journaled, Base):
    """One rater's grade of one pair, -3 (much worse) to +3 (much better) of the follow-up against the baseline, however they were shown.

    `swapped`: the follow-up stood on the left. A null `grade` says that the pair cannot be judged, for `reason`. `place` is how manieth
    in the rater's order it was, `milliseconds` how long it was looked at. One per rater and pair; never changed.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        belongs_to("pair_id", "rating_pairs"),
        belongs_to("rater_id", "users"),
        sa.UniqueConstraint("clinic_id", "pair_id", "rater_id"),
        sa.Index("ix_ratings_rater", "clinic_id", "rater_id", "created_at"),
        sa.CheckConstraint("grade IS NULL OR grade BETWEEN -3 AND 3", name="grade"),
        sa.CheckConstraint("(grade IS NULL) = (reason IS NOT NULL)", name="reason"),
    )
    collection = "ratings"
    pair_id: Mapped[uuid.UUID]
    rater_id: Mapped[uuid.UUID]
    grade: Mapped[int | None]
    reason: Mapped[str | None]
    swapped: Mapped[bool]
    place: Mapped[int]
    milliseconds: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "pair_id": str(self.pair_id),
            "rater_id": str(self.rater_id),
            "grade": self.grade,
            "reason": self.reason,
            "swapped": self.swapped,
            "place": self.place,
            "milliseconds": self.milliseconds,
            "created_at": instant(self.created_at),
        }
