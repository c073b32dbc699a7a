"""Fixtures of the follow-up: a mail server, settings that use it, and Anna's finished procedure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.vocabulary import ProcedureState
from server import clock
from server.config import Config
from server.db import Database
from tests import make
from tests.followup.mailbox import Mailbox, open_mailbox
from tests.followup.story import Story

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server of this story's own."""
    with open_mailbox() as running:
        yield running


@pytest.fixture
def mailing(config: Config, mailbox: Mailbox, tmp_path: Path) -> Config:
    """Settings that send to `mailbox`."""
    return replace(config, data=tmp_path, smtp_url=mailbox.url, mail_from="Graftlog <follow-up@clinic.example>")


@pytest.fixture
def anna(db: Database, clinic: make.Clinic, mailing: Config) -> Story:
    """Anna, whose procedure at Riverside ended on Monday 2 March 2026 at 12:40: due on 16 March, 2 June, 2 March 2027."""
    with clock.at(MONDAY):
        patient = make.patient(db, clinic)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(db, clinic, mailing, patient, procedure)
