"""Photographs from before photographs were encrypted: workers encrypt them, one after the other, and any may leave off at any moment."""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.config import Config
from server.db import Database
from server.photos.models import PatientKey, PlainPhoto
from server.photos.picture import Unusable
from server.photos.service import thumbnails
from server.photos.service.vault import CONTENT, Vault, to_write
from server.problems import Problem

log = logging.getLogger("graftlog.photos")
KEY_AGE = timedelta(days=1)
"""A backup that read the database before the key was made and the store after the photograph was encrypted would hold a photograph
that nothing opens. None takes so long."""
LEASE = timedelta(minutes=5)
WAIT = timedelta(hours=1)


def encrypt_waiting(db: Database, config: Config, go_on: Callable[[], bool] = lambda: True) -> int:
    """Encrypt what lies plain, until there is nothing to do now or `go_on` says no; how many photographs."""
    total = 0
    while go_on():
        turn = _claim(db)
        if turn is None:
            break
        total += _encrypt_one(db, config, *turn)
    return total


def _claim(db: Database) -> tuple[uuid.UUID, uuid.UUID] | None:
    """(clinic, photograph) under a lease."""
    waits = sa.select(PlainPhoto).where(PlainPhoto.next_at <= clock.now()).order_by(PlainPhoto.next_at).limit(1)
    with db.transaction(write=False, everywhere=True) as session:
        first = session.scalar(waits)
    if first is None:
        return None
    with db.transaction(first.clinic_id) as session:
        row = session.scalar(waits.where(PlainPhoto.clinic_id == first.clinic_id).with_for_update(skip_locked=True))
        if row is None:
            return None
        row.next_at = clock.now() + LEASE
        return row.clinic_id, row.photo_id


def _encrypt_one(db: Database, config: Config, clinic_id: uuid.UUID, photo_id: uuid.UUID) -> bool:
    try:
        vault = to_write(db, config, clinic_id, photo_id)
        ripe = _ripe_at(db, vault)
        if ripe <= clock.now():
            _encrypt(vault)
    except Exception as error:  # noqa: BLE001  reason: one photograph that cannot be read must not hold up the others
        problem = str(error) if isinstance(error, Unusable | Problem) else type(error).__name__
        log.error("photo %s could not be encrypted: %s", photo_id, problem)  # noqa: TRY400  reason: a trace says no more
        _put_off(db, clinic_id, photo_id, clock.now() + WAIT, problem[:500])
        return False
    if ripe > clock.now():
        _put_off(db, clinic_id, photo_id, ripe, None)
        return False
    with db.transaction(clinic_id) as session:
        session.execute(sa.delete(PlainPhoto).where(*_is(clinic_id, photo_id)))
    return True


def _ripe_at(db: Database, vault: Vault) -> datetime:
    with db.transaction(vault.owner.clinic_id, write=False) as session:
        return session.get_one(PatientKey, (vault.owner.clinic_id, vault.owner.patient_id)).created_at + KEY_AGE


def _encrypt(vault: Vault) -> None:
    """In place, each object whole or not at all. Thumbnails are made anew: nothing says that those in the store are of this photograph."""
    content = thumbnails.read(vault)
    vault.put(CONTENT, content)
    thumbnails.make(vault, content)


def _put_off(db: Database, clinic_id: uuid.UUID, photo_id: uuid.UUID, to: datetime, problem: str | None) -> None:
    with db.transaction(clinic_id) as session:
        session.execute(sa.update(PlainPhoto).where(*_is(clinic_id, photo_id)).values(next_at=to, problem=problem))


def _is(clinic_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return PlainPhoto.clinic_id == clinic_id, PlainPhoto.photo_id == photo_id


def left(session: Session) -> tuple[int, int]:
    """(photographs of all clinics that may lie plain, those of them that could not be encrypted)."""
    counts = sa.select(sa.func.count(), sa.func.count(PlainPhoto.problem)).select_from(PlainPhoto)
    plain, failed = session.execute(counts).one()
    return plain, failed
