"""Work that comes round by the clock: visits fall due and are missed, the nightly proof that nothing is forgotten, the morning digest."""

import logging
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from schemas.vocabulary import VisitKind, VisitState
from server import clock
from server.clinics import service as clinics
from server.clinics.models import Clinic
from server.config import Config
from server.db import Database, insert_missing, table_of
from server.followup.comparison import OPEN, WINDOW_CLOSED, state_on
from server.followup.models import Chore, Visit
from server.followup.service import digest, protocols
from server.followup.service.proof import lacking
from server.followup.service.schedule import FOLLOWED, replan
from server.followup.service.visits import resync
from server.photos.service.tidying import drop_ended
from server.procedures.models import Procedure

log = logging.getLogger("graftlog.followup")
RUNNING = timedelta(minutes=10)
"""A chore whose worker died is begun again after this long."""
CHASED_FOR = timedelta(days=61)
"""How long after its window a missed visit may still be chased: a protocol's longest chase, and a day for the zones."""
MOST_VISITS = 200
MOST_PROCEDURES = 200
_LATER = aliased(Visit)
_A_LATER_ONE = sa.exists().where(
    _LATER.clinic_id == Visit.clinic_id,
    _LATER.procedure_id == Visit.procedure_id,
    _LATER.kind == VisitKind.VISIT,
    _LATER.state != VisitState.CANCELLED,
    _LATER.closes_on > Visit.closes_on,
)
"""Asked in the query: most missed visits are followed by another, and would fill every batch for good."""


def turn_visits(db: Database, clinic_id: uuid.UUID, config: Config) -> int:  # noqa: ARG001  reason: every chore is called alike
    """Visits whose day has come are due; whose window is over, missed; lost when the last window is long over. How many changed."""
    total = 0
    while True:
        with db.transaction(clinic_id) as session:
            turned = _turn_some(session)
        total += turned
        if turned < MOST_VISITS:
            return total


def _turn_some(session: Session) -> int:
    today = clinics.today(session)
    opened = _some(session, Visit.state == VisitState.PLANNED, Visit.opens_on <= today)
    closed = _some(session, Visit.state.in_((VisitState.PLANNED, VisitState.DUE)), Visit.closes_on < today)
    turning = {one.id: one for one in (*opened, *closed)}
    for visit in turning.values():
        visit.state = state_on(today, visit, visit.state)
        visit.reason = WINDOW_CLOSED if visit.state == VisitState.MISSED else None
        if visit.state == VisitState.MISSED:
            session.flush()
            resync(session, visit, reason="visit_missed")
    lost = _lost(session, today)
    for visit in lost:
        visit.state = VisitState.LOST_TO_FOLLOW_UP
        session.flush()
        resync(session, visit, reason="visit_lost_to_follow_up")
    session.flush()
    return len(turning) + len(lost)


def _some(session: Session, *where: sa.ColumnElement[bool]) -> list[Visit]:
    query = sa.select(Visit).where(*where).order_by(Visit.target_date, Visit.id).limit(MOST_VISITS).with_for_update(skip_locked=True)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _lost(session: Session, today: date) -> list[Visit]:
    """Missed visits of procedures whose last window closed so long ago that nobody expects the patient any more."""
    missed = (Visit.state == VisitState.MISSED, Visit.kind == VisitKind.VISIT)
    found = []
    for version in session.scalars(sa.select(Visit.protocol_version).where(*missed).distinct()).all():
        patience = timedelta(days=protocols.of_version(session, version).lost_after_days)
        found += _some(session, *missed, Visit.protocol_version == version, Visit.closes_on < today - patience, ~_A_LATER_ONE)
    return found


def prove(db: Database, clinic_id: uuid.UUID, config: Config) -> int:  # noqa: ARG001  reason: every chore is called alike
    """The nightly proof: every open follow-up has exactly the visits and messages that its facts ask for. How many rows were missing.

    Anything missing is repaired and logged as an error, because the transaction that caused it should have done so.
    """
    repaired, last = 0, uuid.UUID(int=0)
    while True:
        with db.transaction(clinic_id, write=False) as session:
            batch = session.scalars(_with_open_follow_up(last, clock.now().date() - CHASED_FOR)).all()
            wrong = [procedure.id for procedure in batch if lacking(session, procedure)]
        for procedure_id in wrong:
            repaired += _repair(db, clinic_id, procedure_id)
        if len(batch) < MOST_PROCEDURES:
            return repaired
        last = batch[-1].id


def _with_open_follow_up(after: uuid.UUID, chased_since: date) -> sa.Select[Procedure]:
    chased = sa.and_(Visit.state == VisitState.MISSED, Visit.closes_on >= chased_since)
    open_ones = sa.select(Visit.procedure_id).where(Visit.state.in_(OPEN) | chased)
    never = ~sa.select(1).where(Visit.procedure_id == Procedure.id, Visit.clinic_id == Procedure.clinic_id).exists()
    return (
        sa.select(Procedure)
        .where(Procedure.state.in_(FOLLOWED), Procedure.ended_at.is_not(None), Procedure.id > after, Procedure.id.in_(open_ones) | never)
        .order_by(Procedure.id)
        .limit(MOST_PROCEDURES)
    )


def _repair(db: Database, clinic_id: uuid.UUID, procedure_id: uuid.UUID) -> int:
    with db.transaction(clinic_id) as session:
        found = replan(session, session.get_one(Procedure, (clinic_id, procedure_id)))
    if found:
        log.error("the follow-up of procedure %s lacked %d rows; repaired", procedure_id, found)
    return found


def send_digests(db: Database, clinic_id: uuid.UUID, config: Config) -> int:  # noqa: ARG001  reason: every chore is called alike
    """Queue the morning's digests where they are due; how many."""
    with db.transaction(clinic_id) as session:
        return digest.send_digests(session)


CHORES: dict[str, tuple[timedelta, Callable[[Database, uuid.UUID, Config], int]]] = {
    "visits": (timedelta(minutes=30), turn_visits),
    "proof": (timedelta(hours=24), prove),
    "digest": (timedelta(minutes=15), send_digests),
    "uploads": (timedelta(hours=1), drop_ended),
}


def due(session: Session) -> list[str]:
    """Chores whose time has come; those never run yet are."""
    rows = {row.name: row for row in session.scalars(sa.select(Chore).where(Chore.name.in_(CHORES)))}
    now = clock.now()
    return [name for name in CHORES if name not in rows or rows[name].next_at <= now]


def run(db: Database, name: str, config: Config) -> int | None:
    """Run a chore for every clinic, if nobody else is at it; how many rows it changed, or None."""
    every, what = CHORES[name]
    with db.transaction(everywhere=True) as session:
        if not _mine(session, name, clock.now()):
            return None
        ids = list(session.scalars(sa.select(Clinic.id).order_by(Clinic.id), execution_options={"all_clinics": True}))
    total = 0
    for clinic_id in ids:
        total += what(db, clinic_id, config)
    with db.transaction() as session:
        row = session.get_one(Chore, name, with_for_update=True)
        row.ran_at, row.next_at, row.said = clock.now(), clock.now() + every, f"{total} rows"
    return total


def _mine(session: Session, name: str, now: datetime) -> bool:
    """Whoever moves the row first has the chore."""
    insert_missing(session, table_of(Chore), {"name": name, "next_at": now})
    moved = session.execute(sa.update(Chore).where(Chore.name == name, Chore.next_at <= now).values(next_at=now + RUNNING))
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]  # reason: a DML result is a CursorResult
