"""Keys of photographs: one for each patient, wrapped in the database; what unwraps it is a file of the clinic, outside of the database."""

import secrets
import uuid
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from server import clock
from server.clinics.models import Clinic
from server.ids import uuid7
from server.journal.keys import keep
from server.journal.service import enter
from server.photos.models import MasterKey, PatientKey
from server.photos.sealing import KEY_BYTES
from server.problems import Problem

_NONCE = 12


def file_of(folder: Path, clinic_id: uuid.UUID, key_id: str) -> Path:
    """Where a clinic's master key lies."""
    return folder / str(clinic_id) / f"photos-{key_id}.key"


def find(session: Session, folder: Path, patient_id: uuid.UUID) -> bytes | None:
    """The key of a patient of the session's clinic; None where none was made yet. Raises `unavailable`, `damaged`."""
    row = session.get(PatientKey, (session.info["clinic_id"], patient_id))
    return unwrapped(row, folder) if row else None


def ensure(session: Session, folder: Path, patient_id: uuid.UUID) -> bytes:
    """The same, made now where there is none. The transaction must write."""
    _alone(session)
    found = find(session, folder, patient_id)
    if found:
        return found
    clinic_id: uuid.UUID = session.info["clinic_id"]
    master = current(session) or _create(session, folder, total=0)
    secret, row = secrets.token_bytes(KEY_BYTES), PatientKey(clinic_id=clinic_id, patient_id=patient_id)
    wrap(row, secret, master, folder)
    session.add(row)
    session.flush()
    return secret


def _alone(session: Session) -> None:
    """Whoever makes keys in this clinic waits for whoever does so already: else two would be the first, or one made under a retired key."""
    session.execute(sa.select(Clinic.id).where(Clinic.id == session.info["clinic_id"]).with_for_update(key_share=True))


def current(session: Session) -> MasterKey | None:
    """The clinic's master key."""
    mine = sa.select(MasterKey).where(MasterKey.clinic_id == session.info["clinic_id"], MasterKey.retired_at.is_(None))
    return session.scalar(mine)


def _create(session: Session, folder: Path, *, total: int) -> MasterKey:
    clinic_id, key_id = session.info["clinic_id"], secrets.token_hex(8)
    keep(file_of(folder, clinic_id, key_id), secrets.token_bytes(KEY_BYTES))
    made = MasterKey(clinic_id=clinic_id, key_id=key_id, total=total, finished_at=None if total else clock.now())
    session.add(made)
    session.flush()
    return made


def rotate(session: Session, folder: Path) -> MasterKey:
    """A new master key, under which workers wrap the patients' keys anew. The old one's file is needed until they have, and stays.

    Raises `conflict` where no photograph ever was.
    """
    _alone(session)
    old, clinic_id = current(session), session.info["clinic_id"]
    if old is None:
        raise Problem("conflict", "The clinic has no photo key yet; the first photo makes it.")
    old.retired_at = clock.now()
    new = _create(session, folder, total=session.scalar(sa.select(sa.func.count()).where(PatientKey.clinic_id == clinic_id)) or 0)
    row = uuid7()
    said = {"id": str(row), "key_id": new.key_id, "previous": old.key_id}
    enter(session, clinic_id, {("photo_keys", row): ("rotate", None, said)})
    return new


def wrap(row: PatientKey, secret: bytes, master: MasterKey, folder: Path) -> None:
    """Put a patient's key into its row, wrapped. Raises `unavailable`."""
    nonce = secrets.token_bytes(_NONCE)
    row.key_id = master.key_id
    row.wrapped = nonce + _cipher(folder, row.clinic_id, row.key_id).encrypt(nonce, secret, _said(row))


def unwrapped(row: PatientKey, folder: Path) -> bytes:
    """A patient's key. Raises `unavailable` when the master key's file is missing, `damaged` when it does not open the row."""
    try:
        return _cipher(folder, row.clinic_id, row.key_id).decrypt(row.wrapped[:_NONCE], row.wrapped[_NONCE:], _said(row))
    except (InvalidTag, ValueError):
        raise Problem(
            "damaged", f"The clinic's photo key {row.key_id} does not open this patient's key: its file or the database was changed."
        ) from None


def _cipher(folder: Path, clinic_id: uuid.UUID, key_id: str) -> AESGCM:
    try:
        return AESGCM(file_of(folder, clinic_id, key_id).read_bytes())
    except (OSError, ValueError):
        raise Problem(
            "unavailable", f"The clinic's photo key {key_id} is missing from GRAFTLOG_KEYS on this machine; restore it from a backup."
        ) from None


def _said(row: PatientKey) -> bytes:
    return f"{row.clinic_id}\n{row.patient_id}\n{row.key_id}".encode()


def missing(session: Session, folder: Path) -> list[str]:
    """Ids of the master keys, of all clinics, that wrap some patient's key and whose file is not there."""
    in_use = sa.select(PatientKey.clinic_id, PatientKey.key_id).distinct().order_by(PatientKey.clinic_id, PatientKey.key_id)
    return [key_id for clinic_id, key_id in session.execute(in_use) if not file_of(folder, clinic_id, key_id).exists()]
