"""Statements that copy many rows within a database: no foreign keys meanwhile, on PostgreSQL no triggers, and indexes built afterwards."""

import os
from collections.abc import Sequence
from contextlib import closing

import psycopg
import sqlalchemy as sa

from bench.place import Place


def plain_url(place: Place) -> str:
    """Of the bare driver."""
    return sa.make_url(place.url).set(drivername="postgresql").render_as_string(hide_password=False)


def run(place: Place, statements: Sequence[str], tables: Sequence[str], *, analyse_sqlite: bool = True) -> None:
    """All statements, which fill `tables`. PostgreSQL makes its statistics by itself, SQLite only where somebody asks for them.

    What was filled is on the disk afterwards: written meanwhile, its gigabyte held up whatever was measured first.
    """
    if place.is_sqlite:
        _into_sqlite(place, statements, analyse=analyse_sqlite)
    else:
        _into_postgresql(place, statements, tables)
    os.sync()


def _into_postgresql(place: Place, statements: Sequence[str], tables: Sequence[str]) -> None:
    with psycopg.connect(plain_url(place), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        plain = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname LIKE 'ix\\_%%'", (list(tables),)
        ).fetchall()
        for name, _ in plain:
            connection.execute(f"DROP INDEX {name}".encode())
        for statement in statements:
            connection.execute(statement.encode())
        for _, made in plain:
            connection.execute(made.encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _into_sqlite(place: Place, statements: Sequence[str], *, analyse: bool) -> None:
    database = place.database()
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA cache_size = -400000")
        cursor.execute("BEGIN IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("COMMIT")
        if analyse:
            cursor.execute("ANALYZE")
        cursor.execute("PRAGMA foreign_keys = ON")
    database.close()
