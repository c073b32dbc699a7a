"""What a statement says of indexes, the same on both databases."""

from typing import Any

import sqlalchemy as sa


def unsearched(column: sa.ColumnElement[Any] | Any) -> sa.ColumnElement[Any]:
    """The same value, where an index on it must not be taken: SQLite would read half a clinic for a few rows, or walk row by row."""
    return sa.func.coalesce(column, column)
