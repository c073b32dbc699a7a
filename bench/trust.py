"""`dev.py bench trust`: what sign-in, chain, verification and the second wall cost, each beside the same work without it."""

import json
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from bench import place
from bench.record import say
from server import access, walls
from server.app import create_app
from server.clinics.pins import TABLET_IDLE
from server.config import from_environment
from server.db import Database, insert_many, table_of
from server.ids import uuid7
from server.journal import checkpoints, reading, service, verifier
from server.journal.models import JournalRow
from server.migrations import guards
from server.patients.models import Patient
from tests import make
from tests.api import Api

ROWS = 100_000
ROUNDS = 15
EACH = 100
CALLS = 400
IDLE_LIMIT_MS = 0.5
CHAIN_LIMIT = 1.25
WALL_LIMIT = 1.15
PATIENTS = 200
WARM, ASKED = 8, 40
NOTE = {"kind": "note", "text": "Emulsification, thirty passes through 1.2 mm. " * 6}


def authentication(where: place.Place) -> None:
    """CPU of finding out who calls and whether she may, in this process; PostgreSQL's own share is not in it."""
    database = where.database()
    clinic = make.clinic(database)
    token = make.token(database, clinic.surgeon)

    def asked(*, who: bool) -> float:
        began = time.process_time()
        for _ in range(CALLS):
            with database.transaction(write=False) as session:
                if who:
                    access.check(access.recognise(session, token, TABLET_IDLE), access.Permission.READ_RECORD)
                else:
                    session.connection()
        return (time.process_time() - began) / CALLS * 1000

    asked(who=True)
    costs = [asked(who=True) - asked(who=False) for _ in range(5)]
    say(
        f"{where.name}, who calls and may she",
        f"{median(costs):.2f} ms CPU a request",
        f"{IDLE_LIMIT_MS} ms",
        f"{median(costs) / IDLE_LIMIT_MS:.2f}",
    )
    database.close()


def _unchained(session: Session, _clinic_id: uuid.UUID, rows: list[dict[str, Any]]) -> None:
    """The same rows without counter, lock and hash."""
    for row in rows:
        _unchained_seq[0] += 1
        row |= {"seq": _unchained_seq[0], "prev_hash": verifier.GENESIS, "hash": verifier.GENESIS}
    insert_many(session, table_of(JournalRow), rows)


_unchained_seq = [10_000_000]


def chaining(where: place.Place) -> None:
    """Transactions of one, and of many new patients, with the journal chained and with the same journal rows unchained, in turns."""
    database, chained = where.database(), service.append
    clinic = make.clinic(database)

    def written(how: Callable[..., None], many: int) -> float:
        service.append = how
        began = time.perf_counter()
        with database.transaction(clinic.id, actor=clinic.surgeon) as session:
            for number in range(many):
                name = f"B{secrets.token_hex(6)}"
                session.add(Patient(mrn=name, family_name="Kiss", given_name=f"Bence {number}", search=name, content_hash=""))
        return time.perf_counter() - began

    for many in (1, EACH):
        pairs = [(written(chained, many), written(_unchained, many)) for _ in range(ROUNDS * (1 if many > 1 else 10))]
        with_it, without = (median(side) for side in zip(*pairs, strict=True))
        names = f"{with_it * 1000:.1f} ms", f"{without * 1000:.1f} ms, unchained"
        say(f"{where.name}, {many} new patients in one transaction", *names, f"{with_it / without:.2f} (at most {CHAIN_LIMIT})")
    service.append = chained
    database.close()


def _filled(where: place.Place) -> make.Clinic:
    """A clinic with many rows in its journal, and a checkpoint after every tenth part."""
    database = where.database()
    clinic = make.clinic(database)
    for part in range(ROWS // 1000):
        with database.transaction(clinic.id) as session:
            service.enter(session, clinic.id, {("entries", uuid7()): ("create", None, NOTE) for _ in range(1000)})
            if part % 10 == 9:
                checkpoints.take(session, where.folder / "keys")
    database.close()
    return clinic


def verification(where: place.Place) -> None:
    """The journal in the database, and as an export in a file, against reading the same rows without looking at them.

    In processor time of this process: one thread's work, which neighbours on the machine should not count in.
    """
    clinic = _filled(where)
    database = where.database()
    file = where.folder / "export.jsonl"
    with database.transaction(clinic.id, write=False) as session:
        began = time.process_time()
        for _ in reading._rows(session, clinic.id):  # noqa: SLF001  reason: the part that is not checking
            pass
        read = time.process_time() - began
        began = time.process_time()
        count, fault = reading.verify(session, clinic.id)
        in_place = time.process_time() - began
        with file.open("w") as out:
            out.writelines(reading.export(session, clinic.id))
    database.close()
    began = time.process_time()
    journal = verifier.read(file.open(), [], {})
    exported = time.process_time() - began
    began = time.process_time()
    for line in file.open():
        json.loads(line)
    parsed = time.process_time() - began
    if fault or journal.fault:
        sys.exit(f"The journal is broken: {fault or journal.fault}")
    for name, took, alone, how in (("in the database", in_place, read, "read only"), ("an export", exported, parsed, "parsed only")):
        rate = count / took
        say(
            f"{where.name}, verify {count} rows, {name}",
            f"{rate:,.0f} rows/s",
            f"{count / alone:,.0f} rows/s {how}",
            f"{rate / 100_000:.2f} of 100 000/s",
        )


@contextmanager
def _lifted(where: place.Place) -> Iterator[None]:
    """No row level security, and nobody says for whom he acts."""
    admin, told = where.database(), walls._tell  # noqa: SLF001  reason: the part that is the second wall
    try:
        _alter(admin, "DISABLE")
        walls._tell = lambda connection, session: None  # noqa: SLF001, ARG005  reason: as above; called by these names
        yield
    finally:
        walls._tell = told  # noqa: SLF001  reason: as above
        _alter(admin, "ENABLE")
        admin.close()


def _alter(admin: Database, what: str) -> None:
    with admin.engine.begin() as connection:
        for table in (*guards.WALLED_12, *guards.WALLED_13, "clinics"):
            connection.exec_driver_sql(f"ALTER TABLE {table} {what} ROW LEVEL SECURITY")


def second_wall(where: place.Place) -> None:
    """Whole requests, sign-in included, with row level security and without it, in turns. PostgreSQL's work is in it."""
    with place.as_application(where) as database:
        clinics = [make.clinic(database) for _ in range(5)]
        for clinic in clinics:
            for _ in range(PATIENTS):
                make.patient(database, clinic)
        clinic = clinics[2]
        patient = make.patient(database, clinic)
        app = create_app(from_environment({"GRAFTLOG_DATA": str(where.folder)}), database)
        vera = Api(app.test_client(), make.token(database, clinic.surgeon))
        kinds: dict[str, Callable[[], object]] = {
            "one patient read": lambda: vera.get(f"/patients/{patient['id']}"),
            "a page of 100 patients": lambda: vera.get("/patients?limit=100"),
            "a patient looked for": lambda: vera.get("/patients?q=petra&limit=10"),
            "a patient written": lambda: vera.post("/patients", {"mrn": str(uuid7()), "family_name": "Kiss", "given_name": "Bence"}),
        }
        for name, ask in kinds.items():
            pairs = []
            for _ in range(ROUNDS):
                with_it = _each(ask)
                with _lifted(where):
                    pairs.append((with_it, _each(ask)))
            one, other = (median(side) * 1000 for side in zip(*pairs, strict=True))
            ratio = median(with_it / without for with_it, without in pairs)
            say(
                f"{where.name}, {name}",
                f"{one:.2f} ms",
                f"{other:.2f} ms without row level security",
                f"{ratio:.2f} (at most {WALL_LIMIT})",
            )


def _each(ask: Callable[[], object]) -> float:
    """Seconds, the middle of some."""
    took = []
    for _ in range(WARM + ASKED):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return median(took[WARM:])


def main(*parts: str) -> None:
    """`sqlite`, `postgresql`, or both."""
    say("what", "Graftlog", "limit or peer, same run", "ratio")
    say("---", "---", "---", "---")
    for name, opened in (("sqlite", place.sqlite), ("postgresql", place.postgresql)):
        if not parts or name in parts:
            with opened() as where:
                authentication(where)
                chaining(where)
                verification(where)
                if not where.is_sqlite:
                    second_wall(where)


if __name__ == "__main__":
    main(*sys.argv[1:])
