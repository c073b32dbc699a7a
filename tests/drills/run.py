"""Run drills one after the other and say what came of each."""

import importlib
import shutil
import sys
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.drill.processes import postgres_binaries
from tests.drills.book import DRILLS, Broken, Drill, NotShown, Scene
from tests.drills.cluster import Cluster

CHAPTERS = ("database", "web", "sending", "signing", "embedded", "disk", "versions", "stories")


@dataclass(frozen=True)
class Result:
    """`said` are the figures, what was broken, or why it was not shown."""

    drill: Drill
    word: str
    said: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether the criterion was not met."""
        return self.word == "FAILED"


def every() -> dict[str, Drill]:
    """All drills in the order of their numbers."""
    for chapter in CHAPTERS:
        importlib.import_module(f"tests.drills.{chapter}")
    return dict(sorted(DRILLS.items(), key=lambda item: item[1].number))


def run_all(drills: list[Drill], folder: Path, *, seed: int, short: bool) -> list[Result]:
    """Each with an empty folder; the PostgreSQL is the same for all."""
    _say(f"seed {seed}{', short' if short else ''}")
    with ExitStack() as last:

        @cache
        def cluster() -> Cluster:
            binaries = postgres_binaries()
            if binaries is None:
                raise NotShown("no PostgreSQL is installed")
            made = Cluster(binaries)
            last.callback(made.end)
            return made

        results = []
        for drill in drills:
            place = folder / drill.name
            place.mkdir()
            with ExitStack() as stack:
                results.append(_run(drill, Scene(seed, short, place, stack, cluster)))
            if not results[-1].failed:
                shutil.rmtree(place, ignore_errors=True)
        return results


def _run(drill: Drill, scene: Scene) -> Result:
    begun = time.monotonic()
    try:
        word, said = "passed", "; ".join(drill.run(scene))
    except NotShown as reason:
        word, said = "not shown here", str(reason)
    except Broken as fault:
        word, said = "FAILED", str(fault)
    except Exception as error:  # noqa: BLE001  reason: a drill that breaks down has shown nothing, and the next ones may run
        traceback.print_exc()
        word, said = "FAILED", f"{type(error).__name__}: {error}"
    result = Result(drill, word, said, time.monotonic() - begun)
    _say(f"{drill.name:4} {word:6} {result.seconds:5.1f} s  {drill.fault}: {said}")
    return result


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
