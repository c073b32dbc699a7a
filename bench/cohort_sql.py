"""Rows that follow from a number, in the SQL of either database: ids, days and words."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from bench.place import Place
from server import clock
from server.column_types import UtcDateTime
from server.db import Base
from tests import make

EACH_PATIENT = 4
"""Every so manieth procedure is a second session of the patient before."""
YEARS = 11


@dataclass(frozen=True)
class Fill:
    """Rows of a place, said in its own SQL. `i` is the procedure's number, `k` counts what it has several of."""

    place: Place
    clinic: make.Clinic
    procedures: int

    def id(self, kind: str, number: str = "n.i", more: str = "0") -> str:
        """A UUID of a kind of record; `kind` is two hex digits."""
        if self.place.is_sqlite:
            return f"printf('{kind}%06x%08x70008000%08x', {more}, {number}, {number})"
        digits = (
            f"'{kind}' || lpad(to_hex({more}), 6, '0') || lpad(to_hex({number}), 8, '0') || '70008000' || lpad(to_hex({number}), 8, '0')"
        )
        return f"CAST({digits} AS uuid)"

    def key(self, of: object) -> str:
        """One UUID that is known."""
        return f"'{str(of).replace('-', '')}'" if self.place.is_sqlite else f"CAST('{of}' AS uuid)"

    def after(self, days: str) -> str:
        """The day so many days after the procedure; they are an equal time apart over YEARS, the last one yesterday."""
        newest = (clock.now() - timedelta(days=1)).date()
        back = f"({self.procedures} - n.i) * {YEARS * 365} / {self.procedures}"
        if self.place.is_sqlite:
            return f"date('{newest}', '-' || ({back}) || ' days', '+' || ({days}) || ' days')"
        return f"(DATE '{newest}' - CAST({back} AS int) + CAST({days} AS int))"

    def at(self, clock_time: str) -> str:
        """That time on the procedure's day."""
        return (
            f"{self.after('0')} || ' {clock_time}.000000'"
            if self.place.is_sqlite
            else f"(({self.after('0')} || ' {clock_time}+00')::timestamptz)"
        )

    def false(self) -> str:
        """False."""
        return "0" if self.place.is_sqlite else "false"

    def json(self, text: str) -> str:
        """A constant of JSON."""
        return f"'{text}'" if self.place.is_sqlite else f"'{text}'::jsonb"

    def insert(self, table: str, said: dict[str, str], source: str = "", where: str = "true") -> str:
        """All rows of one kind. What is not said is null, or what the table cannot be without."""
        columns, values = [], []
        for column in Base.metadata.tables[table].columns:
            value = said.get(column.name) or self._usual(column)
            if value is not None:
                columns.append(column.name)
                values.append(value)
        names = ", ".join(columns)
        return f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM bench_cohort n {source} WHERE {where}"

    def _usual(self, column: sa.Column[object]) -> str | None:
        """What a table cannot be without, where nothing is said of it."""
        ids = {"clinic_id": self.key(self.clinic.id), "patient_id": self.patient(), "procedure_id": self.id("02")}
        if column.name in ids and not (column.nullable and column.name != "clinic_id"):
            return ids[column.name]
        if column.nullable or column.server_default is not None:
            return None
        if isinstance(column.type, sa.JSON):
            return self.json("[]" if column.name == "warnings" else "{}")
        if isinstance(column.type, UtcDateTime):
            return self.at("10:00:00")
        return {bool: self.false(), int: "1", uuid.UUID: self.id("ff")}.get(column.type.python_type, "''")

    def patient(self) -> str:
        """Whose procedure it is."""
        return self.id("01", f"(n.i - (CASE WHEN n.i % {EACH_PATIENT} = 0 THEN 1 ELSE 0 END))")

    def scar(self, k: str) -> str:
        """One of the patient's scars."""
        return self.id("03", f"(n.i - (CASE WHEN n.i % {EACH_PATIENT} = 0 THEN 1 ELSE 0 END))", k)


def several(place: Place, number: int) -> str:
    """A source of 1 … number, as k."""
    if place.is_sqlite:
        return "JOIN (" + " UNION ALL ".join(f"SELECT {k} AS k" for k in range(1, number + 1)) + ") m"
    return f"CROSS JOIN generate_series(1, {number}) AS m(k)"


def choice(of: str, values: tuple[str, ...]) -> str:
    """One of some words, by a number."""
    return f"CASE ({of}) % {len(values)} " + " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(values)) + " END"


def text_of(place: Place, number: str) -> str:
    """A number as text."""
    return f"CAST({number} AS {'TEXT' if place.is_sqlite else 'text'})"


def flag(condition: str) -> str:
    """Yes or no, which both databases say so."""
    return f"({condition})"
