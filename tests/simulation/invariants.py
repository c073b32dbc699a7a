"""What must hold at the end of any life, whatever was planned: read from the rows, the outbox folder and the journal."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from schemas.vocabulary import Purpose, ReminderState
from server.config import Config
from server.db import Database
from server.followup.models import Reminder, Visit
from server.journal import reading as journal
from server.patients.models import Patient
from tests.simulation.naive_dates import TOLERANCE, next_opening
from tests.simulation.play import Played
from tests.simulation.script import CLINIC_ZONE, Script, What


@dataclass(frozen=True)
class _Message:
    row: Reminder
    visit: Visit
    who: str
    procedure: str

    def __str__(self) -> str:
        return f"{self.procedure} {self.visit.step} {self.row.purpose} {self.row.rung}, due {self.row.due_at}, sent {self.row.sent_at}"


def faults(db: Database, config: Config, script: Script, played: Played) -> list[str]:
    """Sentences about what is broken; empty is as it should be."""
    procedures = {value: key for key, value in played.procedures.items()}
    query = sa.select(Reminder, Visit, Patient.mrn)
    query = query.join(Visit, Visit.id == Reminder.visit_id).join(Patient, Patient.id == Reminder.patient_id)
    with db.transaction(played.clinic.id, write=False) as session:
        rows = [_Message(row, visit, mrn, procedures[visit.procedure_id]) for row, visit, mrn in session.execute(query)]
        read, fault = journal.verify(session, played.clinic.id)
    sent = [one for one in rows if one.row.state == ReminderState.ACCEPTED]
    found = [f"the journal of {read} rows: {fault}"] if fault or not read else []
    found += [f"the nightly proof of {at:%Y-%m-%d} lacked {number} rows" for at, number in played.proofs if number]
    found += _twice(sent)
    found += _files(config, played.clinic.id, sent)
    found += [f"{why}: {one}" for one in sent for why in _sent_wrongly(script, played.rules, one)]
    waiting = [one for one in rows if one.row.state == ReminderState.PENDING]
    found += [f"{why}, and yet it waits: {one}" for one in waiting for why in _needless(script, one, script.ends)]
    return found


def _twice(sent: Sequence[_Message]) -> list[str]:
    news = Counter((one.procedure, one.visit.step, str(one.row.purpose), one.row.rung, str(one.row.about_on)) for one in sent)
    return [f"told {number} times: {what}" for what, number in news.items() if number > 1]


def _files(config: Config, clinic_id: uuid.UUID, sent: Sequence[_Message]) -> list[str]:
    """The outbox holds what the rows say was sent, and nothing else."""
    files = {path.stem for path in (config.outbox / str(clinic_id)).glob("*.eml")}
    rows = {str(one.row.id) for one in sent}
    return [f"{len(files ^ rows)} files of the outbox do not match the rows"] if files != rows else []


def _sent_wrongly(script: Script, rules: dict[str, dict[str, Any]], one: _Message) -> Iterator[str]:
    row, at = one.row, one.row.sent_at
    assert at is not None
    zone = ZoneInfo(_fact(script, one.who, "time_zone", at) or CLINIC_ZONE)
    if next_opening(rules[one.visit.protocol_version], at, zone) != at:
        yield "out of hours"
    if not timedelta() <= at - row.due_at <= TOLERANCE[row.purpose] or at >= row.expires_at:
        yield "too early or too late"
    if row.purpose == Purpose.NEAR and row.about_on and at.astimezone(zone).date() > row.about_on:
        yield "after the day that it speaks of"
    yield from _needless(script, one, at)


def _needless(script: Script, one: _Message, at: datetime) -> Iterator[str]:
    """Why nothing may be said to the patient at that moment."""
    if _fact(script, one.who, "reminder_consent", at) is False:
        yield "without consent"
    if _fact(script, one.who, "died_on", at):
        yield "after the patient's death"
    if any(each.what == What.WITHDRAWN and each.procedure == one.procedure and each.at <= at for each in script.of(one.who)):
        yield "about a withdrawn record"


def _fact(script: Script, who: str, name: str, at: datetime) -> Any:
    """As it stood then; None when nobody has said anything."""
    said = [one.facts[name] for one in script.of(who) if one.at <= at and name in one.facts]
    return said[-1] if said else None
