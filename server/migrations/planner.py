"""What SQLite's planner is told about the tables: the shape of a large clinic, whatever the size of this one.

Without statistics it takes a clinic's key for selective, walks all of a clinic by an index that is in the right order, and each list
grows with the record. `ANALYZE` would look at the tables as they are today, and a plan would change from one day to the next; this says
the same everywhere and always. PostgreSQL analyses by itself.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_CLINICS_OWN = 100_000
"""Rows of a table of which nothing is said here."""
_ROWS = {
    "journal": 5_000_000,
    "entries": 3_000_000,
    "reminders": 2_000_000,
    "attempts": 2_000_000,
    "access_log": 2_000_000,
    "sync_writes": 3_000_000,
    "visits": 700_000,
    "photos": 300_000,
    "scars": 200_000,
    "planned_injections": 200_000,
    "alerts": 10_000,
    "sync_issues": 10_000,
    "sign_ins": 1_000,
    "users": 40,
    "devices": 40,
    "protocols": 20,
    "message_templates": 40,
    "clinics": 2,
}
_FEW = ("surgeon_id", "actor_id", "user_id", "device_id", "recorded_by", "protocol_id")
_SPREAD, _WORDS, _DAYS, _PEOPLE, _STATES = 100_000, 4, 2_000, 20, 100
"""`_STATES`: what is asked for are the states in which few stand at a time, of all that ever were."""
_PARTIAL = 100
"""An index of only some rows has so many times fewer."""


def tell(connection: Connection) -> None:
    """Write it down where the planner looks, unless it stands there already."""
    wanted = set(_statistics(connection))
    known = sa.inspect(connection).has_table("sqlite_stat1")
    if known and {tuple(row) for row in connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1")} == wanted:
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table of statistics, and looks at none of ours
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for row in sorted(wanted):
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # this connection reads it anew; others do when they open


def _statistics(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """(table, index, `rows of the index, then rows for each value of its first column, of its first two, …`)."""
    tables = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").scalars().all()
    for table in tables:
        types = {row[1]: str(row[2]).upper() for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
        for _, index, unique, _, partial in connection.exec_driver_sql(f"PRAGMA index_list({table})").all():
            columns = [row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info({index})")]
            rows = left = max(1, _ROWS.get(table, _CLINICS_OWN) // (_PARTIAL if partial else 1))
            each = []
            for place, column in enumerate(columns, 1):
                left = 1 if unique and place == len(columns) else max(1, left // _values(column, types.get(column or "", "")))
                each.append(left)
            yield table, index, " ".join(map(str, (rows, *each)))


def _values(column: str | None, kind: str) -> int:
    """How many different values a column has within what the columns before it leave over."""
    if column == "clinic_id":
        return 1
    if column in _FEW:
        return _PEOPLE
    if column == "state":
        return _STATES
    if kind.startswith(("VARCHAR", "BOOLEAN")):
        return _WORDS
    return _DAYS if kind == "DATE" else _SPREAD
