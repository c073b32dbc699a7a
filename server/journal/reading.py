"""The stored journal, read from end to end: checked in place, or written out for somebody else to check."""

import json
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from server.db import table_of
from server.journal import keys, verifier
from server.journal.models import JournalCheckpoint, JournalHead, JournalRow

_AT_ONCE = 1000
_BYTES = ("detail_hash", "prev_hash", "hash", "salt")


class _Text(sa.sql.functions.FunctionElement[str | None]):
    """A column as the journal's text has it, made by the database: a UUID object and a time for each row cost more than checking it."""

    inherit_cache = True
    type: sa.types.TypeEngine[str | None] = sa.Text()  # type: ignore[assignment]  # reason: NULL stays NULL


class IdText(_Text):
    """A UUID with its dashes."""

    name, inherit_cache = "id_text", True


class AtText(_Text):
    """A time in UTC with six digits after the second, without its Z."""

    name, inherit_cache = "at_text", True


@compiles(IdText)
def _id_text(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return " || '-' || ".join(f"substr({column}, {start}, {size})" for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))


@compiles(IdText, "postgresql")
def _id_text_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS text)"


@compiles(AtText)
def _at_text(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"replace({compiler.process(element.clauses, **kw)}, ' ', 'T')"


@compiles(AtText, "postgresql")
def _at_text_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"


_J = table_of(JournalRow)
_COLUMNS = (
    *(IdText(_J.c[name]).label(name) for name in ("clinic_id", "actor_id", "device_id", "record_id", "write_id")),
    *(_J.c[name] for name in ("seq", "action", "collection", "body", *_BYTES)),
    AtText(_J.c.at).label("at"),
)
_NAMES = tuple(column.name for column in _COLUMNS)


def _rows(session: Session, clinic_id: uuid.UUID) -> Generator[dict[str, Any]]:
    """Rows as the verifier wants them, in order."""
    query = sa.select(*_COLUMNS).where(_J.c.clinic_id == clinic_id).order_by(_J.c.seq).execution_options(yield_per=_AT_ONCE)
    with session.execute(query) as result:
        for values in result:
            row = dict(zip(_NAMES, values, strict=True))
            at = row["at"]
            row["at"] = (at[:19] if at.endswith(".000000") else at) + "Z"
            row["detail_hash"] = row["detail_hash"].hex()
            yield row


def _notes(session: Session, clinic_id: uuid.UUID) -> dict[int, str]:
    checkpoints = sa.select(JournalCheckpoint.size, JournalCheckpoint.note).where(JournalCheckpoint.clinic_id == clinic_id)
    return {size: note for size, note in session.execute(checkpoints.order_by(JournalCheckpoint.size))}  # noqa: C416  reason: rows are no pairs to mypy


def _stored(session: Session, clinic_id: uuid.UUID) -> Generator[dict[str, Any] | str]:
    """Rows in order, and after a row the note of the checkpoint that was taken there. Notes about rows that are not there come last."""
    notes = _notes(session, clinic_id)
    for row in _rows(session, clinic_id):
        yield row
        if row["seq"] in notes:
            yield notes.pop(row["seq"])
    yield from notes.values()


def verify(session: Session, clinic_id: uuid.UUID) -> tuple[int, tuple[int, str] | None]:
    """(rows read, first fault or None) of a clinic's journal as it is stored, with its checkpoints and its counter."""
    journal = verifier.Journal(str(clinic_id), [key["public_key"] for key in keys.published(session, clinic_id)])
    count = 0
    with closing(_stored(session, clinic_id)) as stored:
        for one in stored:
            if isinstance(one, str):
                journal.checkpoint(one)
            else:
                count += 1
                journal.row(one)
    head = session.get(JournalHead, clinic_id)
    fault = journal.end()
    if fault is None and (head is None or head.seq != count):
        fault = count + 1, f"the counter says {head.seq if head else 0} rows were written"
    return count, fault


def export(session: Session, clinic_id: uuid.UUID, *, bodies: bool = True) -> Iterator[str]:
    """Lines of JSON: the clinic and its keys, then rows and checkpoints in order.

    Without bodies nobody learns what the records say, and the chain and the checkpoints can be checked all the same.
    """
    yield _line({"format": verifier.FORMAT, "clinic_id": str(clinic_id), "keys": keys.published(session, clinic_id)})
    for one in _stored(session, clinic_id):
        if isinstance(one, str):
            yield _line({"checkpoint": one})
        else:
            kept = one if bodies else one | {"body": None, "salt": None}
            yield _line({name: value.hex() if isinstance(value, bytes) else value for name, value in kept.items()})


def _line(what: Mapping[str, Any]) -> str:
    return json.dumps(what, ensure_ascii=False, separators=(",", ":")) + "\n"
