"""One object of the store, encrypted: AES-256-GCM in frames under a key of its own, bound to whose picture it is.

Header: `MAGIC` and a random salt, from which (HKDF-SHA256) and the patient's key comes the key of this object alone. Then frames of 64 KiB
and their tags. A frame's nonce is its number and whether it is the last, its associated data are the `Label`: what was changed, cut off,
put in another order, or lies under another photograph's name does not open.
"""

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"GLPHOTO1"
"""No picture format begins so, which tells what is encrypted from what is not."""
KEY_BYTES = 32
FRAME = 64 * 1024
_SALT, _TAG = 32, 16
_HEADER = len(MAGIC) + _SALT
_NUMBER = 11
_INFO = b"graftlog photo object"


class Broken(Exception):
    """These bytes are not those that were sealed under this label with this key, or not all of them."""


@dataclass(frozen=True)
class Label:
    """Whose picture it is. `sha256` is that of the whole photograph, also for its thumbnails and its pieces on their way."""

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    photo_id: uuid.UUID
    rendition: str
    sha256: str

    def __bytes__(self) -> bytes:
        return "\n".join(map(str, (self.clinic_id, self.patient_id, self.photo_id, self.rendition, self.sha256))).encode()


def seal(key: bytes, label: Label, plain: IO[bytes], sealed: IO[bytes]) -> None:
    """Write all of `plain` to `sealed`, encrypted with the patient's key; one frame at a time in memory."""
    salt = secrets.token_bytes(_SALT)
    cipher, said = _cipher(key, salt), bytes(label)
    sealed.write(MAGIC + salt)
    plain.seek(0)
    number, frame = 0, plain.read(FRAME)
    while True:
        following = plain.read(FRAME)
        sealed.write(cipher.encrypt(_nonce(number, last=not following), frame, said))
        if not following:
            return
        number, frame = number + 1, following


def unseal(key: bytes, label: Label, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The plain bytes, frame by frame, each only after its tag was found right. Raises Broken; that the end is missing shows at the end."""
    held, number, said = bytearray(), 0, bytes(label)
    cipher: AESGCM | None = None
    for piece in pieces:
        held += piece
        if cipher is None and len(held) >= _HEADER:
            if not held.startswith(MAGIC):
                raise Broken
            cipher = _cipher(key, bytes(held[len(MAGIC) : _HEADER]))
            del held[:_HEADER]
        while cipher and len(held) > FRAME + _TAG:  # more follows, so this frame is not the last
            yield _opened(cipher, number, bytes(held[: FRAME + _TAG]), said, last=False)
            del held[: FRAME + _TAG]
            number += 1
    if cipher is None:
        raise Broken
    yield _opened(cipher, number, bytes(held), said, last=True)


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, _INFO).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NUMBER) + bytes([last])


def _opened(cipher: AESGCM, number: int, frame: bytes, said: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), frame, said)
    except InvalidTag:
        raise Broken from None
