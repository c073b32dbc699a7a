"""Guessing stopped: after wrong passwords or codes the next try waits, longer each time. Nobody is ever locked out for good.

A lock that only a person can lift would let anybody who knows an address keep its owner out; a delay that ends by itself does not. What
somebody guesses at the door does not delay whoever is signed in already, and the reverse: each place counts under its own name.
"""

import uuid
from datetime import timedelta
from hashlib import sha256
from math import ceil

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.clinics.credentials import CredentialTries
from server.clinics.models import User
from server.clinics.passwords import matches
from server.db import insert_missing, table_of
from server.problems import Counted, Problem

FREE = 4
"""Wrong tries that cost nothing: people mistype."""

WAITS_S = (30, 60, 300, 900, 3600)
"""After the fifth wrong try, the sixth…; the last one from there on. At most 31 guesses in the first day, and 24 a day later."""

FORGOTTEN = timedelta(days=1)
_TABLE = table_of(CredentialTries)


def at_the_door(address: str) -> bytes:
    """Under what tries to sign in as this address are counted, whether somebody has it or not."""
    return sha256(b"sign-in:" + address.encode()).digest()


def signed_in(user_id: uuid.UUID) -> bytes:
    """Under what tries of somebody signed in already are counted, who is asked again for her own password."""
    return sha256(b"again:" + user_id.bytes).digest()


def check(session: Session, account: bytes) -> CredentialTries:
    """The tries so far, locked until the commit, so that parallel guesses queue. Raises `too_many_tries` while the next one must wait."""
    insert_missing(session, _TABLE, {"account": account, "failures": 0, "last_at": clock.now(), "wait_until": None})
    query = sa.select(CredentialTries).where(CredentialTries.account == account).with_for_update()
    tries = session.scalars(query.execution_options(populate_existing=True)).one()
    if clock.now() - tries.last_at > FORGOTTEN:
        tries.failures, tries.wait_until = 0, None
    wait = ceil((tries.wait_until - clock.now()).total_seconds()) if tries.wait_until else 0
    if wait > 0:
        raise Problem(
            "too_many_tries",
            f"Wait {_spoken(wait)}, then try again. An administrator can send you a link for a new password at once.",
            retry_after_s=wait,
        )
    return tries


def own_password(session: Session, user: User, password: str, why: str) -> CredentialTries:
    """Somebody signed in gives her own password again; the tries, for what else is asked. Raises `too_many_tries`, `wrong_credentials`."""
    tries = check(session, signed_in(user.id))
    if not matches(user.password_hash, password):
        raise wrong(session, tries, "wrong_credentials", why)
    return tries


def wrong(session: Session, tries: CredentialTries, code: str, detail: str) -> Counted:
    """Count one more; the refusal to raise."""
    tries.failures, tries.last_at = tries.failures + 1, clock.now()
    if tries.failures > FREE:
        seconds = WAITS_S[min(tries.failures - FREE, len(WAITS_S)) - 1]
        tries.wait_until = clock.now() + timedelta(seconds=seconds)
        detail = f"{detail} After {tries.failures} wrong tries the next one has to wait {_spoken(seconds)}."
    session.execute(sa.delete(CredentialTries).where(CredentialTries.last_at < clock.now() - FORGOTTEN))
    session.flush()
    return Counted(code, detail)


def right(session: Session, tries: CredentialTries) -> None:
    """Forget them."""
    session.delete(tries)


def forget(session: Session, address: str, user_id: uuid.UUID) -> None:
    """Forget a person's tries everywhere, because she has proved herself in another way."""
    session.execute(sa.delete(CredentialTries).where(CredentialTries.account.in_((at_the_door(address), signed_in(user_id)))))


def _spoken(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{seconds} seconds" if seconds < 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"  # noqa: PLR2004  reason: a minute
