"""Asking for a report: what is kept for these filters and this lock is given, anything else waits in a row for a worker."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from schemas.outcome_words import ReportState
from server import clock, snapshot
from server.db import insert_missing, table_of
from server.ids import uuid7
from server.problems import Problem
from server.reports.models import ACTIVE, Report
from server.reports.rules import Filters
from server.reports.shape import Cohort

_BARE = defer(Report.result)
"""Without the report itself, which is large: it is read by `text_of`, once."""

ZIP = "zip"
"""The only step of what was not computed, but taken along as tables."""

AGAIN_AFTER = timedelta(minutes=1)
"""Somebody who asks so long after a failure has it tried again."""


def ask(session: Session, filters: Filters, asked_by: uuid.UUID | None) -> Report:
    """The report of the record as it is now: done, or on its way, or failed a moment ago. The session writes.

    Who asks while somebody else's is on its way gets that one, though its lock may be a little older.
    """
    seq, hashed = snapshot.head(session), filters.hash()
    for _ in range(2):  # the second time for whoever lost a race for the row
        known = _rows(session, hashed, Report.seq == seq)
        if known and _still_good(known[0]):
            return known[0]
        if active := _rows(session, hashed, Report.state.in_(ACTIVE)):
            return active[0]
        if known:
            return _queued_again(session, known[0], asked_by)
        insert_missing(session, table_of(Report), _new(session, filters, hashed, seq, asked_by))
    return _rows(session, hashed, sa.or_(Report.seq == seq, Report.state.in_(ACTIVE)))[0]


def _rows(session: Session, hashed: str, *conditions: sa.ColumnElement[bool]) -> Sequence[Report]:
    query = sa.select(Report).where(Report.filters_hash == hashed, *conditions).order_by(Report.seq.desc())
    return session.scalars(query.options(_BARE).execution_options(populate_existing=True)).all()


def _still_good(report: Report) -> bool:
    if report.state == ReportState.FAILED:
        return report.finished_at is not None and clock.now() - report.finished_at < AGAIN_AFTER
    return True


def _queued_again(session: Session, report: Report, asked_by: uuid.UUID | None) -> Report:
    report.state, report.problem, report.result, report.finished_at = ReportState.QUEUED, None, None, None
    report.attempts, report.done, report.step, report.lease_until = 0, 0, None, None
    report.asked_by, report.asked_at = asked_by, clock.now()
    session.flush()
    return report


def _new(session: Session, filters: Filters, hashed: str, seq: int, asked_by: uuid.UUID | None) -> dict[str, object]:
    return {
        "clinic_id": session.info["clinic_id"],
        "id": uuid7(),
        "filters": filters.canonical(),
        "filters_hash": hashed,
        "seq": seq,
        "state": ReportState.QUEUED,
        "done": 0,
        "total": 0,
        "attempts": 0,
        "asked_by": asked_by,
        "asked_at": clock.now(),
    }


def taken(session: Session, filters: Filters, about: Mapping[str, Any], by: uuid.UUID) -> uuid.UUID:
    """The row of a zip that `about` describes, for the access log to name. Its hash is its own, so that nobody who asks is given it."""
    hashed = sha256(f"{ZIP}{filters.hash()}".encode()).hexdigest()
    done = {"state": ReportState.DONE, "step": ZIP, "result": dict(about), "finished_at": clock.now()}
    insert_missing(session, table_of(Report), _new(session, filters, hashed, about["seq"], by) | done)
    return _rows(session, hashed, Report.seq == about["seq"])[0].id


def newest_kept(session: Session, filters: Filters) -> Report | None:
    """The newest report of these filters that is done, to be shown while a newer one is computed."""
    return session.scalar(_kept(filters.hash()).order_by(Report.seq.desc()).limit(1))


def _kept(hashed: str) -> sa.Select[Report]:
    return sa.select(Report).where(Report.filters_hash == hashed, Report.state == ReportState.DONE).options(_BARE)


def changes_since(session: Session, report: Report) -> int:
    """How many rows the journal has had since the report's lock."""
    return max(0, snapshot.head(session) - report.seq)


def at_lock(session: Session, filters: Filters, seq: int) -> Report:
    """The report that was computed at this lock. Raises `not_found`, which names the nearest that was."""
    every = session.scalars(_kept(filters.hash())).all()
    if (kept := next((one for one in every if one.seq == seq), None)) is not None:
        return kept
    nearest = min(every, key=lambda one: (abs(one.seq - seq), one.seq), default=None)
    known = f"The nearest lock that was is {nearest.seq}." if nearest else "Nothing was yet; ask without a lock."
    raise Problem("not_found", f"No report of these filters was ever computed at lock {seq}, and the past cannot be counted again. {known}")


def text_of(session: Session, report: Report) -> str:
    """The whole report as it was stored: JSON, not read and not written anew."""
    row = table_of(Report)
    query = sa.select(sa.cast(row.c.result, sa.Text)).where(row.c.clinic_id == report.clinic_id, row.c.id == report.id)
    return session.connection().execute(query).scalar_one()


def cohort_of(session: Session, report: Report) -> Cohort:
    """The same, read."""
    found: Cohort = json.loads(text_of(session, report))
    return found


def get(session: Session, report_id: uuid.UUID) -> Report:
    """The report of that id, in whatever state. Raises `not_found`."""
    query = sa.select(Report).where(Report.id == report_id, Report.step.is_distinct_from(ZIP))
    report = session.scalar(query.options(_BARE))
    if report is None:
        raise Problem("not_found", "Check the address and the id.")
    return report
