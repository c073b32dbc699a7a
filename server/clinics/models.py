"""Tables: clinics, users, tablets, sign-in sessions, tries of codes and PINs, answers kept for Idempotency-Key."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import DeviceState, Role, SigningPolicy
from server import clock
from server.canonical import instant
from server.column_types import words
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
    signing_policy: Mapped[SigningPolicy] = mapped_column(words(SigningPolicy), default=SigningPolicy.CODE, server_default="code")

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "name": self.name,
            "time_zone": self.time_zone,
            "locale": self.locale,
            "phone": self.phone,
            "signing_policy": str(self.signing_policy),
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
    pin_hash: Mapped[str | None]
    second_factor_since: Mapped[datetime | None]
    recovery_codes_left: Mapped[int] = mapped_column(default=0, server_default="0")
    active: Mapped[bool] = mapped_column(default=True)

    def has(self, role: Role) -> bool:
        """Whether this person holds `role`."""
        return role in self.roles

    def document(self) -> dict[str, Any]:
        """Wire form, without the password and the PIN."""
        return {
            "id": str(self.id),
            "email": self.email,
            "name": self.name,
            "roles": self.roles,
            "active": self.active,
            "pin_set": self.pin_hash is not None,
            "second_factor_since": instant(self.second_factor_since) if self.second_factor_since else None,
            "recovery_codes_left": self.recovery_codes_left,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


def _of_person(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id", column], ["users.clinic_id", "users.id"])


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"])


class Device(Journaled, Versioned, Base):
    """A tablet. Revoked once, it stays so; the same tablet paired again is another device, with a count of entries of its own."""

    __tablename__ = "devices"
    __table_args__ = (
        _of_person("paired_by"),
        _of_person("revoked_by"),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            "ux_devices_name",
            "clinic_id",
            "name",
            unique=True,
            sqlite_where=sa.text("state <> 'revoked'"),
            postgresql_where=sa.text("state <> 'revoked'"),
        ),
    )
    collection = "devices"
    name: Mapped[str]
    state: Mapped[DeviceState] = mapped_column(words(DeviceState), default=DeviceState.WAITING)
    code_hash: Mapped[bytes | None]
    code_expires_at: Mapped[datetime]
    secret_hash: Mapped[bytes | None]
    token_hash: Mapped[bytes | None]
    paired_by: Mapped[uuid.UUID]
    paired_at: Mapped[datetime | None]
    revoked_by: Mapped[uuid.UUID | None]
    revoked_at: Mapped[datetime | None]

    def document(self) -> dict[str, Any]:
        """Wire form, without code, secret and token."""
        return {
            "id": str(self.id),
            "name": self.name,
            "state": str(self.state),
            "code_expires_at": instant(self.code_expires_at),
            "paired_by": str(self.paired_by),
            "paired_at": instant(self.paired_at) if self.paired_at else None,
            "revoked_by": str(self.revoked_by) if self.revoked_by else None,
            "revoked_at": instant(self.revoked_at) if self.revoked_at else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class DeviceSighting(Base):
    """When a tablet last called, and what it said of itself then. Apart from the device, because no sighting belongs in the journal."""

    __tablename__ = "device_sightings"
    __table_args__ = (_of_device(),)
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    device_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last_seen_at: Mapped[datetime]
    app_version: Mapped[str | None]
    schema_version: Mapped[str | None]
    clock_offset_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class PinTries(Journaled, Versioned, Base):
    """Wrong PINs of one person on one tablet since the last right one; journaled, because they may be somebody else's."""

    __tablename__ = "pin_tries"
    __table_args__ = (_of_device(), _of_person("user_id"), sa.UniqueConstraint("clinic_id", "device_id", "user_id"))
    collection = "pin_tries"
    device_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    failures: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "device_id": str(self.device_id),
            "user_id": str(self.user_id),
            "failures": self.failures,
            "wait_until": instant(self.wait_until) if self.wait_until else None,
            "locked_at": instant(self.locked_at) if self.locked_at else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class WrongCode(Base):
    """A pairing code that was none, and where it came from; forgotten after ten minutes."""

    __tablename__ = "wrong_codes"
    __table_args__ = (sa.Index("ix_wrong_codes_at", "at"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class SignIn(Base):
    """One signed-in session: only the SHA-256 of its token is stored, and it is looked up on every call. `device_id`: on which tablet."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        _of_person("user_id"),
        _of_device(),
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
    device_id: Mapped[uuid.UUID | None]
    agent: Mapped[str | None]
    """What the browser or the program calls itself, for the person to recognise her sessions by."""


class KeptAnswer(Base):
    """The answer first given under an Idempotency-Key, so that a repeated call gets it again."""

    __tablename__ = "kept_answers"
    __table_args__ = (_of_person("user_id"),)
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[str | None]
    etag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
