"""Alembic's entry: one connection, one transaction, both databases."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from server import tables
from server.db import Database

MIGRATION_LOCK = 4_711_2021


def render_item(kind: str, thing: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our own column types with their import."""
    if kind == "type" and type(thing).__module__ == "server.db":
        autogen_context.imports.add("from server import db")
        return f"db.{type(thing).__name__}()"
    if kind == "type" and isinstance(thing, sa.JSON):
        autogen_context.imports.add("from server import db")
        return "db.Json"
    return False


def run(connection: sa.Connection) -> None:
    """Migrate over `connection`; several machines may try at once, one does it."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(sa.text("SELECT set_config('app.scope', 'system', true)"))  # row level security holds the owner too
    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        render_item=render_item,
        render_as_batch=False,
        compare_type=False,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(context.config.get_main_option("sqlalchemy.url") or "")
    with database.engine.begin() as own:
        run(own)
    database.close()
