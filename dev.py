#!/usr/bin/env python3
"""Graftlog's one command: sets itself up in .venv, then runs, tests, checks or measures. Standard library only.

python3 dev.py run             start web, worker and beat; the first time with a demo clinic
python3 dev.py test [ARGS]     the whole test suite; ARGS go to pytest
python3 dev.py quick           those of its stories that need no browser, no other process and no thousand cases
python3 dev.py check           ruff, mypy, import-linter: what CI checks besides the tests
python3 dev.py bench record    measure against the raw database in the same run (or: reminders, sync, trust, photos, pages, cohort, figures)
python3 dev.py drills [F1 …]   faults F1 to F24 on real processes, half an hour, writes docs/drills.md; --short takes 4 minutes
python3 dev.py screenshots     every page of a demo clinic as a picture in docs/pictures (needs Chromium)
python3 dev.py simulate        two years of a clinic's life, held against a naive calculation
python3 dev.py migration TEXT  draft the next migration from the models
python3 dev.py lock            resolve the dependencies again (needs uv)
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
UV = ["uv", "pip", "compile", "-q", "--universal", "--generate-hashes", "--no-emit-index-url", "--custom-compile-command"]


def call(*command: str) -> None:
    """Run a command in the project's folder; stop with its exit code when it fails."""
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        sys.exit(code)


def stamp(lock: str) -> tuple[Path, str]:
    """(file that remembers an installation, what it says when exactly this lock file is installed)."""
    content = (ROOT / lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    return VENV / f"{lock}.installed", hashlib.sha256(content).hexdigest()


def set_up(lock: str) -> None:
    """Make .venv and install exactly what the lock file names, by hash; nothing happens when that is done already."""
    file, wanted = stamp(lock)
    if file.exists() and file.read_text() == wanted:
        return
    print(f"Setting up .venv from {lock} (once; about half a minute)…", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True).returncode:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"This Python cannot make a virtual environment. On Debian or Ubuntu: apt install {version}-venv")
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    call(*pip, "--require-hashes", "--only-binary", ":all:", "-r", lock)
    call(*pip, "--no-deps", "--no-build-isolation", "--editable", ".")
    call(PYTHON, "-m", "compileall", "-q", "server", "schemas", "workers")
    for name in {lock, "requirements.lock"}:  # the development lock contains the runtime's
        done, text = stamp(name)
        done.write_text(text)


def main(name: str = "help", *rest: str) -> None:
    """One command."""
    if sys.version_info < (3, 11):
        sys.exit(f"Graftlog needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if name == "run":
        set_up("requirements.lock")
        os.chdir(ROOT)
        os.execv(PYTHON, [PYTHON, "-m", "server.serve"])
    lock_all = [
        ("pyproject.toml", "-o", "requirements.lock"),
        ("-c", "requirements.lock", "--group", "dev", "--group", "s3", "pyproject.toml", "-o", "requirements-dev.lock"),
    ]
    commands: dict[str, list[tuple[str, ...]]] = {
        "lock": [(*UV, "python3 dev.py lock", *files, *rest) for files in lock_all],
        "test": [(PYTHON, "-m", "pytest", *(rest or ("-n", "auto")))],
        "quick": [(PYTHON, "-m", "pytest", "-n", "auto", "-m", "not slow", *rest)],
        "check": [(PYTHON, "-m", "ruff", "format", "--check", "."), (PYTHON, "-m", "ruff", "check", "."), (PYTHON, "-m", "mypy"),
                  (str(VENV / "bin" / "lint-imports"),)],
        "bench": [(PYTHON, "-m", f"bench.{(*rest, 'record')[0]}", *rest[1:])],
        "drills": [(PYTHON, "-m", "tests.drills", *rest)],
        "screenshots": [(PYTHON, "-m", "tests.browser.pictures", *rest)],
        "simulate": [(PYTHON, "-m", "tests.simulation", *rest)],
        "migration": [(PYTHON, "-m", "server.migrations.draft", *rest)],
    }  # fmt: skip
    if name not in commands:
        sys.exit(__doc__)
    if name != "lock":
        set_up("requirements-dev.lock")
    for command in commands[name]:
        call(*command)


if __name__ == "__main__":
    main(*sys.argv[1:])
