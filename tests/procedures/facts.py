"""Small facts for the pure rules: stored columns, all empty but those that matter."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.vocabulary import EntryKind
from server.db import table_of
from server.ids import uuid7
from server.procedures.facts import Fact
from server.procedures.models import Entry

NINE = datetime(2025, 11, 24, 9, tzinfo=UTC)
COLUMNS = [column.key for column in table_of(Entry).columns]


def fact(kind: str, minute: float = 0, **columns: Any) -> Fact:
    """One stored entry, recorded so many minutes after nine."""
    moment = NINE + timedelta(minutes=minute)
    base: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "id": uuid7(),
        "kind": EntryKind(kind),
        "recorded_at": moment,
        "recorded_offset_min": 0,
        "received_at": moment,
        "details": {},
        "warnings": [],
        "confirmed": False,
        "late": False,
    }
    return base | columns


def ml(value: float) -> int:
    """Millilitres in stored µL."""
    return round(value * 1000)
