"""Memory and start-up of the embedded default, as `dev.py run` starts it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.place import ROOT, wait_ready

PORT = 8792


@dataclass(frozen=True)
class Footprint:
    """Seconds to /readyz and MB (PSS) per part."""

    start_s: float
    parts_mb: dict[str, float]

    @property
    def promised_mb(self) -> float:
        """Web + worker + beat."""
        return sum(self.parts_mb[part] for part in ("web", "worker", "beat"))


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            waiting += map(int, children.read_text().split())
    return found


def _part(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    for part, mark in (("web", "gunicorn"), ("beat", " beat "), ("worker", " worker ")):
        if mark in command and "honcho" not in command:
            return part
    return "supervisor"


def measure() -> Footprint:
    """First run to set up, second run to measure; a few pages and calls are made before memory is read."""
    folder = Path(tempfile.mkdtemp(prefix="graftlog-bench-"))
    environment = os.environ | {"GRAFTLOG_DATA": str(folder), "PORT": str(PORT)}
    environment.pop("DATABASE_URL", None)
    try:
        _run(environment)
        return _run(environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(environment: dict[str, str]) -> Footprint:
    process = subprocess.Popen([sys.executable, str(ROOT / "dev.py"), "run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        start_s = wait_ready(PORT, 180)
        time.sleep(6)  # the demo's own calls, and the first ticks
        parts: dict[str, float] = {}
        for pid in _descendants(process.pid):
            parts[_part(pid)] = parts.get(_part(pid), 0) + _pss_mb(pid)
        return Footprint(start_s, parts)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
