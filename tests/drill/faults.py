"""What goes wrong when: a seeded schedule, so that a bad hour can be had again."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can go wrong."""

    KILL_WORKER = "workers killed"
    EMPTY_QUEUE = "queue emptied"
    ONE_MORE_BEAT = "beats added"
    NO_BEATS = "all beats killed"
    BEATS_AGAIN = "beats started again"
    RESTART_DATABASE = "database cut off and restarted"
    FREEZE_BROKER = "broker frozen"
    KILL_BROKER = "broker killed"
    FREEZE_WORKER = "workers stopped for longer than their lease"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that happens at a moment of the drill. `which` worker, or for how many seconds."""

    at: float
    kind: Kind
    which: float = 0


def schedule(seed: int, seconds: float, *, workers: int, broker: bool, database: bool, frozen_s: float) -> list[Fault]:
    """Faults over that time, in order. `broker` and `database`: whether there is one of our own to be frozen or restarted.

    A beat is added early, all are killed at a third and come back at two thirds; the broker is frozen once, in between.
    """
    dice = random.Random(seed)
    kills = [Fault(at, Kind.KILL_WORKER, dice.randrange(workers)) for at in _moments(dice, seconds, every=2)]
    empty = [Fault(at, Kind.EMPTY_QUEUE) for at in _moments(dice, seconds, every=2.5)]
    beats = [
        Fault(dice.uniform(0.02, 0.15) * seconds, Kind.ONE_MORE_BEAT),
        Fault(seconds / 3, Kind.NO_BEATS),
        Fault(seconds * 2 / 3, Kind.BEATS_AGAIN),
    ]
    restarts = [Fault(at, Kind.RESTART_DATABASE) for at in _moments(dice, seconds, every=max(seconds / 3, 6))] if database else []
    frozen = [Fault(dice.uniform(0.4, 0.6) * (seconds - frozen_s), Kind.FREEZE_BROKER, frozen_s)] if broker and frozen_s else []
    killed = [Fault(dice.uniform(0.1, 0.9) * seconds, Kind.KILL_BROKER)] if broker else []
    stopped = [Fault(at, Kind.FREEZE_WORKER, dice.randrange(workers)) for at in _moments(dice, seconds * 0.6, every=15)]
    return sorted([*kills, *empty, *beats, *restarts, *frozen, *killed, *stopped])


def _moments(dice: random.Random, seconds: float, *, every: float) -> list[float]:
    """So many moments that one comes every so many seconds on average."""
    return sorted(dice.uniform(0.03, 0.97) * seconds for _ in range(max(1, round(seconds / every))))
