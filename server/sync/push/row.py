"""One pushed row: what it says, and what became of it."""

import json
import uuid
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from schemas.sync_words import RowStatus, Synced
from server.canonical import canonical
from server.problems import Problem
from server.sync.models import Issue

NAMESPACE = uuid.UUID("5f0b1c9e-3d0c-5b1e-9a53-6c7a1f5e2d10")
Reasons = list[dict[str, str]]
KEPT_OUT = frozenset({RowStatus.QUARANTINED, RowStatus.HELD})
"""Of a row that is acknowledged and not in the record (yet)."""


class Waits(Exception):
    """A row speaks of a record that is not there (yet)."""

    def __init__(self, record_id: uuid.UUID) -> None:
        """`record_id` is the missing record."""
        super().__init__(str(record_id))
        self.record_id = record_id


@dataclass(frozen=True)
class Row:
    """A row as it was sent. Where its ids cannot be used, ids made from its content stand in, so that a repetition is known again."""

    index: int
    collection: Synced
    document: dict[str, Any]
    base: dict[str, Any] | None

    @cached_property
    def sha256(self) -> str:
        """Hash of the document's canonical JSON, in hex. Halves of characters, which only a broken client sends, count as they are."""
        return sha256(canonical(self.document).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def text(self) -> str:
        """The whole row as JSON that any database can hold: ASCII."""
        return json.dumps({"newDocumentState": self.document, "assumedMasterState": self.base}, separators=(",", ":"))

    @cached_property
    def id(self) -> uuid.UUID:
        """Of the document."""
        return id_in(self.document, "id") or uuid.uuid5(NAMESPACE, self.sha256)

    @cached_property
    def write_id(self) -> uuid.UUID:
        """Of this state of the document. An entry has only one state, so its own id will do."""
        said = id_in(self.document, "write_id")
        if said is None and self.collection == Synced.ENTRIES and self.document.get("write_id") is None:
            return self.id
        return said or uuid.uuid5(NAMESPACE, self.sha256)

    @property
    def faults(self) -> Reasons:
        """What of the row's frame keeps it from being understood."""
        message = "Must be a UUID like 01931c1e-7a52-7c2b-9f0e-0123456789ab."
        needed = ("id",) if self.collection == Synced.ENTRIES and self.document.get("write_id") is None else ("id", "write_id")
        found = [{"pointer": f"/{name}", "message": message} for name in needed if id_in(self.document, name) is None]
        if self.document.get("_deleted") not in (None, False):  # no set: what a tablet sends need not be hashable
            found.append({"pointer": "/_deleted", "message": "Records are withdrawn or retracted, never deleted."})
        return found


@dataclass
class Outcome:
    """What became of a row; `current` is the document as it stands where that is not what was sent.

    `fresh` is False for an entry that was stored long ago and has only been given back.
    """

    status: RowStatus
    current: dict[str, Any] | None = None
    issue: Issue | None = None
    fresh: bool = True


def id_in(document: dict[str, Any], name: str) -> uuid.UUID | None:
    """The id in a field of raw JSON, or None."""
    value = document.get(name)
    try:
        return uuid.UUID(value) if isinstance(value, str) and len(value) == len(str(NAMESPACE)) else None
    except ValueError:
        return None


def reasons_of(problem: Problem) -> Reasons:
    """A refusal of a service, as reasons."""
    return problem.errors or [{"pointer": "", "message": f"{problem.title}. {problem.detail}".strip()}]


def without_stand_ins(row: Row) -> tuple[Any, Any]:
    """(id, write_id) as the client wrote them, for its receipt."""
    texts = [row.document.get(name) for name in ("id", "write_id")]
    plain = [text[:200] if isinstance(text, str) and text.isascii() and text.isprintable() else None for text in texts]
    return plain[0], plain[1]
