"""Set up clinics and people; sign in and out."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import DeviceState, Role
from server import clock
from server.clinics import guessing, second_factor
from server.clinics.models import Clinic, Device, DeviceSighting, SignIn, User
from server.clinics.passwords import hash_password, matches
from server.ids import uuid7
from server.journal.service import start_chain
from server.problems import Problem
from server.walls import enter, entering, everywhere

SEEN_EVERY = timedelta(minutes=1)
_WHO = (
    sa.select(
        SignIn.id.label("sign_in_id"),
        SignIn.token_hash,
        SignIn.last_seen_at,
        SignIn.expires_at,
        SignIn.ended_at,
        User.id.label("user_id"),
        User.name,
        User.roles,
        User.active,
        User.second_factor_since,
        Clinic.id.label("clinic_id"),
        Clinic.name.label("clinic_name"),
        Clinic.time_zone,
        SignIn.device_id,
        Device.state.label("device_state"),
        DeviceSighting.last_seen_at.label("device_seen_at"),
        entering(SignIn.clinic_id).label("told"),
    )
    .join(User, sa.and_(User.clinic_id == SignIn.clinic_id, User.id == SignIn.user_id))
    .join(Clinic, Clinic.id == SignIn.clinic_id)
    .outerjoin(Device, sa.and_(Device.clinic_id == SignIn.clinic_id, Device.id == SignIn.device_id))
    .outerjoin(DeviceSighting, sa.and_(DeviceSighting.clinic_id == SignIn.clinic_id, DeviceSighting.device_id == SignIn.device_id))
    .where(SignIn.token_hash == sa.bindparam("hashed"))
    .execution_options(all_clinics=True)
)
"""Asked on every call, before it is known whose clinic it is: plain columns, no objects."""


def create_clinic(session: Session, *, name: str, time_zone: str, phone: str | None = None, demo: bool = False) -> Clinic:
    """New tenant; the session acts for it from here on. Raises ValueError for an unknown IANA time zone."""
    if not is_zone(time_zone):
        raise ValueError(f"{time_zone!r} is not an IANA time zone such as Europe/Budapest.")
    clinic = Clinic(id=uuid7(), name=name, time_zone=time_zone, phone=phone, demo=demo)
    enter(session, clinic.id)
    session.add(clinic)
    session.flush()
    start_chain(session, clinic.id)
    return clinic


def has_demo(session: Session) -> bool:
    """Whether the demo clinic is here."""
    with everywhere(session):
        return session.scalar(sa.select(Clinic.id).where(Clinic.demo).limit(1)) is not None


def is_zone(name: str) -> bool:
    """Whether it is a zone of the IANA database. `localtime` would be whatever this machine is set to."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    """Read once: the list is a walk through some six hundred files."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def create_user(session: Session, *, email: str, name: str, roles: Sequence[Role], password: str) -> User:
    """New person of the session's clinic. Raises Problem `duplicate` for a known address, ValueError for a short password."""
    address = email.strip().casefold()
    if by_address(session, address):
        raise Problem("duplicate", f"Somebody already signs in as {address}.")
    user = User(email=address, name=name, roles=[str(role) for role in roles], password_hash=hash_password(password))
    session.add(user)
    session.flush()
    return user


def by_address(session: Session, address: str) -> User | None:
    """Who signs in with this address, in whatever clinic."""
    with everywhere(session):
        return session.scalar(sa.select(User).where(User.email == address.strip().casefold()).execution_options(all_clinics=True))


def people(session: Session) -> Sequence[User]:
    """Everybody of the clinic, by name."""
    return session.scalars(sa.select(User).order_by(User.name, User.id)).all()


def surgeons(session: Session) -> Sequence[User]:
    """Who operates in this clinic, or did, by name."""
    return [one for one in people(session) if Role.SURGEON in one.roles]


def zone_of(session: Session) -> ZoneInfo:
    """Time zone of the session's clinic."""
    return ZoneInfo(current(session).time_zone)


def today(session: Session) -> date:
    """The day that it is in the clinic."""
    return clock.now().astimezone(zone_of(session)).date()


def current(session: Session) -> Clinic:
    """The session's clinic."""
    return session.get_one(Clinic, session.info["clinic_id"])


def sign_in(
    session: Session,
    *,
    email: str,
    password: str,
    lasts: timedelta,
    code: str | None = None,
    device_id: uuid.UUID | None = None,
    agent: str | None = None,
) -> tuple[str, SignIn, User]:
    """Check password and second factor and open a session; returns its token, which is shown this once.

    On a tablet (`device_id`, of the session's clinic) only this clinic's people sign in. Raises `wrong_credentials` and
    `wrong_second_factor`, which are counted, `code_required`, and `too_many_tries` without looking at anything.
    """
    address = email.strip().casefold()
    tries = guessing.check(session, guessing.at_the_door(address))
    user = by_address(session, address)
    right = matches(user.password_hash if user else None, password)
    elsewhere = device_id is not None and user is not None and user.clinic_id != session.info["clinic_id"]
    if user is None or not right or not user.active or elsewhere:
        raise guessing.wrong(session, tries, "wrong_credentials", "Check both and try again.")
    enter(session, user.clinic_id)
    second_factor.at_sign_in(session, tries, user, code)
    guessing.right(session, tries)
    token, row = open_session(session, user, lasts, device_id=device_id, agent=agent)
    return token, row, user


def open_session(
    session: Session, user: User, lasts: timedelta, *, device_id: uuid.UUID | None = None, agent: str | None = None
) -> tuple[str, SignIn]:
    """A session of a person who is known to be this one; returns its token."""
    token = secrets.token_urlsafe(32)
    row = SignIn(
        token_hash=token_hash(token),
        clinic_id=user.clinic_id,
        user_id=user.id,
        created_at=clock.now(),
        last_seen_at=clock.now(),
        expires_at=clock.now() + lasts,
        device_id=device_id,
        agent=agent,
    )
    session.add(row)
    return token, row


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode(errors="replace")).digest()


def who(session: Session, token: str, idle: timedelta, idle_on_tablet: timedelta) -> sa.RowMapping | None:
    """Columns of the person behind a token (see `_WHO`), or None when it is unknown, ended, idle, expired, or on a revoked tablet."""
    found = session.connection().execute(_WHO, {"hashed": token_hash(token)}).mappings().one_or_none()
    if found is None:
        return None
    now = clock.now()
    if found["device_id"] is not None:
        idle = min(idle, idle_on_tablet)
        if found["device_state"] != DeviceState.PAIRED:
            return None
    alive = found["ended_at"] is None and now < found["expires_at"] and now < found["last_seen_at"] + idle
    return found if alive and found["active"] else None


def seen(session: Session, hashed: bytes, at: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    session.execute(sa.update(SignIn).where(SignIn.token_hash == hashed, SignIn.last_seen_at < at).values(last_seen_at=at))


def sign_out(session: Session, sign_in_id: uuid.UUID) -> None:
    """End a session at once."""
    session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(ended_at=clock.now()))
