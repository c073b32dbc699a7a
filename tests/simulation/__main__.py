"""Two years of a clinic in one command: `python -m tests.simulation --procedures 500 --seed 1` prints counts, or where the logs differ."""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from server.config import from_environment
from server.db import Database
from tests import databases
from tests.simulation import compare, life, naive
from tests.simulation.invariants import faults
from tests.simulation.play import Player


def main() -> int:
    """0 when engine and calculation agree and nothing is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--procedures", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proofs", type=int, default=4, help="how often the nightly proof runs on the way")
    parser.add_argument("--only", help="one patient alone, for example 'Anna 1'")
    given = parser.parse_args()
    begun = time.monotonic()
    script = life.invent(given.procedures, given.seed)
    script = script.only(given.only) if given.only else script
    with databases.fresh("simulation") as url, tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        config = replace(from_environment({"GRAFTLOG_DATA": folder}), keys=Path(folder) / "keys")
        db = Database(url)
        played = Player(db, config, script).play(given.proofs)
        broken = faults(db, config, script, played)
        db.close()
    people, stories = compare.differences(script, played.lines, naive.log_of(script))
    out = [f"seed {given.seed}: {given.procedures} procedures, {len(script.people)} patients, {len(script.happenings)} events"]
    out += [f"{number:7} {became}" for became, number in sorted(compare.counts(played.lines).items())]
    out += [f"{played.rounds:7} rounds of the engine, {time.monotonic() - begun:.0f} s ({time.process_time():.0f} s of one core)"]
    out += [f"broken: {one}" for one in broken]
    out += [f"{people} patients differ", stories] if people else ["engine and calculation agree"]
    sys.stdout.write("\n".join(out) + "\n")
    return 1 if people or broken else 0


if __name__ == "__main__":
    sys.exit(main())
