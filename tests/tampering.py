"""What an intruder with the password of the database's owner could do."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import Database
from tests.databases import as_owner


def unguard(connection: sa.Connection | Session, table: str) -> None:
    """Take the table's triggers away."""
    on = connection.connection() if isinstance(connection, Session) else connection
    if on.dialect.name == "postgresql":
        on.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    query = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    for name in on.scalars(query, {"name": table}).all():
        on.exec_driver_sql(f"DROP TRIGGER {name}")


def tampered(db: Database, statement: str, table: str = "journal", **values: Any) -> None:
    """Change the table's rows past its guard. `:clinic` in the statement is a UUID."""
    with as_owner(db) as owned, owned.engine.begin() as connection:
        unguard(connection, table)
        connection.execute(
            sa.text(statement).bindparams(*(sa.bindparam(name, type_=sa.Uuid() if name == "clinic" else None) for name in values)), values
        )
