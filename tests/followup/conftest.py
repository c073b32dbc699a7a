"""Fixtures of the follow-up: a mail server, settings that use it, and Anna's finished procedure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, VisitKind
from server import clock
from server.config import Config
from server.db import Database
from server.followup.models import Sender, StoppedAddress
from server.followup.protocol import DEFAULT
from server.followup.service import protocol_moves
from tests import make
from tests.followup import moving
from tests.followup.mailbox import Mailbox, open_mailbox
from tests.followup.story import Story

VISITS_ONLY = replace(DEFAULT, steps=tuple(replace(step, chase=()) for step in DEFAULT.steps if step.kind == VisitKind.VISIT))
"""Three visits with nine messages: enough for stories about messages."""

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _calm(db: Database) -> None:
    """The ways out and the addresses that said stop are the installation's: no story finds another's."""
    with db.transaction(everywhere=True) as session:
        session.execute(sa.delete(Sender))
        session.execute(sa.delete(StoppedAddress))


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
        make.protocol(db, clinic, VISITS_ONLY)
        patient = make.patient(db, clinic)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(db, clinic, mailing, patient, procedure)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two follow-ups are few, and two are a batch."""
    monkeypatch.setattr(protocol_moves, "AT_ONCE", 2)
    monkeypatch.setattr(protocol_moves, "BATCH", 2)


@pytest.fixture
def ward(db: Database, clinic: make.Clinic) -> moving.Ward:
    """The procedures, by given name, of five patients who were treated at Riverside on Monday 2 March 2026."""
    return {name: moving.treated(db, clinic, name) for name in moving.PEOPLE}
