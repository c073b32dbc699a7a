"""Thousands of due reminders of several clinics, put straight into the tables: what the drill is about is their sending."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.vocabulary import Channel, ProcedureState, Purpose, ReminderState, Sex, VisitKind, VisitState
from server import clock
from server.db import Database, insert_many, table_of
from server.followup.calendar import Hours
from server.followup.engine.chores import CHORES
from server.followup.models import PATIENT, Chore, Reminder, Visit
from server.followup.protocol import DEFAULT
from server.ids import uuid7
from server.patients.models import Patient
from server.procedures.models import Procedure
from tests import make

NOON = 12
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
OPEN_EVERY_DAY = replace(DEFAULT, hours=Hours(closed_weekdays=frozenset()))


@dataclass(frozen=True)
class _Case:
    clinic: make.Clinic
    version: str
    number: int
    due_at: datetime
    channel: Channel

    @property
    def tomorrow(self) -> date:
        return self.due_at.date() + timedelta(days=1)


def zone_where_it_is_noon() -> str:
    """A zone in which the clinics are open, whenever the drill runs. Etc/GMT-3 is three hours ahead of Greenwich."""
    return f"Etc/GMT{clock.now().hour - NOON:+d}"


def no_chores(db: Database) -> None:
    """The chores are done for ever: turned visits, digests and the nightly proof are other stories."""
    with db.transaction(everywhere=True) as session:
        session.add_all(Chore(name=name, next_at=NEVER, ran_at=clock.now()) for name in CHORES)


def fill(db: Database, *, count: int, clinics: int, channel: Channel, seconds: float, seed: int) -> set[str]:
    """Store `count` reminders that fall due evenly over so many seconds from now; their keys."""
    dice, zone = random.Random(seed), zone_where_it_is_noon()
    made = [make.clinic(db, name=f"Clinic {number}", time_zone=zone) for number in range(clinics)]
    versions = [make.protocol(db, one, OPEN_EVERY_DAY) for one in made]
    start, keys = clock.now(), set[str]()
    for turn, (clinic, version) in enumerate(zip(made, versions, strict=True)):
        numbers = range(turn, count, clinics)
        cases = [_Case(clinic, version, number, start + timedelta(seconds=dice.random() * seconds), channel) for number in numbers]
        tables: dict[Any, list[dict[str, Any]]] = {Patient: [], Procedure: [], Visit: [], Reminder: []}
        for case in cases:
            for model, row in _rows(case):
                tables[model].append(row)
        with db.transaction(clinic.id) as session:
            for model, rows in tables.items():
                if rows:
                    insert_many(session, table_of(model), rows)
        keys.update(str(row["idempotency_key"]) for row in tables[Reminder])
    return keys


def _rows(case: _Case) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A patient whose visit is tomorrow, and the message about it."""
    made: dict[str, Any] = {"clinic_id": case.clinic.id, "created_at": case.due_at, "updated_at": case.due_at}
    ids = {"patient_id": uuid7(), "procedure_id": uuid7(), "visit_id": uuid7()}
    yield Patient, made | {"id": ids["patient_id"], "write_id": uuid7()} | _patient(case)
    procedure = _procedure(case) | {"patient_id": ids["patient_id"]}
    yield Procedure, made | {"id": ids["procedure_id"], "write_id": uuid7()} | procedure
    visit = _visit(case) | {name: ids[name] for name in ("patient_id", "procedure_id")}
    yield Visit, made | {"id": ids["visit_id"], "write_id": uuid7()} | visit
    yield Reminder, made | {"id": uuid7(), "write_id": uuid7()} | ids | _message(case)


def _patient(case: _Case) -> dict[str, Any]:
    return {
        "mrn": f"D-{case.number}",
        "family_name": "Petrauskienė",
        "given_name": f"Anna {case.number}",
        "sex": Sex.FEMALE,
        "phone_e164": f"+3620{case.number:07d}",
        "email": f"anna{case.number}@example.org",
        "language": "en",
        "reminder_consent": True,
        "search": "",
        "content_hash": "",
    }


def _procedure(case: _Case) -> dict[str, Any]:
    ended = case.due_at - timedelta(days=13)
    return {
        "surgeon_id": case.clinic.surgeon.user_id,
        "state": ProcedureState.COMPLETED,
        "planned_for": ended,
        "title": "Nanofat injection of depressed facial scars",
        "urgency": "elective",
        "started_at": ended - timedelta(hours=1),
        "ended_at": ended,
        "content_hash": "",
    }


def _visit(case: _Case) -> dict[str, Any]:
    return {
        "step": "2w",
        "title": "2 weeks",
        "kind": VisitKind.VISIT,
        "protocol_version": case.version,
        "target_date": case.tomorrow,
        "opens_on": case.tomorrow - timedelta(days=4),
        "closes_on": case.tomorrow + timedelta(days=7),
        "state": VisitState.DUE,
        "generation": 1,
    }


def _message(case: _Case) -> dict[str, Any]:
    return {
        "rung": 1,
        "purpose": Purpose.NEAR,
        "recipient": PATIENT,
        "channel": case.channel,
        "generation": 1,
        "about_on": case.tomorrow,
        "wall": case.due_at.strftime("%Y-%m-%dT%H:%M"),
        "zone": "UTC",
        "due_at": case.due_at,
        "next_at": case.due_at,
        "expires_at": case.due_at + timedelta(hours=6),
        "state": ReminderState.PENDING,
        "attempts": 0,
        "idempotency_key": uuid.uuid5(case.clinic.id, str(case.number)),
    }
