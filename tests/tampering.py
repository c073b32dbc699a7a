"""What an intruder with the database's password could do."""

from typing import Any

import sqlalchemy as sa

from server.db import Database


def tampered(db: Database, statement: str, table: str = "journal", **values: Any) -> None:
    """Drop the table's guard and change its rows. `:clinic` in the statement is a UUID."""
    with db.engine.begin() as connection:
        if db.is_sqlite:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.execute(
            sa.text(statement).bindparams(*(sa.bindparam(name, type_=sa.Uuid() if name == "clinic" else None) for name in values)), values
        )
