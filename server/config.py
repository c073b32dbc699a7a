"""Configuration from environment variables, checked once at start with one clear sentence per mistake."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schemas.limits import PHOTO_MOST_MB

_WEBHOOK_SECRET = re.compile("whsec_[A-Za-z0-9+/]{32,}={0,2}")
_BUCKET = re.compile("s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")
SECRETS = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "SMS_URL", "CALLBACK_SECRET", "METRICS_TOKEN", "PHOTO_STORE_KEY", "PHOTO_STORE_SECRET")
"""Each may be given as a file instead, named by the variable with _FILE: other programs of the machine see a process's environment."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ConfigError(Exception):
    """One or more settings are wrong; `str()` lists them, one line each."""


@dataclass(frozen=True)
class Config:
    """Everything that differs between installations. The README's table names each variable."""

    data: Path
    database_url: str
    owner_url: str
    redis_url: str | None
    smtp_url: str | None
    mail_from: str
    host: str
    port: int
    keys: Path
    session_idle_minutes: int
    session_hours: int
    max_body_kb: int
    demo: bool
    web_threads: int
    web_workers: int
    log_level: str
    public_url: str
    sms_url: str | None
    sms_from: str
    sms_per_second: int
    sms_idempotent: bool
    email_per_second: int
    send_threads: int
    webhook_private: bool
    metrics_token: str
    callback_secret: str
    late_alarm_minutes: int
    lease_seconds: int
    photo_store: str
    photo_store_endpoint: str | None
    photo_store_key: str
    photo_store_secret: str
    photo_store_region: str
    photo_max_mb: int
    uploads_at_once: int
    trusted_proxies: int
    snomed_map: Path | None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK

    @property
    def for_this_machine_only(self) -> bool:
        """Whether nobody else is meant to reach it, over a proxy on this machine neither."""
        return self.on_loopback and urlsplit(self.public_url).hostname in LOOPBACK

    @property
    def outbox(self) -> Path:
        """Folder of the mails that were not sent over SMTP."""
        return self.data / "outbox"

    @property
    def queue(self) -> Path:
        """Folder of the file-based message queue."""
        return self.data / "queue"

    @property
    def spool(self) -> Path:
        """Folder of what this machine is taking in or giving out; its files have no names."""
        return self.data / "spool"


def _are_hosts(netloc: str) -> bool:
    """Whether these are hosts with commas between them, each with a port or without; urlsplit reads only one port."""
    hosts = netloc.rpartition("@")[2].split(",")
    return all(urlsplit(f"//{host}").hostname and urlsplit(f"//{host}").port != 0 for host in hosts)


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ, self.mistakes = dict(environ), list[str]()
        for name in SECRETS:
            if place := self.text(f"{name}_FILE"):
                self._from_file(name, Path(place))

    def _from_file(self, name: str, file: Path) -> None:
        if self.text(name):
            self.mistakes.append(f"{name} and {name}_FILE are both set. Keep one of them.")
        try:
            self.environ[name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            self.mistakes.append(f"{name}_FILE names {str(file)!r}, which cannot be read ({type(error).__name__}).")
        else:
            if not self.text(name):
                self.mistakes.append(f"{name}_FILE names {str(file)!r}, which is empty.")

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        given = self.text(name, str(default))
        if not given.isascii() or not given.isdigit() or not low <= int(given) <= high:
            self.mistakes.append(f"{name}={given!r} must be a whole number from {low} to {high}.")
            return default
        return int(given)

    def photo_store(self, data: Path) -> str:
        """A folder, or `s3://bucket/prefix`."""
        given = self.text("PHOTO_STORE", str(data / "photos"))
        if not given.startswith("s3://"):
            if "://" in given:
                self.mistakes.append("PHOTO_STORE must be a folder, or a bucket like s3://bucket/prefix.")
            return str(Path(given).expanduser().resolve())
        if not _BUCKET.fullmatch(given):
            self.mistakes.append("PHOTO_STORE must name a bucket of at least three letters, for example s3://clinic-photos/graftlog.")
        return given

    def flag(self, name: str, *, default: bool) -> bool:
        given = self.text(name, "yes" if default else "no").casefold()
        if given not in {"yes", "no"}:
            self.mistakes.append(f"{name}={given!r} must be yes or no.")
        return given == "yes"

    def url(self, name: str, schemes: tuple[str, ...], example: str) -> str | None:
        given = self.text(name)
        if not given:
            return None
        try:
            parts = urlsplit(given)
            valid = parts.scheme in schemes and (_are_hosts(parts.netloc) if parts.scheme == "sentinel" else parts.port != 0)
        except ValueError:
            valid = False
        if not valid:
            self.mistakes.append(f"{name} must look like {example} (schemes: {', '.join(schemes)}).")
            return None
        return given


def database_url(given: str, data: Path) -> str:
    """SQLAlchemy URL for what people write; the embedded default where nothing is given."""
    if not given:
        return f"sqlite:///{data / 'graftlog.db'}"
    scheme, found, rest = given.partition("://")
    return f"postgresql+psycopg://{rest}" if found and scheme in {"postgres", "postgresql"} else given


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check all settings. Raises ConfigError with every mistake at once."""
    read = _Reader(environ)
    data = Path(read.text("GRAFTLOG_DATA", "var")).expanduser().resolve()
    given = read.text("DATABASE_URL")
    if given and not given.startswith(("sqlite:///", "postgres://", "postgresql://", "postgresql+psycopg://")):
        read.mistakes.append("DATABASE_URL must look like postgresql://user:password@host:5432/name or sqlite:////path/file.db.")
        given = ""
    owner = read.text("GRAFTLOG_OWNER_URL")
    if owner and not owner.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        read.mistakes.append("GRAFTLOG_OWNER_URL must look like postgresql://owner:password@host:5432/name.")
        owner = ""
    if owner and not given.startswith("postgres"):
        read.mistakes.append("GRAFTLOG_OWNER_URL goes with a DATABASE_URL on PostgreSQL, which names the application's own role.")
    level = read.text("LOG_LEVEL", "INFO").upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        read.mistakes.append(f"LOG_LEVEL={level!r} must be one of DEBUG, INFO, WARNING, ERROR.")
    mail_from = read.text("MAIL_FROM", "Graftlog <no-reply@localhost>")
    if "@" not in mail_from:
        read.mistakes.append("MAIL_FROM must be an e-mail address, for example 'Riverside Clinic <follow-up@clinic.example>'.")
    port = read.whole("PORT", 8000, 1, 65535)
    threads = read.whole("WEB_THREADS", 8, 1, 64)
    config = Config(
        data=data,
        database_url=database_url(given, data),
        owner_url=database_url(owner or given, data),
        redis_url=read.url("REDIS_URL", ("redis", "rediss", "valkey", "valkeys", "sentinel"), "redis://localhost:6379/0"),
        smtp_url=read.url("SMTP_URL", ("smtp", "smtps"), "smtp://user:password@mail.example:587"),
        mail_from=mail_from,
        host=read.text("HOST", "127.0.0.1"),
        port=port,
        keys=Path(read.text("GRAFTLOG_KEYS", str(data / "keys"))).expanduser().resolve(),
        session_idle_minutes=read.whole("SESSION_IDLE_MINUTES", 60, 1, 1440),
        session_hours=read.whole("SESSION_HOURS", 12, 1, 168),
        demo=read.flag("GRAFTLOG_DEMO", default=True),
        max_body_kb=read.whole("MAX_BODY_KB", 1024, 16, 65536),
        web_threads=threads,
        web_workers=read.whole("WEB_WORKERS", 1, 1, 64),
        log_level=level,
        public_url=(read.url("PUBLIC_URL", ("http", "https"), "https://follow-up.clinic.example") or f"http://localhost:{port}").rstrip(
            "/"
        ),
        sms_url=read.url("SMS_URL", ("http", "https"), "https://ACCOUNT:TOKEN@api.twilio.com"),
        sms_from=read.text("SMS_FROM"),
        sms_per_second=read.whole("SMS_PER_SECOND", 1, 0, 1000),
        sms_idempotent=read.flag("SMS_IDEMPOTENT", default=False),
        email_per_second=read.whole("EMAIL_PER_SECOND", 0, 0, 1000),
        send_threads=read.whole("SEND_THREADS", 4, 1, 32),
        webhook_private=read.flag("WEBHOOK_PRIVATE", default=False),
        metrics_token=read.text("METRICS_TOKEN"),
        callback_secret=read.text("CALLBACK_SECRET"),
        late_alarm_minutes=read.whole("LATE_ALARM_MINUTES", 15, 1, 1440),
        # Longer than any conversation with a mail server, whose every step may take ten seconds; shorter only in a drill.
        lease_seconds=read.whole("GRAFTLOG_LEASE_SECONDS", 180, 3, 3600),
        photo_store=read.photo_store(data),
        photo_store_endpoint=read.url("PHOTO_STORE_ENDPOINT", ("http", "https"), "https://objects.clinic.example"),
        photo_store_key=read.text("PHOTO_STORE_KEY"),
        photo_store_secret=read.text("PHOTO_STORE_SECRET"),
        photo_store_region=read.text("PHOTO_STORE_REGION", "us-east-1"),
        photo_max_mb=read.whole("PHOTO_MAX_MB", 32, 1, PHOTO_MOST_MB),
        # Half of the threads are always free for facts.
        uploads_at_once=read.whole("UPLOADS_AT_ONCE", max(1, threads // 2), 1, 64),
        trusted_proxies=read.whole("TRUSTED_PROXIES", 0, 0, 9),
        snomed_map=Path(given_map).expanduser().resolve() if (given_map := read.text("GRAFTLOG_SNOMED_MAP")) else None,
    )
    if config.callback_secret and not _WEBHOOK_SECRET.fullmatch(config.callback_secret):
        read.mistakes.append("CALLBACK_SECRET must be whsec_ and at least 24 bytes in base64, as the mail provider shows it.")
    if config.sms_url and not (urlsplit(config.sms_url).username and urlsplit(config.sms_url).password):
        read.mistakes.append("SMS_URL must name account and token: https://ACCOUNT:TOKEN@host.")
    if config.sms_url and not config.sms_from:
        read.mistakes.append("SMS_FROM must be the number or sender that text messages come from, for example +36201234567.")
    if read.mistakes:
        raise ConfigError("\n".join(read.mistakes))
    return config
