"""Fill the clinic whose pages are measured: copies of its first cases over eleven years, made by the database itself."""

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bench import bulk
from bench.pages_clinic import Case, Originals
from bench.place import Place
from server import clock
from server.column_types import UtcDateTime
from server.db import Base, insert_many
from server.patients.rules import searchable

HOURS = 100_000
"""Over so long all cases are spread, however many: eleven years."""
FRESH = 4
"""So many of the newest cases are not signed yet, whoever operated,"""
FORGOTTEN = 25
"""and of the older ones one in so many, but not of the last surgeon's."""
OPEN_ALERTS, OPEN_ISSUES = 20, 60
"""Of the newest cases; older ones are closed."""
FAMILIES = (
    *("Kovács", "Szabó", "Tóth", "Nagy", "Varga", "Horváth", "Kiss", "Molnár", "Németh", "Farkas", "Balogh", "Papp", "Takács"),
    *("Novák", "Svoboda", "Dvořák", "Petrauskas", "Jankauskas", "Kazlauskas", "Nowak", "Kowalska", "Wiśniewska", "Lewandowska"),
)
GIVEN = ("Anna", "Eszter", "Hana", "Bence", "Réka", "Jonas", "Ona", "Marek", "Zofia", "Péter", "Lucie", "Ádám", "Ieva")

COPIES = sa.Table(
    "bench_copies",
    sa.MetaData(),
    sa.Column("i", sa.Integer, primary_key=True),
    sa.Column("hours", sa.Integer),
    sa.Column("patient_id", sa.Uuid),
    sa.Column("patient_text", sa.Text),
    sa.Column("procedure_id", sa.Uuid),
    *(sa.Column(name, sa.Text) for name in ("mrn", "family_name", "given_name", "search")),
)
_OF_PATIENT, _OF_PROCEDURE = "t.patient_id = n.patient_id", "t.procedure_id = n.procedure_id"
_COPIED = (
    ("patients", "t.id = n.patient_id"),
    ("scars", _OF_PATIENT),
    ("procedures", "t.id = n.procedure_id"),
    ("planned_injections", _OF_PROCEDURE),
    ("entries", _OF_PROCEDURE),
    ("signatures", _OF_PROCEDURE),
    ("photos", _OF_PATIENT),
    ("visits", _OF_PROCEDURE),
    ("reminders", f"{_OF_PROCEDURE} AND t.rung IN (0, 1)"),
    ("alerts", f"{_OF_PATIENT} AND (n.i <= {OPEN_ALERTS} OR n.i % 10 = 0)"),
    ("calls", f"{_OF_PATIENT} AND n.i % 10 = 0"),
    ("sync_issues", f"{_OF_PROCEDURE} AND (n.i <= {OPEN_ISSUES} OR n.i % 10 = 0)"),
    ("journal", "t.collection IN ('patients', 'procedures') AND t.record_id IN (n.patient_id, n.procedure_id)"),
    ("access_log", _OF_PATIENT),
    ("access_log", "t.reading = 'sync' AND n.i % 3 = 0"),
)
"""Tables in an order in which triggers take the rows, and which rows of `t` are copied for a row `n` of `bench_copies`."""
_IDS = frozenset({"id", "patient_id", "procedure_id", "scar_id", "visit_id", "document_id", "record_id", "idempotency_key"})
_BIRTH = frozenset({"birth_date", "died_on"})
_SEQ_EACH = 10_000
"""More than the journal has rows before the copies."""


@dataclass(frozen=True)
class Filled:
    """How many procedures there are, how many of them are not signed, and how long it took."""

    procedures: int
    unsigned: int
    seconds: float


def fill(place: Place, made: Originals, procedures: int, *, analyse_sqlite: bool) -> Filled:
    """Copy cases until there are so many procedures; the copies are numbered from the newest, an equal time apart."""
    began = time.monotonic()
    database = place.database()
    copies = procedures - made.count
    COPIES.create(database.engine)
    with database.transaction() as session:
        insert_many(session, COPIES, [_copy(made, i, procedures) for i in range(1, copies + 1)])
    bulk.run(place, _statements(place, copies), sorted({table for table, _ in _COPIED}), analyse_sqlite=analyse_sqlite)
    COPIES.drop(database.engine)
    with database.engine.connect() as connection:
        stored = connection.scalar(sa.text("SELECT count(*) FROM procedures")) or 0
        unsigned = connection.scalar(sa.text("SELECT count(*) FROM procedures WHERE state <> 'signed'")) or 0
    database.close()
    return Filled(stored, unsigned, time.monotonic() - began)


def case_of(made: Originals, i: int) -> Case:
    """Which case the copy `i` is one of."""
    whose = i % len(made.surgeons)
    forgotten = i % FORGOTTEN == 0 and whose != len(made.surgeons) - 1
    return made.drafts[whose] if i <= FRESH or forgotten else made.signed[whose]


def typical(made: Originals, procedures: int) -> int:
    """Number of a copy about ten months old: signed, with photographs, visits behind it and one ahead."""
    return next(i for i in range(procedures * 7 // 100, procedures) if case_of(made, i) in made.signed)


def patient_of(made: Originals, i: int) -> uuid.UUID:
    """Id of the patient of the copy `i`."""
    return uuid.UUID(f"{i:08x}{case_of(made, i).patient_id.hex[8:]}")


def name_of(i: int) -> tuple[str, str]:
    """(family name, given name) of the patient of the copy `i`."""
    return FAMILIES[i % len(FAMILIES)], GIVEN[i % len(GIVEN)]


def number_of(i: int) -> str:
    """Record number of the patient of the copy `i`."""
    return f"B-{i:06d}"


def _copy(made: Originals, i: int, procedures: int) -> dict[str, Any]:
    case, (family, given) = case_of(made, i), name_of(i)
    return {
        "i": i,
        "hours": i * HOURS // procedures,
        "patient_id": case.patient_id,
        "patient_text": str(case.patient_id),
        "procedure_id": case.procedure_id,
        "mrn": number_of(i),
        "family_name": family,
        "given_name": given,
        "search": searchable(family, given, number_of(i), phone=f"+3620{i:07d}"),
    }


def _statements(place: Place, copies: int) -> list[str]:
    """One for each table, and the journal's counter behind its copies."""
    made = []
    for table, which in _COPIED:
        columns = Base.metadata.tables[table].columns
        special = _special(place, table, copies)
        values = ", ".join(special.get(one.name) or _value(place, table, one) for one in columns)
        names = ", ".join(one.name for one in columns)
        made.append(f"INSERT INTO {table} ({names}) SELECT {values} FROM bench_copies n JOIN {table} t ON {which}")
    return [*made, f"UPDATE journal_heads SET seq = {(copies + 2) * _SEQ_EACH}"]


def _value(place: Place, table: str, column: sa.Column[Any]) -> str:
    """What a copy has in a column: its own ids, times so many hours earlier, all else as it was."""
    name = column.name
    if name in _IDS:
        return _numbered(place, f"t.{name}")
    if name in _BIRTH or not isinstance(column.type, UtcDateTime | sa.Date):
        return f"n.{name}" if table == "patients" and name in COPIES.columns else f"t.{name}"
    return _earlier(place, name, day=isinstance(column.type, sa.Date))


def _numbered(place: Place, one: str) -> str:
    if place.is_sqlite:
        return f"printf('%08x', n.i) || substr({one}, 9)"
    return f"(lpad(to_hex(n.i), 8, '0') || substr({one}::text, 9))::uuid"


def _earlier(place: Place, name: str, *, day: bool) -> str:
    if place.is_sqlite:
        return f"strftime('{'%Y-%m-%d' if day else '%Y-%m-%d %H:%M:%f000'}', t.{name}, '-' || n.hours || ' hours')"
    return f"(t.{name} - n.hours * interval '1 hour')" + ("::date" if day else "")


def _special(place: Place, table: str, copies: int) -> dict[str, str]:
    """Column → what its copies have, where that follows from their age."""
    due, raised = _earlier(place, "due_at", day=False), _earlier(place, "raised_at", day=False)
    now = clock.now().strftime("'%Y-%m-%d %H:%M:%S.000000" + ("'" if place.is_sqlite else "+00'"))
    told = _numbered(place, "n.patient_text") + ("" if place.is_sqlite else "::text")
    found = {
        "visits": {"state": _visit_state(place)},
        "reminders": {
            "state": f"CASE WHEN {due} > {now} THEN 'pending' WHEN n.i % 50 = 0 THEN 'expired' ELSE 'delivered' END",
            "sent_at": f"CASE WHEN {due} <= {now} AND n.i % 50 > 0 THEN {due} END",
        },
        "alerts": {"closed_at": f"CASE WHEN n.i > {OPEN_ALERTS} THEN {raised} END"},
        "sync_issues": {"state": f"CASE WHEN n.i > {OPEN_ISSUES} THEN 'resolved' ELSE t.state END"},
        "signatures": {"manifest": "'{}'"},
        "journal": {"seq": f"({copies} + 1 - n.i) * {_SEQ_EACH} + t.seq", "body": f"replace(t.body, n.patient_text, {told})"},
    }
    return found.get(table, {})


def _visit_state(place: Place) -> str:
    """Nine of ten patients came; of the others a call is still to be made for four weeks."""
    opens, closes = (_earlier(place, name, day=True) for name in ("opens_on", "closes_on"))
    today = clock.now().date()
    came = "CASE WHEN t.kind = 'visit' THEN 'attended' ELSE 'answered' END"
    return (
        f"CASE WHEN {closes} < '{today}' AND n.i % 10 > 0 THEN {came} WHEN {closes} < '{today - timedelta(days=28)}' THEN "
        f"'lost_to_follow_up' WHEN {closes} < '{today}' THEN 'missed' WHEN {opens} <= '{today}' THEN 'due' ELSE 'planned' END"
    )
