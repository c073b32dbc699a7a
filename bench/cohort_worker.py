"""One worker process, for `bench cohort`: it idles, brings digests up to date, then computes reports. Prints what it measured, as JSON."""

import json
import sys
import time
import uuid
from datetime import date
from pathlib import Path

import workers.followup
import workers.journal
import workers.photos
import workers.reports
from server.config import from_environment
from server.db import Database
from server.reports.digest import following
from server.reports.rules import Filters
from server.reports.service import asking, running

TASKS = (workers.followup, workers.journal, workers.photos, workers.reports)
"""An idle worker has all its tasks loaded."""


def _rss_mb(of: str = "VmRSS") -> float:
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(of))
    return int(line.split()[1]) / 1024


def _computed_s(database: Database, clinic: uuid.UUID, filters: Filters) -> float:
    """From being asked to being kept, without the wait for a beat."""
    began = time.monotonic()
    with database.transaction(clinic) as session:
        report = asking.ask(session, filters, None)
    running.run_waiting(database)
    took = time.monotonic() - began
    with database.transaction(clinic, write=False) as session:
        if (problem := asking.get(session, report.id).problem) is not None:
            sys.exit(problem)
    return took


def main(clinic: str, *until: str) -> None:
    """A report of all procedures until each of these days, or of all without one: far days give the same procedures under other filters.

    Where reports were asked for before, the worker loads what computes as it starts.
    """
    of, database = uuid.UUID(clinic), Database(from_environment().database_url, pool_size=2)
    with database.transaction(write=False, everywhere=True) as session:
        running.waiting(session)
    idle = _rss_mb()
    if (warming := running.warm_up(database)) is not None:
        warming.join()
    began = time.monotonic()
    following.follow(database, of)
    gathered = time.monotonic() - began
    took = [_computed_s(database, of, Filters(performed_to=date.fromisoformat(day) if day else None)) for day in until]
    sys.stdout.write(json.dumps({"gathered_s": gathered, "took_s": took, "idle_mb": idle, "peak_mb": _rss_mb("VmHWM")}))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
