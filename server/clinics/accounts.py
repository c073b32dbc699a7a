"""A person's account: invite, change roles, end; password changed or set anew by a one-time link; sessions listed and ended."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import Role, SigningPolicy
from server import clock, walls
from server.clinics import guessing, passwords, second_factor
from server.clinics.credentials import ResetLink
from server.clinics.models import Clinic, SignIn, User
from server.clinics.service import create_user, current, people, token_hash
from server.db import find
from server.journal.service import enter, say
from server.problems import Problem, invalid

LINK_LASTS = timedelta(hours=24)


def change_password(session: Session, user: User, *, password: str, new_password: str, code: str | None = None) -> None:
    """The person's own new password; her other sessions end. Raises `wrong_credentials`, `code_required`, `invalid` for an easy one."""
    tries = guessing.own_password(session, user, password, "Changing the password asks for the present one.")
    second_factor.at_sign_in(session, tries, user, code)
    guessing.right(session, tries)
    _put_password(session, user, new_password, "change_password")
    end_sessions(session, user, but=session.info["actor"].sign_in_id)


def _put_password(session: Session, user: User, password: str, action: str) -> None:
    why = passwords.weakness(password, (user.name, user.email, current(session).name))
    if why:
        raise invalid("/new_password", why)
    user.password_hash = passwords.hash_password(password)
    say(session, user, action)
    session.flush()


def invite(session: Session, *, email: str, name: str, roles: Sequence[Role]) -> tuple[User, ResetLink, str]:
    """(new person, the link with which she sets her first password, its token). Raises `duplicate`."""
    user = create_user(session, email=email, name=name, roles=roles, password=secrets.token_urlsafe(32))
    return user, *issue_link(session, user)


def issue_link(session: Session, user: User, *, drops_second_factor: bool = False) -> tuple[ResetLink, str]:
    """(the link, its token, shown this once) with which the person sets a new password; earlier links end.

    `drops_second_factor` for somebody who has lost her authenticator and her recovery codes: she sets up another one afterwards.
    """
    for earlier in session.scalars(sa.select(ResetLink).where(ResetLink.user_id == user.id, ResetLink.used_at.is_(None))):
        earlier.expires_at = min(earlier.expires_at, clock.now())
    token, actor = secrets.token_urlsafe(32), session.info.get("actor")
    link = ResetLink(
        user_id=user.id,
        made_by=actor.user_id if actor else None,
        token_hash=token_hash(token),
        drops_second_factor=drops_second_factor,
        expires_at=clock.now() + LINK_LASTS,
    )
    session.add(link)
    session.flush()
    return link, token


def use_link(session: Session, *, token: str, new_password: str) -> User:
    """Set the password that the link is for. All sessions of the person end, and what was guessed at her account is forgotten.

    Raises `wrong_link`, alike for unknown, used and expired ones; `invalid` for an easy password, and the link still works then.
    """
    query = sa.select(ResetLink).where(ResetLink.token_hash == token_hash(token)).with_for_update()
    with walls.everywhere(session):
        link = session.scalar(query.execution_options(all_clinics=True))
    if link is None or link.used_at or clock.now() >= link.expires_at:
        raise Problem("wrong_link", "It works once and for 24 hours. Ask an administrator for a new one.")
    walls.enter(session, link.clinic_id)
    user = session.get_one(User, (link.clinic_id, link.user_id))
    if not user.active:
        raise Problem("wrong_link", "This account has ended. Ask an administrator.")
    _put_password(session, user, new_password, "reset_password")
    if link.drops_second_factor:
        second_factor.drop(session, user)
    link.used_at = clock.now()
    say(session, link, "use")
    guessing.forget(session, user.email, user.id)
    end_sessions(session, user)
    session.flush()
    return user


def change(session: Session, user: User, fields: dict[str, Any]) -> None:
    """Name, roles, whether she still works here. Ending it ends her sessions. The clinic keeps an active administrator: `conflict`."""
    for name, value in fields.items():
        setattr(user, name, [str(role) for role in value] if name == "roles" else value)
    session.flush()
    if not any(one.active and one.has(Role.ADMIN) for one in people(session)):
        raise Problem("conflict", "The clinic would be left without an administrator. Make somebody else one first.")
    if not user.active:
        end_sessions(session, user)


def sessions(session: Session, user_id: uuid.UUID, idle: timedelta) -> Sequence[SignIn]:
    """A person's sessions that are alive, the newest first."""
    now = clock.now()
    alive = (SignIn.ended_at.is_(None), SignIn.expires_at > now, SignIn.last_seen_at > now - idle)
    query = sa.select(SignIn).where(SignIn.clinic_id == session.info["clinic_id"], SignIn.user_id == user_id, *alive)
    return session.scalars(query.order_by(SignIn.created_at.desc(), SignIn.id)).all()


def end_session(session: Session, user_id: uuid.UUID, sign_in_id: uuid.UUID) -> bool:
    """End one of a person's sessions at once; whether there was such a one."""
    mine = (SignIn.clinic_id == session.info["clinic_id"], SignIn.user_id == user_id, SignIn.id == sign_in_id)
    row = session.scalar(sa.select(SignIn).where(*mine))
    if row is not None:
        row.ended_at = row.ended_at or clock.now()
    return row is not None


def end_sessions(session: Session, user: User, *, but: uuid.UUID | None = None) -> None:
    """End all of a person's sessions, except the one named."""
    alive = (SignIn.clinic_id == user.clinic_id, SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    others = (SignIn.id != but,) if but else ()
    session.execute(sa.update(SignIn).where(*alive, *others).values(ended_at=clock.now()))


def set_signing_policy(session: Session, policy: SigningPolicy) -> Clinic:
    """What a signature asks for besides the password, from now on. The clinic has no row in the journal's tables, so it is entered here."""
    clinic = current(session)
    if clinic.signing_policy != policy:
        clinic.signing_policy = policy
        session.flush()
        enter(session, clinic.id, {("clinics", clinic.id): ("set_signing_policy", clinic.write_id, clinic.document())})
    return clinic


def read_user(session: Session, user_id: uuid.UUID) -> User | None:
    """The clinic's person."""
    return find(session, User, user_id)


def locked_user(session: Session, user_id: uuid.UUID) -> User | None:
    """The clinic's person, kept from other writers until the commit."""
    return find(session, User, user_id, lock=True)
