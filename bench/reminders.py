"""`dev.py bench reminders`: the follow-up engine with a million reminders stored; each figure beside its goal, limit or peer."""

import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path

import psycopg

from bench import place, reminders_claim, reminders_embedded, reminders_eta, reminders_fill, reminders_idle, reminders_send
from bench.record import say
from bench.reminders_sink import Sink, sink
from bench.reminders_workers import Workers, own_redis, workers
from schemas.vocabulary import Channel
from server.config import from_environment
from tests import make

MANY = int(os.environ.get("BENCH_REMINDERS", "1000000"))
BATCHES = (20, 50, 200)
RUNS = 3
MORE_THREADS = 16
BURST, MAILS, STEADY = 4000, 1000, 2000
PARTS = ("idle", "claim", "send", "eta", "procrastinate", "sqlite", "embedded")


def goal(met: bool, text: str) -> str:
    """How a figure stands to what was promised."""
    return f"{text}: {'met' if met else 'missed'}"


def idle(empty: place.Place, full: place.Place, stored: int) -> None:
    """Best of some runs, by what the database took."""
    runs = [reminders_idle.compare(empty, full) for _ in range(RUNS)]
    none, many = min(runs, key=lambda run: run[1].due[1])
    ratio = many.due[1] / none.due[1]
    say(
        f"{full.name}, idle tick, query for due messages",
        f"{_percentiles(many.due)} with {stored:,} future reminders",
        f"{_percentiles(none.due)} with none, in turns",
        f"{ratio:.2f} ({goal(many.due[1] <= reminders_idle.GOAL_MS, 'p50 at most 0.5 ms')}; {goal(ratio <= 1.1, 'no slower')})",
    )
    say(
        f"{full.name}, idle tick, with leases and chores",
        f"{_percentiles(many.asked)}; with our own code {_percentiles(many.all_in)}",
        f"{_percentiles(none.asked)}; with our own code {_percentiles(none.all_in)}",
        f"{many.asked[1] / none.asked[1]:.2f}",
    )


def _percentiles(found: tuple[float, float, float]) -> str:
    return "p5 {:.2f} p50 {:.2f} p95 {:.2f} ms".format(*found)


def claim(where: place.Place, clinics: list[make.Clinic]) -> None:
    """Three sizes of batch."""
    config = from_environment({"DATABASE_URL": where.url, "GRAFTLOG_DATA": str(where.folder)})
    for batch in BATCHES:
        times = reminders_claim.compare(where, config, clinics, batch, max(8, 600 // batch))
        for ours, peer, what in (
            ("ours, claim", "raw, claim", "the same UPDATE … SKIP LOCKED … RETURNING by the bare driver"),
            ("ours, whole", "raw, claim and finish", "claim and finishing UPDATE by the bare driver, nothing else written"),
            ("ours, whole", "raw, same rows", "the bare driver writing the same rows (links, attempts, journal), ready-made"),
        ):
            ratio = times.rate(ours) / times.rate(peer)
            what_ours = "claim" if ours == "ours, claim" else "claim, last look, record, with attempts, links and journal"
            say(
                f"{where.name}, {what_ours}, batch {batch}",
                f"{times.rate(ours):.0f}/s",
                f"{times.rate(peer):.0f}/s, {what}",
                f"{ratio:.2f} ({goal(ratio >= 0.6, '0.6')})",
            )


def send(where: place.Place, stored: int) -> None:
    """Two workers: a burst over HTTP, a burst over SMTP, then half of what the first could do."""
    with sink() as target, own_redis() as url, workers(where, 2, {**target.settings, "REDIS_URL": url}) as running:
        reminders_send.send(where, target, running, Channel.SMS, 300)
        bursts = [reminders_send.send(where, target, running, Channel.SMS, BURST) for _ in range(RUNS)]
        best = max(bursts, key=lambda one: one.per_second)
        _sent(f"{where.name}, end to end, 2 workers, HTTP gateway with keys", best, "500/s", best.per_second / 500)
        _mails(where, target, running, "4 threads each")
        rate = best.per_second / 2
        steady = reminders_send.send(where, target, running, Channel.SMS, STEADY, per_second=rate)
        _sent(f"{where.name}, due one after the other at {rate:.0f}/s", steady, "-", None)
        memory = ", ".join(f"{mb:.0f}" for mb in running.rss_mb())
        say(f"{where.name}, worker memory (RSS)", f"{memory} MB with {stored:,} future reminders", "see Celery ETA", "")
    more = {"SEND_THREADS": str(MORE_THREADS)}
    with sink() as target, own_redis() as url, workers(where, 2, {**target.settings, "REDIS_URL": url, **more}) as running:
        reminders_send.send(where, target, running, Channel.EMAIL, 100)
        _mails(where, target, running, f"SEND_THREADS={MORE_THREADS}")


def _mails(where: place.Place, target: Sink, running: Workers, threads: str) -> None:
    best = max((reminders_send.send(where, target, running, Channel.EMAIL, MAILS) for _ in range(2)), key=lambda one: one.per_second)
    _sent(f"{where.name}, end to end, 2 workers, SMTP, {threads}", best, "500/s", best.per_second / 500)


def _sent(name: str, one: reminders_send.Sent, limit: str, ratio: float | None) -> None:
    spent = ", ".join(f"{who} {ms:.2f}" for who, ms in one.cpu_ms.items())
    say(
        name,
        f"{one.per_second:.0f}/s, late p50 {one.p50_s:.2f} p99 {one.p99_s:.2f} s, first {one.first_s:.2f} s after due; "
        f"CPU ms a message: {spent}; {one.messages} messages in {one.calls} calls",
        limit,
        "" if ratio is None else f"{ratio:.2f} ({goal(ratio >= 1, '500/s')})",
    )


def eta() -> None:
    """What Celery's own timers do with the same."""
    found = reminders_eta.measure()
    say(
        "Celery ETA tasks on Redis",
        f"worker {found.worker_mb:.0f} MB (RSS) with {found.taken_in:,} of {reminders_eta.PENDING:,} tasks taken in "
        f"after {found.taken_in_s:.0f} s; Redis {found.redis_mb:.0f} MB",
        "",
        "",
    )
    say(
        f"Celery ETA +{reminders_eta.ETA_S} s, visibility timeout {reminders_eta.VISIBILITY_S} s",
        f"{found.tasks} tasks ran {found.executions} times; first {found.first_s:.2f} s after due",
        f"{found.tasks} times",
        f"{found.executions / found.tasks:.1f}",
    )


def procrastinate() -> None:
    """Only where somebody has it: it is no dependency."""
    found = reminders_idle.procrastinate()
    if found is None:
        say("procrastinate", "not measured: BENCH_PROCRASTINATE_PYTHON names no Python that has it", "", "")
        return
    say(
        f"procrastinate {found['version']}, empty fetch",
        f"p50 {found['many_ms']:.2f} ms with {found['many']:,} future jobs",
        f"p50 {found['none_ms']:.2f} ms with none",
        f"{found['many_ms'] / found['none_ms']:.0f}",
    )


def _filled(where: place.Place, count: int) -> tuple[int, list[make.Clinic]]:
    database = where.database()
    reminders_fill.no_chores(database)
    clinics = reminders_fill.templates(database) if count else []
    database.close()
    stored = reminders_fill.future(where, count) if count else reminders_fill.Filled(0, 0)
    if count:
        print(f"{where.name}: {stored.reminders:,} future reminders in {stored.seconds:.0f} s", file=sys.stderr, flush=True)
    return stored.reminders, clinics


def on(opened: Callable[[], AbstractContextManager[place.Place]], parts: set[str]) -> None:
    """What needs a million of reminders, and a database without any beside it."""
    with opened() as empty, opened() as full:
        _filled(empty, 0)
        stored, clinics = _filled(full, MANY)
        if full.is_sqlite or "idle" in parts:
            idle(empty, full, stored)
        if not full.is_sqlite and "claim" in parts:
            claim(full, clinics)
        if not full.is_sqlite and "send" in parts:
            send(full, stored)


def embedded() -> None:
    """As `dev.py run` starts it, without the web."""
    with place.sqlite() as where:
        _filled(where, 10_000)
        found = reminders_embedded.measure(where)
    say(
        "Embedded, worker and beat with nothing to do",
        f"{found.idle_percent:.1f} % of a processor",
        "2 %",
        goal(found.idle_percent < 2, "under 2 %"),
    )
    say(
        "Embedded, due letters to the outbox folder",
        f"{found.per_second:.0f}/s, late p99 {found.p99_s:.1f} s; worker {found.rss_mb[0]:.0f} MB (RSS)",
        "50/s",
        f"{found.per_second / 50:.2f} ({goal(found.per_second >= 50, '50/s')})",
    )


def _machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    with psycopg.connect(place.SERVER) as connection:
        server = connection.info.server_version
    libraries = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "psycopg", "celery", "kombu", "redis"))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} processors, load before {load}; Python {platform.python_version()}, "
        f"PostgreSQL {server // 10000}.{server % 10000}, SQLite {sqlite3.sqlite_version}, {libraries}"
    )


def main() -> None:
    """Print the table. Arguments choose parts: idle, claim, send, eta, procrastinate, sqlite, embedded."""
    parts = set(sys.argv[1:]) or set(PARTS)
    if unknown := parts - set(PARTS):
        sys.exit(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
    print(_machine())
    say("what", "Graftlog", "limit or peer, same run", "ratio")
    say("---", "---", "---", "---")
    if parts & {"idle", "claim", "send"}:
        on(place.postgresql, parts)
    if "eta" in parts:
        eta()
    if "procrastinate" in parts:
        procrastinate()
    if "sqlite" in parts:
        on(place.sqlite, parts)
    if "embedded" in parts:
        embedded()


if __name__ == "__main__":
    main()
