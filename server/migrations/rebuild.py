"""Give a table of SQLite a constraint: it must be made anew, exactly as it stands, whatever earlier migrations have made of it."""

import sqlalchemy as sa
from alembic import op


def with_constraint(table: str, clause: str) -> None:
    """Make `table` anew with `clause` as its last line; rows, indexes and triggers are carried over. For SQLite only.

    Rows wait in a temporary table meanwhile, so that those which point to each other never point to nothing.
    """
    connection = op.get_bind()
    query = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type = 'table' DESC")
    (_, made), *beside = connection.execute(query, {"name": table}).all()
    body, _, _ = made.rstrip().rpartition(")")
    for statement in (
        f"CREATE TEMPORARY TABLE old_{table} AS SELECT * FROM {table}",  # noqa: S608  reason: our own names
        f"DROP TABLE {table}",
        f"{body.rstrip()}, {clause})",
        f"INSERT INTO {table} SELECT * FROM old_{table}",  # noqa: S608  reason: our own names
        f"DROP TABLE old_{table}",
        *(sql for _, sql in beside),
    ):
        connection.exec_driver_sql(statement)
