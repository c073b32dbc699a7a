"""Tables of the journal: the rows, and one counter per clinic."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base
from server.ids import uuid7


class JournalHead(Base):
    """Last `seq` and hash of a clinic's chain; locked last in every transaction, so `seq` follows commit order.

    `epoch` names the counting that `seq` belongs to: a restored backup counts the same numbers again for other rows, so it gets a new one.
    """

    __tablename__ = "journal_heads"
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    hash: Mapped[bytes]
    epoch: Mapped[uuid.UUID] = mapped_column(default=uuid7)


class JournalRow(Base):
    """One committed change of one record. `body` is the whole record as canonical JSON, as the API would show it."""

    __tablename__ = "journal"
    __table_args__ = (
        sa.Index("ix_journal_record", "clinic_id", "record_id", "seq"),
        sa.Index("ix_journal_collection", "clinic_id", "collection", "seq"),
    )
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID | None]
    device_id: Mapped[uuid.UUID | None]
    action: Mapped[str] = mapped_column(sa.String(40))
    collection: Mapped[str] = mapped_column(sa.String(40))
    record_id: Mapped[uuid.UUID]
    write_id: Mapped[uuid.UUID | None]
    body: Mapped[str | None]
    salt: Mapped[bytes | None]
    detail_hash: Mapped[bytes]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]
