"""Passwords travel encrypted or not at all."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.followup.mailbox import open_mailbox
from tests.followup.story import Story

DUE = "2026-03-13T10:00"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ssl.SSLContext]:
    """A server's side for `localhost`, with a certificate that this machine trusts from now on, if `trust` is "trusted"."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(encoding))

    def context(trust: str) -> ssl.SSLContext:
        if trust == "trusted":
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        return made

    return context


def check(_server: object, _session: object, _envelope: object, mechanism: str, data: object) -> AuthResult:
    """The server's list of accounts."""
    given = (mechanism, getattr(data, "login", b""), getattr(data, "password", b""))
    return AuthResult(success=given[1:] == (b"riverside", b"p@ss/word"), handled=False)


def test_starttls_and_a_password(anna: Story, tls: Callable[[str], ssl.SSLContext]) -> None:
    """Offered encryption is taken, then the account in the URL signs in."""
    with open_mailbox(tls_context=tls("trusted"), authenticator=check, auth_required=True) as mailbox:
        url = f"smtp://riverside:p%40ss%2Fword@localhost:{mailbox.port}"
        assert anna.run(DUE, smtp_url=url) == {"accepted": 1}
        assert len(mailbox.mails) == 1


def test_smtps(anna: Story, tls: Callable[[str], ssl.SSLContext]) -> None:
    """Encrypted from the first byte."""
    with open_mailbox(ssl_context=tls("trusted")) as mailbox:
        assert anna.run(DUE, smtp_url=f"smtps://localhost:{mailbox.port}") == {"accepted": 1}
        assert len(mailbox.mails) == 1


def test_a_wrong_password_is_tried_again(anna: Story, tls: Callable[[str], ssl.SSLContext]) -> None:
    """A person will repair it; nothing was sent, and the password is in no record."""
    with open_mailbox(tls_context=tls("trusted"), authenticator=check, auth_required=True) as mailbox:
        assert anna.run(DUE, smtp_url=f"smtp://riverside:wrong@localhost:{mailbox.port}") == {"pending": 1}
        assert (anna.first.last_error, mailbox.mails) == ("SMTPAuthenticationError_535", [])


def test_a_certificate_that_nobody_knows_gets_no_mail(anna: Story, tls: Callable[[str], ssl.SSLContext]) -> None:
    """It could be anybody's."""
    with open_mailbox(tls_context=tls("unknown")) as mailbox:
        assert anna.run(DUE, smtp_url=f"smtp://localhost:{mailbox.port}") == {"pending": 1}
        assert (anna.first.last_error, mailbox.mails) == ("SSLCertVerificationError", [])


def test_no_password_over_an_open_line(anna: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody between us and a server elsewhere may have taken the offer of encryption out."""
    monkeypatch.setattr("server.followup.channels.smtp.LOOPBACK", frozenset())
    with open_mailbox(authenticator=check, auth_require_tls=False) as mailbox:
        config = replace(anna.config, smtp_url=f"smtp://riverside:p%40ss%2Fword@127.0.0.1:{mailbox.port}")
        assert anna.run(DUE, smtp_url=config.smtp_url) == {"pending": 1}
        assert (anna.first.last_error, mailbox.mails) == ("SMTPNotSupportedError", [])
