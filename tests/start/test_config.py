"""Configuration: sensible without any variable, and one sentence per mistake."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from server.app import create_app
from server.config import Config, ConfigError, from_environment
from server.db import Database
from server.start import check_start
from tests import make

ROOT = Path(__file__).resolve().parent.parent.parent


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = from_environment({})
    assert config.database_url == f"sqlite:///{tmp_path / 'var' / 'graftlog.db'}"
    assert (config.port, config.redis_url, config.smtp_url, config.on_loopback) == (8000, None, None, True)


def test_a_hosters_postgres_url_is_understood() -> None:
    assert from_environment({"DATABASE_URL": "postgres://u:p@db/x"}).database_url == "postgresql+psycopg://u:p@db/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "80a"),
        ("PORT", "٨٠٠٠"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://x"),
        ("GRAFTLOG_OWNER_URL", "mysql://x"),
        ("GRAFTLOG_OWNER_URL", "postgresql://owner@db/x"),  # beside a SQLite file
        ("REDIS_URL", "localhost:6379"),
        ("SMTP_URL", "mail.example:25"),
        ("SMTP_URL", "smtp://mail.example:port"),
        ("MAIL_FROM", "nobody"),
        ("LOG_LEVEL", "loud"),
        ("SESSION_HOURS", "0"),
        ("GRAFTLOG_DEMO", "perhaps"),
        ("PHOTO_STORE", "ftp://photos"),
        ("PHOTO_STORE", "s3://"),
        ("PHOTO_STORE", "s3://Ab/x"),
        ("PHOTO_STORE_ENDPOINT", "objects.clinic.example"),
        ("PHOTO_MAX_MB", "201"),
        ("UPLOADS_AT_ONCE", "0"),
    ],
)
def test_each_mistake_is_one_sentence_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        from_environment({name: value})
    assert str(refused.value).startswith(name)
    assert str(refused.value).count("\n") == 0


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"(?s)LOG_LEVEL.*PORT"):
        from_environment({"PORT": "x", "LOG_LEVEL": "loud"})


def test_the_readme_names_every_variable() -> None:
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "server" / "config.py").read_text())) - {"INFO", "DEBUG", "WARNING", "ERROR"}
    told = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert read <= told, f"not in the README: {sorted(read - told)}"


def test_demo_accounts_are_never_served_to_other_machines(lonely_db: Database, config: Config) -> None:
    served = replace(config, public_url="https://follow-up.clinic.example")
    make.clinic(lonely_db)
    check_start(create_app(replace(served, host="0.0.0.0"), lonely_db))
    make.clinic(lonely_db, demo=True)
    check_start(create_app(config, lonely_db))
    for settings in (replace(served, host="0.0.0.0"), served):
        with pytest.raises(ConfigError, match=r"the demo clinic .* is present"):
            check_start(create_app(settings, lonely_db))
