"""The page docs/drills.md and the result that the program carries along, written by the drills themselves."""

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from sqlite3 import sqlite_version

from tests.drill.processes import version_of
from tests.drills.run import Result


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = f"{version_of('postgres')}, {version_of('redis-server')}, SQLite {sqlite_version}"
    return f"{model}, {cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}"


PAGE = """\
# Failure drills

Written by `python3 dev.py drills`, which lets every fault below happen to real processes of its own (PostgreSQL, Redis, web,
worker, beat, on loopback) and checks afterwards: acknowledged means exactly once, refused none, unknown none or once; a due message
was accepted by the provider exactly once while it honours our key; the journal, its checkpoints and signatures verify.
`python3 dev.py drills F1 F6` runs some, `--seed N` makes other choices, `--short` is the form of `.ci/run`. The seed fixes what
clients and faults choose; processes keep their own time. PostgreSQL runs with `fsync=off`: its processes are killed here, not the
machine. "Stories" are tests of the suite that show the fault.

{when}, seed {seed}: {passed} passed, {failed} failed, {others} not shown here; {minutes:.0f} minutes.
{machine}.

| | fault | passes when | result | figures | s |
|---|---|---|---|---|---|
{rows}
"""


def write(page: Path, result: Path, results: Sequence[Result], seed: int) -> None:
    """Replace the page, and what the journal's page leads to."""
    told = {"on": f"{datetime.now(UTC):%Y-%m-%d}", "seed": seed, "machine": _machine(), "drills": [_told(one) for one in results]}
    result.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    passed, failed = (sum(result.word == word for result in results) for word in ("passed", "FAILED"))
    page.write_text(
        PAGE.format(
            when=f"{datetime.now(UTC):%d %B %Y}",
            seed=seed,
            passed=passed,
            failed=failed,
            others=len(results) - passed - failed,
            minutes=sum(one.seconds for one in results) / 60,
            machine=_machine(),
            rows="\n".join(_row(one) for one in results),
        )
    )


def _told(one: Result) -> dict[str, str | int]:
    drill = one.drill
    named = {"name": drill.name, "fault": drill.fault, "passes_when": drill.criterion, "result": one.word, "figures": one.said}
    return {**named, "seconds": round(one.seconds)}


def _row(one: Result) -> str:
    cells = one.drill.name, one.drill.fault, one.drill.criterion, one.word, one.said, f"{one.seconds:.0f}"
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
