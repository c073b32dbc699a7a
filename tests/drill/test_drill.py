"""The short drill: as `python -m tests.drill`, with fewer reminders and less time for things to go wrong."""

import os
import shutil
from pathlib import Path

import pytest

from tests.drill.drill import Plan, run
from tests.drill.faults import Kind, schedule
from tests.drill.processes import postgres_binaries

EMBEDDED = {
    "idempotent": Plan(seed=3, reminders=300, seconds=10, private=False, workers=2, clinics=3),
    "smtp": Plan(seed=4, reminders=200, seconds=8, private=False, workers=2, clinics=3, provider="smtp"),
}
SERVERS = {
    "idempotent": Plan(seed=5, reminders=300, seconds=14, frozen_s=4),
    "plain": Plan(seed=6, reminders=300, seconds=14, frozen_s=4, provider="plain"),
    "smtp": Plan(seed=7, reminders=300, seconds=14, frozen_s=4, provider="smtp"),
}
HAS_SERVERS = bool(os.environ.get("TEST_REDIS_URL") and shutil.which("redis-server") and postgres_binaries())


def drill(plan: Plan, folder: Path) -> None:
    said: list[str] = []
    verdict, happened = run(plan, said.append, folder)
    assert verdict.faults == [], "\n".join([*said, *verdict.lines()])
    assert verdict.taken >= plan.reminders - verdict.states["uncertain"]
    assert happened[Kind.KILL_WORKER] > 0
    assert happened[Kind.EMPTY_QUEUE] > 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", EMBEDDED)
def test_embedded_every_reminder_goes_out_once_or_is_in_doubt(provider: str, tmp_path: Path) -> None:
    """SQLite and the file queue: two workers killed, the queue's folder emptied, beats doubled and then all killed."""
    drill(EMBEDDED[provider], tmp_path)


if HAS_SERVERS:

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("provider", SERVERS)
    def test_with_servers_every_reminder_goes_out_once_or_is_in_doubt(provider: str, tmp_path: Path) -> None:
        """PostgreSQL cut off and restarted, Redis flushed and frozen, four workers killed, beats doubled and then all killed."""
        drill(SERVERS[provider], tmp_path)


def test_the_same_seed_lets_the_same_things_go_wrong() -> None:
    """So that a bad hour can be had again."""
    first, again, other = (schedule(seed, 60, workers=4, broker=True, database=True, frozen_s=20) for seed in (1, 1, 2))
    assert first == again != other
    assert {fault.kind for fault in first} == set(Kind)
    assert [fault.at for fault in first] == sorted(fault.at for fault in first)
