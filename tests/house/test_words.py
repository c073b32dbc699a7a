"""The house style that no linter knows: each file says in one line what lives there, and stays short enough to read."""

import ast
from pathlib import Path

from workers import app as worker_app

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("server", "schemas", "workers", "tests", "bench") for path in (ROOT / folder).rglob("*.py"))
OWN = [path for path in FILES if "versions" not in path.parts]
LONGEST = 300
DATA = {
    "schemas/vocabulary.py": "a table of words",
    "server/reports/shape.py": "a table of what a report holds",
}


def name(path: Path) -> str:
    """As written in messages."""
    return str(path.relative_to(ROOT))


def test_each_file_says_in_one_line_what_lives_there() -> None:
    said = {name(path): ast.get_docstring(ast.parse(path.read_text())) or "" for path in FILES}
    assert [path for path, text in said.items() if not text.partition("\n")[0].endswith((".", "?"))] == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = {name(path) for path in OWN if len(path.read_text().splitlines()) > LONGEST}
    assert long <= set(DATA)


def test_every_queue_is_served_by_a_process() -> None:
    procfile = (ROOT / "Procfile").read_text()
    served = procfile.partition("--queues ")[2].split()[0].split(",")
    assert {queue.name for queue in worker_app.SETTINGS["task_queues"]} == set(served)
