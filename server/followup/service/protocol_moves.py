"""Moving open follow-ups to a version of the protocol: few of them at once, many in batches that the workers take up one after another."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import VisitState
from server import clock
from server.followup.comparison import NOT_IN_PROTOCOL, OPEN, WINDOW_CLOSED
from server.followup.models import IS_MOVING, ProtocolMove, ProtocolVersion, Visit
from server.followup.protocol import DEFAULT_VERSION, Protocol
from server.followup.service import protocols, schedule
from server.procedures.models import Procedure

AT_ONCE = 50
"""Up to so many are moved in the transaction that asks for it."""
BATCH = 50
RETRY = timedelta(minutes=1)
"""How long a move rests after a batch that failed, so that a fault holds up nothing else."""


@dataclass(frozen=True)
class _OnBehalf:
    """Whoever asked for a move: its batches stand in the journal as if they had been done in that request."""

    user_id: uuid.UUID
    device_id: uuid.UUID | None = None


def open_ids(session: Session) -> sa.Select[uuid.UUID]:
    """Procedures about which the protocol still decides something, or decided that it does not."""
    still = Visit.state.in_(OPEN) | sa.and_(Visit.state == VisitState.MISSED, Visit.reason == WINDOW_CLOSED)
    removed = sa.and_(Visit.state == VisitState.CANCELLED, Visit.reason == NOT_IN_PROTOCOL)
    return (
        sa.select(Visit.procedure_id)
        .join(Procedure, sa.and_(Procedure.clinic_id == Visit.clinic_id, Procedure.id == Visit.procedure_id))
        .where(Visit.clinic_id == session.info["clinic_id"], still | removed)
        .where(Procedure.state.in_(schedule.FOLLOWED), Procedure.ended_at.is_not(None))
    )


def hold(session: Session) -> None:
    """Wait for the batch under way; none begins before this transaction ends."""
    _running(session)


def begin(session: Session, protocol: Protocol, *, by: uuid.UUID | None) -> None:
    """Move the open follow-ups to `protocol`, now or by the workers. An unfinished move to another version ends where it is.

    The caller holds `protocols.lock`.
    """
    if protocol.version == DEFAULT_VERSION:
        return  # nothing is older
    running = _running(session)
    if running and running.label == protocol.version:
        return
    if running:
        running.superseded_at = clock.now()
        session.flush()  # one at a time, says the index
    left = session.execute(_left(session, int(protocol.version))).all()
    if len(left) <= AT_ONCE:
        _move(session, [row.id for row in left], protocol)
    else:
        session.add(ProtocolMove(number=int(protocol.version), total=len(left), created_by=by))
        session.flush()


def advance(session: Session) -> bool:
    """Move the next batch of the session's clinic. False when there is none, or somebody else is at it.

    What is left is asked of the follow-ups themselves, so a batch that never happened, or one that happened twice, leaves no trace.
    """
    move = _running(session, skip_locked=True)
    if move is None:
        return False
    session.info["actor"] = _OnBehalf(move.created_by) if move.created_by else None
    query = _left(session, move.number).add_columns(sa.func.count().over().label("waiting")).limit(BATCH)
    rows = session.execute(query).all()
    move.done += _move(session, [row.id for row in rows], protocols.of_version(session, move.label))
    left = rows[0].waiting - len(rows) if rows else 0
    move.total, move.next_at = move.done + left, clock.now()  # follow-ups end, and begin again, while others are moved
    if not left:
        move.finished_at = move.next_at
    session.flush()
    return True


def put_off(session: Session) -> None:
    """After a batch that failed."""
    move = _running(session)
    if move is not None:
        move.next_at = clock.now() + RETRY


def current(session: Session) -> ProtocolMove | None:
    """The move under way, or the finished one to the version in force."""
    query = sa.select(ProtocolMove).where(ProtocolMove.superseded_at.is_(None))
    newest = session.scalar(query.order_by(ProtocolMove.number.desc(), ProtocolMove.created_at.desc()).limit(1))
    if newest and newest.finished_at and newest.label != protocols.in_force(session).version:
        return None
    return newest


def _running(session: Session, *, skip_locked: bool = False) -> ProtocolMove | None:
    """The clinic's unfinished move, locked."""
    query = sa.select(ProtocolMove).where(IS_MOVING).with_for_update(skip_locked=skip_locked)
    return session.scalar(query.execution_options(populate_existing=True))


def _left(session: Session, number: int) -> sa.Select[uuid.UUID]:
    """Open procedures that an older version follows up, by patient, which is the order in which everybody locks them.

    Those that began under a later version, while this one's move was under way, stay there.
    """
    since = [str(one) for one in session.scalars(sa.select(ProtocolVersion.number).where(ProtocolVersion.number >= number))]
    moved = sa.select(Visit.procedure_id).where(Visit.clinic_id == session.info["clinic_id"], Visit.protocol_version.in_(since))
    return (
        sa.select(Procedure.id)
        .where(Procedure.id.in_(open_ids(session)), Procedure.id.not_in(moved))
        .order_by(Procedure.patient_id, Procedure.ended_at, Procedure.id)
    )


def _move(session: Session, procedure_ids: Sequence[uuid.UUID], protocol: Protocol) -> int:
    """Plan procedures again under `protocol`; how many are followed up still.

    Procedures are locked before their patients, as by whoever corrects one, and read under that lock: what became of them meanwhile counts.
    """
    query = (
        sa.select(Procedure)
        .where(Procedure.id.in_(procedure_ids), Procedure.state.in_(schedule.FOLLOWED), Procedure.ended_at.is_not(None))
        .order_by(Procedure.patient_id, Procedure.ended_at, Procedure.id)
        .with_for_update(key_share=True)  # rows that refer to them may be written meanwhile
        .execution_options(populate_existing=True)
    )
    procedures = session.scalars(query).all()
    for procedure in procedures:
        schedule.replan(session, procedure, protocol)
        for visit in schedule.visits_of(session, procedure.id):
            visit.protocol_version = protocol.version  # settled ones too: a follow-up stands under one version
    session.flush()
    return len(procedures)
