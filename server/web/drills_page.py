"""What became of each fault when this version was drilled: the last full run, which came with the program."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask import render_template

from server.access import Permission, allow
from server.web.blueprint import pages
from server.web.journal_words import DRILLS, drilled

RESULT = Path(__file__).parents[1] / "assets" / "drills.json"


@cache
def last_run() -> dict[str, Any]:
    """Day, seed, machine, and the drills in order; written by `python3 dev.py drills`, never by a running server."""
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return found | {"on": date.fromisoformat(found["on"])}


@pages.get("/drills")
@allow(Permission.READ_JOURNAL)
def drills() -> str:
    """All of them, and how many passed."""
    run = last_run()
    rows = [one | {"said": drilled(one["result"])} for one in run["drills"]]
    counts = [(said.word, sum(one["said"] == said for one in rows)) for said in DRILLS.values()]
    return render_template("drills.html", run=run, rows=rows, counts=counts, minutes=round(sum(one["seconds"] for one in rows) / 60))
