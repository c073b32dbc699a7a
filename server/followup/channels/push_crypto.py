"""Encryption and proof of origin for web push: RFC 8291 (aes128gcm) and RFC 8292 (VAPID)."""

import base64
import json
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

RECORD = 4096
LONGEST = RECORD - 16 - 4 - 1 - 65 - 1 - 16
"""Bytes of text in one record: less salt, size, length, key, the mark of the end, and the seal."""
_LAST_RECORD = b"\x02"
_POINT, _AUTH = 65, 16


class BadKeys(ValueError):
    """No browser made these; `field` says which one."""

    def __init__(self, field: str) -> None:
        """`field` is `p256dh` or `auth`."""
        self.field = field
        super().__init__(field)


def b64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_b64url(text: str) -> bytes:
    """Padding or not. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def read_keys(p256dh: str, auth: str) -> tuple[EllipticCurvePublicKey, bytes]:
    """A browser's public key and its secret. Raises BadKeys."""
    try:
        public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), read_b64url(p256dh))
    except ValueError:
        raise BadKeys("p256dh") from None
    try:
        secret = read_b64url(auth)
    except ValueError:
        secret = b""
    if len(secret) != _AUTH:
        raise BadKeys("auth")
    return public, secret


def point(public: EllipticCurvePublicKey) -> bytes:
    """65 bytes, as both RFCs write a public key."""
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypt(
    text: bytes,
    browser: EllipticCurvePublicKey,
    auth: bytes,
    *,
    salt: bytes | None = None,
    ours: EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push message. `salt` and `ours` are fresh for each message and given by tests alone."""
    salt, ours = salt or secrets.token_bytes(16), ours or generate_private_key(SECP256R1())
    public = point(ours.public_key())
    key, nonce = content_keys(ours.exchange(ECDH(), browser), auth, salt, point(browser), public)
    sealed = AESGCM(key).encrypt(nonce, text + _LAST_RECORD, None)
    return salt + RECORD.to_bytes(4, "big") + bytes([len(public)]) + public + sealed


def content_keys(shared: bytes, auth: bytes, salt: bytes, browser: bytes, ours: bytes) -> tuple[bytes, bytes]:
    """(key, nonce) of RFC 8291 section 3.4 and RFC 8188 section 2.2; the browser's side computes the same."""
    secret = HKDF(SHA256(), 32, auth, b"WebPush: info\0" + browser + ours).derive(shared)
    return (
        HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret),
        HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret),
    )


def vapid(key: EllipticCurvePrivateKey, origin: str, subject: str, expires: int) -> str:
    """The `Authorization` that a push service asks for; `expires` in seconds since 1970, at most a day ahead."""
    claims = {"aud": origin, "exp": expires, "sub": subject}
    head, body = (b64url(json.dumps(part, separators=(",", ":")).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ECDSA(SHA256())))
    signature = b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{body}.{signature}, k={b64url(point(key.public_key()))}"


def push_key(folder: Path) -> EllipticCurvePrivateKey:
    """This installation's key, made at the first use. Every browser's subscription is bound to it, so it is never replaced."""
    path = folder / "push.key"
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def _read(path: Path) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ValueError("push.key holds a key of another kind")  # noqa: TRY004  reason: the file's fault, not a caller's
    return key


def _make(path: Path) -> None:
    """Whole or not at all; of two processes that make one at the same time, the first is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".push")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)  # noqa: PTH108  reason: `draft` is mkstemp's string
