"""How long the database may keep a request: longer statements, locks and silences end with 503, and nothing is stored."""

from typing import Any

from sqlalchemy import event

from server.db import BUSY_TIMEOUT_S, Database

STATEMENT_S = SILENCE_S = 30.0
"""Of a statement, and of a transaction in which nothing is asked: a request that stands still holds locks that others wait for."""


def bound(
    database: Database, *, statement_s: float = STATEMENT_S, lock_s: float = BUSY_TIMEOUT_S, silence_s: float = SILENCE_S
) -> Database:
    """Bound what connections opened from now on may take. SQLite bounds its own wait for the lock and asks nobody else.

    For requests only: a migration, a backup or a command may take as long as it takes.
    """
    limits = {"statement_timeout": statement_s, "lock_timeout": lock_s, "idle_in_transaction_session_timeout": silence_s}
    options = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())

    def connect(_dialect: object, _record: object, _arguments: object, named: dict[str, Any]) -> None:
        named["options"] = f"{named.get('options', '')} {options}".strip()

    if not database.is_sqlite:
        event.listen(database.engine, "do_connect", connect)
    return database
