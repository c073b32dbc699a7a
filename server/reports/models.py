"""Table: reports, asked for, computed and kept. No part of the clinical record: what they say can be computed again from it."""

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
