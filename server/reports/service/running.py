"""Computing what was asked for: one worker takes a report under a lease, another takes it over when the first is lost."""

import importlib
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import ReportState
from server import clock
from server.db import Database, find, table_of
from server.logs import trace
from server.reports.digest.following import follow
from server.reports.models import ACTIVE, Report
from server.reports.rules import from_canonical
from server.reports.service import scipy_later
from server.reports.service.cohort import frame_of
from server.reports.service.steps import GATHERING, STEPS
from server.reports.shape import Cohort
from server.snapshot import moment

log = logging.getLogger("graftlog.reports")
LEASE = timedelta(minutes=2)
"""Longer than any task may run; each step renews it."""
MOST_ATTEMPTS = 3
IN_USE = timedelta(days=30)
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
        done = sum(_run_one(db, clinic_id, go_on) for clinic_id in clinics if go_on())
        total += done
        if not done:
            break
    return total


def _run_one(db: Database, clinic_id: uuid.UUID, go_on: Callable[[], bool]) -> bool:
    with db.transaction(clinic_id) as session:
        turn = claim(session)
    if turn is None:
        return False
    try:
        if not gather(db, turn, go_on):
            return False
        found = run(db, turn)
    except Exception as error:  # noqa: BLE001  reason: whoever asked is told, and the next report is computed
        log.error("report %s: %s", turn.report_id, trace(error))  # noqa: TRY400  reason: the error's own text quotes rows
        with db.transaction(clinic_id) as session:
            fail(session, turn, f"It could not be computed ({type(error).__name__}). Ask again in a minute; the worker's log says more.")
        return True
    with db.transaction(clinic_id) as session:
        finish(session, turn, found)
    return True


def warm_up(db: Database) -> threading.Thread | None:
    """Load what computes, beside the worker's other work, where reports are asked for: the first of a new worker then waits less.

    Where nobody has had one for a month a worker does without a hundred megabytes.
    """
    lately = sa.and_(_R.c.state == ReportState.DONE, _R.c.asked_at > clock.now() - IN_USE)
    with db.transaction(write=False, everywhere=True) as session:
        used = session.connection().scalar(sa.select(sa.exists().where(lately)))
    if not used:
        return None
    thread = threading.Thread(target=_load, name="computing", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    importlib.import_module("server.reports.service.computing")
    scipy_later.load()


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
    report.attempts += 1
    if report.step is None:  # else it goes on where it was left
        report.done, report.total, report.step = 0, len(STEPS), STEPS[0]
    return Turn(report.clinic_id, report.id, report.attempts, report.filters)


def gather(db: Database, turn: Turn, go_on: Callable[[], bool] = lambda: True) -> bool:
    """Bring the clinic's digests to the end of its journal. Where `go_on` says no before, the report waits for the next turn."""

    def told(made: int, of: int) -> None:
        _say(db, turn, GATHERING, made, of)

    if follow(db, turn.clinic_id, go_on, told):
        return True
    with db.transaction(turn.clinic_id) as session:
        if (report := _mine(session, turn)) is not None:
            report.state, report.lease_until, report.attempts = ReportState.QUEUED, None, report.attempts - 1
    return False


def run(db: Database, turn: Turn) -> Cohort:
    """Count and compute what one moment shows; progress is written beside it, in transactions of its own."""
    # numpy and scipy are of those who compute: a worker that is never asked for a report does without them.
    from server.reports.service.computing import compute  # noqa: PLC0415  reason: as above

    with moment(db, turn.clinic_id) as session:
        frame = frame_of(session, from_canonical(turn.filters))
        return compute(frame, lambda done, step: _say(db, turn, step, done, len(STEPS)))


def _say(db: Database, turn: Turn, step: str, done: int, total: int) -> None:
    with db.transaction(turn.clinic_id) as session:
        if (report := _mine(session, turn)) is not None:
            report.done, report.total, report.step, report.lease_until = done, total, step, clock.now() + LEASE


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
