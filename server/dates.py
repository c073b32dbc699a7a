"""Calendar days in SQL, the same on both databases: the day of an instant in a zone, and how many days lie between two of them."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class local_day(sa.sql.functions.FunctionElement[date]):  # noqa: N801  reason: written like a function of SQL
    """`local_day(instant, zone's name)`: the calendar date there."""

    name, inherit_cache = "local_day", True
    type: sa.types.TypeEngine[date] = sa.Date()


class days_between(sa.sql.functions.FunctionElement[int]):  # noqa: N801  reason: as above
    """`days_between(later, earlier)`: whole days from one calendar date to another; negative where they stand the other way round."""

    name, inherit_cache = "days_between", True
    type: sa.types.TypeEngine[int] = sa.Integer()


@compiles(local_day)
def _by_own_function(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"local_day({compiler.process(element.clauses, **kw)})"


@compiles(local_day, "postgresql")
def _by_server(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    instant, zone = (compiler.process(one, **kw) for one in element.clauses)
    return f"CAST(timezone({zone}, {instant}) AS date)"


@compiles(days_between)
def _by_julian_days(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = (compiler.process(one, **kw) for one in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(days_between, "postgresql")
def _by_difference(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = (compiler.process(one, **kw) for one in element.clauses)
    return f"(CAST({later} AS date) - CAST({earlier} AS date))"


_zone = cache(ZoneInfo)


def _local_day(stored: str | None, zone: str) -> str | None:
    """Of a time as SQLite keeps it: UTC without an offset."""
    return stored and datetime.fromisoformat(stored).replace(tzinfo=UTC).astimezone(_zone(zone)).date().isoformat()


def teach_sqlite(connection: DBAPIConnection) -> None:
    """SQLite knows no zones."""
    connection.create_function("local_day", 2, _local_day, deterministic=True)
