"""Secrets come from the environment or from files, and none that everybody knows is served to other machines."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server import config as configuration
from server.app import create_app
from server.config import SECRETS, Config, ConfigError, from_environment
from server.db import Database
from server.start import check_start
from tests.drill.processes import ROOT

GIVEN = {
    "DATABASE_URL": "postgresql://graftlog:Kr8z@db:5432/graftlog",
    "REDIS_URL": "redis://:Kr8z@queue:6379/0",
    "SMTP_URL": "smtps://follow-up:Kr8z@mail.clinic.example:465",
    "SMS_URL": "https://AC1:Kr8z@api.twilio.com",
    "CALLBACK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "METRICS_TOKEN": "7f3c9a1be05d48627f3c9a1be05d4862",
    "PHOTO_STORE_KEY": "AKIA0",
    "PHOTO_STORE_SECRET": "Kr8z",
}


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    """With the line end that editors leave there."""
    file = tmp_path / "secret"
    file.write_text(f"{GIVEN[name]}\n")
    also = {"SMS_FROM": "+36201234567"}
    from_file = from_environment({f"{name}_FILE": str(file), "GRAFTLOG_DATA": str(tmp_path)} | also)
    assert from_file == from_environment({name: GIVEN[name], "GRAFTLOG_DATA": str(tmp_path)} | also)


def test_every_setting_that_can_hold_a_secret_is_among_them() -> None:
    """Addresses with a password in them, and whatever is called a secret, a token or a key; GRAFTLOG_KEYS is a folder."""
    source = Path(configuration.__file__).read_text()
    named = set(re.findall(r'read\.(?:text|url)\("([A-Z_]*(?:SECRET|TOKEN|KEY|PASSWORD))"', source))
    assert named <= set(SECRETS)
    assert set(GIVEN) == set(SECRETS)


@pytest.mark.parametrize(
    ("content", "also", "said"),
    [
        (None, {}, "SMTP_URL_FILE names .* which cannot be read"),
        (b"\xff\xfe", {}, "SMTP_URL_FILE names .* which cannot be read"),
        (b" \n", {}, "SMTP_URL_FILE names .* which is empty"),
        (b"smtp://mail.example", {"SMTP_URL": "smtp://other.example"}, "SMTP_URL and SMTP_URL_FILE are both set"),
        (b"mail.example", {}, "SMTP_URL must look like"),
    ],
)
def test_a_file_that_holds_none_is_one_sentence(content: bytes | None, also: dict[str, str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as refused:
        from_environment({"SMTP_URL_FILE": str(file)} | also)
    assert "mail.example" not in str(refused.value).replace("user:password@mail.example", "")


SERVED = {"public_url": "https://follow-up.clinic.example"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics_token": "CHANGE-ME"}, "METRICS_TOKEN has a password that stands in examples"),
        ({"metrics_token": "s3cret"}, "METRICS_TOKEN can be guessed"),
        ({"metrics_token": "a" * 40}, "METRICS_TOKEN can be guessed"),
        ({"callback_secret": "whsec_" + "A" * 32}, "CALLBACK_SECRET can be guessed"),
        ({"database_url": "postgresql+psycopg://graftlog:PASSWORD@db/graftlog"}, "DATABASE_URL has a password"),
        ({"redis_url": "redis://:password@queue:6379/0"}, "REDIS_URL has a password"),
        ({"redis_url": "sentinel://:secret@one:26379,two:26379/0?master=m"}, "REDIS_URL has a password"),
        ({"smtp_url": "smtp://follow-up:PASS%57ORD@mail.clinic.example:587"}, "SMTP_URL has a password"),
        ({"sms_url": "https://ACCOUNT:TOKEN@api.twilio.com"}, "SMS_URL has a password"),
        ({"photo_store_secret": "SECRET"}, "PHOTO_STORE_SECRET has a password"),
        ({"public_url": "http://follow-up.clinic.example"}, "readable on the way"),
        ({"public_url": "http://localhost:8000", "host": "0.0.0.0"}, "readable on the way"),
    ],
)
def test_what_everybody_knows_or_guesses_is_not_served_to_others(
    settings: dict[str, Any], said: str, config: Config, lonely_db: Database
) -> None:
    check_start(create_app(replace(config, **{name: settings[name] for name in settings.keys() - {"public_url", "host"}}), lonely_db))
    with pytest.raises(ConfigError, match=said) as refused:
        check_start(create_app(replace(config, **(SERVED | settings)), lonely_db))
    assert str(refused.value).count("\n") == 0


def test_real_secrets_are_taken(config: Config, lonely_db: Database) -> None:
    given = from_environment(GIVEN | {"SMS_FROM": "+36201234567", "PUBLIC_URL": "https://follow-up.clinic.example", "HOST": "0.0.0.0"})
    check_start(create_app(given, lonely_db))
    check_start(create_app(config, lonely_db))


def test_the_example_settings_do_not_start_as_they_are(config: Config, lonely_db: Database) -> None:
    """Whoever copies them and changes nothing hears of each password."""
    lines = (ROOT / "docs" / "operate" / "graftlog.env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    here = {"GRAFTLOG_DATA": str(config.data), "GRAFTLOG_KEYS": str(config.keys)}
    example = {name: value.strip('"') for name, value in example.items()} | here
    with pytest.raises(ConfigError) as refused:
        check_start(create_app(from_environment(example), lonely_db))
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "SMS_URL", "METRICS_TOKEN"):
        assert name in str(refused.value)
