"""The real worker and the real beat, as the Procfile starts them: a reminder that falls due becomes a mail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Channel, ReminderState
from server.db import Database
from server.followup.models import Reminder
from tests.drill.processes import ROOT
from tests.drill.reminders import fill, no_chores
from tests.followup.mailbox import Mailbox
from tests.workers.crew import crew

PATIENCE_S = 60
BROKERS = [pytest.param("", id="files"), *([pytest.param(url, id="redis")] if (url := os.environ.get("TEST_REDIS_URL", "")) else [])]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_reminder_that_falls_due_is_sent(lonely_db: Database, tmp_path: Path, mailbox: Mailbox, broker: str) -> None:
    """Beat ticks, the worker finds the row and sends the mail; both stop cleanly when asked."""
    no_chores(lonely_db)
    with crew(lonely_db, tmp_path, broker, SMTP_URL=mailbox.url, PYTHONWARNINGS="always") as here:
        here.start("beat")
        here.start("worker")
        (key,) = fill(lonely_db, count=1, clinics=1, channel=Channel.EMAIL, seconds=0, seed=1)
        assert mailbox.wait_for(1, PATIENCE_S), here.said
        here.stop(PATIENCE_S)
    (mail,) = mailbox.mails
    assert str(mail["To"]) == "Anna 0 Petrauskienė <anna0@example.org>"
    assert str(mail["Message-ID"]).startswith(f"<{key}@")
    with lonely_db.transaction(write=False, everywhere=True) as session:
        (state,) = session.scalars(sa.select(Reminder.state), execution_options={"all_clinics": True})
    assert state == ReminderState.ACCEPTED
    for word in ("Traceback", "Warning", "superuser", "Received task", "Sending due task", "Discarding revoked task"):
        assert word not in here.said, here.said


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("workers.followup", ("flask", "marshmallow", "werkzeug", "flask_smorest")),
        ("server.followup.service", ("flask", "marshmallow", "werkzeug", "flask_smorest")),
        ("workers.app", ("flask", "marshmallow", "sqlalchemy")),  # this is all that beat imports, and it must stay small
    ],
)
def test_what_a_process_never_imports(module: str, never: tuple[str, ...], tmp_path: Path) -> None:
    """The web's libraries stay out of the worker, the database's out of beat; importing connects to nothing."""
    script = f"import sys, {module}; print(*(name for name in {never!r} if name in sys.modules))"
    environ = {"PATH": os.environ["PATH"], "GRAFTLOG_DATA": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1/0"}
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, check=True, text=True)
    assert not answer.stdout.strip()
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_one_clear_sentence(tmp_path: Path) -> None:
    """No trace of calls."""
    environ = {"PATH": os.environ["PATH"], "GRAFTLOG_DATA": str(tmp_path), "SMTP_URL": "mail.example"}
    answer = subprocess.run(
        [sys.executable, "-c", "import workers.app"], cwd=ROOT, env=environ, capture_output=True, check=False, text=True
    )
    assert answer.returncode == 1
    assert "SMTP_URL must look like smtp://" in answer.stderr
    assert "Traceback" not in answer.stderr
