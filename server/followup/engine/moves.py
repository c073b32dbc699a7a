"""Open follow-ups on their way to a new version of the protocol: a batch at a tick, of the clinic that has waited longest."""

import logging
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.db import Database
from server.followup.models import IS_MOVING, ProtocolMove
from server.followup.service import protocol_moves

log = logging.getLogger("graftlog.followup")


def due(session: Session, clinic_id: uuid.UUID | None = None) -> uuid.UUID | None:
    """The clinic, of all or `clinic_id` alone, whose next batch has waited longest."""
    query = sa.select(ProtocolMove.clinic_id).where(IS_MOVING, ProtocolMove.next_at <= clock.now())
    if clinic_id:
        query = query.where(ProtocolMove.clinic_id == clinic_id)
    return session.scalar(query.order_by(ProtocolMove.next_at).limit(1), execution_options={"all_clinics": True})


def step(db: Database, clinic_id: uuid.UUID) -> bool:
    """One batch in a transaction of its own; False when there was none to do, or it failed and is tried again in a minute.

    Whoever is killed in it leaves nothing behind, neither rows nor a lease: the next tick goes on.
    """
    try:
        with db.transaction(clinic_id) as session:
            return protocol_moves.advance(session)
    except Exception as error:  # noqa: BLE001  reason: one follow-up that cannot be planned must not hold up the messages of all others
        log.error("clinic %s: open follow-ups could not be moved: %s", clinic_id, type(error).__name__)  # noqa: TRY400  reason: a trace could name the patient
    with db.transaction(clinic_id) as session:
        protocol_moves.put_off(session)
    return False


def run(db: Database, clinic_id: uuid.UUID | None = None, go_on: Callable[[], bool] = lambda: True) -> None:
    """All batches that are due, for whoever has no worker."""
    while (one := _due(db, clinic_id)) and go_on() and step(db, one):
        pass


def _due(db: Database, clinic_id: uuid.UUID | None) -> uuid.UUID | None:
    with db.transaction(write=False, everywhere=True) as session:
        return due(session, clinic_id)
