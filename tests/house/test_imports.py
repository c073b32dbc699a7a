"""Workers and services need no web framework: they run without it."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import server
import workers

ROOT = Path(__file__).parents[2]
WEB = ("flask", "flask_smorest", "marshmallow", "werkzeug", "webargs")
INNER = {"service", "models", "rules", "journal"}


def modules(package: str, folder: list[str]) -> list[str]:
    """All modules below a package."""
    return [one.name for one in pkgutil.walk_packages(folder, f"{package}.") if "migrations" not in one.name]


SERVICES = [name for name in modules("server", list(server.__path__)) if INNER & set(name.split("."))]


def loaded_by(names: list[str]) -> set[str]:
    """Web packages that a fresh interpreter has loaded after importing `names`."""
    code = f"import sys, {', '.join(names)}; print(*({set(WEB)!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


@pytest.mark.parametrize("names", [SERVICES, modules("workers", list(workers.__path__))], ids=["services", "workers"])
def test_they_load_no_web_framework(names: list[str]) -> None:
    assert len(names) > 2
    assert loaded_by(names) == set()


def test_nobody_loads_the_store_of_photos_before_one_comes() -> None:
    """Six megabytes for a web process, a worker and a beat that may never see a photograph."""
    names = "server.app, workers.app, workers.followup, workers.photos, workers.journal, workers.reports"
    code = f"import sys, {names}; print(*({{'obstore', 'numpy', 'scipy', 'moto'}} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_the_wire_needs_no_database() -> None:
    code = (
        "import sys, schemas.entries, schemas.patients, schemas.procedures; print(*({'flask', 'sqlalchemy', 'celery'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
