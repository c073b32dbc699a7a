"""Real workers, beat and a Redis of their own, started as the Procfile starts them, and what they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from bench.bulk import plain_url
from bench.place import ROOT, Place, cpu_of

BIN = Path(sys.executable).parent
PROCFILE = dict(line.split(": exec ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": exec " in line)


@contextmanager
def own_redis() -> Iterator[str]:
    """The URL of a Redis that nobody else uses and that writes nothing to disk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            for _ in range(100):
                try:
                    client.ping()
                    break
                except redis.exceptions.ConnectionError:
                    time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


@dataclass(frozen=True)
class Workers:
    """Running processes."""

    pids: list[int]
    beat: int

    def cpu_s(self) -> float:
        """Processor time of the workers so far."""
        return sum(cpu_of(pid) for pid in self.pids)

    def rss_mb(self) -> list[float]:
        """Memory of each worker."""
        return [rss_mb(pid) for pid in self.pids]


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def workers(place: Place, count: int, settings: Mapping[str, str]) -> Iterator[Workers]:
    """So many workers and one beat on `place`; `settings` say how messages leave and which broker carries."""
    environment = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "SMTP_URL", "SMS_URL"}}
    environment |= {"DATABASE_URL": place.url, "GRAFTLOG_DATA": str(place.folder), "LOG_LEVEL": "WARNING", **settings}
    environment |= {"PATH": f"{BIN}{os.pathsep}{environment.get('PATH', '')}"}
    running = [_start("worker", environment, number) for number in range(count)]
    running.append(_start("beat", environment, count))
    try:
        yield Workers([one.pid for one in running[:-1]], running[-1].pid)
    finally:
        for one in running:
            one.terminate()
        for one in running:
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait(10)


def _start(name: str, environment: Mapping[str, str], number: int) -> subprocess.Popen[bytes]:
    command = PROCFILE[name].replace("graftlog@%h", f"graftlog{number}@%h")
    return subprocess.Popen(["/bin/sh", "-c", f"exec {command}"], cwd=ROOT, env=dict(environment), stdout=sys.stderr)


def database_cpu_s(place: Place) -> dict[int, float]:
    """Processor time so far of each PostgreSQL process that serves this database, where PostgreSQL runs on this machine."""
    with psycopg.connect(plain_url(place)) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        pids = [row[0] for row in found]
    return {pid: cpu_of(pid) for pid in pids if Path(f"/proc/{pid}").exists()}


def since(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Processor time between two looks."""
    return sum(spent - before.get(pid, 0) for pid, spent in after.items())
