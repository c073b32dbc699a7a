"""How the stories about many follow-ups move them to another version, and see where they stand."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import ProcedureState
from server import clock
from server.db import Database
from server.followup.engine import moves
from server.followup.models import Visit
from tests import make
from tests.api import Api
from tests.followup.editing import activate, content

ENDED = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
NEXT_DAY = ENDED + timedelta(days=1)
PEOPLE = ("Anna", "Bea", "Csilla", "Dóra", "Emese")
Ward = dict[str, dict[str, Any]]


def treated(db: Database, clinic: make.Clinic, name: str, ended_at: datetime = ENDED) -> dict[str, Any]:
    """The completed procedure of a patient who is new to the clinic."""
    with clock.at(ended_at):
        who = make.patient(db, clinic, given_name=name)
        return make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=who["id"], ended_at=ended_at)


def months(number: int) -> dict[str, Any]:
    """The built-in protocol with its three months moved."""
    wanted = content()
    wanted["steps"][5]["after"] = {"months": number}
    return wanted


def step(db: Database, clinic: make.Clinic, at: datetime = NEXT_DAY) -> bool:
    """What one tick does of it."""
    with clock.at(at):
        return moves.step(db, clinic.id)


def under(db: Database, clinic: make.Clinic) -> Counter[tuple[str, ...]]:
    """How many procedures stand under which versions."""
    with db.transaction(clinic.id, write=False) as session:
        found: dict[uuid.UUID, set[str]] = {}
        for procedure_id, version in session.execute(sa.select(Visit.procedure_id, Visit.protocol_version)):
            found.setdefault(procedure_id, set()).add(version)
    return Counter(tuple(sorted(versions)) for versions in found.values())


def visits(db: Database, clinic: make.Clinic, procedure: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """(version, target date) of each visit."""
    with db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(Visit).where(Visit.procedure_id == uuid.UUID(procedure["id"])))
        return {row.step: (row.protocol_version, str(row.target_date)) for row in rows}


def open_move(adam: Api, number: int = 4) -> dict[str, Any]:
    """Ádám moves three months, for open procedures too; what he is told."""
    with clock.at(NEXT_DAY):
        return activate(adam, months(number), "open")
