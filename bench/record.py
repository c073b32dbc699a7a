"""`dev.py bench record`: a case push, reading at two sizes, memory and start-up; each figure beside its limit of the same run."""

import platform
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import clients, fill, footprint, place, raw
from tests import make

PUSHES = 320
GOAL = 1 / 3
READS = 300
FEW, MANY = 1_000, 100_000


def say(*columns: object) -> None:
    """One row of the table."""
    print("| " + " | ".join(str(column) for column in columns) + " |", flush=True)


@dataclass(frozen=True)
class Tablet:
    """A clinic's tablet: who is signed in, and whom it records."""

    token: str
    surgeon_id: str
    patient_id: str
    scar_ids: list[str]

    def case(self) -> list[clients.Request]:
        """One more case push."""
        return clients.case(self.patient_id, self.surgeon_id, self.scar_ids)


def tablets(where: place.Place, count: int) -> list[Tablet]:
    """Tablets of `count` clinics made for this run."""
    database = where.database()
    made = []
    for _ in range(count):
        clinic = make.clinic(database)
        patient = make.patient(database, clinic)
        scars = [make.scar(database, clinic, patient["id"], label=f"Scar {number}")["id"] for number in range(3)]
        made.append(Tablet(make.token(database, clinic.surgeon), str(clinic.surgeon.user_id), patient["id"], scars))
    database.close()
    return made


def pushes(where: place.Place, served: place.Server, some: list[Tablet]) -> None:
    """Case pushes of one tablet, of eight clinics' tablets, and of eight tablets that share one clinic's journal."""
    sample = some[0].case()
    clients.run(served.port, [(one.token, [request for _ in range(8) for request in one.case()]) for one in some])
    clients.run(served.port, [(some[0].token, sample)])
    rows = raw.template(where, sample[1][1].split("/")[4])
    count = sum(len(many) for _, many in rows.values())
    for name, who in (("1 tablet", some[:1]), ("8 tablets, 8 clinics", some), ("8 tablets, 1 clinic", some[:1] * 8)):
        before = served.cpu_s()
        ours = clients.run(
            served.port, [(one.token, [request for _ in range(PUSHES // len(who)) for request in one.case()]) for one in who]
        )
        cpu_ms = (served.cpu_s() - before) / ours.requests * 1000
        limit = raw.run(where, rows, len(who), PUSHES // len(who))
        cases = ours.rate / 2
        goal = "" if where.is_sqlite else f" (goal 0.33: {'met' if cases / limit.rate >= GOAL else 'missed'})"
        say(
            f"{where.name}, case push, {name}",
            f"{cases:.0f} cases/s = {ours.rate:.0f} requests/s, p50 {ours.percentile(0.5):.0f} p99 {ours.percentile(0.99):.0f} ms, "
            f"{cpu_ms:.1f} ms CPU a request",
            f"{limit.rate:.0f} cases/s, the bare driver inserting the same {count} rows, {len(who)} connections",
            f"{cases / limit.rate:.2f}{goal}",
        )


def reads(where: place.Place, served: place.Server, token: str, procedure_id: str) -> None:
    """One procedure and a list of fifty, at 1 000 and 100 000 stored."""
    figures: dict[str, list[clients.Run]] = {}
    stored = 0
    for size in (FEW, MANY):
        fill.procedures(where, procedure_id, size, first=stored + 1)
        stored = size
        for name, path in (("GET one", f"/api/v1/procedures/{procedure_id}"), ("list of 50", "/api/v1/procedures?limit=50")):
            clients.run(served.port, [(token, [("GET", path, None)] * 20)])
            figures.setdefault(name, []).append(clients.run(served.port, [(token, [("GET", path, None)] * READS)]))
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
        some = tablets(where, 8)
        shape = {"workers": 1, "threads": 8} if where.is_sqlite else {"workers": 2, "threads": 4}
        with place.server(where, **shape) as served:
            pushes(where, served, some)
            one = some[0].case()
            clients.run(served.port, [(some[0].token, one)])
            reads(where, served, some[0].token, one[1][1].split("/")[4])


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
