"""What a database holds, in the few figures by which a copy is recognised: read from any migration, and kept in the manifest."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.backup.refusals import BackupError
from server.canonical import instant

Ask = Callable[[str], Sequence[Any]]
"""Run one query and give all its rows: the driver of SQLite and SQLAlchemy's connection are asked alike."""

_CLINICS = (
    "SELECT c.id, c.name, h.seq, h.hash, (SELECT j.at FROM journal j WHERE j.clinic_id = c.id AND j.seq = h.seq) "
    "FROM clinics c JOIN journal_heads h ON h.clinic_id = c.id ORDER BY c.id"
)


@dataclass(frozen=True)
class ClinicState:
    """How far a clinic's journal has come: rows, hash of the last one, and when that was written."""

    id: uuid.UUID
    name: str
    seq: int
    hash: str
    last_at: str | None

    def __str__(self) -> str:
        last = f", the last at {self.last_at[:16].replace('T', ' ')} UTC" if self.last_at else ""
        return f"{self.name}: {self.seq:,} change{'' if self.seq == 1 else 's'}{last}"


@dataclass(frozen=True)
class Contents:
    """The migration a database is at, and its clinics."""

    migration: str
    clinics: tuple[ClinicState, ...]


def read(ask: Ask) -> Contents:
    """Of a database that has our tables; it may be at an older migration, so no model is asked."""
    migration = str(ask("SELECT version_num FROM alembic_version")[0][0])
    return Contents(
        migration,
        tuple(ClinicState(uuid.UUID(str(row[0])), row[1], int(row[2]), bytes(row[3]).hex(), _instant(row[4])) for row in ask(_CLINICS)),
    )


def _instant(stored: datetime | str | None) -> str | None:
    """SQLite keeps UTC as text without an offset."""
    if stored is None:
        return None
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def must_match(found: Contents, expected: Contents) -> None:
    """Raises BackupError that names the first difference."""
    for here, there in zip(found.clinics, expected.clinics, strict=False):
        if here != there:
            raise BackupError(
                f"The backup is not what its manifest says: it holds “{here}”, the manifest says “{there}”. Nothing was changed."
            )
    if found != expected:
        raise BackupError("The backup is not what its manifest says: other clinics or another migration. Nothing was changed.")
