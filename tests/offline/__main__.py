"""`python -m tests.offline 17` lives one seed, `--seeds 10000` many; exit code 1 when a promise was broken."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from server.db import Database
from tests import databases
from tests.offline.promises import broken
from tests.offline.test_lives import KILLED_EVERY
from tests.offline.theatre import Theatre, new_life, theatre


def main() -> int:
    """How many seeds broke a promise, as an exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("seed", type=int, nargs="*", help="these seeds")
    asked.add_argument("--seeds", type=int, default=200, help="without any named: so many, from 0")
    given = asked.parse_args()
    seeds = given.seed or range(given.seeds)
    began, failed = time.monotonic(), 0
    with databases.fresh() as url, tempfile.TemporaryDirectory() as folder:
        db = Database(url)
        with theatre(db, Path(folder)) as here:
            for seed in seeds:
                found = live(here, seed)
                failed += bool(found)
                for promise in found:
                    print(f"seed {seed}: {promise}", flush=True)  # noqa: T201  reason: a command's answer
        db.close()
    print(f"{len(seeds)} lives, {failed} with a broken promise, {time.monotonic() - began:.0f} s; {dict(here.network.happened)}")  # noqa: T201
    return int(failed > 0)


def live(here: Theatre, seed: int) -> list[str]:
    """One life; the promises that it broke."""
    life = new_life(here, seed, strike=here.kill, strikes=int(seed % KILLED_EVERY == 0))
    try:
        life.live()
    except AssertionError as error:
        return [str(error)]
    return list(broken(here.db, life.clinic, life.tablets, restored=False))


if __name__ == "__main__":
    sys.exit(main())
