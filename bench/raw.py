"""The limit: the same rows that a case push leaves, inserted by the bare driver, one transaction per case."""

import itertools
import sqlite3
import time
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa

from bench.clients import Run, together
from bench.place import Place

TABLES = ("procedures", "planned_injections", "entries", "journal")
RENAMED = ("id", "procedure_id", "record_id", "retracts")
"""Columns with ids that each copy gets anew."""
_SEQ = itertools.count(1_000_000)
"""Journal numbers that no run of Graftlog itself reaches."""
Rows = dict[str, tuple[list[str], list[list[Any]]]]


def template(place: Place, procedure_id: str) -> Rows:
    """Table → (columns, rows) that one case push left, in the driver's own values."""
    made: Rows = {}
    wanted = uuid.UUID(procedure_id)
    bound = wanted.hex if place.is_sqlite else wanted
    database = place.database()
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        cursor = driver.cursor()  # type: ignore[union-attr]  # reason: it is connected
        mark = "?" if place.is_sqlite else "%s"
        for table in TABLES:
            column = {"procedures": "id", "journal": "record_id"}.get(table, "procedure_id")
            where = f"{column} = {mark}"
            parameters = [bound]
            if table == "journal":
                where += f" OR record_id IN (SELECT id FROM entries WHERE procedure_id = {mark})"
                parameters.append(bound)
            cursor.execute(f"SELECT * FROM {table} WHERE {where}", parameters)
            columns = [one[0] for one in cursor.description]
            made[table] = columns, [list(row) for row in cursor.fetchall()]
        cursor.close()
    database.close()
    return made


def _fresh(rows: Rows, clinic: Any, seq: Any, columns_renamed: Sequence[str], sqlite: bool) -> Rows:
    """The template with ids of its own. The journal's chain hashes stay as they are: the driver does not compute."""
    renamed: dict[Any, Any] = {}

    def new(old: Any) -> Any:
        if old not in renamed:
            fresh = uuid.uuid4()
            renamed[old] = fresh.hex if sqlite else fresh
        return renamed[old]

    made: Rows = {}
    for table, (columns, values) in rows.items():
        out = []
        for row in values:
            named = dict(zip(columns, row, strict=True))
            for column in columns_renamed:
                if named.get(column) is not None:
                    named[column] = new(named[column])
            if table == "journal":
                named["clinic_id"], named["seq"] = clinic, next(seq)
            out.append([_adapted(named[column], sqlite) for column in columns])
        made[table] = columns, out
    return made


def _adapted(value: Any, sqlite: bool) -> Any:
    return psycopg.types.json.Jsonb(value) if not sqlite and isinstance(value, dict | list) else value


def connected(url: str) -> Any:
    """The bare driver's own connection, with the durability that Graftlog has."""
    if not url.startswith("sqlite"):
        return psycopg.connect(sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=60)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _insert_all(url: str, cases: list[Rows], start: Any, results: Any) -> None:
    sqlite, connection = url.startswith("sqlite"), connected(url)
    mark = "?" if sqlite else "%s"
    start.wait()
    began = time.monotonic()
    latencies = []
    for case in cases:
        sent = time.monotonic()
        cursor = connection.cursor()
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for table, (columns, rows) in case.items():
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})", rows)
        if sqlite:
            cursor.execute("COMMIT")
        else:
            connection.commit()
        latencies.append((time.monotonic() - sent) * 1000)
    results.put((began, time.monotonic(), latencies))
    connection.close()


def run(place: Place, rows: Rows, clients: int, cases_each: int, renamed: Sequence[str] = RENAMED) -> Run:
    """Cases per second of `clients` connections. Journal numbers are given out beforehand, so nobody waits for a counter."""
    columns, values = rows["journal"]
    clinic = values[0][columns.index("clinic_id")]
    work = [[_fresh(rows, clinic, _SEQ, renamed, place.is_sqlite) for _ in range(cases_each)] for _ in range(clients)]
    return together(_insert_all, [(place.url, one) for one in work])
