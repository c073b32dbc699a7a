"""The ledger of writes: which states of which documents have been taken already."""

import json
import uuid
from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.db import insert_new, table_of
from server.sync.models import Write
from server.sync.service.people import Sender

_WRITES = table_of(Write)
Key = tuple[uuid.UUID, uuid.UUID]
"""A document's id and the id of one of its states."""


class Sent(Protocol):
    """A row as far as the ledger is concerned."""

    @property
    def id(self) -> uuid.UUID:
        """Of the document."""

    @property
    def write_id(self) -> uuid.UUID:
        """Of this state of it."""

    @property
    def sha256(self) -> str:
        """Of its content."""


def claim(session: Session, collection: str, rows: Sequence[tuple[Sent, dict[str, Any]]], sender: Sender) -> set[Key]:
    """Enter `rows` (each with the fields to be kept aside) and tell which are new.

    A parallel push of the same writes waits here until the first has committed, and then finds them known: nothing is done twice.
    """
    if not rows:
        return set()
    ordered = sorted(rows, key=lambda one: (one[0].id, one[0].write_id))  # in one order, so that two batches never wait for each other
    values = [
        {
            "clinic_id": session.info["clinic_id"],
            "collection": collection,
            "document_id": row.id,
            "write_id": row.write_id,
            "sha256": row.sha256,
            "device_id": sender.device_id,
            "received_at": clock.now(),
            "device_time": sender.device_time,
            "offset_ms": sender.offset_ms,
            "extra": json.dumps(extra, separators=(",", ":")) if extra else None,
        }
        for row, extra in ordered
    ]
    new = insert_new(session, _WRITES, values, ("document_id", "write_id"))
    return {(one.document_id, one.write_id) for one in new}


def hashes(session: Session, collection: str, keys: Sequence[Key]) -> dict[Key, str]:
    """Hash of the content that was taken under each of these keys."""
    query = sa.select(_WRITES.c.document_id, _WRITES.c.write_id, _WRITES.c.sha256).where(
        _WRITES.c.clinic_id == session.info["clinic_id"],
        _WRITES.c.collection == collection,
        _WRITES.c.document_id.in_([document_id for document_id, _ in keys]),
    )
    return {(one.document_id, one.write_id): one.sha256 for one in session.execute(query)}
