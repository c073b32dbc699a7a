"""`dev.py bench pages`: each page of the surgeon's desk with 100 and 100 000 procedures in turns: server time, the work in it, bytes."""

import gc
import gzip
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sa

from bench import clients, pages_clinic, pages_fill, place
from bench.record import say
from server.app import create_app
from server.config import from_environment
from server.db import Database
from tests.web.browser import Browser

FEW, MANY = 100, 100_000
WARM, ASKED = 3, 40
FEWEST, ENOUGH_S = 12, 20
"""A page that takes so long in all is asked fewer times, but so many times at least."""
LIMIT_MS = 150
_GZIP = b"\x1f\x8b"
LIMIT_BYTES = 100_000
VERA, TIDY = "vera", "tidy"
PAGES = (
    ("procedures, mine and unsigned", VERA, "/procedures"),
    ("the same for who signs at once", TIDY, "/procedures"),
    ("procedures, everybody's", VERA, "/procedures?whose=all"),
    ("procedures, everybody's, a name sought", VERA, "/procedures?whose=all&q={name}"),
    ("procedures, everybody's, a name that many have", VERA, "/procedures?whose=all&q={family}"),
    ("procedures, mine and unsigned, a name that many have", VERA, "/procedures?whose=mine&state=unsigned&q={family}"),
    ("procedures, everybody's, a number sought", VERA, "/procedures?whose=all&q={number}"),
    ("procedures, mine, a number sought", VERA, "/procedures?whose=mine&q={number}"),
    ("procedures, without photographs", VERA, "/procedures?whose=all&photos=missing"),
    ("procedure log", VERA, "/procedures/{signed}"),
    ("operation note", VERA, "/procedures/{signed}/note"),
    ("planning page", VERA, "/procedures/{planned}/plan"),
    ("patients", VERA, "/patients"),
    ("patients, a name sought", VERA, "/patients?q={name}"),
    ("patients, a number sought", VERA, "/patients?q={number}"),
    ("patient", VERA, "/patients/{patient}"),
    ("patient's photographs", VERA, "/patients/{patient}/photos"),
    ("patient's access report", VERA, "/patients/{patient}/access"),
    ("work list", VERA, "/follow-up/work-list"),
    ("outbox", VERA, "/outbox"),
    ("outbox, to come", VERA, "/outbox?show=to-come"),
    ("tablets' rows", VERA, "/sync"),
    ("protocol", VERA, "/follow-up/protocol"),
    ("forecast", VERA, "/follow-up/forecast"),
    ("people", VERA, "/people"),
    ("journal", VERA, "/journal"),
    ("journal, patients only", VERA, "/journal?collection=patients"),
    ("journal, one person", VERA, "/journal?person={admin}"),
    ("style page", VERA, "/styleguide"),
)
"""(what, who asks, address)."""


@dataclass(frozen=True)
class Desk:
    """A clinic of one size, and two surgeons' browsers at its pages."""

    filled: pages_fill.Filled
    browsers: dict[str, Browser]
    known: dict[str, str]
    database: Database

    def get(self, who: str, address: str) -> bytes:
        """The answer's body as it goes over the wire to a browser that takes gzip."""
        path = address.format_map(self.known)
        response = self.browsers[who].client.get(path, headers={"Accept-Encoding": "gzip"})
        body = response.get_data()
        if response.status_code != 200:
            sys.exit(f"{path}: {response.status_code} {body[:300]!r}")
        return body

    def took_ms(self, who: str, address: str) -> tuple[float, float]:
        """Of one request, from its routing to the last byte of its answer: (by the clock, processor time of this process)."""
        began, worked = time.perf_counter(), time.process_time()
        self.get(who, address)
        return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000

    def database_s(self) -> float:
        """Processor time so far of PostgreSQL's processes for this database; the workers of one query are gone before they are seen."""
        if self.database.is_sqlite:
            return 0.0
        with self.database.engine.connect() as connection:
            pids = connection.execute(sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).scalars().all()
        return sum(place.cpu_of(pid) for pid in pids)


@dataclass(frozen=True)
class Took:
    """Some requests for one page: how long each took, and how much of it was work, here and in the database."""

    run: clients.Run
    worked_ms: float
    database_ms: float


class Parts(HTMLParser):
    """Addresses of the stylesheets, scripts and drawings of our own that a page asks for."""

    def __init__(self, page: str, html: bytes) -> None:
        """`page` is its own address."""
        super().__init__()
        self.page, self.addresses = page, set[str]()
        self.feed((gzip.decompress(html) if html[:2] == _GZIP else html).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Links that a person follows ask for nothing yet."""
        for name, value in attrs:
            address = urlsplit(urljoin(self.page, value or ""))
            if tag != "a" and name in {"src", "href", "data"} and not address.netloc and address.path.endswith((".css", ".js", ".svg")):
                self.addresses.add(address._replace(fragment="").geturl())


@contextmanager
def desk(where: place.Place, procedures: int, *, analysed: bool) -> Iterator[Desk]:
    """A filled clinic, and surgeons signed in at it."""
    settings, admin = from_environment({"GRAFTLOG_DATA": str(where.folder), "DATABASE_URL": where.url}), where.database()
    made = pages_clinic.originals(admin, settings.keys)
    admin.close()
    filled = pages_fill.fill(where, made, procedures, analyse_sqlite=analysed)
    one = pages_fill.typical(made, procedures)
    known = {
        "name": "+".join(pages_fill.name_of(one)),
        "family": pages_fill.name_of(one)[0],
        "number": pages_fill.number_of(one),
        "patient": str(pages_fill.patient_of(made, one)),
        "signed": str(made.signed[0].procedure_id),
        "planned": str(made.planned.procedure_id),
        "admin": str(made.clinic.admin.user_id),
    }
    with place.as_application(where) as database:
        app = create_app(settings, database)
        people = {VERA: made.surgeons[0], TIDY: made.surgeons[-1]}
        yield Desk(filled, {name: Browser(app.test_client()).sign_in(person) for name, person in people.items()}, known, database)


def _in_turns(few: Desk, many: Desk, who: str, address: str) -> tuple[Took, Took]:
    """One request here, one there, whichever came second now first."""
    took: tuple[list[tuple[float, float]], ...] = ([], [])
    before = [0.0, 0.0]
    began = time.monotonic()
    for turn in range(WARM + ASKED):
        if turn >= WARM + FEWEST and time.monotonic() - began > ENOUGH_S:
            break
        if turn == WARM:
            before = [one.database_s() for one in (few, many)]
        for side in (turn % 2, 1 - turn % 2):
            took[side].append((few, many)[side].took_ms(who, address))
    asked = len(took[0]) - WARM
    after = [one.database_s() for one in (few, many)]
    here, there = (
        Took(
            clients.Run(asked, sum(ms for ms, _ in one[WARM:]) / 1000, [ms for ms, _ in one[WARM:]]),
            statistics.median(worked for _, worked in one[WARM:]),
            (ended - begun) * 1000 / asked,
        )
        for one, begun, ended in zip(took, before, after, strict=True)
    )
    return here, there


def _transferred(at: Desk, who: str, address: str) -> tuple[int, int]:
    """(bytes, files) of a first visit with an empty cache, without photographs and without headers."""
    html = at.get(who, address)
    parts = Parts(address.format_map(at.known), html).addresses
    return len(html) + sum(len(at.get(who, one)) for one in parts), 1 + len(parts)


def _kept(figure: float, limit: float) -> str:
    return "met" if figure <= limit else "missed"


def measure(name: str, few: Desk, many: Desk) -> None:
    """A row for each page. The collector walks through no more than in a web process, see `server.wsgi`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)
    for one in (few, many):
        shape = f"{one.filled.procedures:,} procedures, {one.filled.unsigned:,} not signed"
        say(f"{name}, filled", f"{shape}, in {one.filled.seconds:.0f} s", "", "", "", "", "")
    for what, who, address in PAGES:
        here, there = _in_turns(few, many, who, address)
        size, files = _transferred(many, who, address)
        late = there.run.percentile(0.95)
        say(
            f"{name}, {what}",
            f"p50 {there.run.percentile(0.5):.1f} p95 {late:.1f} ms at {MANY:,} (at most {LIMIT_MS}: {_kept(late, LIMIT_MS)})",
            f"{there.worked_ms:.1f} + {there.database_ms:.1f} ms",
            f"p50 {here.run.percentile(0.5):.1f} p95 {here.run.percentile(0.95):.1f} ms at {FEW}",
            f"{there.run.percentile(0.5) / here.run.percentile(0.5):.2f}",
            f"{size / 1000:.1f} kB in {files} (at most {LIMIT_BYTES // 1000}: {_kept(size, LIMIT_BYTES)})",
            f"{os.getloadavg()[0]:.1f}",
        )


def main(*parts: str) -> None:
    """`sqlite`, `postgresql`, or both; `analysed`: SQLite with statistics, which it has only where somebody asked for them."""
    say("what", "server time", "of it work, here + in the database", "small clinic, in turns", "ratio of p50", "bytes and files", "load")
    say(*["---"] * 7)
    kinds: dict[str, Callable[[], AbstractContextManager[place.Place]]] = {
        "sqlite": place.sqlite,
        "analysed": place.sqlite,
        "postgresql": place.postgresql,
    }
    for kind in parts or ("sqlite", "postgresql"):
        opened, analysed = kinds[kind], kind == "analysed"
        with (
            opened() as small,
            opened() as large,
            desk(small, FEW, analysed=analysed) as few,
            desk(large, MANY, analysed=analysed) as many,
        ):
            measure(f"{large.name} analysed" if analysed else large.name, few, many)


if __name__ == "__main__":
    main(*sys.argv[1:])
