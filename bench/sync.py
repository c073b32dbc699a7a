"""`dev.py bench sync`: pulls and pushes of tablets over HTTP, each beside the bare driver doing the same in the same run."""

import http.client
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from bench import clients, place, raw, sync_fill, sync_raw
from bench.record import say
from server.db import table_of
from server.journal.models import JournalHead
from tests import make

DOCUMENTS = 10_000
STORED = (10_000, 100_000)
PAGE, LARGE = 100, 1000
PAGES = 100
BATCH = 500
BATCHES = 4
TABLETS = 8
LOCKED_PUSHES = 12
PULL_GOAL, PUSH_GOAL = 0.5, 1 / 3
GENERAL_BACK_END = 215
"""Pages of 100 documents of 2.8 KB a second of a general JSON back end on two such cores (design, sync)."""
BULK_BACK_END = 2_700
"""Documents a second in bulk of one that keeps them in LevelDB."""


class Client:
    """One kept-alive connection of a tablet."""

    def __init__(self, port: int, token: str) -> None:
        """Connects at once."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """JSON of an answer; what a tablet does with it is in the time on both sides."""
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def all(self, limit: int, most: int) -> tuple[int, float]:
        """(documents, seconds) of pulling page after page, `most` pages at most."""
        began, found, where = time.perf_counter(), 0, ""
        for _ in range(most):
            page = self.get(f"/api/v1/sync/patients/pull?limit={limit}{where}")
            found += len(page["documents"])
            if len(page["documents"]) < limit:
                break
            where = f"&epoch={page['checkpoint']['epoch']}&seq={page['checkpoint']['seq']}"
        return found, time.perf_counter() - began


def _turns(ours: Client, theirs: Client, limit: int, most: int) -> tuple[float, float, int]:
    """Median seconds of both sides, in turns, and how many documents each time."""
    pairs, found = [], 0
    for _ in range(5):
        (found, mine), (same, bare) = ours.all(limit, most), theirs.all(limit, most)
        if found != same:
            raise RuntimeError(f"{found} documents against {same}")
        pairs.append((mine, bare))
    mine, bare = (median(side) for side in zip(*pairs, strict=True))
    return mine, bare, found


def pulls(where: place.Place) -> None:
    """The first sync of a tablet, pages as the stored documents grow, and the memory of the process that serves them."""
    database = where.database()
    clinic = make.clinic(database)
    token = make.token(database, clinic.surgeon)
    with place.server(where, workers=1, threads=4) as served, sync_raw.server(where.url, clinic.id) as port:
        for stored in STORED:
            sync_fill.documents(database, clinic, stored)
            sync_fill.analyse(where)
            ours, bare = Client(served.port, token), Client(port, token)
            ours.all(PAGE, 3)
            if stored == DOCUMENTS:
                ours.all(LARGE, 1)
                before = peak_mb(served.pids[1])
                mine, alone, found = _turns(ours, bare, LARGE, DOCUMENTS)
                grown = peak_mb(served.pids[1]) - before
                rate = f"{found / mine:,.0f} documents/s, {mine:.2f} s for {found} (goal 1 s)"
                say(f"{where.name}, first sync, pages of {LARGE}", rate, f"{alone:.2f} s, bare driver and socket",
                    f"{alone / mine:.2f} (goal {PULL_GOAL}); {found / mine / BULK_BACK_END:.1f} of {BULK_BACK_END}/s")  # fmt: skip
                say(f"{where.name}, memory of the web process meanwhile", f"{grown:.1f} MB more at its peak than after one page",
                    f"{LARGE * sync_fill.SIZE / 1e6:.1f} MB, one page", f"{grown / (LARGE * sync_fill.SIZE / 1e6):.1f}")  # fmt: skip
            mine, alone, found = _turns(ours, bare, PAGE, PAGES)
            bare.connection.close()  # for the next one: the bare socket serves one at a time
            pages = found / PAGE / mine
            say(f"{where.name}, pages of {PAGE}, {stored} stored", f"{pages:.0f} pages/s", f"{found / PAGE / alone:.0f}/s, bare",
                f"{alone / mine:.2f} (goal {PULL_GOAL}); {pages / GENERAL_BACK_END:.1f} of {GENERAL_BACK_END}/s")  # fmt: skip
    database.close()


def peak_mb(pid: int) -> float:
    """The most memory that a process ever had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _tablets(where: place.Place, clinics: int, each: int) -> list[sync_fill.Tablet]:
    database = where.database()
    made = [sync_fill.tablet(database, clinic) for clinic in [make.clinic(database) for _ in range(clinics)] for _ in range(each)]
    database.close()
    return made


def pushes(where: place.Place) -> None:
    """Batches of 500 rows: one tablet, eight tablets of one clinic, eight of eight clinics."""
    with place.server(where, workers=1 if where.is_sqlite else 2, threads=8 if where.is_sqlite else 4) as served:
        for collection in ("entries", "patients"):
            (sample,) = _tablets(where, 1, 1)
            clients.run(served.port, [(sample.token, [sample.push(collection, 20)])])
            rows = sync_raw.left_by(where, served.port, sample, collection, BATCH)
            for name, tablets in (
                ("1 tablet", (1, 1)),
                ("8 tablets of 8 clinics", (TABLETS, 1)),
                ("8 tablets of one clinic", (1, TABLETS)),
            ):
                some = _tablets(where, *tablets)
                each = BATCHES if len(some) == 1 else 2
                ran = clients.run(served.port, [(one.token, [one.push(collection, BATCH) for _ in range(each)]) for one in some])
                limit = raw.run(where, rows, len(some), each, renamed=sync_raw.RENAMED[collection])
                _pushed(f"{where.name}, push of {BATCH} {collection}, {name}", ran, limit)


def _pushed(what: str, ran: clients.Run, limit: clients.Run) -> None:
    ratio = ran.rate / limit.rate
    met = "met" if ratio >= PUSH_GOAL else "missed"
    say(what, f"{ran.rate * BATCH:,.0f} rows/s, p50 {ran.percentile(0.5):.0f} ms a batch", f"{limit.rate * BATCH:,.0f} rows/s, bare driver",
        f"{ratio:.2f} (goal {PUSH_GOAL:.2f}: {met})")  # fmt: skip


def _pushing(port: int, tablet: sync_fill.Tablet) -> list[float]:
    """Milliseconds of each push, one after the other, the first one not counted."""
    return clients.run(port, [(tablet.token, [tablet.push("entries", 20) for _ in range(LOCKED_PUSHES)])]).latencies_ms[1:]


def locks(where: place.Place) -> None:
    """Pushes of one clinic while a transaction of another holds that one's journal."""
    if where.is_sqlite:
        return  # one writer in all, by design
    database = where.database()
    held, other = make.clinic(database), make.clinic(database)
    with place.server(where, workers=2, threads=4) as served:
        alone: list[float] = []
        beside: list[float] = []
        for _ in range(4):
            alone += _pushing(served.port, sync_fill.tablet(database, other))  # each time a procedure without entries
            beside_it = sync_fill.tablet(database, other)
            with database.transaction(held.id) as session:
                session.execute(sa.select(table_of(JournalHead)).where(JournalHead.clinic_id == held.id).with_for_update())
                beside += _pushing(served.port, beside_it)
    database.close()
    ours, theirs = f"p50 {median(beside):.1f} ms", f"p50 {median(alone):.1f} ms, nobody beside"
    say(
        "PostgreSQL, a push of 20 entries while another clinic's journal is held",
        ours,
        theirs,
        f"{median(beside) / median(alone):.2f} (goal 1)",
    )


PARTS = {"pull": pulls, "push": pushes, "lock": locks}


def main(*asked: str) -> None:
    """Parts `pull`, `push`, `lock`, databases `sqlite`, `postgresql`; all of them without any."""
    say("what", "Graftlog", "limit or peer, same run", "ratio")
    say("---", "---", "---", "---")
    for name, opened in (("sqlite", place.sqlite), ("postgresql", place.postgresql)):
        for part, measure in PARTS.items():
            if _wanted(name, asked, ("sqlite", "postgresql")) and _wanted(part, asked, tuple(PARTS)):
                with opened() as where:
                    measure(where)


def _wanted(name: str, asked: Sequence[str], among: Sequence[str]) -> bool:
    return name in asked or not set(asked) & set(among)


if __name__ == "__main__":
    main(*sys.argv[1:])
