"""What a statement says of indexes, the same on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


def unsearched(column: sa.ColumnElement[Any] | Any) -> sa.ColumnElement[Any]:
    """The same value, where an index on it must not be taken: SQLite would read half a clinic for a few rows, or walk row by row."""
    return sa.func.coalesce(column, column)


class position(sa.sql.functions.FunctionElement[int]):  # noqa: N801  reason: written like a function of SQL
    """`position(text, part)`: where a part begins, from 1 on, upper and lower case told apart; 0 where it is not there."""

    name, inherit_cache = "position", True
    type: sa.types.TypeEngine[int] = sa.Integer()


@compiles(position)
def _instr(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(position, "postgresql")
def _strpos(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


def holds(column: sa.ColumnElement[Any] | Any, part: str) -> sa.ColumnElement[bool]:
    """Whether a folded text holds a folded part, of which no index knows: a pattern with LIKE takes half as long again to read all."""
    return position(column, sa.literal(part)) > 0
