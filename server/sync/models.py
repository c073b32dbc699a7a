"""Tables of the sync: the writes it has taken, how many entries each tablet says it recorded, what a person must look at."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.sync_words import Choice, IssueKind, IssueState
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base, Versioned
from server.journal.service import Journaled

IS_OPEN = sa.text("state = 'open'")


class Write(Base):
    """One state of a document that a tablet has sent, once for all times: the ledger that makes every repetition harmless.

    `extra` keeps the fields that this version of the server does not know, as JSON text.
    """

    __tablename__ = "sync_writes"
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    collection: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    write_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    device_id: Mapped[uuid.UUID | None]
    received_at: Mapped[datetime]
    device_time: Mapped[datetime | None]
    offset_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    extra: Mapped[str | None]


class Count(Base):
    """How many entries a tablet says it recorded in a procedure, and the highest number it gave to one of them."""

    __tablename__ = "sync_counts"
    __table_args__ = (sa.ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"]),)
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    device_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    recorded: Mapped[int]
    highest: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(default=clock.now)


class Issue(Journaled, Versioned, Base):
    """Something that came from a tablet and asks for a person. `sent` is the row as it came, as ASCII JSON text.

    No foreign keys: it may speak of what does not exist (yet), and of ids that a tablet invented.
    """

    __tablename__ = "sync_issues"
    __table_args__ = (
        sa.Index("ix_sync_issues_list", "clinic_id", "state", "created_at", "id"),
        sa.Index("ix_sync_issues_waiting", "clinic_id", "waits_for", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        sa.Index("ix_sync_issues_procedure", "clinic_id", "procedure_id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        sa.Index("ix_sync_issues_document", "clinic_id", "document_id"),
    )
    collection = "sync_issues"
    kind: Mapped[IssueKind] = mapped_column(words(IssueKind))
    state: Mapped[IssueState] = mapped_column(words(IssueState), default=IssueState.OPEN)
    about: Mapped[str] = mapped_column(sa.String(40))
    document_id: Mapped[uuid.UUID]
    document_write_id: Mapped[uuid.UUID | None]
    sha256: Mapped[str | None]
    procedure_id: Mapped[uuid.UUID | None]
    device_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    waits_for: Mapped[uuid.UUID | None]
    other_id: Mapped[uuid.UUID | None]
    sent: Mapped[str | None]
    reasons: Mapped[list[dict[str, Any]]]
    differences: Mapped[list[dict[str, Any]]]
    device_time: Mapped[datetime | None]
    offset_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    choice: Mapped[Choice | None] = mapped_column(words(Choice))
    note: Mapped[str | None]
    resolved_by: Mapped[uuid.UUID | None]
    resolved_at: Mapped[datetime | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        ids = ("id", "document_id", "document_write_id", "procedure_id", "device_id", "user_id", "waits_for", "other_id", "resolved_by")
        times = ("device_time", "resolved_at", "created_at", "updated_at")
        values = {name: getattr(self, name) for name in (*ids, *times)}
        return {
            **{name: str(values[name]) if values[name] else None for name in ids},
            **{name: instant(values[name]) if values[name] else None for name in times},
            "kind": str(self.kind),
            "state": str(self.state),
            "collection": self.about,
            "sent": self.sent,
            "reasons": self.reasons,
            "differences": self.differences,
            "offset_ms": self.offset_ms,
            "choice": str(self.choice) if self.choice else None,
            "note": self.note,
            "write_id": str(self.write_id),
        }
