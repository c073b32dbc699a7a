"""Tables: what a clinic has set up: its protocol's versions, its own texts, pauses, where staff and systems are told."""

import uuid
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import Channel, Purpose
from server import clock
from server.canonical import instant
from server.column_types import words
from server.db import Base, InClinic, Versioned
from server.followup.models.visits import belongs_to
from server.journal.service import Journaled

IS_MOVING = sa.text("finished_at IS NULL AND superseded_at IS NULL")


class ProtocolVersion(Journaled, Base):
    """One version of a clinic's protocol, never changed; the newest is in force. Version 1 is the built-in default and has no row."""

    __tablename__ = "protocols"
    __table_args__ = (sa.UniqueConstraint("clinic_id", "number"), belongs_to("created_by", "users"))
    collection = "protocols"
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def label(self) -> str:
        """What visits carry as `protocol_version`."""
        return str(self.number)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "version": self.label,
            "content": self.content,
            "note": self.note,
            "created_by": str(self.created_by) if self.created_by else None,
            "created_at": instant(self.created_at),
        }


class ProtocolMove(InClinic, Base):
    """That the open follow-ups are being moved to a version, and how far that is. `next_at` is when the workers look at it next.

    Not journaled: the version and each follow-up that it moves are, this row only says where the workers are.
    """

    __tablename__ = "protocol_moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "number"], ["protocols.clinic_id", "protocols.number"]),
        belongs_to("created_by", "users"),
        # One at a time for each clinic; and an idle tick stays flat, however many there have been.
        sa.Index("ix_protocol_moves_moving", "clinic_id", unique=True, sqlite_where=IS_MOVING, postgresql_where=IS_MOVING),
    )
    number: Mapped[int]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """What the visits that it has moved carry as `protocol_version`."""
        return str(self.number)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "version": self.label,
            "total": self.total,
            "done": self.done,
            "finished_at": instant(self.finished_at) if self.finished_at else None,
        }


class MessageTemplate(Journaled, Versioned, Base):
    """A clinic's own text for one purpose, channel and language, instead of the built-in one. `active` false: the built-in again."""

    __tablename__ = "message_templates"
    __table_args__ = (sa.UniqueConstraint("clinic_id", "purpose", "channel", "language"),)
    collection = "message_templates"
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    language: Mapped[str]
    subject: Mapped[str | None]
    body: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "purpose": str(self.purpose),
            "channel": str(self.channel),
            "language": self.language,
            "subject": self.subject,
            "body": self.body,
            "active": self.active,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Pause(Journaled, Versioned, Base):
    """A stretch of time in which a clinic sends nothing; open while `ended_at` is empty."""

    __tablename__ = "pauses"
    __table_args__ = (belongs_to("begun_by", "users"), belongs_to("ended_by", "users"), sa.Index("ix_pauses_open", "clinic_id", "ended_at"))
    collection = "pauses"
    reason: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "reason": self.reason,
            "begun_at": instant(self.begun_at),
            "begun_by": str(self.begun_by) if self.begun_by else None,
            "ended_at": instant(self.ended_at) if self.ended_at else None,
            "ended_by": str(self.ended_by) if self.ended_by else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class WebhookEndpoint(Journaled, Versioned, Base):
    """A clinic's own system that is told of changes. The secret signs each call (Standard Webhooks) and is in no document."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (sa.UniqueConstraint("clinic_id", "url"),)
    collection = "webhook_endpoints"
    url: Mapped[str]
    secret: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)

    def document(self) -> dict[str, Any]:
        """Wire form, without the secret."""
        return {
            "id": str(self.id),
            "url": self.url,
            "active": self.active,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class PushSubscription(Journaled, Versioned, Base):
    """A browser in which a member of staff wants to be told. Its keys encrypt what is sent and are in no document."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (belongs_to("user_id", "users"), sa.UniqueConstraint("clinic_id", "endpoint"))
    collection = "push_subscriptions"
    user_id: Mapped[uuid.UUID]
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    auth: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)

    @property
    def mark(self) -> str:
        """SHA-256 of the address in hex: a page recognises its own browser by it and learns no address of another."""
        return sha256(self.endpoint.encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """Wire form, without the keys and the address, which is a capability."""
        return {
            "id": str(self.id),
            "user_id": str(self.user_id),
            "active": self.active,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }
