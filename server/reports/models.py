"""Tables: reports, and the digests they are counted from. No part of the clinical record: both can be computed again from it."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.outcome_words import ReportState
from server import clock
from server.column_types import words
from server.db import Base, InClinic

ACTIVE = (ReportState.QUEUED, ReportState.RUNNING)
_IS_ACTIVE = sa.text("state IN ('queued', 'running')")


class Report(InClinic, Base):
    """One computation for one set of filters over the record as it was at journal row `seq`; the same pair is computed once.

    `filters` is their canonical form and `filters_hash` its SHA-256. `done` of `total` steps, `step` names the one at work.
    `lease_until` is when another worker may take over, `attempts` how many have begun. `result` is the whole report.
    A zip that was taken along has a row too, done at once: what is in it is its `result`, "zip" its `step`.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "asked_by"], ["users.clinic_id", "users.id"]),
        sa.UniqueConstraint("clinic_id", "filters_hash", "seq"),
        sa.Index("ix_reports_state", "state", "asked_at"),
        # Of the same filters one at most is on its way, however many ask.
        sa.Index("ux_reports_active", "clinic_id", "filters_hash", unique=True, sqlite_where=_IS_ACTIVE, postgresql_where=_IS_ACTIVE),
    )
    filters: Mapped[dict[str, Any]]
    filters_hash: Mapped[str] = mapped_column(sa.String(64))
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[ReportState] = mapped_column(words(ReportState), default=ReportState.QUEUED)
    step: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[uuid.UUID | None]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]


class CohortDigest(Base):
    """What reports count of one procedure, packed in sections (see `digest.form`). Written and read by workers only."""

    __tablename__ = "cohort_digests"
    __table_args__ = (sa.ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"]),)
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    facts: Mapped[bytes]
    visits: Mapped[bytes]
    responses: Mapped[bytes]
    scores: Mapped[bytes]
    scars: Mapped[bytes]
    pairs: Mapped[bytes]
    ratings: Mapped[bytes]
    events: Mapped[bytes]


class CohortDigestHead(Base):
    """How far a clinic's digests are: they say what the record said at journal row `seq` or later.

    `form` is what they were made by. While all are made for the first time, `made` counts those that are, and `filled_to` is the last
    procedure, in the order of ids; null when there is one for every procedure that counts. `words` are those that the digests number.
    """

    __tablename__ = "cohort_digest_heads"
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    form: Mapped[str]
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    filled_to: Mapped[uuid.UUID | None]
    made: Mapped[int] = mapped_column(default=0)
    words: Mapped[list[str]]
