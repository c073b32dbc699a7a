"""Give a table of SQLite another constraint: it must be made anew, exactly as it stands, whatever earlier migrations have made of it."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op


def with_constraint(table: str, clause: str) -> None:
    """Make `table` anew with `clause` as its last line. For SQLite only."""
    _anew(table, lambda made: f"{made.rstrip().rpartition(')')[0].rstrip()}, {clause})")


def with_other_words(table: str, before: str, after: str) -> None:
    """Make `table` anew with a check that reads `after` where it read `before`. For SQLite only. Raises ValueError where it does not."""

    def other(made: str) -> str:
        if made.count(before) != 1:
            raise ValueError(f"{table} does not say once: {before}")
        return made.replace(before, after)

    _anew(table, other)


def _anew(table: str, changed: Callable[[str], str]) -> None:
    """Rows, indexes and triggers are carried over.

    Rows wait in a temporary table meanwhile, so that those which point to each other never point to nothing; those of other tables may
    until the migration commits.
    """
    connection = op.get_bind()
    query = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type = 'table' DESC")
    (_, made), *beside = connection.execute(query, {"name": table}).all()
    for statement in (
        "PRAGMA defer_foreign_keys = ON",
        f"CREATE TEMPORARY TABLE old_{table} AS SELECT * FROM {table}",  # noqa: S608  reason: our own names
        f"DROP TABLE {table}",
        changed(made),
        f"INSERT INTO {table} SELECT * FROM old_{table}",  # noqa: S608  reason: our own names
        f"DROP TABLE old_{table}",
        *(sql for _, sql in beside),
    ):
        connection.exec_driver_sql(statement)
