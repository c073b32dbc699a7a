"""The stored journal, read from end to end: checked in place, or written out for somebody else to check."""

import json
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.canonical import instant
from server.db import table_of
from server.journal import verifier
from server.journal.models import JournalCheckpoint, JournalHead, JournalRow, SigningKey
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


def published(session: Session, clinic_id: uuid.UUID) -> list[dict[str, Any]]:
    """All public keys that the clinic ever had, the oldest first."""
    rows = sa.select(SigningKey).where(SigningKey.clinic_id == clinic_id).order_by(SigningKey.created_at)
    return [
        {
            "key_id": key.key_id,
            "public_key": key.public_key,
            "created_at": instant(key.created_at),
            "retired_at": instant(key.retired_at) if key.retired_at else None,
        }
        for key in session.scalars(rows, execution_options={"all_clinics": True})
    ]


def verify(session: Session, clinic_id: uuid.UUID) -> tuple[int, tuple[int, str] | None]:
    """(rows read, first fault or None) of a clinic's journal as it is stored, with its checkpoints and its counter."""
    trusted = [key["public_key"] for key in published(session, clinic_id)]
    journal, notes = verifier.Journal(str(clinic_id), trusted), _notes(session, clinic_id)
    count = 0
    with closing(_rows(session, clinic_id)) as rows:
        for row in rows:
            count += 1
            journal.row(row)
            if journal.tree.size in notes:
                journal.checkpoint(notes.pop(journal.tree.size))
    for note in notes.values():
        journal.checkpoint(note)
    head = session.get(JournalHead, clinic_id)
    fault = journal.end()
    if fault is None and (head is None or head.seq != count):
        fault = count + 1, f"the counter says {head.seq if head else 0} rows were written"
    return count, fault


def export(session: Session, clinic_id: uuid.UUID, *, bodies: bool = True) -> Iterator[str]:
    """Lines of JSON: the clinic and its keys, then rows and checkpoints in order.

    Without bodies nobody learns what the records say, and the chain and the checkpoints can be checked all the same.
    """
    yield _line({"format": verifier.FORMAT, "clinic_id": str(clinic_id), "keys": published(session, clinic_id)})
    notes = _notes(session, clinic_id)
    for row in _rows(session, clinic_id):
        kept = row if bodies else row | {"body": None, "salt": None}
        yield _line({name: value.hex() if isinstance(value, bytes) else value for name, value in kept.items()})
        if row["seq"] in notes:
            yield _line({"checkpoint": notes.pop(row["seq"])})
    for note in notes.values():
        yield _line({"checkpoint": note})


def _line(what: Mapping[str, Any]) -> str:
    return json.dumps(what, ensure_ascii=False, separators=(",", ":")) + "\n"
