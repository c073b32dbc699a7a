"""Migrations, models and triggers say the same on a real database."""

import re
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from server import tables
from server.db import Database
from server.migrations import erasing, guards, heads
from server.migrations.upgrade import config, upgrade
from tests import databases


def test_there_is_one_newest_migration_and_its_name_is_known() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [heads.NEWEST]


def test_the_migrations_make_exactly_the_models_tables(db: Database) -> None:
    options = {"compare_type": True, "compare_server_default": True, "target_metadata": tables.metadata}
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)
    assert differences == []


def checks(table: sa.Table) -> set[str]:
    """Names of the CHECKs a model asks for."""
    return {str(one.name) for one in table.constraints if isinstance(one, sa.CheckConstraint)}


def test_the_database_checks_what_the_models_check(db: Database) -> None:
    inspector = sa.inspect(db.engine)
    stored = {name: {one["name"] for one in inspector.get_check_constraints(name)} for name in tables.metadata.tables}
    assert stored == {name: checks(table) for name, table in tables.metadata.tables.items()}


def one_line(statement: Any) -> str:
    """SQL without its line breaks."""
    return " ".join(str(statement).split())


LATER = (
    (guards.APPEND_ONLY_2, guards.NEVER_DELETED_2),
    ((), guards.NEVER_DELETED_5),
    (guards.APPEND_ONLY_6, guards.NEVER_DELETED_6),
    ((), guards.NEVER_DELETED_7),
    (guards.APPEND_ONLY_8, ()),
    ((), guards.NEVER_DELETED_9),
    (guards.APPEND_ONLY_10, guards.NEVER_DELETED_10),
    (guards.APPEND_ONLY_13, ()),
    (guards.APPEND_ONLY_14, ()),
    (guards.APPEND_ONLY_15, guards.NEVER_DELETED_15),
)


def all_sqlite() -> dict[str, str]:
    """Of every migration."""
    later: dict[str, str] = {}
    for kept in LATER:
        later |= guards.keepers_sqlite(*kept)
    (_, of_the_journal) = erasing.sqlite()
    return guards.sqlite() | later | {"journal_no_update": of_the_journal}


def all_postgresql() -> list[str]:
    """Of every migration."""
    return [*guards.postgresql(), *(one for kept in LATER for one in guards.keepers_postgresql(*kept)), *erasing.postgresql()]


def test_the_triggers_are_those_of_the_guards(db: Database) -> None:
    if db.is_sqlite:
        query, expected = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'", all_sqlite()
    else:
        query = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        made = (re.match(r"CREATE TRIGGER (\w+)", statement) for statement in all_postgresql())
        expected = {found[1]: found.string for found in made if found}
    with db.engine.connect() as connection:
        stored = {row[0]: row[1] for row in connection.execute(sa.text(query))}
    assert set(stored) == set(expected)
    if db.is_sqlite:
        assert {name: one_line(sql) for name, sql in stored.items()} == {name: one_line(sql) for name, sql in expected.items()}
    else:
        assert {name: on_table(sql) for name, sql in stored.items()} == {name: on_table(sql) for name, sql in expected.items()}


def on_table(statement: str) -> str:
    """The table a PostgreSQL trigger watches."""
    found = re.search(r" ON (?:public\.)?(\w+) ", statement)
    assert found
    return found[1]


def test_every_table_of_facts_is_append_only() -> None:
    assert {"entries", "signatures", "addenda", "journal"} <= set(guards.APPEND_ONLY)


def test_migrating_again_does_nothing(db: Database) -> None:
    with databases.as_owner(db) as owned:
        upgrade(owned)
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == [heads.NEWEST]
