"""What an idle tick asks the database, beside the same on a database without any reminder; and a well-known queue library's empty look."""

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from bench.place import ROOT, SERVER, Place
from server.db import Database
from server.followup.engine import chores, moves, queue

TIMES = 400
GOAL_MS = 0.5


@dataclass(frozen=True)
class Idle:
    """p5, p50 and p95 in ms: `due` of the query for due messages, `asked` of all four queries, `all_in` with our own code.

    On a machine that has other work, p5 is what the database needs and p50 what it and we wait for a processor.
    """

    due: tuple[float, float, float]
    asked: tuple[float, float, float]
    all_in: tuple[float, float, float]


class _Watched:
    """A database whose statements are timed."""

    def __init__(self, place: Place) -> None:
        self.database: Database = place.database()
        self.due: list[float] = []
        self.asked: list[float] = []
        self.all_in: list[float] = []
        self._spent = self._since = 0.0
        event.listen(self.database.engine, "before_cursor_execute", self._before)
        event.listen(self.database.engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._since = time.perf_counter()

    def _after(self, *_: Any) -> None:
        self._spent += time.perf_counter() - self._since

    def look(self) -> None:
        """What `Engine.tick` asks when nothing is due."""
        self._spent, began = 0.0, time.perf_counter()
        with self.database.transaction(write=False) as session:
            found: list[object] = [*queue.due_channels(session)]
            self.due.append(self._spent * 1000)
            found += [*queue.clinics_with_lapsed_leases(session), *chores.due(session), *filter(None, [moves.due(session)])]
        self.all_in.append((time.perf_counter() - began) * 1000)
        self.asked.append(self._spent * 1000)
        if found:
            raise RuntimeError(f"nothing should be due: {found}")

    def result(self) -> Idle:
        """Without the first looks, which prepare statements."""
        self.database.close()
        return Idle(*(_middle(many[20:]) for many in (self.due, self.asked, self.all_in)))


def _middle(many: list[float]) -> tuple[float, float, float]:
    ordered = sorted(many)
    return ordered[int(0.05 * len(many))], statistics.median(many), ordered[int(0.95 * len(many))]


def compare(empty: Place, full: Place) -> tuple[Idle, Idle]:
    """Both in turns, so that what else the machine does hits both alike."""
    none, many = _Watched(empty), _Watched(full)
    for _ in range(TIMES):
        none.look()
        many.look()
    return none.result(), many.result()


def procrastinate() -> dict[str, Any] | None:
    """p50 of an empty fetch in ms, and the version; None where BENCH_PROCRASTINATE_PYTHON names no Python that has it."""
    python = os.environ.get("BENCH_PROCRASTINATE_PYTHON")
    if not python:
        return None
    done = subprocess.run(
        [python, str(ROOT / "bench" / "reminders_procrastinate.py"), SERVER], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found
