"""Tables: second factors, wrong tries of passwords and codes, one-time links for a new password."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.canonical import instant
from server.db import Base, InClinic, Versioned
from server.journal.service import Journaled


def _of_user(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id", column], ["users.clinic_id", "users.id"])


class SecondFactor(InClinic, Base):
    """What a person's authenticator app shares with us; `id` is the person's. Never part of a document, so not of the journal either."""

    __tablename__ = "second_factors"
    __table_args__ = (_of_user("id"),)
    secret: Mapped[str | None]
    pending: Mapped[str | None]
    """A secret just shown, which counts once a code of it has been typed."""
    pending_until: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Of the newest code accepted; a code is never taken twice (RFC 6238, section 5.2)."""
    recovery_hashes: Mapped[list[str]] = mapped_column(default=list)


class CredentialTries(Base):
    """Wrong passwords and codes since the last right ones. Under a hash of what was typed, so that unknown accounts are counted alike."""

    __tablename__ = "credential_tries"
    __table_args__ = (sa.Index("ix_credential_tries_last_at", "last_at"),)
    account: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    wait_until: Mapped[datetime | None]


class ResetLink(Journaled, Versioned, Base):
    """A one-time link with which a person sets a new password; only the SHA-256 of its token is stored."""

    __tablename__ = "reset_links"
    __table_args__ = (_of_user("user_id"), _of_user("made_by"), sa.UniqueConstraint("token_hash"))
    collection = "reset_links"
    user_id: Mapped[uuid.UUID]
    made_by: Mapped[uuid.UUID | None]
    """None: from the command line."""
    token_hash: Mapped[bytes]
    drops_second_factor: Mapped[bool]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    def document(self) -> dict[str, Any]:
        """Wire form, without the token."""
        return {
            "id": str(self.id),
            "user_id": str(self.user_id),
            "made_by": str(self.made_by) if self.made_by else None,
            "drops_second_factor": self.drops_second_factor,
            "expires_at": instant(self.expires_at),
            "used_at": instant(self.used_at) if self.used_at else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }
