"""What a table of the statistician's is made of: columns with their meaning, and the query of its rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.reports.service.cohort import Frame


@dataclass(frozen=True)
class Column:
    """`numbered`: whose study number it is. `steps`: stored steps to a unit. `words`: all that it may say."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    allowed: str = ""
    words: tuple[str, ...] = ()
    numbered: str = ""
    steps: int = 0


@dataclass(frozen=True)
class Table:
    """One file; the query's columns stand in the order of `columns`, or `spread` makes rows like that of each of the query's."""

    name: str
    columns: tuple[Column, ...]
    query: Callable[[Frame], sa.Select[Any]]
    spread: Callable[[sa.Row[Any]], Iterable[tuple[Any, ...]]] | None = None


FLAG = "0 no, 1 yes"


def number_of(of: str) -> Column:
    """The study number of one."""
    return Column(f"{of}_no", "integer", f"Study number of the {of}", allowed="1 and above", numbered=of)


def word(name: str, meaning: str, words: Iterable[str]) -> Column:
    """One of some words."""
    return Column(name, "text", meaning, words=tuple(words))


def day(name: str, meaning: str) -> Column:
    """A date."""
    return Column(name, "date", meaning, "calendar day at the clinic", "ISO 8601")


def days(name: str, meaning: str) -> Column:
    """A day counted from the procedure."""
    return Column(name, "integer", meaning, "days after the procedure")


def millilitres(name: str, meaning: str) -> Column:
    """A volume, stored in µL."""
    return Column(name, "decimal", meaning, "mL", "0 and above", steps=1000)


def millimetres(name: str, meaning: str) -> Column:
    """A length, stored in µm."""
    return Column(name, "decimal", meaning, "mm", "above 0", steps=1000)


def decimal(name: str, meaning: str, unit: str) -> Column:
    """A number as it was sent."""
    return Column(name, "decimal", meaning, unit, "0 and above")


def whole(name: str, meaning: str, unit: str = "") -> Column:
    """A count."""
    return Column(name, "integer", meaning, unit, "0 and above")


def flag(name: str, meaning: str) -> Column:
    """Yes or no."""
    return Column(name, "integer", meaning, allowed=FLAG)


def of_procedure(frame: Frame, table: sa.Table, *names: str) -> tuple[sa.Select[Any], sa.Subquery]:
    """(a table's rows of the cohort's procedures: the procedure's id, then those columns; the procedures)."""
    chosen = frame.procedures()
    query = sa.select(table.c.procedure_id, *(table.c[name] for name in names)).join(chosen, chosen.c.id == table.c.procedure_id)
    return query.where(frame.of_clinic(table)).order_by(table.c.procedure_id, table.c.id), chosen
