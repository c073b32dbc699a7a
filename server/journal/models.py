"""Tables of the journal: the rows, one counter per clinic, what is sealed over the rows, and the keys that seal."""

import json
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server import clock
from server.canonical import instant
from server.db import Base, InClinic
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
        sa.Index("ix_journal_actor", "clinic_id", "actor_id", "seq"),
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

    def document(self) -> dict[str, Any]:
        """Wire form, without salt and hashes."""
        return {
            "seq": self.seq,
            "at": instant(self.at),
            "actor_id": str(self.actor_id) if self.actor_id else None,
            "device_id": str(self.device_id) if self.device_id else None,
            "action": self.action,
            "collection": self.collection,
            "record_id": str(self.record_id),
            "write_id": str(self.write_id) if self.write_id else None,
            "body": None if self.body is None else json.loads(self.body),
        }


class JournalCheckpoint(Base):
    """A signed statement that the first `size` rows of a clinic's journal are exactly these; never changed.

    `note` is the text that is handed out. `parts` (32 bytes each) go on from here without reading the rows again; a verifier
    computes them anew.
    """

    __tablename__ = "journal_checkpoints"
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    root: Mapped[bytes]
    parts: Mapped[bytes]
    key_id: Mapped[str]
    note: Mapped[str]


class SigningKey(InClinic, Base):
    """Public half of a clinic's Ed25519 key; the private half is a file outside the database."""

    __tablename__ = "signing_keys"
    key_id: Mapped[str]
    public_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    retired_at: Mapped[datetime | None]
