"""The stored journal, read from end to end: checked in place, or written out for somebody else to check."""

import json
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import table_of
from server.journal import keys, verifier
from server.journal.models import JournalCheckpoint, JournalHead, JournalRow
from server.journal.service import header

_AT_ONCE = 1000


def _rows(session: Session, clinic_id: uuid.UUID) -> Generator[dict[str, Any]]:
    table = table_of(JournalRow)
    query = sa.select(table).where(table.c.clinic_id == clinic_id).order_by(table.c.seq).execution_options(yield_per=_AT_ONCE)
    with session.execute(query) as result:
        for row in result.mappings():
            yield header(row) | {name: row[name] for name in ("body", "salt", "prev_hash", "hash")}


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
