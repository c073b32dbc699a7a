"""What the stories of the follow-up ask again and again about one patient's procedure."""

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server import clock
from server.config import Config
from server.db import Database
from server.followup.engine import pump
from server.followup.models import Attempt, Reminder, Visit
from server.journal.models import JournalRow
from tests import make

BUDAPEST = ZoneInfo("Europe/Budapest")


def budapest(text: str) -> datetime:
    """Wall time at Riverside."""
    return datetime.fromisoformat(text).replace(tzinfo=BUDAPEST)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """What the patient reads."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@dataclass
class Story:
    """One patient, one procedure, and the clinic's post."""

    db: Database
    clinic: make.Clinic
    config: Config
    patient: dict[str, Any]
    procedure: dict[str, Any]

    @property
    def procedure_id(self) -> uuid.UUID:
        """Of the procedure."""
        return uuid.UUID(self.procedure["id"])

    def run(self, wall: str, **config: Any) -> Counter[str]:
        """Send what is due when the clinic's clock says `wall`; `config` replaces settings."""
        with clock.at(budapest(wall)):
            counts = pump.run_due(self.db, replace(self.config, **config), clinic_id=self.clinic.id)
        return Counter({str(state): number for state, number in counts.items()})

    def visits(self) -> list[Visit]:
        """By target date."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            query = sa.select(Visit).where(Visit.procedure_id == self.procedure_id).order_by(Visit.target_date)
            return list(session.scalars(query))

    def reminders(self) -> list[Reminder]:
        """By due time."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            query = sa.select(Reminder).where(Reminder.procedure_id == self.procedure_id).order_by(Reminder.due_at)
            return list(session.scalars(query))

    @property
    def first(self) -> Reminder:
        """The reminder that is due first: three days before the visit after two weeks."""
        return self.reminders()[0]

    def attempts(self) -> list[tuple[int, str, str | None]]:
        """(number, outcome, error) of every attempt, in order."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            ids = [one.id for one in self.reminders()]
            rows = session.scalars(sa.select(Attempt).where(Attempt.reminder_id.in_(ids)).order_by(Attempt.id))
            return [(row.number, str(row.outcome), row.error) for row in rows]

    def journal(self, record_id: uuid.UUID) -> list[JournalRow]:
        """History of one record."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            query = sa.select(JournalRow).where(JournalRow.clinic_id == self.clinic.id, JournalRow.record_id == record_id)
            return list(session.scalars(query.order_by(JournalRow.seq)))
