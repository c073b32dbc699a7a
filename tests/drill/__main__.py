"""`python -m tests.drill`: the long drill, by default with a PostgreSQL and a Redis of its own. Exit code 1: a promise was broken."""

import argparse
import sys
import time
from pathlib import Path

from tests.drill.drill import Plan, run


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Read the command line, run, and tell."""
    read = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    read.add_argument("--seed", type=int, default=1, help="the same seed lets the same things go wrong at the same moments")
    read.add_argument("--reminders", type=int, default=2000)
    read.add_argument("--seconds", type=float, default=120.0, help="how long things go wrong")
    read.add_argument("--provider", choices=("idempotent", "plain", "smtp"), default="idempotent")
    read.add_argument("--database", default="", help="URL of an empty database that is not restarted; default: a private PostgreSQL")
    read.add_argument(
        "--broker", default="", help="URL of a Redis database that may be flushed, and is not frozen; default: a private Redis"
    )
    read.add_argument("--embedded", action="store_true", help="SQLite and the file queue, as after `dev.py run`")
    read.add_argument("--workers", type=int, default=4)
    read.add_argument("--freeze", type=float, default=60.0, help="for how many seconds the broker is frozen once")
    read.add_argument("--folder", type=Path, help="where logs and ledger stay; default: a temporary folder")
    given = read.parse_args()
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        seed=given.seed,
        reminders=given.reminders,
        seconds=given.seconds,
        provider=given.provider,
        private=not given.embedded,
        database=given.database,
        broker=given.broker,
        workers=given.workers,
        frozen_s=min(given.freeze, given.seconds / 2),
    )
    begun = time.monotonic()
    verdict, happened = run(plan, _say, given.folder)
    _say(", ".join(f"{kind}: {number}" for kind, number in sorted(happened.items())))
    for line in verdict.lines():
        _say(line)
    _say(f"{'BROKEN' if verdict.faults else 'kept'}: seed {plan.seed}, {plan.provider}, {time.monotonic() - begun:.0f} s in all")
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
