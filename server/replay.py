"""Creation that may be repeated: the same id with the same content is the stored record, with other content a conflict."""

import json
import uuid
from datetime import date, datetime
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from server.canonical import instant
from server.db import find
from server.journal.service import Journaled
from server.problems import Problem

Row = TypeVar("Row", bound=Journaled)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, uuid.UUID | date):
        return str(value)
    raise TypeError(f"not content: {type(value).__name__}")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode


def content_hash(fields: Any) -> str:
    """Hash of what a client sent, after validation."""
    return sha256(_encode(fields).encode()).hexdigest()


def replayed(session: Session, model: type[Row], fields: dict[str, Any]) -> tuple[Row | None, str]:
    """(the stored record if this creation is a repetition, hash of the content). Raises `id_taken` when contents differ."""
    content = content_hash(fields)
    record_id = fields.get("id")
    stored = find(session, model, record_id) if record_id else None
    if stored is not None and stored.content_hash != content:  # type: ignore[attr-defined]  # reason: every creatable model has it
        raise Problem("id_taken", "Use a new id for a new record; to change this one, PATCH it.")
    return stored, content
