#!/usr/bin/env python3
"""Graftlog's one command: sets itself up in .venv, then runs, tests, checks or measures. Standard library only.

python3 dev.py run            start web, worker and beat; the first time with a demo clinic
python3 dev.py test [ARGS]    the whole test suite (ARGS go to pytest); see TEST_DATABASE_URL and TEST_REDIS_URL in the README
python3 dev.py check          ruff, mypy, import-linter: what CI checks besides the tests
python3 dev.py bench record   measure against the raw database, in the same run
python3 dev.py migration TEXT draft the next migration from the models
python3 dev.py lock           resolve the dependencies again (needs uv)
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def stamp(lock_name: str) -> tuple[Path, str]:
    """(file that remembers an installation, what it says when this lock file is installed)."""
    content = (ROOT / lock_name).read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    return VENV / f"{lock_name}.installed", hashlib.sha256(content).hexdigest()


def set_up(lock_name: str) -> None:
    """Make .venv and install exactly what the lock file names, by hash; nothing happens when that is done already."""
    file, wanted = stamp(lock_name)
    if file.exists() and file.read_text() == wanted:
        return
    print(f"Setting up .venv from {lock_name} (once; about half a minute)…", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True).returncode:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"This Python cannot make a virtual environment. On Debian or Ubuntu: apt install {version}-venv")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call(*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / lock_name))
    call(*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    call(str(PYTHON), "-m", "compileall", "-q", "server", "schemas", "workers")
    for name in {lock_name, "requirements.lock"}:  # the development lock contains the runtime's
        done, text = stamp(name)
        done.write_text(text)


def call(*command: str) -> None:
    """Run a command in the project's folder; stop with its exit code when it fails."""
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


def main(arguments: list[str]) -> None:
    """One command."""
    name, rest = (arguments[0] if arguments else "help"), arguments[1:]
    if sys.version_info < (3, 11):
        sys.exit(f"Graftlog needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if name == "run":
        set_up("requirements.lock")
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "server.serve", *rest])
    if name == "lock":
        common = ("--universal", "--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "python3 dev.py lock")
        call("uv", "pip", "compile", "-q", *common, "pyproject.toml", "-o", "requirements.lock", *rest)
        call(
            "uv",
            "pip",
            "compile",
            "-q",
            *common,
            "-c",
            "requirements.lock",
            "--group",
            "dev",
            "pyproject.toml",
            "-o",
            "requirements-dev.lock",
            *rest,
        )
        return
    if name not in {"test", "check", "bench", "migration"}:
        sys.exit(__doc__)
    set_up("requirements-dev.lock")
    run = (str(PYTHON), "-m")
    if name == "test":
        call(*run, "pytest", *(() if rest else ("-n", "auto")), *rest)
    elif name == "check":
        call(*run, "ruff", "format", "--check", ".")
        call(*run, "ruff", "check", ".")
        call(*run, "mypy")
        call(str(VENV / "bin" / "lint-imports"))
    elif name == "bench":
        call(*run, f"bench.{rest[0] if rest else 'record'}", *rest[1:])
    else:
        call(*run, "server.migrations.draft", *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
