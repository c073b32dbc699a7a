"""Computing what was asked for: one worker takes a report under a lease, another takes it over when the first is lost."""

import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import ReportState
from server import clock
from server.db import Database, find, table_of
from server.logs import trace
from server.reports.models import ACTIVE, Report
from server.reports.rules import from_canonical
from server.reports.service.cohort import frame_of
from server.reports.service.computing import STEPS, compute
from server.reports.shape import Cohort
from server.snapshot import several

log = logging.getLogger("graftlog.reports")
LEASE = timedelta(minutes=2)
"""Longer than any task may run; each step renews it."""
MOST_ATTEMPTS = 3
READERS = min(4, os.cpu_count() or 1)
"""So many things are counted at once, each on a connection; PostgreSQL is taken to have as many processors as this machine."""
_R = table_of(Report)


@dataclass(frozen=True)
class Turn:
    """One report that is this worker's to compute; a later `attempt` makes this one's words count no more."""

    clinic_id: uuid.UUID
    report_id: uuid.UUID
    attempt: int
    filters: dict[str, Any]


def waiting(session: Session) -> list[uuid.UUID]:
    """Clinics with a report to compute now: asked for, or left by a worker that is no more."""
    lost = sa.and_(_R.c.state == ReportState.RUNNING, _R.c.lease_until < clock.now())
    query = sa.select(_R.c.clinic_id).where(_R.c.state.in_(ACTIVE), sa.or_(_R.c.state == ReportState.QUEUED, lost)).distinct()
    return list(session.connection().execute(query).scalars())


def run_waiting(db: Database, go_on: Callable[[], bool] = lambda: True) -> int:
    """Compute reports, clinic by clinic in turn, until none waits or `go_on` says no; how many."""
    total = 0
    while go_on():
        with db.transaction(write=False, everywhere=True) as session:
            clinics = waiting(session)
        done = sum(_run_one(db, clinic_id) for clinic_id in clinics if go_on())
        total += done
        if not done:
            break
    return total


def _run_one(db: Database, clinic_id: uuid.UUID) -> bool:
    with db.transaction(clinic_id) as session:
        turn = claim(session)
    if turn is None:
        return False
    try:
        found = run(db, turn)
    except Exception as error:  # noqa: BLE001  reason: whoever asked is told, and the next report is computed
        log.error("report %s: %s", turn.report_id, trace(error))  # noqa: TRY400  reason: the error's own text quotes rows
        with db.transaction(clinic_id) as session:
            fail(session, turn, f"It could not be computed ({type(error).__name__}). Ask again in a minute; the worker's log says more.")
        return True
    with db.transaction(clinic_id) as session:
        finish(session, turn, found)
    return True


def claim(session: Session) -> Turn | None:
    """The next report of the session's clinic, under a lease; None when there is none. What lost too many workers is given up."""
    lost = sa.and_(Report.state == ReportState.RUNNING, Report.lease_until < clock.now())
    query = (
        sa.select(Report)
        .where(Report.state.in_(ACTIVE), sa.or_(Report.state == ReportState.QUEUED, lost))
        .order_by(Report.asked_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    report = session.scalar(query)
    if report is None:
        return None
    if report.attempts >= MOST_ATTEMPTS:
        _give_up(report, f"{MOST_ATTEMPTS} workers were lost over it. See that a worker has memory for it, then ask again.")
        return None
    report.state, report.lease_until = ReportState.RUNNING, clock.now() + LEASE
    report.attempts, report.done, report.total, report.step = report.attempts + 1, 0, len(STEPS), STEPS[0]
    return Turn(report.clinic_id, report.id, report.attempts, report.filters)


def run(db: Database, turn: Turn) -> Cohort:
    """Count and compute on one snapshot; progress is written beside it, in transactions of its own."""

    def progress(done: int, step: str) -> None:
        with db.transaction(turn.clinic_id) as writing:
            if (report := _mine(writing, turn)) is not None:
                report.done, report.step, report.lease_until = done, step, clock.now() + LEASE

    with several(db, turn.clinic_id, READERS) as sessions:
        frame = frame_of(sessions[0], from_canonical(turn.filters))
        return compute(frame, progress, beside=[replace(frame, session=one) for one in sessions[1:]])


def _mine(session: Session, turn: Turn) -> Report | None:
    """The row, locked, unless another worker has taken it over meanwhile."""
    report = find(session, Report, turn.report_id, lock=True)
    if report is None or report.state != ReportState.RUNNING or report.attempts != turn.attempt:
        return None
    return report


def finish(session: Session, turn: Turn, found: Cohort) -> None:
    """Keep it. Its lock is what the snapshot saw, which may be later than what was asked for."""
    if (report := _mine(session, turn)) is not None:
        report.state, report.seq, report.result = ReportState.DONE, found["seq"], dict(found)
        report.done, report.step, report.lease_until, report.finished_at = report.total, None, None, clock.now()


def fail(session: Session, turn: Turn, problem: str) -> None:
    """Not this time."""
    if (report := _mine(session, turn)) is not None:
        _give_up(report, problem)


def _give_up(report: Report, problem: str) -> None:
    report.state, report.problem, report.lease_until, report.finished_at = ReportState.FAILED, problem, None, clock.now()
