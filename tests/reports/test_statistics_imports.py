"""scipy takes two seconds and a hundred megabytes: no web process pays for it, and nothing that computes without it does."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.reports import statistics

ROOT = Path(__file__).parents[2]
WORKERS_ONLY = {"correlation", "hypotheses"}
PURE = sorted({path.stem for path in Path(statistics.__path__[0]).glob("*.py")} - WORKERS_ONLY - {"__init__"})
SERVED = """
import tempfile
from pathlib import Path
import server.web
from server.app import create_app
from server.config import from_environment
with tempfile.TemporaryDirectory() as data:
    app = create_app(from_environment({"GRAFTLOG_DATA": data}))
    assert app.test_client().get("/healthz").status_code < 500
    app.db.close()
"""


def heavy(code: str) -> str:
    """What of scipy and numpy a fresh interpreter has loaded after running `code`."""
    ending = "\nimport sys\nprint(*sorted({'numpy', 'scipy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code + ending], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_web_process_never_loads_scipy() -> None:
    assert heavy(SERVED) == ""


def test_our_own_statistics_need_no_scipy() -> None:
    assert len(PURE) >= 7
    assert heavy("\n".join(f"import server.reports.statistics.{name}" for name in PURE)) == ""


@pytest.mark.parametrize("name", sorted(WORKERS_ONLY))
def test_the_others_do_load_it(name: str) -> None:
    assert heavy(f"import server.reports.statistics.{name}") == "numpy scipy"
