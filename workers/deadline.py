"""Every task has an end: asked to stop first, and then the process is. Celery's own limits need a pool of processes, and ours is solo."""

import logging
import os
import signal
import threading
from types import FrameType
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import task_postrun, task_prerun

SOFT_S, HARD_S = 90.0, 110.0
"""Before Redis offers the message to somebody else, which it does after 120 seconds."""

EXIT_CODE = 75
log = logging.getLogger("graftlog.workers")
_ends: dict[str, threading.Timer] = {}


def begin(name: str) -> None:
    """The main thread has SOFT_S from now on, the process HARD_S; then its supervisor starts another. Leases settle what was begun."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, SOFT_S)
    _ends[name] = threading.Timer(HARD_S, _give_up, (name,))
    _ends[name].daemon = True
    _ends[name].start()


def end(name: str) -> None:
    """It was in time."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    if (timer := _ends.pop(name, None)) is not None:
        timer.cancel()


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise SoftTimeLimitExceeded(SOFT_S)


def _give_up(name: str) -> None:
    log.critical("task %s did not end within %d seconds; the process ends", name, HARD_S)
    logging.shutdown()
    os._exit(EXIT_CODE)


@task_prerun.connect(weak=False)
def _begin(task: Any = None, **_: object) -> None:
    if not task.request.is_eager and threading.current_thread() is threading.main_thread():
        begin(task.name)


@task_postrun.connect(weak=False)
def _end(task: Any = None, **_: object) -> None:
    if not task.request.is_eager and threading.current_thread() is threading.main_thread():
        end(task.name)
