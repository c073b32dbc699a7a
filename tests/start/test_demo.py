"""The demo's invented patients are written to by nobody: their messages stay on this machine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.vocabulary import PATIENT_CHANNELS, Channel, ProcedureState, ReminderState
from server import clock
from server.config import from_environment
from server.db import Database
from server.demo.redness import first_clear
from server.demo.seed import into_files
from server.followup.channels.outbox import OutboxWay
from server.followup.channels.ways import open_way
from server.followup.engine import pump
from tests import make

REAL = {"SMTP_URL": "smtp://127.0.0.1:1", "SMS_URL": "http://AC1:token@127.0.0.1:1", "SMS_FROM": "+36201234567"}


@pytest.mark.parametrize("channel", PATIENT_CHANNELS)
def test_messages_of_the_demos_past_are_files_whatever_is_configured(channel: Channel, tmp_path: Path) -> None:
    config = from_environment(REAL | {"GRAFTLOG_DATA": str(tmp_path)})
    assert not isinstance(open_way(config, channel), OutboxWay)
    assert isinstance(open_way(into_files(config), channel), OutboxWay)


def test_a_demos_message_that_falls_due_is_a_file_too(db: Database, tmp_path: Path) -> None:
    """The invented address may be somebody's, and the mail server is real."""
    config = from_environment(REAL | {"GRAFTLOG_DATA": str(tmp_path)})
    clinic = make.clinic(db, demo=True)
    ended = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
    with clock.at(ended):
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ended)
    with clock.at(datetime(2026, 3, 9, 9, 1, tzinfo=UTC)):
        assert pump.run_due(db, config, clinic_id=clinic.id) == {ReminderState.ACCEPTED: 1}
    (mail,) = (config.outbox).rglob("*.eml")
    assert "anna@example.org" in mail.read_text()


def test_the_demos_skin_is_red_for_two_to_three_weeks_as_a_rule() -> None:
    """And all who look at one patient see the same course."""
    clear = [first_clear(f"RPS-{number}") for number in range(400)]
    shares = {day: sum(one <= day for one in clear) / len(clear) for day in (7, 14, 21, 28)}
    assert shares[7] == 0
    assert 0.1 < shares[14] < 0.3
    assert 0.65 < shares[21] < 0.85
    assert 0.9 < shares[28] < 1
    assert clear == [first_clear(f"RPS-{number}") for number in range(400)]
