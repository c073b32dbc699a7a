"""Who may do what: permissions, the table of roles, tablets, and the mark that every route carries."""

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
from server.clinics import pins, tablets
from server.clinics import service as clinics
from server.clinics.models import User
from server.db import find
from server.problems import Problem
from server.walls import entered, everywhere


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
    SYNC = "sync"
    DEVICE = "device"
    MANAGE = "manage"
    EMERGENCY = "emergency"
    REVIEW_ACCESS = "review_access"
    ASSESS = "assess"
    RATE = "rate"
    REPORT = "report"


_P = Permission
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SURGEON: frozenset(_P) - {_P.DEVICE, _P.MANAGE, _P.EMERGENCY},
    Role.NURSE: frozenset(
        {_P.READ_RECORD, _P.WRITE_PATIENT, _P.PLAN, _P.RECORD, _P.FOLLOW_UP, _P.READ_PEOPLE, _P.SYNC, _P.ASSESS, _P.SIGNED_IN}
    ),
    Role.COORDINATOR: frozenset({_P.READ_RECORD, _P.WRITE_PATIENT, _P.FOLLOW_UP, _P.READ_PEOPLE, _P.SYNC, _P.SIGNED_IN}),
    Role.RATER: frozenset({_P.RATE, _P.SIGNED_IN}),
    # An administrator manages people and reads no patient by that role alone; the journal holds patients, so not that either.
    Role.ADMIN: frozenset({_P.READ_PEOPLE, _P.SET_UP, _P.MANAGE, _P.EMERGENCY, _P.REVIEW_ACCESS, _P.SIGNED_IN}),
}
TABLET_PERMISSIONS = frozenset({_P.DEVICE, _P.SYNC})
"""Of a tablet by itself. It exchanges facts and lets people sign in; everything else is done by somebody."""

TABLET_ROLES = frozenset(role for role, permissions in ROLE_PERMISSIONS.items() if _P.SYNC in permissions)
"""Roles that sign in on tablets with a PIN: those who record or read records. A PIN opens no administration of people."""

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
    second_factor_since: datetime | None = None
    device_id: uuid.UUID | None = None
    device_seen_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that any of the roles allows. An administrator is one only with a second factor: without it she can set one up."""
        counting = [role for role in self.roles if role != Role.ADMIN or self.second_factor_since is not None]
        return frozenset({Permission.SIGNED_IN}).union(*(ROLE_PERMISSIONS[role] for role in counting))

    def may(self, permission: Permission) -> bool:
        """Whether some role allows it."""
        return permission in self.permissions

    @property
    def seen_long_ago(self) -> bool:
        """Whether the last use of the session, or of the tablet it is on, is due to be noted."""
        return _long_ago(self.last_seen_at) or (self.device_id is not None and _long_ago(self.device_seen_at))


@dataclass(frozen=True)
class Tablet:
    """A tablet that calls under its own token, nobody being signed in on it."""

    clinic_id: uuid.UUID
    clinic_name: str
    time_zone: ZoneInfo
    device_id: uuid.UUID
    device_name: str
    device_seen_at: datetime | None = None
    user_id: None = None
    revoked: bool = False

    @property
    def permissions(self) -> frozenset[Permission]:
        """What a tablet does by itself; a revoked one hands in what it has recorded, and that is put aside."""
        return frozenset({Permission.SYNC}) if self.revoked else TABLET_PERMISSIONS

    def may(self, permission: Permission) -> bool:
        """Whether it does this by itself."""
        return permission in self.permissions

    @property
    def seen_long_ago(self) -> bool:
        """Whether the tablet's call is due to be noted."""
        return _long_ago(self.device_seen_at)


Caller = Signed | Tablet


def _long_ago(seen_at: datetime | None) -> bool:
    return seen_at is None or clock.now() - seen_at > clinics.SEEN_EVERY


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


def recognise(session: Session, token: str | None, idle: timedelta, *, tablets_too: bool = True) -> Caller | None:
    """The person or the tablet behind `token`; from here on the session sees this one's clinic only."""
    if not token:
        return None
    with everywhere(session):
        caller = _person(session, token, idle) or (_tablet(session, token) if tablets_too else None)
        if caller is not None:
            session.info["actor"] = caller
            entered(session, caller.clinic_id)
    return caller


def _person(session: Session, token: str, idle: timedelta) -> Signed | None:
    found = clinics.who(session, token, idle, pins.TABLET_IDLE)
    if found is None:
        return None
    return Signed(
        user_id=found["user_id"],
        name=found["name"],
        clinic_id=found["clinic_id"],
        clinic_name=found["clinic_name"],
        time_zone=ZoneInfo(found["time_zone"]),
        roles=tuple(Role(role) for role in found["roles"]),
        sign_in_id=found["sign_in_id"],
        token_hash=found["token_hash"],
        last_seen_at=found["last_seen_at"],
        second_factor_since=found["second_factor_since"],
        device_id=found["device_id"],
        device_seen_at=found["device_seen_at"],
    )


def _tablet(session: Session, token: str) -> Tablet | None:
    found = tablets.who(session, token)
    return (
        Tablet(**{name: found[name] for name in found if name != "told"} | {"time_zone": ZoneInfo(found["time_zone"])}) if found else None
    )


def seen(session: Session, caller: Caller, header: Callable[[str], str | None]) -> None:
    """Note that somebody has called: the session, and the tablet it is on with what its headers say."""
    if isinstance(caller, Signed):
        clinics.seen(session, caller.token_hash, clock.now())
    if caller.device_id is not None:
        tablets.seen(session, caller.clinic_id, caller.device_id, header)


def may_name(session: Session, user_id: uuid.UUID) -> bool:
    """Whether a fact pushed under a tablet's own token may name this person as its recorder: one of the clinic who records.

    Whether she is still active does not matter: the fact may be older than the end of her work here. It is marked unverified anyway.
    """
    user = find(session, User, user_id)
    return user is not None and any(Permission.RECORD in ROLE_PERMISSIONS[Role(role)] for role in user.roles)


def check(caller: Caller | None, access: str) -> None:
    """Raise `not_signed_in` or `not_allowed` unless the caller may pass."""
    if access == PUBLIC:
        return
    if caller is None:
        raise Problem("not_signed_in", "Send a valid token: Authorization: Bearer …")
    if caller.may(Permission(access)):
        return
    if isinstance(caller, Tablet) and caller.revoked:
        raise Problem("not_signed_in", "This tablet was revoked. It may still push what it has recorded; pair it again to use it.")
    if isinstance(caller, Tablet):
        raise Problem("not_signed_in", "This is the tablet's own token. Sign in on the tablet with your PIN, and send the token you get.")
    if Role.ADMIN in caller.roles and caller.second_factor_since is None and Permission(access) in ROLE_PERMISSIONS[Role.ADMIN]:
        raise Problem("no_second_factor", "Administrators need a second factor. Set up an authenticator app under Your account first.")
    if access == Permission.DEVICE:
        raise Problem("not_allowed", "This is for a tablet's own token, which it got when it was paired, not for a person's.")
    raise Problem("not_allowed", f"This needs the permission {access}; your roles are {', '.join(caller.roles)}. Ask somebody who may.")
