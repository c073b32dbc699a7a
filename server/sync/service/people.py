"""Who stands behind a pushed row: the person signed in, or the one whom the row names."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Role
from server.access import ROLE_PERMISSIONS, Permission
from server.clinics.models import Device, User


@dataclass(frozen=True)
class Acting:
    """A person at a tablet; acts as `session.info["actor"]` too."""

    user_id: uuid.UUID
    device_id: uuid.UUID | None
    roles: tuple[Role, ...]

    def may(self, permission: Permission) -> bool:
        """Whether some role allows it."""
        return any(permission in ROLE_PERMISSIONS[role] for role in self.roles)


@dataclass(frozen=True)
class Sender:
    """Whose token a push carries, and what the tablet says of itself. Without a person it is the tablet's own token.

    `counts` are procedure → (entries recorded, highest number) as the tablet tells them. `offset_ms`: its clock minus ours.
    """

    user_id: uuid.UUID | None
    device_id: uuid.UUID | None
    roles: tuple[Role, ...] = ()
    revoked: bool = False
    device_time: datetime | None = None
    offset_ms: int | None = None
    counts: dict[uuid.UUID, tuple[int, int]] = field(default_factory=dict)

    def person(self) -> Acting | None:
        """The person signed in, if there is one."""
        return Acting(self.user_id, self.device_id, self.roles) if self.user_id else None


def named(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Role, ...]]:
    """Roles of those of these people who are of the session's clinic, whether or not they still work here."""
    if not ids:
        return {}
    query = sa.select(User.id, User.roles).where(User.clinic_id == session.info["clinic_id"], User.id.in_(ids))
    return {user_id: tuple(Role(role) for role in roles) for user_id, roles in session.execute(query)}


@contextmanager
def acting(session: Session, who: Acting) -> Iterator[None]:
    """Inside the block this person acts. What is sealed in the journal afterwards still names who sent it."""
    before = session.info.get("actor")
    session.info["actor"] = who
    try:
        yield
    finally:
        session.info["actor"] = before


def tablet_name(session: Session, device_id: uuid.UUID | None) -> str:
    """How pages and sentences call a tablet."""
    if device_id is None:
        return "A browser or program without a tablet"
    device = session.get(Device, (session.info["clinic_id"], device_id))  # asked once for each, however many rows name it
    return device.name if device else "A tablet that is not known here"


def known_devices(session: Session, ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Those of these tablets that are of the session's clinic. One paired after a backup that was restored is not."""
    query = sa.select(Device.id).where(Device.clinic_id == session.info["clinic_id"], Device.id.in_(ids))
    return frozenset(session.scalars(query)) if ids else frozenset()
