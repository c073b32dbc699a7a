"""What must be true before the server takes requests from other machines."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from server.app import App
from server.clinics.models import Clinic
from server.config import Config, ConfigError
from server.walls import weakness

log = logging.getLogger("graftlog.start")
PLACEHOLDERS = frozenset(
    {"admin", "change-me", "change_me", "changeme", "default", "graftlog", "key", "password", "postgres", "secret", "test", "token"}
)
"""What stands in examples, and what everybody would try first."""

SHORTEST_TOKEN, FEWEST_LETTERS = 24, 8
"""Of a token that opens something by itself; so many of its letters are different."""


def check_start(app: App) -> None:
    """Refuse to serve other machines with demo accounts, secrets that everybody knows, or readable on the way. Raises ConfigError.

    Says it when the second tenant wall is weak.
    """
    settings = app.settings
    with suppress(OperationalError), app.db.transaction(write=False) as session:  # a database that is away is /readyz's to say
        weak = weakness(session)
        if weak:
            log.warning("%s", weak)
    if settings.for_this_machine_only:
        return
    mistakes = [*_demo(app), *_known_secrets(settings), *_weak_tokens(settings), *_readable(settings)]
    if mistakes:
        where = f"HOST={settings.host}" if not settings.on_loopback else f"PUBLIC_URL={settings.public_url}"
        raise ConfigError("\n".join(f"{where} is for other machines too, and {mistake}" for mistake in mistakes))


def _demo(app: App) -> Iterator[str]:
    with app.db.transaction(write=False, everywhere=True) as session:
        demo = session.scalar(select(Clinic.name).where(Clinic.demo).limit(1))
    if demo:
        yield (
            f"the demo clinic {demo!r} is present, whose password everybody knows. Use HOST=127.0.0.1 without PUBLIC_URL, "
            "or an empty GRAFTLOG_DATA / DATABASE_URL and `graftlog clinic create`."
        )


def _known_secrets(settings: Config) -> Iterator[str]:
    urls = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "SMS_URL": settings.sms_url,
    }
    secrets = {name: _password(url) for name, url in urls.items() if url}
    secrets |= {"METRICS_TOKEN": settings.metrics_token, "PHOTO_STORE_SECRET": settings.photo_store_secret}
    for name, secret in secrets.items():
        if secret.casefold() in PLACEHOLDERS:
            yield f"{name} has a password that stands in examples. Set one of your own."


def _password(url: str) -> str:
    return unquote(urlsplit(f"//{urlsplit(url).netloc.rpartition('@')[0]}@-").password or "")


def _weak_tokens(settings: Config) -> Iterator[str]:
    token = settings.metrics_token
    if token and token.casefold() not in PLACEHOLDERS and (len(token) < SHORTEST_TOKEN or len(set(token)) < FEWEST_LETTERS):
        yield f"METRICS_TOKEN can be guessed. Use {SHORTEST_TOKEN} random characters, for example those of `openssl rand -hex 16`."
    if settings.callback_secret and len(set(settings.callback_secret.removeprefix("whsec_"))) < FEWEST_LETTERS:
        yield "CALLBACK_SECRET can be guessed. Take the one that the mail provider shows."


def _readable(settings: Config) -> Iterator[str]:
    if not settings.public_url.startswith("https:"):
        yield (
            "passwords and photographs of faces would be readable on the way to it. Put a proxy with TLS in front, "
            "and set PUBLIC_URL to its https address."
        )
