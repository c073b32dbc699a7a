"""A clinic's Ed25519 signing key: private half in a file outside the database, public half and its history inside."""

import base64
import os
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy.orm import Session

from server import clock
from server.canonical import instant
from server.ids import uuid7
from server.journal import verifier
from server.journal.models import SigningKey
from server.journal.service import enter
from server.problems import Problem


def key_id_of(public: bytes) -> str:
    """Sixteen hex digits of the public key's SHA-256."""
    return sha256(public).hexdigest()[:16]


def _file(folder: Path, clinic_id: uuid.UUID, key_id: str) -> Path:
    return folder / str(clinic_id) / f"{key_id}.key"


def current(session: Session, folder: Path) -> tuple[str, str, Ed25519PrivateKey]:
    """(key id, public key in base64, private key) of the session's clinic; made at the first signature.

    Raises Problem `unavailable` when the database knows a key whose file is missing: a lost key is for a person to see.
    """
    clinic_id: uuid.UUID = session.info["clinic_id"]
    row = session.scalar(sa.select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at.desc()).limit(1))
    if row is None:
        return _create(session, folder, clinic_id)
    path = _file(folder, clinic_id, row.key_id)
    try:
        private = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError):
        raise Problem(
            "unavailable", f"The clinic's signing key {row.key_id} is missing from GRAFTLOG_KEYS on this machine; restore it from a backup."
        ) from None
    return row.key_id, row.public_key, private


def _create(session: Session, folder: Path, clinic_id: uuid.UUID) -> tuple[str, str, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_id = key_id_of(public)
    keep(_file(folder, clinic_id, key_id), private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    session.add(SigningKey(key_id=key_id, public_key=verifier.b64(public)))
    return key_id, verifier.b64(public), private


def keep(path: Path, secret: bytes) -> None:
    """Write a new key's file, for its owner only; on return it survives a power cut, under its name."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def rotate(session: Session, folder: Path) -> tuple[str, str]:
    """(retired key id, new key id): from now on another key signs. What the old one signed stays valid, and its public half published.

    The journal gets a row in which the old key names its successor, so nobody without it can slip in a key of his own unseen.
    """
    old_id, _, old = current(session, folder)
    retired = session.scalars(sa.select(SigningKey).where(SigningKey.key_id == old_id)).one()
    retired.retired_at = clock.now()
    session.flush()
    new_id, public, _ = _create(session, folder, session.info["clinic_id"])
    row = uuid7()
    said = {
        "id": str(row),
        "key_id": new_id,
        "public_key": public,
        "previous": old_id,
        "signature": verifier.b64(old.sign(public.encode())),
    }
    enter(session, session.info["clinic_id"], {("signing_keys", row): ("rotate", None, said)})
    return old_id, new_id


def published(session: Session, clinic_id: uuid.UUID) -> list[dict[str, Any]]:
    """All public keys that the clinic ever had, the oldest first."""
    rows = sa.select(SigningKey).where(SigningKey.clinic_id == clinic_id).order_by(SigningKey.created_at)
    return [
        {
            "key_id": key.key_id,
            "public_key": key.public_key,
            "created_at": instant(key.created_at),
            "retired_at": instant(key.retired_at) if key.retired_at else None,
        }
        for key in session.scalars(rows, execution_options={"all_clinics": True})
    ]


def missing(session: Session, folder: Path) -> list[str]:
    """Ids of the keys in use, of all clinics, whose file is not there."""
    in_use = sa.select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at)
    rows = session.scalars(in_use, execution_options={"all_clinics": True})
    return [row.key_id for row in rows if not _file(folder, row.clinic_id, row.key_id).exists()]


def is_valid(public_key: str, signature: str, manifest: str) -> bool:
    """Whether `signature` (base64) is this key's over the manifest's exact bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(base64.b64decode(signature), manifest.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
