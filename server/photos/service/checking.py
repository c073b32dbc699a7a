"""Whether every photograph that the record has is in the store, whole: each is opened and hashed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import PhotoState
from server import clock
from server.config import Config
from server.db import Database, insert_missing, table_of
from server.photos.models import PatientKey, Photo, PlainPhoto
from server.photos.service import keys
from server.photos.service.vault import CONTENT, Owner, Vault
from server.photos.store import Missing, Store, open_store
from server.problems import Problem

_P, _K, _PLAIN = table_of(Photo), table_of(PatientKey), table_of(PlainPhoto)
_AT_A_TIME = 500


class _Found(StrEnum):
    WHOLE = "whole"
    PLAIN = "plain"
    LOST = "lost"
    CLOSED = "closed"


@dataclass
class Checked:
    """Photographs by how they were found: how many are whole; ids of those lost or changed, and of those whose key is not at hand."""

    whole: int = 0
    lost: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def check(db: Database, config: Config) -> Checked:
    """Read them all. One that lies plain, as old backups put it back, is whole, and noted to be encrypted. Raises `store_unavailable`."""
    checked, plain = Checked(), []
    with db.transaction(write=False, everywhere=True) as reading:
        query = (
            sa.select(_P.c.clinic_id, _P.c.patient_id, _P.c.id, _P.c.object_key, _P.c.stored_sha256, _K.c.key_id, _K.c.wrapped)
            .add_columns(_PLAIN.c.photo_id.is_not(None).label("noted"))
            .join_from(_P, _K, sa.and_(_K.c.clinic_id == _P.c.clinic_id, _K.c.patient_id == _P.c.patient_id), isouter=True)
            .outerjoin(_PLAIN, sa.and_(_PLAIN.c.clinic_id == _P.c.clinic_id, _PLAIN.c.photo_id == _P.c.id))
            .where(_P.c.state == PhotoState.STORED)
            .order_by(_P.c.clinic_id, _P.c.id)
        )
        for row in reading.connection().execute(query, execution_options={"yield_per": _AT_A_TIME}):
            found = _found(open_store(config), config, row)
            if found == _Found.LOST:
                checked.lost.append(str(row.id))
            elif found == _Found.CLOSED:
                checked.closed.append(str(row.id))
            else:
                checked.whole += 1
            if found == _Found.PLAIN and not row.noted:
                plain.append(row)
    for row in plain:
        with db.transaction(row.clinic_id) as session:
            insert_missing(session, _PLAIN, {"clinic_id": row.clinic_id, "photo_id": row.id, "next_at": clock.now()})
    return checked


def _found(store: Store, config: Config, row: Any) -> _Found:
    owner = Owner(row.clinic_id, row.patient_id, row.id, row.stored_sha256)
    try:
        trouble = _trouble(store, config, row, owner)
        if trouble is not None and digest(store.read(f"{row.object_key}/{CONTENT}")) == owner.sha256:
            return _Found.PLAIN
    except Missing:
        return _Found.LOST
    if trouble is None:
        return _Found.WHOLE
    return _Found.CLOSED if trouble == "unavailable" else _Found.LOST


def _trouble(store: Store, config: Config, row: Any, owner: Owner) -> str | None:
    """Code of the problem with which the photograph is not shown."""
    try:
        key = keys.unwrapped(_key(row), config.keys) if row.key_id else None
        whole = digest(Vault(store, key, row.object_key, owner).read(CONTENT)) == owner.sha256
    except Problem as problem:
        if problem.code == "store_unavailable":
            raise
        return problem.code
    return None if whole else "damaged"


def _key(row: Any) -> PatientKey:
    return PatientKey(clinic_id=row.clinic_id, patient_id=row.patient_id, key_id=row.key_id, wrapped=row.wrapped)


def digest(pieces: Iterator[bytes]) -> str:
    """SHA-256 in hex of all of them."""
    made = sha256()
    for piece in pieces:
        made.update(piece)
    return made.hexdigest()
