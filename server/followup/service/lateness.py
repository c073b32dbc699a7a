"""How late messages went out, counted by the database: the one number that says whether the engine does its work."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ReminderState
from server import clock
from server.clinics.models import Clinic
from server.db import table_of
from server.followup.models import Reminder

BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 21600, 86400)
"""Upper bounds in seconds."""
PAST = timedelta(hours=24)
OLDEST_PROMISE = timedelta(days=9)
"""No message goes out later than a week after it was due; so far back the index by due time is read."""
_R, _C = table_of(Reminder), table_of(Clinic)
_IN_ANY_CLINIC = _R.c.clinic_id.in_(sa.select(_C.c.id))
"""Always so; said because every index begins with the clinic."""
_SENT = (ReminderState.ACCEPTED, ReminderState.DELIVERED, ReminderState.UNDELIVERED)
_OTHERS = (ReminderState.EXPIRED, ReminderState.SUPPRESSED, ReminderState.DEAD)


def _recent(*states: ReminderState) -> tuple[sa.ColumnElement[bool], ...]:
    """Through each clinic's index by state and due time, so that years of history cost nothing."""
    now = clock.now()
    return _IN_ANY_CLINIC, _R.c.state.in_(states), _R.c.due_at > now - OLDEST_PROMISE, _R.c.due_at <= now


def histogram(session: Session, *where: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Messages of the last 24 hours by how late they went out: `{"count", "sum_s", "buckets": [{"at_most_s", "count"}]}`, cumulative."""
    late = _seconds(session)
    parts = [sa.func.coalesce(sa.func.sum(sa.case((late <= bound, 1), else_=0)), 0) for bound in BUCKETS]
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(late), 0.0), *parts).select_from(_R)
    count, total, *numbers = session.connection().execute(query.where(*_recent(*_SENT), _R.c.sent_at > clock.now() - PAST, *where)).one()
    return {
        "count": int(count),
        "sum_s": round(float(total), 1),
        "buckets": [{"at_most_s": bound, "count": int(number)} for bound, number in zip(BUCKETS, numbers, strict=True)],
    }


def _seconds(session: Session) -> sa.ColumnElement[float]:
    """From the promise to the sending, or from when it was made where that was later; never below 0."""
    if session.get_bind().dialect.name == "postgresql":
        promised = sa.func.greatest(_R.c.due_at, _R.c.created_at)
        difference: sa.ColumnElement[Any] = sa.func.extract("epoch", _R.c.sent_at) - sa.func.extract("epoch", promised)
        return sa.func.greatest(sa.cast(difference, sa.Float()), 0.0)
    promised = sa.func.max(_R.c.due_at, _R.c.created_at)
    days = sa.func.julianday(_R.c.sent_at, type_=sa.Float()) - sa.func.julianday(promised, type_=sa.Float())
    return sa.func.max(sa.func.round(days * 86400, 3), 0.0)


def not_sent(session: Session, states: Sequence[ReminderState] = _OTHERS) -> dict[ReminderState, int]:
    """How many messages of all clinics ended so in the last 24 hours although they were due."""
    query = sa.select(_R.c.state, sa.func.count()).select_from(_R).group_by(_R.c.state)
    rows = session.connection().execute(query.where(*_recent(*states), _R.c.updated_at > clock.now() - PAST))
    found = {ReminderState(state): int(number) for state, number in rows}
    return {state: found.get(state, 0) for state in states}


def in_doubt(session: Session) -> int:
    """Messages of all clinics of which nobody knows whether they arrived."""
    query = sa.select(sa.func.count()).select_from(_R).where(_IN_ANY_CLINIC, _R.c.state == ReminderState.UNCERTAIN)
    return int(session.connection().scalar(query) or 0)
