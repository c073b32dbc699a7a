"""The patient's link: a token derived from a key file, so that every message about a visit carries the same; only its hash is stored."""

import hmac
import os
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.config import Config
from server.db import insert_missing, table_of
from server.followup.models import Link

KEY_FILE = "link.key"
OUTLIVES_WINDOW = timedelta(days=28)
"""A late answer is better than none."""
_KEY_BYTES, _TOKEN_BYTES = 32, 16
_LINKS = table_of(Link)


@cache
def _key(folder: Path) -> bytes:
    """The key of this installation; made once, by whoever comes first."""
    path = folder / KEY_FILE
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{KEY_FILE}.{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails where a key is there already, and never leaves half of one
        finally:
            draft.unlink()
    return path.read_bytes()


def token_of(folder: Path, clinic_id: uuid.UUID, visit_id: uuid.UUID, serial: int) -> str:
    """128 bits that nobody can guess without the key file, as 22 letters that survive any mail program."""
    mac = hmac.new(_key(folder), f"{clinic_id}|{visit_id}|{serial}".encode(), sha256)
    return urlsafe_b64encode(mac.digest()[:_TOKEN_BYTES]).rstrip(b"=").decode()


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode(errors="replace")).digest()


def address_of(config: Config, token: str) -> str:
    """Where the patient's page is."""
    return f"{config.public_url}/v/{token}"


def ensure(session: Session, config: Config, visits: Mapping[uuid.UUID, tuple[uuid.UUID, datetime]]) -> dict[uuid.UUID, str]:
    """The addresses of these visits' links, made where there is none. `visits`: id → (patient, when the link ends)."""
    if not visits:
        return {}
    clinic_id: uuid.UUID = session.info["clinic_id"]
    known = sa.select(_LINKS.c.visit_id, _LINKS.c.serial, _LINKS.c.revoked_at, _LINKS.c.expires_at).where(
        _LINKS.c.clinic_id == clinic_id, _LINKS.c.visit_id.in_(list(visits))
    )
    serials: dict[uuid.UUID, tuple[int, bool]] = {}
    for visit_id, serial, revoked_at, expires_at in session.connection().execute(known):
        if serial >= serials.get(visit_id, (0, True))[0]:
            serials[visit_id] = (serial, revoked_at is None and expires_at >= visits[visit_id][1])
    addresses, fresh = {}, []
    for visit_id, (patient_id, ends) in visits.items():
        serial, alive = serials.get(visit_id, (0, False))
        token = token_of(config.keys, clinic_id, visit_id, serial if alive else serial + 1)
        addresses[visit_id] = address_of(config, token)
        if not alive:
            fresh.append(
                {
                    "token_hash": hash_of(token),
                    "clinic_id": clinic_id,
                    "visit_id": visit_id,
                    "patient_id": patient_id,
                    "serial": serial + 1,
                    "created_at": clock.now(),
                    "expires_at": ends,
                }
            )
    if fresh:
        # Mail and text message about one visit may begin at the same moment; in one order, so that they never wait for each other.
        insert_missing(session, _LINKS, sorted(fresh, key=lambda row: bytes(row["token_hash"])))
    return addresses


def revoke(session: Session, visit_id: uuid.UUID) -> None:
    """End all links of a visit; the next message carries a new one."""
    session.execute(
        sa.update(Link)
        .where(Link.clinic_id == session.info["clinic_id"], Link.visit_id == visit_id, Link.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def find_link(session: Session, token: str) -> Link | None:
    """The link behind a token, of whatever clinic, ended ones included; None for a token that never was."""
    return session.get(Link, hash_of(token))
