"""Fill a database with a million future reminders: copies of one patient's real follow-up in each clinic, made by the database itself."""

import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bench import bulk
from bench.place import Place
from schemas.vocabulary import Channel, ProcedureState
from server import clock
from server.column_types import UtcDateTime
from server.db import Database
from server.followup.calendar import Hours
from server.followup.engine.chores import CHORES
from server.followup.models import Chore
from server.followup.protocol import DEFAULT
from server.followup.service import schedule
from tests import make

CLINICS = 8
TABLES = ("patients", "procedures", "visits", "reminders")
_IDS = {
    "patients": ("id",),
    "procedures": ("id", "patient_id"),
    "visits": ("id", "patient_id", "procedure_id"),
    "reminders": ("id", "patient_id", "procedure_id", "visit_id", "idempotency_key"),
}
_MOMENTS = ("due_at", "next_at", "expires_at")
_EVERY_DAY = replace(DEFAULT, hours=Hours(closed_weekdays=frozenset()))


@dataclass(frozen=True)
class Filled:
    """How many reminders lie in the future, and how long it took to put them there."""

    reminders: int
    seconds: float


def noon_zone() -> str:
    """A zone in which it is about noon now, so that messages may go out whenever the benchmark runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


def templates(database: Database, count: int = CLINICS) -> list[make.Clinic]:
    """Clinics, each with one patient whose procedure has just ended."""
    made = []
    for number in range(count):
        clinic = make.clinic(database, name=f"Riverside {number + 1}", time_zone=noon_zone())
        make.protocol(database, clinic, _EVERY_DAY)
        patient = make.patient(database, clinic, phone="+36201234567")
        procedure = make.procedure(database, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=clock.now())
        with database.transaction(clinic.id, write=False) as session:
            if not schedule.visits_of(session, uuid.UUID(procedure["id"])):
                raise RuntimeError("a procedure has ended and no visit is scheduled")
        made.append(clinic)
    return made


def no_chores(database: Database) -> None:
    """Chores have run just now, so that only messages are measured."""
    now = clock.now()
    with database.transaction() as session:
        session.add_all(Chore(name=name, next_at=now + timedelta(days=30), ran_at=now) for name in CHORES)


_CHOSEN = """
SELECT clinic_id, id FROM reminders
WHERE state = 'pending' AND purpose = 'near' AND rung = 1 AND due_at > :moment AND (:all_clinics OR clinic_id = :clinic) LIMIT :n"""
_DUE_POSTGRESQL = f"""
UPDATE reminders r SET channel = :channel, due_at = few.at, next_at = few.at, expires_at = few.at + interval '1 day'
FROM (SELECT clinic_id, id, CAST(:moment AS timestamptz) + row_number() OVER (ORDER BY random()) * :apart * interval '1 second' AS at
      FROM ({_CHOSEN}) chosen) few
WHERE r.clinic_id = few.clinic_id AND r.id = few.id"""
_DUE_SQLITE = f"""
UPDATE reminders SET channel = :channel, due_at = :moment, next_at = :moment, expires_at = datetime(:moment, '+1 day')
WHERE (clinic_id, id) IN ({_CHOSEN})"""


def make_due(
    place: Place, channel: Channel, count: int, moment: datetime, *, per_second: float = 0, clinic_id: uuid.UUID | None = None
) -> int:
    """Let so many messages, each about a visit of its own, fall due at `moment`, or (PostgreSQL) one after the other. How many did."""
    values = {
        "n": count,
        "moment": moment,
        "channel": str(channel),
        "clinic": clinic_id or uuid.UUID(int=0),
        "all_clinics": clinic_id is None,
    }
    moment_type, clinic_type = sa.bindparam("moment", type_=UtcDateTime()), sa.bindparam("clinic", type_=sa.Uuid())
    statement = sa.text(_DUE_SQLITE if place.is_sqlite else _DUE_POSTGRESQL).bindparams(moment_type, clinic_type)
    database = place.database()
    with database.engine.begin() as connection:
        moved = connection.execute(
            statement, values if place.is_sqlite else values | {"apart": 1 / per_second if per_second else 0}
        ).rowcount
    database.close()
    if moved < count:
        raise RuntimeError(f"only {moved} of {count} messages are left to fall due; BENCH_REMINDERS must be at least 700000 for all parts")
    return moved


def future(place: Place, reminders: int) -> Filled:
    """Copy every clinic's patient until so many reminders lie in the future."""
    began = time.monotonic()
    database = place.database()
    with database.engine.connect() as connection:
        each = connection.scalar(sa.text("SELECT count(*) FROM reminders")) or 1
        columns = {table: [column["name"] for column in sa.inspect(connection).get_columns(table)] for table in TABLES}
    copies = max(0, -(-reminders // each) - 1)
    statements = [_statement(place, table, columns[table], copies) for table in TABLES]
    if copies:
        bulk.run(place, statements, TABLES)
    with database.engine.connect() as connection:
        stored = connection.scalar(sa.text("SELECT count(*) FROM reminders WHERE state = 'pending'")) or 0
    database.close()
    return Filled(stored, time.monotonic() - began)


def _statement(place: Place, table: str, columns: list[str], copies: int) -> str:
    number, digits, day = (
        ("n.i", "printf('%08x', n.i)", "'+' || (n.i % 300 + 1) || ' days'")
        if place.is_sqlite
        else ("n.i", "lpad(to_hex(n.i), 8, '0')", "(n.i % 300 + 1) * interval '1 day'")
    )
    made = {}
    for name in _IDS[table]:
        made[name] = f"{digits} || substr(t.{name}, 9)" if place.is_sqlite else f"({digits} || substr(t.{name}::text, 9))::uuid"
    if table == "patients":
        made |= {
            "mrn": f"t.mrn || '-' || {number}",
            "email": f"'patient' || {number} || '@example.org'",
            "phone_e164": "'+3620' || " + (f"printf('%07d', {number})" if place.is_sqlite else f"lpad({number}::text, 7, '0')"),
        }
    if table == "reminders":
        moved = "strftime('%Y-%m-%d %H:%M:%f000', t.{name}, {day})" if place.is_sqlite else "t.{name} + {day}"
        made |= {name: moved.format(name=name, day=day) for name in _MOMENTS}
        made["channel"] = f"CASE WHEN {number} % 2 = 0 THEN 'sms' ELSE 'email' END"
    values = ", ".join(made.get(name, f"t.{name}") for name in columns)
    source = (
        f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) SELECT i FROM n) n"
        if place.is_sqlite
        else f"generate_series(1, {copies}) AS n(i)"
    )
    template = f"(SELECT * FROM {table})"
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {source} CROSS JOIN {template} t"
