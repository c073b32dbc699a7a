"""Sending what is due on one channel, clinic by clinic in turn. Whoever calls may be lost or doubled: the row decides."""

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from schemas.vocabulary import Channel, ReminderState
from server.config import Config
from server.db import Database
from server.followup.channels.base import MaybeSent, NotSent, Rejected, Way
from server.followup.channels.ways import at_home, idempotent, open_ways
from server.followup.engine import begin, finish, guard, moves, queue
from server.followup.engine.finish import Result
from server.followup.messages.compose import BadAddress, compose
from server.followup.messages.letter import Letter
from server.followup.models import Outcome

log = logging.getLogger("graftlog.followup")

BATCH = 50
_dice = random.SystemRandom()
_OUTCOMES = {NotSent: Outcome.NOT_SENT, Rejected: Outcome.REJECTED, MaybeSent: Outcome.UNCERTAIN}


class Pump:
    """One worker's hands: threads that call providers, each with connections of its own. Use as a context manager."""

    def __init__(self, db: Database, config: Config, go_on: Callable[[], bool] = lambda: True) -> None:
        """`go_on` is asked before every handful of messages; what is then left over goes back to pending."""
        self.db, self.config, self.go_on = db, config, go_on
        self._claim_lease = timedelta(seconds=config.lease_seconds / 3)
        self._threads = ThreadPoolExecutor(config.send_threads, "send")
        self._idle: SimpleQueue[dict[Channel, Way]] = SimpleQueue()
        self._all = [open_ways(config) for _ in range(config.send_threads)]
        for ways in self._all:
            self._idle.put(ways)
        self._idempotent = idempotent(config)
        self._at_home = at_home(config)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the calls under way end, and hang up."""
        self._threads.shutdown()
        for ways in self._all:
            for way in ways.values():
                way.close()

    def round(self, channel: Channel, *, limit: int = BATCH, clinic_id: uuid.UUID | None = None) -> Counter[ReminderState]:
        """At most `limit` messages of every clinic that has some due on this channel, or of `clinic_id` alone. Counts by state."""
        counts: Counter[ReminderState] = Counter()
        with self.db.transaction(write=False, everywhere=True) as session:
            clinics = queue.clinics_due(session, channel)
            resting = guard.paused_clinics(session, clinics)
        _dice.shuffle(clinics)  # where the provider is slow and time runs out, it runs out for another clinic each time
        for one in clinics:
            if clinic_id in {None, one} and self.go_on():
                with self.db.transaction(one) as session:
                    counts[ReminderState.EXPIRED] += finish.expire(session, channel)
                    allowed, lease = guard.reserve(session, channel, limit, self.config), self._claim_lease
                    token, claimed = (
                        queue.claim(session, channel, limit=allowed, lease=lease, alerts_only=one in resting) if allowed else (None, [])
                    )
                if token and claimed:
                    counts += self._send_all(one, channel, token, claimed)
        return +counts

    def _send_all(self, clinic_id: uuid.UUID, channel: Channel, token: uuid.UUID, ids: Sequence[uuid.UUID]) -> Counter[ReminderState]:
        """A call that may be repeated with the same key is begun with all others; one that may not, with as few as are sent at once."""
        counts: Counter[ReminderState] = Counter()
        handful = len(ids) if self._idempotent.get(channel) else self.config.send_threads
        for start in range(0, len(ids), handful):
            if not self.go_on() or (start and not guard.may_send(self.db, channel)):  # of the first, the claim has asked
                with self.db.transaction(clinic_id) as session:
                    queue.release(session, token)
                break
            counts += self._send_some(clinic_id, channel, token, ids[start : start + handful])
        return counts

    def _send_some(self, clinic_id: uuid.UUID, channel: Channel, token: uuid.UUID, ids: Sequence[uuid.UUID]) -> Counter[ReminderState]:
        with self.db.transaction(clinic_id) as session:
            begun = begin.begin(session, ids, token, self.config)
            finish.second_ways(session, begun.settled)
        counts = Counter(one.state for one in begun.settled)
        if begun.letters:
            calls = [(one.reminder_id, self._threads.submit(copy_context().run, self._call, one)) for one in begun.letters]
            results = {reminder_id: call.result() for reminder_id, call in calls}
            with self.db.transaction(clinic_id) as session:
                counts += finish.finish(
                    session, token, {key: one for key, (one, _) in results.items()}, idempotent=self._idempotent.get(channel, False)
                )
                guard.note(session, channel, [down for _, down in results.values()])
        return counts

    @contextmanager
    def _ways(self) -> Iterator[dict[Channel, Way]]:
        ways = self._idle.get()
        try:
            yield ways
        finally:
            self._idle.put(ways)

    def _call(self, letter: Letter) -> tuple[Result, bool]:
        """(how it ended, whether the provider is down). In no transaction. What is not understood is uncertain, never repeated."""
        with self._ways() as ways:
            way = self._at_home.get(letter.channel) if letter.demo else None
            way = way or ways.get(letter.channel)
            if way is None:
                return Result(Outcome.REJECTED, "channel_not_set_up"), False
            try:
                parcel = compose(letter, self.config)
            except BadAddress:
                return Result(Outcome.REJECTED, "bad_address"), False
            except Exception as error:  # noqa: BLE001  reason: one letter that cannot be written must not hold up the others
                log.error("message %s cannot be written: %s", letter.reminder_id, type(error).__name__)  # noqa: TRY400  reason: a trace could name the patient
                return Result(Outcome.NOT_SENT, type(error).__name__), False
            try:
                return Result(Outcome.ACCEPTED, message_id=way.send(parcel)), False
            except NotSent as error:
                return Result(_OUTCOMES[type(error)], error.error, wait_s=error.wait_s), error.provider_down
            except Exception as error:  # noqa: BLE001  reason: as above
                log.error("message %s, sending failed in an unknown way: %s", letter.reminder_id, type(error).__name__)  # noqa: TRY400  reason: as above
                return Result(Outcome.UNCERTAIN, type(error).__name__), False


def settle_lost(db: Database, config: Config, clinic_id: uuid.UUID | None = None) -> Counter[ReminderState]:
    """What lost workers have left behind, in every clinic or in `clinic_id` alone."""
    counts: Counter[ReminderState] = Counter()
    with db.transaction(write=False, everywhere=True) as session:
        clinics = queue.clinics_with_lapsed_leases(session)
    for one in clinics:
        if clinic_id in {None, one}:
            with db.transaction(one) as session:
                counts += finish.reap(session, idempotent(config))
    return counts


def run_due(
    db: Database,
    config: Config,
    *,
    limit: int = BATCH,
    clinic_id: uuid.UUID | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Counter[ReminderState]:
    """One round of everything on every channel, for whoever has no worker: the demo's past, a command, a test. Counts by state."""
    counts = settle_lost(db, config, clinic_id) if go_on() else Counter()
    moves.run(db, clinic_id, go_on)
    with Pump(db, config, go_on) as pump:
        for channel in Channel:
            counts += pump.round(channel, limit=limit, clinic_id=clinic_id)
    return +counts
