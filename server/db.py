"""The database: engine, session, one transaction per unit of work, and the first tenant wall. SQLite and PostgreSQL."""

import json
import threading
import uuid
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.pool import ConnectionPoolEntry

from server import clock, dates
from server.column_types import Json, UtcDateTime
from server.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_S = 20
NO_CLINIC = uuid.UUID(int=0)


class Base(DeclarativeBase):
    """Root of all models."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: sa.Uuid(),
        datetime: UtcDateTime(),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[dict[str, Any]]: Json,
    }


class InClinic:
    """A row that belongs to a clinic. The key starts with the clinic, so ids of two clinics can never meet."""

    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)


class Versioned:
    """A row that may change: `write_id` names this version (it is the ETag, and the sync's conflict token)."""

    write_id: Mapped[uuid.UUID] = mapped_column(default=uuid7)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


@event.listens_for(Session, "do_orm_execute")
def _tenant_wall(state: ORMExecuteState) -> None:
    """Wall one: every ORM statement sees the session's clinic only; without a clinic it sees nothing."""
    if state.is_column_load or state.execution_options.get("all_clinics"):
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    clinic_id = state.session.info.get("clinic_id") or NO_CLINIC
    state.statement = state.statement.options(with_loader_criteria(InClinic, lambda cls: cls.clinic_id == clinic_id, include_aliases=True))


@event.listens_for(Session, "before_flush")
def _own_clinic_only(session: Session, _context: object, _instances: object) -> None:
    """New rows belong to the session's clinic; changed rows get a new version, or the one their author named."""
    clinic_id, said = session.info.get("clinic_id"), session.info.get("versions", {})
    for row in session.new:
        if isinstance(row, InClinic):
            row.clinic_id, row.id = row.clinic_id or clinic_id or NO_CLINIC, row.id or uuid7()
            if row.clinic_id != clinic_id:
                raise RuntimeError(f"{type(row).__name__} of another clinic")
            if isinstance(row, Versioned):
                row.write_id = said.get((type(row), row.id)) or row.write_id
    for row in session.dirty:
        if isinstance(row, Versioned) and session.is_modified(row):
            row.write_id, row.updated_at = said.get((type(row), getattr(row, "id", None))) or uuid7(), clock.now()


def insert_many(session: Session, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows (all with the same keys) in one statement, without building objects.

    PostgreSQL takes them as one JSON parameter: a third of the time of binding every value of every row. SQLite, which
    lives in this process, is fastest with the plain way.
    """
    if session.get_bind().dialect.name == "postgresql":
        text = json.dumps(rows, default=_as_text, ensure_ascii=False, separators=(",", ":"))
        session.connection().execute(_from_json(table, tuple(rows[0])), {"rows": text})
    else:
        session.connection().execute(sa.insert(table), rows)


@cache
def _from_json(table: sa.Table, columns: tuple[str, ...]) -> sa.TextClause:
    names = ", ".join(columns)
    return sa.text(
        f"INSERT INTO {table.name} ({names}) SELECT {names} "  # noqa: S608  reason: names of our own tables and columns
        f"FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    )


def insert_new(session: Session, table: sa.Table, rows: Sequence[dict[str, Any]], names: tuple[str, ...]) -> Sequence[sa.Row[Any]]:
    """Insert those rows that nobody has inserted yet, in one statement and in their order; the columns `names` of the new ones.

    Another transaction that inserts one of them at this moment is waited for.
    """
    wanted = [table.c[name] for name in names]
    if session.get_bind().dialect.name == "postgresql":
        text = json.dumps(rows, default=_as_text, ensure_ascii=False, separators=(",", ":"))
        statement = sa.text(f"{_from_json(table, tuple(rows[0])).text} ON CONFLICT DO NOTHING RETURNING {', '.join(names)}")
        return session.connection().execute(statement.columns(*wanted), {"rows": text}).all()
    return session.connection().execute(sqlite.insert(table).on_conflict_do_nothing().returning(*wanted), rows).all()


def insert_missing(session: Session, table: sa.Table, rows: dict[str, Any] | Sequence[dict[str, Any]]) -> int:
    """Insert the rows that nobody has inserted yet, whoever comes first; how many of one row were new (of several it is not counted).

    Another transaction that inserts the same row at this moment is waited for.
    """
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    done = session.connection().execute(make(table).on_conflict_do_nothing(), rows, execution_options={"preserve_rowcount": True})
    return done.rowcount


def update_many(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> None:
    """Write the columns `names` of many rows of a clinic in one statement; each row also names its `clinic_id` and `id`.

    As in `insert_many`, PostgreSQL takes them as one JSON parameter. It passes the journal by: whoever calls it says what has changed.
    """
    if session.get_bind().dialect.name == "postgresql":
        sent = [{name: row[name] for name in ("clinic_id", "id", *names)} for row in rows]
        text = json.dumps(sent, default=_as_text, ensure_ascii=False, separators=(",", ":"))
        session.connection().execute(_set_from_json(table, names), {"rows": text})
    else:
        each = [{f"new_{name}": row[name] for name in names} | {"of_clinic": row["clinic_id"], "of_id": row["id"]} for row in rows]
        session.connection().execute(_set_each(table, names), each)


@cache
def _set_from_json(table: sa.Table, columns: tuple[str, ...]) -> sa.TextClause:
    changes = ", ".join(f"{name} = new.{name}" for name in columns)
    return sa.text(
        f"UPDATE {table.name} SET {changes} "  # noqa: S608  reason: names of our own tables and columns
        f"FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json)) AS new "
        f"WHERE {table.name}.clinic_id = new.clinic_id AND {table.name}.id = new.id"
    )


@cache
def _set_each(table: sa.Table, columns: tuple[str, ...]) -> sa.Update:
    of_row = (table.c.clinic_id == sa.bindparam("of_clinic", type_=sa.Uuid()), table.c.id == sa.bindparam("of_id", type_=sa.Uuid()))
    return sa.update(table).where(*of_row).values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in columns})


def among(session: Session, column: Any, ids: Sequence[uuid.UUID]) -> sa.ColumnElement[bool]:
    """Whether the column is one of hundreds of ids. PostgreSQL takes them as one parameter: to write out each took longer than to look."""
    if session.get_bind().dialect.name == "postgresql":
        return cast("sa.ColumnElement[bool]", column == sa.any_(sa.literal(list(ids), postgresql.ARRAY(sa.Uuid()))))
    return cast("sa.ColumnElement[bool]", column.in_(ids))


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


Row = TypeVar("Row", bound=InClinic)


def table_of(model: type[Any]) -> sa.Table:
    """The model's table, for statements that build no objects."""
    return cast("sa.Table", model.__table__)


@cache
def _finding(model: Hashable, *, lock: bool) -> sa.Select[Any]:
    """Built once per model, because it runs in every request. It names the clinic itself, so the wall need not add it."""
    row = cast("type[InClinic]", model)
    query = sa.select(row).where(
        row.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()), row.id == sa.bindparam("record", type_=sa.Uuid())
    )
    if lock:
        query = query.with_for_update(of=row).execution_options(populate_existing=True)
    return query.execution_options(all_clinics=True)


def find(session: Session, model: type[Row], record_id: uuid.UUID, *, lock: bool = False) -> Row | None:
    """The clinic's own row, or None. `lock` keeps other writers out until the commit."""
    clinic_id = session.info.get("clinic_id") or NO_CLINIC
    found: Row | None = session.scalar(_finding(cast("Hashable", model), lock=lock), {"clinic": clinic_id, "record": record_id})
    return found


class Database:
    """One database: `with database.transaction(...) as session` is the only way in."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        """Connect lazily; `hide_parameters` keeps patients out of error messages."""
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if self.is_sqlite else {"connect_args": {"connect_timeout": 5}}
        self.engine = sa.create_engine(
            self.url,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
            **options,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
        self.reader = self.engine.execution_options(read_only=True, **({} if self.is_sqlite else {"postgresql_readonly": True}))
        # SQLite has one writer. Queueing for it here is fair and wakes at once; its own busy-wait sleeps in growing steps.
        self._write_lock = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def transaction(self, clinic_id: uuid.UUID | None = None, *, write: bool = True, **info: Any) -> Iterator[Session]:
        """Commit on leaving, roll back on any exception. `info` goes to `session.info` (actor, keys…)."""
        with self._write_lock if write else nullcontext():
            session = Session(self.engine if write else self.reader, expire_on_commit=False)
            session.info.update(info, clinic_id=clinic_id)
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.close()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _sqlite_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own is deferred and loses writes
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        "trusted_schema=OFF",
        "recursive_triggers=ON",  # else INSERT OR REPLACE deletes the old row without asking its triggers
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    dates.teach_sqlite(connection)
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)  # SQLite's own knows ASCII only


def _sqlite_begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
