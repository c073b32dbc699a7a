"""Follow-up: the tick that looks for work, and the pump that does it. Messages name no reminder: the database is asked."""

import logging
import threading
import time
from functools import cache

from celery.apps.worker import Worker
from celery.signals import celeryd_after_setup, worker_shutdown, worker_shutting_down
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy.exc import SQLAlchemyError

from schemas.vocabulary import Channel
from server.followup.engine.pump import Pump
from server.followup.engine.tick import Engine
from server.logs import trace
from workers import photos, reports
from workers.app import PHOTO_QUEUE, REPORT_QUEUE, SEND_QUEUES, app
from workers.process import database, settings

log = logging.getLogger("graftlog.workers")
PUMP_S = 20.0
SILENCE_S = 5.0
"""When no tick has reached this process for so long, it ticks by itself: beat may be dead, or the broker frozen."""
LAST_CALL_S = 25.0
"""How long a stopping worker waits for the calls that its own clockwork has under way; each step of one may take ten seconds."""
_heard = time.monotonic()
_stop = threading.Event()
_clockwork: threading.Thread | None = None
_troubles: dict[str, str] = {}


@cache
def engine() -> Engine:
    """This process's engine."""
    return Engine(database(), settings)


@app.task(name="tick")
def tick() -> None:
    """Wake a pump for every channel with something due."""
    global _heard  # noqa: PLW0603  reason: when this process last heard of the time
    _heard = time.monotonic()
    try:
        for channel in look():
            pump.apply_async((str(channel),), queue=SEND_QUEUES[channel], expires=10)
    except BrokerError as error:
        _say("the queue", f"cannot be written ({type(error).__name__})")  # the next tick, or the clockwork, asks the database again
    else:
        _say("the queue", "")


def look() -> list[Channel]:
    """Channels with something due; none while the database cannot be asked."""
    try:
        due = engine().tick()
    except SQLAlchemyError as error:
        _say("the database", f"cannot be asked ({type(error).__name__})")
        return []
    _say("the database", "")
    return due


def _say(what: str, trouble: str) -> None:
    """Once when it begins and once when it ends, not every second."""
    if trouble != _troubles.get(what, ""):
        _troubles[what] = trouble
        log.warning("%s %s", what, trouble or "answers again")


def _go_on() -> bool:
    return worker_state.should_stop is None and not _stop.is_set()


@app.task(name="pump")
def pump(channel: str) -> None:
    """Send what is due on one channel until nothing is, the time is up, or the worker is asked to stop."""
    end = time.monotonic() + PUMP_S
    try:
        with Pump(database(), settings, lambda: time.monotonic() < end and _go_on()) as pumping:
            while counts := pumping.round(Channel(channel)):
                log.info("%s: %s", channel, ", ".join(f"{number} {state}" for state, number in sorted(counts.items())))
    except SQLAlchemyError as error:  # what was begun is settled when its lease ends
        _say("the database", f"cannot be asked ({type(error).__name__})")


def _tick_alone(channels: list[Channel], *, with_photos: bool, with_reports: bool) -> None:
    """The process's own clockwork, for when nothing arrives through the broker, or a slow channel keeps the process busy."""
    while not _stop.wait(1.0):
        if time.monotonic() - _heard < SILENCE_S:
            continue
        try:
            for channel in look():
                if channel in channels:
                    pump(str(channel))
            if with_photos:
                photos.thumbnails()
                photos.photo_keys()
            if with_reports:
                reports.reports()
        except Exception as error:  # noqa: BLE001  reason: the next turn may go well
            log.error("a turn of the clockwork failed: %s", trace(error))  # noqa: TRY400  reason: the error's own text quotes rows


@celeryd_after_setup.connect(weak=False)
def _begin(instance: Worker, **_: object) -> None:
    """Before the first connection to the broker: a worker that starts while the broker is away works too."""
    global _clockwork, _heard  # noqa: PLW0603  reason: one clockwork in a process
    serving = set(instance.app.amqp.queues.consume_from)
    channels = [channel for channel, name in SEND_QUEUES.items() if name in serving]
    _heard = time.monotonic()
    alone = {"channels": channels, "with_photos": PHOTO_QUEUE in serving, "with_reports": REPORT_QUEUE in serving}
    _clockwork = threading.Thread(target=_tick_alone, kwargs=alone, name="clockwork", daemon=True)
    _clockwork.start()


@worker_shutting_down.connect(weak=False)
def _stopping(**_: object) -> None:
    _stop.set()


@worker_shutdown.connect(weak=False)
def _end(**_: object) -> None:
    """Let the calls under way end: cut off, each would leave a doubt."""
    _stop.set()
    if _clockwork is not None:
        _clockwork.join(LAST_CALL_S)
    database().close()
