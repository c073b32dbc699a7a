"""Day zero: the one definition of the day from which everything about a procedure is counted, for a row and in SQL.

A procedure was performed when it ended; where that is not known, when it began; else when it was planned for. Its day is that
instant's at the clinic. Visits are planned from it, redness, events, pairs of photographs and reports count from it.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server.procedures.models import Procedure


def performed_at(one: Procedure) -> datetime:
    """The instant."""
    return one.ended_at or one.started_at or one.planned_for


def performed(table: sa.FromClause) -> sa.Label[Any]:
    """The same of a row of `table`, as `performed_at`."""
    known = sa.func.coalesce(table.c.ended_at, table.c.started_at, table.c.planned_for, type_=table.c.ended_at.type)
    return known.label("performed_at")


def day_zero(one: Procedure, zone: ZoneInfo) -> date:
    """Its day in the clinic's zone."""
    return performed_at(one).astimezone(zone).date()


def began_on(one: Procedure, zone: ZoneInfo) -> date:
    """The first day of a procedure that goes on past midnight: what happened on it happened in the procedure, not before."""
    return min(day_zero(one, zone), (one.started_at or one.planned_for).astimezone(zone).date())
