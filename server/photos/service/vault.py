"""A photograph's objects in the store: sealed on their way in, opened on their way out, and read or written nowhere else."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from server.config import Config
from server.db import Database
from server.photos.models import Photo, PlainPhoto
from server.photos.sealing import MAGIC, Broken, Label, seal, unseal
from server.photos.service import keys
from server.photos.store import Store, open_store
from server.problems import Problem

CONTENT = "content"
"""The photograph itself; thumbnails are named by their size."""


@dataclass(frozen=True)
class Owner:
    """Whose photograph it is, to which its objects are bound. `sha256` is the photograph's, of a piece on its way the announced one."""

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    photo_id: uuid.UUID
    sha256: str


@dataclass(frozen=True)
class Vault:
    """The objects whose names begin with `prefix`. Without `key` none is sealed yet; `plain_too` where one may not be."""

    store: Store
    key: bytes | None
    prefix: str
    owner: Owner
    plain_too: bool = False

    def read(self, rendition: str) -> Iterator[bytes]:
        """The picture in pieces; at its last one it is known to be whole. Raises Missing at the first, `damaged` at any."""
        pieces = self.store.read(f"{self.prefix}/{rendition}")
        if self.plain_too:
            first = next(pieces, b"")
            pieces = chain((first,), pieces)
            if not first.startswith(MAGIC):
                yield from pieces
                return
        if self.key is None:
            raise Problem("damaged", "The key of this patient's photos is not in the database. Restore it from a backup.")
        try:
            yield from unseal(self.key, self._label(rendition), pieces)
        except Broken:
            raise Problem(
                "damaged", "The bytes in the store are not those that were stored. Restore them from the backup of the photos."
            ) from None

    def put(self, rendition: str, picture: IO[bytes], room: IO[bytes] | None = None) -> None:
        """Keep all of a picture, sealed. `room` is an empty file for what is sealed, where that is too much for memory."""
        if self.key is None:
            raise ValueError("nothing is stored without a key")
        sealed = BytesIO() if room is None else room
        seal(self.key, self._label(rendition), picture, sealed)
        self.store.put(f"{self.prefix}/{rendition}", sealed)

    def _label(self, rendition: str) -> Label:
        return Label(self.owner.clinic_id, self.owner.patient_id, self.owner.photo_id, rendition, self.owner.sha256)


def of_photo(session: Session, store: Store, key_folder: Path, photo: Photo) -> Vault:
    """The vault of a photograph that is stored. Raises `unavailable`, `damaged` about its patient's key."""
    key = keys.find(session, key_folder, photo.patient_id)
    plain = session.get(PlainPhoto, (photo.clinic_id, photo.id)) is not None
    owner = Owner(photo.clinic_id, photo.patient_id, photo.id, photo.stored_sha256 or "")
    return Vault(store, key, photo.object_key or "", owner, plain_too=plain)


def to_write(db: Database, config: Config, clinic_id: uuid.UUID, photo_id: uuid.UUID) -> Vault:
    """The vault of a stored photograph into which something is to be put: its patient has a key afterwards."""
    store = open_store(config)
    with db.transaction(clinic_id, write=False) as session:
        photo = session.get_one(Photo, (clinic_id, photo_id))
        vault = of_photo(session, store, config.keys, photo)
    if vault.key is None:
        with db.transaction(clinic_id) as session:
            vault = replace(vault, key=keys.ensure(session, config.keys, photo.patient_id))
    return vault
