"""Fill a database with many procedures, quickly: copies of one stored case made by the database itself."""

import uuid

import sqlalchemy as sa

from bench.place import Place

ENTRIES_EACH = 12


def procedures(place: Place, procedure_id: str, last: int, *, first: int = 1) -> None:
    """Add copies number `first` to `last` of a case, an hour apart into the past, with its plan and a dozen of its entries."""
    database = place.database()
    with database.engine.begin() as connection:
        tables = {}
        for table in ("procedures", "planned_injections", "entries"):
            tables[table] = [column["name"] for column in sa.inspect(connection).get_columns(table)]
        if place.is_sqlite:
            new_id, copy_id = "substr(printf('%032x', n.i), 1, 32)", "printf('%08x', n.i) || substr({table}.id, 9)"
            series = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
            source, planned = "n", "datetime(procedures.planned_for, '-' || n.i || ' hours') || '.000000'"
        else:
            new_id = "lpad(to_hex(n.i), 32, '0')::uuid"
            copy_id = "(lpad(to_hex(n.i), 8, '0') || substr(replace({table}.id::text, '-', ''), 9))::uuid"
            series, source, planned = (
                "",
                "generate_series(CAST(:first AS int), CAST(:last AS int)) AS n(i)",
                "procedures.planned_for - n.i * interval '1 hour'",
            )
        replaced = {
            "procedures": {"id": new_id, "planned_for": planned},
            "planned_injections": {"procedure_id": new_id},
            "entries": {"procedure_id": new_id, "id": copy_id.format(table="entries")},
        }
        for table, columns in tables.items():
            values = ", ".join(replaced[table].get(column, f"{table}.{column}") for column in columns)
            key = "id" if table == "procedures" else "procedure_id"
            few = f"AND entries.id IN (SELECT id FROM entries WHERE procedure_id = :id ORDER BY id DESC LIMIT {ENTRIES_EACH})"
            connection.execute(
                sa.text(
                    f"{series} INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {source}, {table} "
                    f"WHERE {table}.{key} = :id {few if table == 'entries' else ''}"
                ).bindparams(sa.bindparam("id", type_=sa.Uuid())),
                {"first": first, "last": last, "id": uuid.UUID(procedure_id)},
            )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not place.is_sqlite:
            connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
