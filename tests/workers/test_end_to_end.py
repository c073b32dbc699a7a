"""The real worker and the real beat, as the Procfile starts them: a reminder that falls due becomes a mail."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, ReminderState
from server import clock
from server.db import Database
from server.followup.models import Reminder
from tests import make
from tests.followup.mailbox import open_mailbox

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
BROKERS = ["files", *(["redis"] if os.environ.get("TEST_REDIS_URL") else [])]


@contextmanager
def process(name: str, environ: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A line of the Procfile, running; killed at the end if the story has not stopped it."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    with log.open("wb") as output:
        running = subprocess.Popen(["sh", "-c", lines[name]], cwd=ROOT, env=environ, stdout=output, stderr=output)
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()
                running.wait()


def due_now(db: Database, clinic: make.Clinic) -> uuid.UUID:
    """A reminder of a procedure of yesterday that is due this second."""
    procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=clock.now() - timedelta(days=1))
    with db.transaction(clinic.id) as session:
        query = sa.select(Reminder).where(Reminder.procedure_id == uuid.UUID(procedure["id"])).order_by(Reminder.due_at).limit(1)
        reminder = session.scalars(query).one()
        reminder.due_at = clock.now()
        return reminder.id


@pytest.mark.parametrize("broker", BROKERS)
def test_a_reminder_that_falls_due_is_sent(lonely_db: Database, tmp_path: Path, broker: str) -> None:
    """Beat ticks, the worker finds the row and sends the mail; both stop cleanly when asked."""
    with open_mailbox() as mailbox, ExitStack() as running:
        environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GRAFTLOG_DATA": str(tmp_path),
            "DATABASE_URL": lonely_db.url.render_as_string(hide_password=False),
            "SMTP_URL": mailbox.url,
            "PYTHONWARNINGS": "always",
        } | ({"REDIS_URL": os.environ["TEST_REDIS_URL"]} if broker == "redis" else {})
        logs = {name: tmp_path / f"{name}.log" for name in ("worker", "beat")}
        processes = [running.enter_context(process(name, environ, log)) for name, log in logs.items()]
        reminder_id = due_now(lonely_db, make.clinic(lonely_db))

        def said() -> str:
            return "\n".join(log.read_text() for log in logs.values())

        assert mailbox.wait_for(1, PATIENCE_S), said()
        for one in processes:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(PATIENCE_S) for one in processes] == [0, 0], said()
        assert str(mailbox.mails[0]["To"]) == "Anna Petrauskienė <anna@example.org>"
        with lonely_db.transaction(write=False) as session:
            everywhere = {"all_clinics": True}
            reminder = session.scalars(sa.select(Reminder).where(Reminder.id == reminder_id), execution_options=everywhere).one()
        assert reminder.state == ReminderState.ACCEPTED
        assert len(mailbox.mails) == 1
        for word in ("Traceback", "Warning", "superuser", "Received task", "Sending due task"):
            assert word not in said(), said()


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
