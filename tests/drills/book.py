"""The book of drills: each is a fault, a criterion and a function that shows it, or raises with what was broken."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.drills.cluster import Cluster

Figures = Sequence[str]
IN_THE_SUITE = "in the test suite, which .ci/run runs before"
"""Why the short form leaves out what the suite has just shown."""


class Broken(Exception):
    """The criterion was not met; `str()` says how."""


class NotShown(Exception):
    """This machine or this form of the drill cannot show it; `str()` says why."""


@dataclass(frozen=True)
class Scene:
    """What one drill has: a seed, its size, an empty folder, and `stack` for whatever has to be gone afterwards."""

    seed: int
    short: bool
    folder: Path
    stack: ExitStack
    cluster: Callable[[], Cluster]
    """The PostgreSQL of all drills, started when it is first asked for."""

    def size(self, full: int, short: int) -> int:
        """How much of something."""
        return short if self.short else full


@dataclass(frozen=True)
class Drill:
    """`number` is that of the table of faults: F1 to F24."""

    number: int
    fault: str
    criterion: str
    run: Callable[[Scene], Figures]

    @property
    def name(self) -> str:
        """F1."""
        return f"F{self.number}"


DRILLS: dict[str, Drill] = {}


def drill(number: int, fault: str, criterion: str) -> Callable[[Callable[[Scene], Figures]], Callable[[Scene], Figures]]:
    """Enter a function into the book."""

    def enter(run: Callable[[Scene], Figures]) -> Callable[[Scene], Figures]:
        made = Drill(number, fault, criterion, run)
        if made.name in DRILLS:
            raise RuntimeError(f"two drills are called {made.name}")
        DRILLS[made.name] = made
        return run

    return enter


def ensure(holds: bool, otherwise: str) -> None:
    """Raise Broken with that sentence where it does not hold."""
    if not holds:
        raise Broken(otherwise)
