"""Tables: clinics, users, sign-in sessions, answers kept for Idempotency-Key."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import Role
from server import clock
from server.canonical import instant
from server.db import Base, Versioned
from server.ids import uuid7
from server.journal.service import Journaled


class Clinic(Versioned, Base):
    """The tenant. Its own changes are journaled through its users and records; it has no page of its own yet."""

    __tablename__ = "clinics"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    time_zone: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en")
    phone: Mapped[str | None]
    demo: Mapped[bool] = mapped_column(default=False)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "name": self.name,
            "time_zone": self.time_zone,
            "locale": self.locale,
            "phone": self.phone,
        }


class User(Journaled, Versioned, Base):
    """A person of a clinic. The e-mail address is unique over all clinics, because signing in names no clinic."""

    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("email"),)
    collection = "users"
    email: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)

    def has(self, role: Role) -> bool:
        """Whether this person holds `role`."""
        return role in self.roles

    def document(self) -> dict[str, Any]:
        """Wire form, without the password."""
        return {
            "id": str(self.id),
            "email": self.email,
            "name": self.name,
            "roles": self.roles,
            "active": self.active,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class SignIn(Base):
    """One signed-in session: only the SHA-256 of its token is stored, and it is looked up on every call."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_sign_ins_user", "clinic_id", "user_id"),
    )
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(default=uuid7)
    clinic_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KeptAnswer(Base):
    """The answer first given under an Idempotency-Key, so that a repeated call gets it again."""

    __tablename__ = "kept_answers"
    __table_args__ = (sa.ForeignKeyConstraint(["clinic_id", "user_id"], ["users.clinic_id", "users.id"]),)
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[str | None]
    etag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
