"""Taking in bytes: piece by piece to the store, the whole held against what was announced, the photograph made from its pixels.

While bytes arrive no transaction is open and no lock is held: a fact from the same clinic never waits for a photograph. What is not
yet whole lies in unnamed files that vanish with the process, and below `incoming/` in the store, where it is sealed like everything else.
"""

import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NoReturn, Protocol

from sqlalchemy.orm import Session

from server.photos.darkroom import develop
from server.photos.models import Upload
from server.photos.picture import Unusable
from server.photos.service import keys, uploads
from server.photos.service.album import get
from server.photos.service.uploads import Made
from server.photos.service.vault import CONTENT, Owner, Vault
from server.photos.store import Missing, Store
from server.problems import Problem

PART_BYTES = 4 * 1024 * 1024
"""A server that is killed loses at most this much of what a tablet has sent."""
_PIECE = 64 * 1024


class Body(Protocol):
    """A request's bytes. `broken`: they ended before their time."""

    broken: bool

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end, whether it was the right one or not."""


@dataclass(frozen=True)
class Desk:
    """Where bytes are taken in: short transactions of the clinic, the store, a folder for what is not yet whole, the folder of keys."""

    transaction: Callable[..., AbstractContextManager[Session]]
    store: Store
    folder: Path
    keys: Path

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """An unnamed file. Raises `store_unavailable` when the disk is full."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with TemporaryFile(dir=self.folder) as file:
                yield file
        except OSError as error:
            raise Problem("store_unavailable", f"The disk cannot take it ({error.strerror}). Go on from the last offset later.") from error


@dataclass(frozen=True)
class _Order:
    """What one request is about. `key` is the patient's, `owner` whose the bytes are, by their announced hash."""

    upload: Upload
    owner: Owner
    key: bytes

    def incoming(self, desk: Desk) -> Vault:
        """The pieces. Those from before photographs were encrypted are plain; the whole is held against its hash anyway."""
        return Vault(desk.store, self.key, self.upload.incoming, self.owner, plain_too=True)


def receive(desk: Desk, upload_id: uuid.UUID, offset: int, body: Body, *, promised: bytes | None, coming: int | None) -> int:
    """Take in what a request brings from `offset` on; the new offset. `coming` is the length of its bytes, `promised` their digest.

    Whatever arrived is kept, also when the connection breaks; with a digest promised, all of it or nothing. Raises `not_found`, `gone`,
    `wrong_offset`, `too_large`, `checksum_mismatch`, `interrupted`, and `photo_refused` when the whole cannot become the photograph.
    """
    with desk.transaction(write=False) as session:
        upload = uploads.standing(session, upload_id)
        uploads.must_stand_at(upload, offset)
        photo = get(session, upload.photo_id)
        key = keys.find(session, desk.keys, photo.patient_id)
    if key is None:
        with desk.transaction() as session:
            key = keys.ensure(session, desk.keys, photo.patient_id)
    order = _Order(upload, Owner(photo.clinic_id, photo.patient_id, photo.id, photo.sha256), key)
    left = upload.size_bytes - offset
    if coming is not None and coming > left:
        raise Problem("too_large", f"{left} bytes are missing, and this request brings {coming}. Send no more than Upload-Length.")
    while left:
        most = left if promised else min(PART_BYTES, left)
        with desk.spool() as part:
            got = _take(body, part, most, promised)
            if got == left:
                _finish(desk, order, part)
            elif got:
                _keep(desk, order, offset, part, got)
        offset, left = offset + got, left - got
        if got < most:
            break
    if body.broken:
        raise Problem("interrupted", "The bytes stopped coming. Ask with HEAD, and go on from Upload-Offset.")
    return offset


def _take(body: Body, part: IO[bytes], most: int, promised: bytes | None) -> int:
    """How many bytes of the body went to `part`: `most`, or fewer at its end."""
    got, digest = 0, sha256()
    while got < most and (piece := body.read(min(_PIECE, most - got))):
        part.write(piece)
        digest.update(piece)
        got += len(piece)
    if promised is not None and not body.broken and digest.digest() != promised:
        raise Problem("checksum_mismatch", "The bytes of this request are not those that Upload-Checksum names. Send them again.")
    return 0 if promised is not None and body.broken else got


def _keep(desk: Desk, order: _Order, offset: int, part: IO[bytes], size: int) -> None:
    """First the bytes, then the row that counts them; a name of its own, because a request given up for lost may still be writing."""
    upload, name = order.upload, f"{offset:012d}-{secrets.token_hex(8)}"
    with desk.spool() as room:
        order.incoming(desk).put(name, part, room)
    kept = {"key": f"{upload.incoming}/{name}", "bytes": size}
    with desk.transaction() as session:
        uploads.keep_part(session, upload.id, offset, kept)
    upload.parts = [*upload.parts, kept]


def _finish(desk: Desk, order: _Order, last: IO[bytes]) -> None:
    upload = order.upload
    with _whole(desk, order, last) as whole, desk.spool() as made, desk.spool() as room:
        found, announced = _digest(whole), order.owner.sha256
        if found != announced:
            _refuse(desk, upload, f"The bytes have the SHA-256 {found}, announced was {announced}. Send the file that was announced.")
        try:
            picture = develop(whole, made)
        except Unusable as error:
            _refuse(desk, upload, str(error), of_the_photo=True)
        facts = Made(_digest(made), made.seek(0, 2), picture.width_px, picture.height_px, picture.camera)
        owner = replace(order.owner, sha256=facts.sha256)
        Vault(desk.store, order.key, upload.object_key, owner).put(CONTENT, made, room)
    try:
        with desk.transaction() as session:
            needed = uploads.finish(session, upload.id, facts)
    except Problem:
        tidy(desk.store, upload.object_key)
        raise
    tidy(desk.store, upload.incoming, *([] if needed else [upload.object_key]))


@contextmanager
def _whole(desk: Desk, order: _Order, last: IO[bytes]) -> Iterator[IO[bytes]]:
    if not order.upload.parts:
        yield last
        return
    with desk.spool() as whole:
        for part in order.upload.parts:
            try:
                whole.writelines(order.incoming(desk).read(part["key"].rpartition("/")[2]))
            except Missing:
                raise Problem("gone", "A piece of this upload is no longer there. Begin a new one.") from None
        last.seek(0)
        shutil.copyfileobj(last, whole, _PIECE)
        yield whole


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    return file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # reason: an unnamed file is a binary file object


def _refuse(desk: Desk, upload: Upload, why: str, *, of_the_photo: bool = False) -> NoReturn:
    with desk.transaction() as session:
        uploads.refuse(session, upload.id, failure=why if of_the_photo else None)
    tidy(desk.store, upload.incoming)
    raise Problem("photo_refused", why)


def tidy(store: Store, *prefixes: str) -> None:
    """Delete what is not needed; what cannot be reached now, the chore deletes with the upload's row."""
    for prefix in prefixes:
        with suppress(Problem):
            store.drop(prefix)


@contextmanager
def checked(desk: Desk, vault: Vault) -> Iterator[IO[bytes]]:
    """The photograph, read to a file and found to be what was stored. Raises `damaged`: what is not whole is never shown."""
    with desk.spool() as file:
        try:
            file.writelines(vault.read(CONTENT))
        except Missing:
            raise Problem("damaged", "The store has lost this photo. Restore it from the backup of the photos.") from None
        if _digest(file) != vault.owner.sha256:
            raise Problem("damaged", "The bytes in the store are not those that were stored. Restore them from the backup of the photos.")
        file.seek(0)
        yield file
