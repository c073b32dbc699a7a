"""The demo's invented past stays on this machine."""

from pathlib import Path

import pytest

from schemas.vocabulary import PATIENT_CHANNELS, Channel
from server.config import from_environment
from server.demo.seed import into_files
from server.followup.channels.outbox import OutboxWay
from server.followup.channels.ways import open_way

REAL = {"SMTP_URL": "smtp://127.0.0.1:1", "SMS_URL": "http://AC1:token@127.0.0.1:1", "SMS_FROM": "+36201234567"}


@pytest.mark.parametrize("channel", PATIENT_CHANNELS)
def test_messages_of_the_demos_past_are_files_whatever_is_configured(channel: Channel, tmp_path: Path) -> None:
    config = from_environment(REAL | {"GRAFTLOG_DATA": str(tmp_path)})
    assert not isinstance(open_way(config, channel), OutboxWay)
    assert isinstance(open_way(into_files(config), channel), OutboxWay)
