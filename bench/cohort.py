"""`dev.py bench cohort`: a first report, a kept one, and a worker's memory, with 100 000 procedures on PostgreSQL and 10 000 on SQLite."""

import json
import os
import subprocess
import sys
import time
import uuid
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from bench import cohort_fill, place
from bench.pages_clinic import SURGEONS, _team
from bench.record import say
from server.app import create_app
from server.config import from_environment
from server.db import Database
from server.reports.rules import Filters
from server.reports.service.cohort import frame_of
from server.reports.service.computing import compute
from server.snapshot import moment, snapshot
from tests import make
from tests.api import Api
from tests.reports.lives import raters

FIRST_S, KEPT_MS, MEMORY_MB = 2.0, 50.0, 200.0
SIZES = {"postgresql": 100_000, "sqlite": 10_000}
KEPT_TIMES = 40


def _profile(database: Database, clinic: uuid.UUID) -> dict[str, float]:
    """Seconds of each step, scipy being loaded."""
    marks: list[tuple[float, str]] = []

    with moment(database, clinic) as session:
        compute(frame_of(session, Filters()), lambda _done, step: marks.append((time.monotonic(), step)))
    marks.append((time.monotonic(), ""))
    return {step: after[0] - at for (at, step), after in pairwise(marks)}


def _walked_s(database: Database, clinic: uuid.UUID) -> float:
    """The peer: the same rows read once and only counted, a statement for each table."""
    with snapshot(database, clinic) as session:
        began = time.monotonic()
        for table in cohort_fill.TABLES:
            session.connection().execute(sa.text(f"SELECT count(*), max(clinic_id{'' if database.is_sqlite else '::text'}) FROM {table}"))
        return time.monotonic() - began


def _kept_ms(app: Any, person: make.Person, database: Database) -> list[float]:
    desk = Api(app.test_client(), make.token(database, person))
    took = []
    for _ in range(KEPT_TIMES):
        began = time.perf_counter()
        desk.get("/reports/cohort")
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def _verdict(figure: float, limit: float) -> str:
    return "met" if figure <= limit else "**missed**"


def _worker(where: place.Place, database: Database, clinic: uuid.UUID, *until: str) -> dict[str, Any]:
    """What a worker process of its own measured."""
    environment = os.environ | {"DATABASE_URL": database.url.render_as_string(hide_password=False), "GRAFTLOG_DATA": str(where.folder)}
    command = [sys.executable, "-m", "bench.cohort_worker", str(clinic), *until]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.stderr + ran.stdout)
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told


def _say_first(what: str, seconds: float) -> None:
    say(what, f"{seconds:.2f} s", f"at most {FIRST_S:.0f} s: {_verdict(seconds, FIRST_S)}", f"{seconds / FIRST_S:.2f}")


def measure(where: place.Place, procedures: int) -> None:
    """One place."""
    admin = where.database()
    clinic = make.clinic(admin)
    surgeons = [str(clinic.surgeon.user_id), *(str(_team(admin, clinic, name).surgeon.user_id) for name in SURGEONS)]
    panel = [str(one) for one in raters(admin, clinic)]
    began = time.monotonic()
    cohort_fill.fill(where, clinic, procedures, surgeons, panel)
    say(f"{where.name}, filled", f"{procedures:,} procedures", f"{time.monotonic() - began:.0f} s", "")
    with place.as_application(where) as database:
        first, started = (_worker(where, database, clinic.id, *until) for until in (("", "2099-12-31"), ("2099-12-30", "2099-12-29")))
        say(f"{where.name}, digests of all made, once in a clinic's life", f"{first['gathered_s']:.0f} s", "", "")
        _say_first(f"{where.name}, first report ever of an installation, loading scipy", first["took_s"][0])
        _say_first(f"{where.name}, first report of a worker that has just started", started["took_s"][0])
        _say_first(f"{where.name}, first report of these filters", started["took_s"][1])
        more = max(one["peak_mb"] - one["idle_mb"] for one in (first, started))
        say(
            f"{where.name}, memory over idle ({first['idle_mb']:.0f} MB)",
            f"{more:.0f} MB",
            f"at most {MEMORY_MB:.0f} MB: {_verdict(more, MEMORY_MB)}",
            f"{more / MEMORY_MB:.2f}",
        )
        kept = _kept_ms(
            create_app(from_environment({"GRAFTLOG_DATA": str(where.folder), "DATABASE_URL": where.url}), database),
            clinic.surgeon,
            database,
        )
        late = kept[int(len(kept) * 0.95)]
        say(
            f"{where.name}, a kept report through the API, p95",
            f"{late:.1f} ms",
            f"at most {KEPT_MS:.0f} ms: {_verdict(late, KEPT_MS)}",
            f"{late / KEPT_MS:.2f}",
        )
        _profile(database, clinic.id)
        steps = _profile(database, clinic.id)
        walked, whole = _walked_s(database, clinic.id), sum(steps.values())
        say(
            f"{where.name}, scipy loaded, once more",
            f"{whole:.2f} s",
            f"{walked:.2f} s: the same rows, only counted",
            f"{whole / walked:.1f}",
        )
        for step, seconds in steps.items():
            say(f"{where.name}, of it: {step}", f"{seconds:.2f} s", "", "")
    admin.close()


def main(*parts: str) -> None:
    """`sqlite`, `postgresql`, or both; a number for another size."""
    say("what", "measured", "limit", "ratio")
    say("---", "---", "---", "---")
    size = next((int(one) for one in parts if one.isdigit()), None)
    for kind in [one for one in parts if one in SIZES] or list(SIZES):
        with getattr(place, kind)() as where:
            measure(where, size or SIZES[kind])


if __name__ == "__main__":
    main(*sys.argv[1:])
