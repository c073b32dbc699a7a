"""PINs: set one's own, sign in with it on a tablet, growing delays and the lock after five wrong ones."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import DeviceState
from server import clock
from server.clinics import guessing
from server.clinics.models import Device, PinTries, SignIn, User
from server.clinics.passwords import hash_pin, matches
from server.clinics.rules import weakness
from server.clinics.service import open_session
from server.db import find
from server.journal.service import say
from server.problems import Counted, Problem, invalid

TABLET_IDLE = timedelta(minutes=30)
"""How long a person's session on a tablet lives unused: half of a desk's, because a tablet is handed round and lies about, and longer
than any step of a case takes without an entry, so that a case does not end up under the tablet's own token."""

WAITS_S = (1, 5, 15, 60)
"""Before the next try, after the first, second… wrong PIN."""

MOST_WRONG = len(WAITS_S) + 1


def set_pin(session: Session, user: User, *, password: str, pin: str) -> None:
    """A person's own new PIN; what was tried against the old one is forgotten. Raises `wrong_credentials`, `invalid` for an easy one."""
    guessing.right(session, guessing.own_password(session, user, password, "Setting a PIN asks for your own password again."))
    why = weakness(pin)
    if why:
        raise invalid("/pin", f"This PIN is easily guessed: {why}. Choose another one.")
    put_pin(session, user, pin)
    for tries in session.scalars(sa.select(PinTries).where(PinTries.user_id == user.id, PinTries.failures > 0)):
        _forget(session, tries, "lift")


def put_pin(session: Session, user: User, pin: str) -> None:
    """Store a PIN."""
    user.pin_hash = hash_pin(pin)
    say(session, user, "set_pin")
    session.flush()


def sign_in(
    session: Session, *, device_id: uuid.UUID, user_id: uuid.UUID, pin: str, roles: Collection[str], lasts: timedelta
) -> tuple[str, SignIn, User]:
    """Check the PIN and open a session of this person, who holds one of `roles`, on this tablet; others on it stay signed in.

    Raises `wrong_pin`, which is counted, alike and in the same time for an unknown person, one without a PIN, and a wrong PIN; `pin_locked`
    and `too_many_tries` without looking at the PIN.
    """
    # The weakest lock that makes tries wait for each other; facts that name the person go on meanwhile.
    user = session.scalar(sa.select(User).where(User.id == user_id, User.active).with_for_update(key_share=True))
    user = user if user and set(roles) & set(user.roles) else None
    tries = _tries(session, device_id, user_id) if user else None
    if tries is not None:
        _check(tries)
    right = matches(user.pin_hash if user else None, pin)
    if user is None or not right:
        if user is not None:
            _count(session, tries or PinTries(device_id=device_id, user_id=user.id, failures=0))
        raise Counted(
            "wrong_pin",
            f"After {MOST_WRONG} wrong PINs it is locked on this tablet; sign in with the password then, or ask an administrator.",
        )
    if tries is not None and tries.failures:
        _forget(session, tries, "forget")
    token, row = open_session(session, user, lasts, device_id=device_id)
    return token, row, user


def _tries(session: Session, device_id: uuid.UUID, user_id: uuid.UUID) -> PinTries | None:
    return session.scalar(sa.select(PinTries).where(PinTries.device_id == device_id, PinTries.user_id == user_id))


def _check(tries: PinTries) -> None:
    if tries.locked_at:
        raise Problem("pin_locked", "Sign in with the password on this tablet, or ask an administrator to lift the lock.")
    wait = (tries.wait_until - clock.now()).total_seconds() if tries.wait_until else 0
    if wait > 0:
        raise Problem("too_many_tries", "Wait a little before the next PIN.", retry_after_s=int(wait) + 1)


def _count(session: Session, tries: PinTries) -> None:
    tries.failures += 1
    locked = tries.failures >= MOST_WRONG
    tries.locked_at = clock.now() if locked else None
    tries.wait_until = None if locked else clock.now() + timedelta(seconds=WAITS_S[tries.failures - 1])
    session.add(tries)
    session.flush()
    say(session, tries, "lock" if locked else "wrong_pin")


def _forget(session: Session, tries: PinTries, action: str) -> None:
    tries.failures, tries.wait_until, tries.locked_at = 0, None, None
    say(session, tries, action)
    session.flush()


def signed_in_otherwise(session: Session, *, device_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """A password has proved on the tablet who the person is: what was tried there is forgotten."""
    tries = _tries(session, device_id, user_id)
    if tries is not None and tries.failures:
        _forget(session, tries, "lift")


def locks(session: Session) -> Sequence[tuple[PinTries, User, Device]]:
    """Who is locked out, and where; the newest first."""
    query = (
        sa.select(PinTries, User, Device)
        .join(User, sa.and_(User.clinic_id == PinTries.clinic_id, User.id == PinTries.user_id))
        .join(Device, sa.and_(Device.clinic_id == PinTries.clinic_id, Device.id == PinTries.device_id))
        .where(PinTries.locked_at.is_not(None), Device.state == DeviceState.PAIRED)
        .order_by(PinTries.locked_at.desc(), PinTries.id)
    )
    return [(tries, user, device) for tries, user, device in session.execute(query)]


def lift(session: Session, tries_id: uuid.UUID) -> PinTries | None:
    """Let the person try again; None where there is no lock."""
    tries = find(session, PinTries, tries_id, lock=True)
    if tries is None or not tries.locked_at:
        return None
    _forget(session, tries, "lift")
    return tries


def people_of(session: Session, device_id: uuid.UUID, roles: Collection[str]) -> list[tuple[User, bool]]:
    """(person, whether locked out on this tablet) of all active people who hold one of `roles`, by name."""
    locked = set(session.scalars(sa.select(PinTries.user_id).where(PinTries.device_id == device_id, PinTries.locked_at.is_not(None))))
    people = session.scalars(sa.select(User).where(User.active).order_by(User.name, User.id))
    return [(user, user.id in locked) for user in people if set(user.roles) & set(roles)]
