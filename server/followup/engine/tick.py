"""One beat of the engine: whether the clock is to be believed, a chore is due, a worker was lost, an alert is nobody's, what is due."""

import logging
import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

from schemas.vocabulary import Channel
from server import clock
from server.config import Config
from server.db import Database, insert_missing, table_of
from server.followup.engine import chores, guard, moves, queue
from server.followup.engine.pump import settle_lost
from server.followup.models import Chore
from server.followup.service import alarms

log = logging.getLogger("graftlog.followup")
TICK = "tick"


class Engine:
    """What one worker process needs: its database, its settings, its watch on the clock."""

    def __init__(self, db: Database, config: Config, watch: guard.ClockWatch | None = None) -> None:
        """`watch` only for those who move the clock."""
        self.db, self.config, self.watch = db, config, watch or guard.ClockWatch()
        self._held: str | None = None

    def tick(self) -> list[Channel]:
        """Channels with something to send now; none while the clock is not believed. Settles what lost workers left behind."""
        with self.db.transaction() as session:
            held = self.watch.held(session)
            _note_tick(session)
        self._say(held)
        if held:
            return []
        with self.db.transaction(write=False, everywhere=True) as session:
            lapsed = bool(queue.clinics_with_lapsed_leases(session))
            due = queue.due_channels(session)
            work = chores.due(session)
            moving = moves.due(session)
            unheard = alarms.clinics_due(session)
        call_again(self.db, unheard)
        for name in work:
            chores.run(self.db, name, self.config)
        if lapsed:
            settle_lost(self.db, self.config)
        if moving:
            moves.step(self.db, moving)
        return due

    def _say(self, held: str | None) -> None:
        """Once when it begins and once when it ends."""
        if held != self._held:
            log.error("nothing is sent: %s; see docs/operate.md", held) if held else log.warning("the clock is believed again")
            self._held = held


def call_again(db: Database, clinics: Iterable[uuid.UUID]) -> int:
    """Escalate what nobody of these clinics is on; how many alerts. Before any other work: a chore may take long."""
    total = 0
    for clinic_id in clinics:
        with db.transaction(clinic_id) as session:
            total += alarms.escalate(session)
    return total


def _note_tick(session: Session) -> None:
    """For /readyz, now and then: that somebody is ticking."""
    row, now = session.get(Chore, TICK), clock.now()
    if row is None:
        insert_missing(session, table_of(Chore), {"name": TICK, "next_at": now, "ran_at": now})
    elif row.ran_at is None or abs(now - row.ran_at) >= guard.NOTED_EVERY:
        row.ran_at = now
