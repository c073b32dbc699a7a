"""Who of a clinic's people is told what: by mail the few who look after the work list, in browsers everybody who may."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Role
from server.access import ROLE_PERMISSIONS, Permission
from server.clinics.models import User

_IN_CHARGE = (Role.COORDINATOR, Role.NURSE, Role.SURGEON)


def in_charge(session: Session) -> Sequence[User]:
    """The coordinators; where there is none the nurses; where there is none the surgeons."""
    active = _active(session)
    return next((found for role in _IN_CHARGE if (found := [user for user in active if user.has(role)])), [])


def who_follow_up(session: Session) -> list[uuid.UUID]:
    """Everybody whose role allows it."""
    return [one.id for one in _active(session) if any(Permission.FOLLOW_UP in ROLE_PERMISSIONS[Role(role)] for role in one.roles)]


def in_charge_of_people(session: Session) -> list[uuid.UUID]:
    """The administrators: they read no patient, and know how to reach who does."""
    return [one.id for one in _active(session) if one.has(Role.ADMIN)]


def _active(session: Session) -> Sequence[User]:
    return session.scalars(sa.select(User).where(User.active.is_(True)).order_by(User.id)).all()
