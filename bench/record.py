"""`dev.py bench record`: a case push, reading at two sizes, memory and start-up; each figure beside its limit of the same run."""

import platform
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg

from bench import clients, fill, footprint, place, raw
from server.db import Database
from tests import make

PUSHES = 160
READS = 300
FEW, MANY = 1_000, 100_000


def say(*columns: object) -> None:
    """One row of the table."""
    print("| " + " | ".join(str(column) for column in columns) + " |", flush=True)


def _people(database: Database) -> tuple[str, str, str, list[str]]:
    """(token, surgeon id, patient id, three scar ids) of a clinic made for this run."""
    clinic = make.clinic(database)
    patient = make.patient(database, clinic)
    scars = [make.scar(database, clinic, patient["id"], label=f"Scar {number}")["id"] for number in range(3)]
    return make.token(database, clinic.surgeon), str(clinic.surgeon.user_id), patient["id"], scars


def pushes(where: place.Place, served: place.Server, token: str, make_case: Callable[[], list[clients.Request]]) -> None:
    """Case pushes with 1 and 8 clients, against the bare driver."""
    sample = make_case()
    clients.run(served.port, token, [[request for _ in range(20) for request in make_case()], sample])
    rows = raw.template(where, sample[1][1].split("/")[4])
    for count in (1, 8):
        work = [[request for _ in range(PUSHES // count) for request in make_case()] for _ in range(count)]
        before = served.cpu_s()
        ours = clients.run(served.port, token, work)
        cpu_ms = (served.cpu_s() - before) / ours.requests * 1000
        limit = raw.run(where, rows, count, PUSHES // count)
        cases = ours.rate / 2
        share = cases / limit.rate
        verdict = "" if where.is_sqlite else ("goal 0.33: met" if share >= 1 / 3 else "goal 0.33: MISSED")
        say(
            f"{where.name}, case push, {count} client{'s' * (count > 1)}",
            f"{cases:.0f} cases/s ({ours.rate:.0f} requests/s), p99 {ours.percentile(0.99):.0f} ms, {cpu_ms:.2f} ms CPU a request",
            f"{limit.rate:.0f} cases/s (the bare driver, {sum(len(many) for _, many in rows.values())} rows)",
            f"{share:.2f} {verdict}",
        )


def reads(where: place.Place, served: place.Server, token: str, procedure_id: str) -> None:
    """One procedure and a list of fifty, at 1 000 and 100 000 stored."""
    figures: dict[str, list[clients.Run]] = {}
    stored = 0
    for size in (FEW, MANY):
        fill.procedures(where, procedure_id, size, first=stored + 1)
        stored = size
        for name, path in (("GET one", f"/api/v1/procedures/{procedure_id}"), ("list of 50", "/api/v1/procedures?limit=50")):
            clients.run(served.port, token, [[("GET", path, None)] * 20])
            figures.setdefault(name, []).append(clients.run(served.port, token, [[("GET", path, None)] * READS]))
    for name, (few, many) in figures.items():
        growth = many.percentile(0.5) / few.percentile(0.5)
        say(
            f"{where.name}, {name}",
            f"p50 {many.percentile(0.5):.1f} ms, p95 {many.percentile(0.95):.1f} ms at {MANY:,}",
            f"p50 {few.percentile(0.5):.1f} ms, p95 {few.percentile(0.95):.1f} ms at {FEW:,}",
            f"{growth:.2f} (goal: 1, but for noise)",
        )


def on(opened: Callable[[], AbstractContextManager[place.Place]]) -> None:
    """Everything that needs a database."""
    with opened() as where:
        database = where.database()
        token, surgeon, patient, scars = _people(database)
        database.close()

        def make_case() -> list[clients.Request]:
            return clients.case(patient, surgeon, scars)

        shape = {"workers": 1, "threads": 8} if where.is_sqlite else {"workers": 2, "threads": 4}
        with place.server(where, **shape) as served:
            pushes(where, served, token, make_case)
            one = make_case()
            clients.run(served.port, token, [one])
            reads(where, served, token, one[1][1].split("/")[4])


def memory() -> None:
    """The embedded default as a new user starts it."""
    found = footprint.measure()
    parts = ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(found.parts_mb.items()))
    say("Embedded memory, PSS", f"{found.promised_mb:.0f} MB web + worker + beat ({parts})", "220 MB", f"{found.promised_mb / 220:.2f}")
    say("Start to /readyz, already installed", f"{found.start_s:.1f} s", "3 s", f"{found.start_s / 3:.2f}")


def _machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    with psycopg.connect(place.SERVER) as connection:
        server = connection.info.server_version
    return f"{model}, Python {platform.python_version()}, PostgreSQL {server // 10000}.{server % 10000}, SQLite {sqlite3.sqlite_version}"


def main() -> None:
    """Print the table. Arguments choose parts: postgresql, sqlite, memory."""
    parts = set(sys.argv[1:]) or {"postgresql", "sqlite", "memory"}
    print(_machine())
    say("what", "Graftlog", "limit or peer, same run", "ratio")
    say("---", "---", "---", "---")
    if "postgresql" in parts:
        on(place.postgresql)
    if "sqlite" in parts:
        on(place.sqlite)
    if "memory" in parts:
        memory()


if __name__ == "__main__":
    main()
