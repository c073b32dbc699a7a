"""The far sides of web push and webhooks: a push service with a browser behind it, and a clinic's own system."""

import base64
import json
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

from tests.followup.wire import Reply, Request, Server


def b64url(data: bytes) -> str:
    """Without padding, as browsers write it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text: str) -> bytes:
    """Padding or not."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


@dataclass
class Browser:
    """Dr Vera Kovács' browser, with the keys it gave away when she said yes to messages."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def secrets(self) -> dict[str, str]:
        """What it tells the clinic."""
        return {"p256dh": b64url(_point(self.key.public_key())), "auth": b64url(self.auth)}

    def read(self, body: bytes) -> bytes:
        """Decrypt one message, by the book: RFC 8188 section 2 and RFC 8291 section 3."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\x00" + _point(self.key.public_key()) + theirs
        secret = HKDF(hashes.SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        text, end, rest = padded.rpartition(b"\x02")
        assert end
        assert not rest.strip(b"\x00")
        return text


class Receiver(Server):
    """Keeps what arrives and answers `status`; `cut` hangs up after taking it."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """As Server."""
        super().__init__(port, tls)
        self.status = 200
        self.cut = False
        self.headers: dict[str, str] = {}
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        """Take it."""
        self.requests.append(request)
        return Reply(self.status, b"{}", dict(self.headers), cut=self.cut)

    def last(self) -> Any:
        """JSON of the last call."""
        return json.loads(self.requests[-1].body)


def vapid_claims(headers: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """(claims, public key) of a push message's Authorization, after checking its signature."""
    kind, _, rest = headers["authorization"].partition(" ")
    assert kind == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parts["t"].split(".")
    raw = unb64url(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(parts["k"]))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert json.loads(unb64url(head)) == {"typ": "JWT", "alg": "ES256"}
    return json.loads(unb64url(claims)), parts["k"]


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """(a server's side, the certificate to trust) for `name`."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = folder / f"{name}.pem"
    public.write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, folder / f"{name}.key")
    return context, public
