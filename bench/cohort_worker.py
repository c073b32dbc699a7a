"""One worker process, for `bench cohort`: it idles, then computes the same report twice. Prints what it measured, as JSON."""

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


def main(clinic: str) -> None:
    """Of everybody, and of everybody until the end of the century: the same procedures under another hash."""
    of, database = uuid.UUID(clinic), Database(from_environment().database_url, pool_size=2)
    with database.transaction(write=False, everywhere=True) as session:
        running.waiting(session)
    idle = _rss_mb()
    both = [_computed_s(database, of, one) for one in (Filters(), Filters(performed_to=LAST))]
    sys.stdout.write(json.dumps({"first_s": both, "idle_mb": idle, "peak_mb": _rss_mb("VmHWM")}))
    database.close()


LAST = date(2099, 12, 31)

if __name__ == "__main__":
    main(*sys.argv[1:])
