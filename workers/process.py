"""What one worker process has, whatever its tasks: the settings and its own database connections."""

from functools import cache

from server.config import from_environment
from server.db import Database
from server.patience import bound
from workers import deadline

__all__ = ["database", "deadline", "settings"]

settings = from_environment()


@cache
def database() -> Database:
    """Connections of this process alone, opened by its first task: after any fork."""
    return bound(Database(settings.database_url, pool_size=2), statement_s=60, lock_s=60, silence_s=60)
