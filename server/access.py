"""Who may do what: permissions, the table of roles, and the mark that every route carries."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from schemas.vocabulary import Role
from server import clock
from server.clinics import service as clinics
from server.problems import Problem


class Permission(StrEnum):
    """What a route asks for."""

    READ_RECORD = "read_record"
    WRITE_PATIENT = "write_patient"
    PLAN = "plan"
    RECORD = "record"
    SIGN = "sign"
    FOLLOW_UP = "follow_up"
    SET_UP = "set_up"
    READ_JOURNAL = "read_journal"
    READ_PEOPLE = "read_people"
    SIGNED_IN = "signed_in"


_P = Permission
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SURGEON: frozenset(_P),
    Role.NURSE: frozenset({_P.READ_RECORD, _P.WRITE_PATIENT, _P.PLAN, _P.RECORD, _P.FOLLOW_UP, _P.READ_PEOPLE, _P.SIGNED_IN}),
    Role.COORDINATOR: frozenset({_P.READ_RECORD, _P.WRITE_PATIENT, _P.FOLLOW_UP, _P.READ_PEOPLE, _P.SIGNED_IN}),
    Role.RATER: frozenset({_P.SIGNED_IN}),
    # An administrator manages people and reads no patient by that role alone; the journal holds patients, so not that either.
    Role.ADMIN: frozenset({_P.READ_PEOPLE, _P.SET_UP, _P.SIGNED_IN}),
}
PUBLIC = "public"


@dataclass(frozen=True)
class Signed:
    """The person acting in this request."""

    user_id: uuid.UUID
    name: str
    clinic_id: uuid.UUID
    clinic_name: str
    time_zone: ZoneInfo
    roles: tuple[Role, ...]
    sign_in_id: uuid.UUID
    token_hash: bytes
    last_seen_at: datetime
    device_id: uuid.UUID | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that any of the roles allows."""
        return frozenset().union(*(ROLE_PERMISSIONS[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether some role allows it."""
        return permission in self.permissions

    @property
    def seen_long_ago(self) -> bool:
        """Whether the session's last use is due to be noted."""
        return clock.now() - self.last_seen_at > clinics.SEEN_EVERY


View = TypeVar("View", bound=Callable[..., Any])


def allow(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the permission it needs; a view without a mark keeps the application from starting."""

    def mark(view: View) -> View:
        view.__access__ = permission  # type: ignore[attr-defined]  # reason: the mark itself
        return view

    return mark


def public(view: View) -> View:
    """Mark a view that anyone may call."""
    view.__access__ = PUBLIC  # type: ignore[attr-defined]  # reason: the mark itself
    return view


def recognise(session: Session, token: str | None, idle: timedelta) -> Signed | None:
    """The person behind `token`; from here on the session sees this person's clinic only."""
    found = clinics.who(session, token, idle) if token else None
    if found is None:
        return None
    person = Signed(
        user_id=found["user_id"],
        name=found["name"],
        clinic_id=found["clinic_id"],
        clinic_name=found["clinic_name"],
        time_zone=ZoneInfo(found["time_zone"]),
        roles=tuple(Role(role) for role in found["roles"]),
        sign_in_id=found["sign_in_id"],
        token_hash=found["token_hash"],
        last_seen_at=found["last_seen_at"],
    )
    session.info.update(clinic_id=person.clinic_id, actor=person)
    return person


def check(person: Signed | None, access: str) -> None:
    """Raise `not_signed_in` or `not_allowed` unless `person` may pass."""
    if access == PUBLIC:
        return
    if person is None:
        raise Problem("not_signed_in", "Send a valid token: Authorization: Bearer …")
    if not person.may(Permission(access)):
        raise Problem("not_allowed", f"This needs the permission {access}; your roles are {', '.join(person.roles)}. Ask somebody who may.")
