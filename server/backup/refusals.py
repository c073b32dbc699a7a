"""Why a backup or a restore was not made, in one sentence for whoever typed the command."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class BackupError(Exception):
    """`str()` is the sentence. Whoever sees it may rely on nothing having been changed."""


@contextmanager
def in_words(doing: str) -> Iterator[None]:
    """Turn what the file system and the databases raise into a BackupError."""
    try:
        yield
    except OSError as error:
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        raise BackupError(f"{doing} failed: {where}{error.strerror or error}. Nothing was changed.") from error
    except sqlite3.Error as error:
        raise BackupError(f"{doing} failed: {error}. Nothing was changed.") from error
    except sa.exc.DBAPIError as error:
        raise BackupError(f"{doing} failed: {str(error.orig).splitlines()[0]}. Nothing was changed.") from error
