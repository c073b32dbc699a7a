"""Faults that tests of the suite show already: run here on the drills' own PostgreSQL and Redis, and counted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.drill.processes import ROOT, free_port, redis
from tests.drills.book import IN_THE_SUITE, Broken, Figures, NotShown, Scene, drill, ensure

_PASSED, _SKIPPED = re.compile(r"(\d+) passed"), re.compile(r"(\d+) skipped")


@contextmanager
def a_redis(scene: Scene) -> Iterator[str]:
    """URL of an empty Redis."""
    port = free_port()
    server = redis(scene.folder, port)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.end()


def tell(scene: Scene, *stories: str) -> str:
    """How many stories passed; Broken where one failed or none was told. In the short form the suite has just told them."""
    if scene.short:
        raise NotShown(IN_THE_SUITE)
    server = scene.cluster().url.replace("postgresql+psycopg", "postgresql")
    with a_redis(scene) as broker:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--no-header", "-n", "2", *stories],
            cwd=ROOT,
            env=os.environ | {"TEST_DATABASE_URL": server, "TEST_REDIS_URL": broker},
            capture_output=True,
            text=True,
            check=False,
        )
    passed, skipped = _PASSED.search(done.stdout), _SKIPPED.search(done.stdout)
    if done.returncode or passed is None:
        raise Broken(" ".join(line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))) or done.stdout[-500:])
    return f"{passed[1]} stories" + (f", {skipped[1]} skipped" if skipped else "")


@drill(10, "uploads torn, resumed at every offset, with wrong bytes and wrong hashes", "shown only when the announced hash matches")
def torn_upload(scene: Scene) -> Figures:
    """Pieces of every size, cut inside each, the server killed at the last byte."""
    return [tell(scene, "tests/photos/test_uploading.py", "tests/photos/test_lanes.py", "tests/photos/test_showing.py")]


@drill(
    11,
    "clocks: tablets and servers off, set back, summer time both ways, leap days, ends of months",
    "each reminder on its documented local date, once; order by receipt",
)
def clocks(scene: Scene) -> Figures:
    """By calculation, by a clock that jumps, and by what tablets say about time."""
    arrivals = "tests/sync/test_arrivals.py::test_rule_10"
    return [
        tell(
            scene,
            "tests/followup/test_calendar.py",
            "tests/followup/test_planning.py",
            "tests/followup/test_guard.py",
            "tests/workers/test_classics.py",
            f"{arrivals}_order_within_a_tablet_is_its_counter_never_its_clock",
            f"{arrivals}_a_clock_three_years_off_is_stored_and_flagged_once",
        )
    ]


@drill(12, "no beat for three days, then two beats, every message of the queue three times", "caught up once, nothing stale, none doubled")
def no_beat(scene: Scene) -> Figures:
    """Real workers and beats."""
    return [tell(scene, "tests/workers/test_processes.py", "tests/followup/test_guard.py", "tests/followup/test_sending.py")]


@drill(
    13,
    "operation date corrected, patient died, consent withdrawn, after scheduling and between claim and sending",
    "old reminders cancelled, new ones computed; none sent that is no longer true",
)
def overtaken(scene: Scene) -> Figures:
    """By service, by page and by a worker that has claimed already."""
    files = ("followup/test_replanning.py", "followup/test_engine.py", "workers/test_classics.py", "simulation/test_rare_lives.py")
    return [tell(scene, *(f"tests/{name}" for name in files))]


@drill(16, "a revoked tablet comes back with facts that it had not sent", "kept apart, visible, released by a person")
def revoked(scene: Scene) -> Figures:
    """By person-token, by its own token, and beside a restore."""
    return [tell(scene, "tests/sync/test_tokens.py", "tests/sync/test_tablets.py", "tests/tablets/test_shared.py")]


@drill(19, "an old backup restored, and tablets that are newer", "the fork is seen; tablets send again; nothing silently rolled back")
def old_backup(scene: Scene) -> Figures:
    """Seeded lives with restores, and checkpoints of another history."""
    lives = "tests/offline/test_restored.py"
    witness = "tests/journal/test_witness.py"
    return [tell(scene, lives, witness, "tests/sync/test_arrivals.py", "tests/sync/test_pull.py")]


@drill(15, "a tablet's storage lost before or after its push was acknowledged", "only what was not acknowledged is gone")
def lost_storage(scene: Scene) -> Figures:
    """RxDB killed in the middle of a push. What the screen says before that is the app's, which is not in this repository."""
    said = tell(scene, "tests/offline/test_rxdb.py")
    ensure("skipped" not in said or not os.environ.get("GRAFTLOG_NODE"), said)
    if "skipped" in said:
        raise NotShown("Node 20 is missing")
    return [said]
