"""The client from npm, unmodified, installed beside the project's own packages."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent / "client"
FOLDER = Path(sys.prefix) / "node" / "photos"
OLDEST_NODE = 20
REQUIRED = os.environ.get("GRAFTLOG_NODE") == "required"
"""As in CI: then a missing Node is a failure."""


def _without(why: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"The stories with tus-js-client need {why}, and GRAFTLOG_NODE=required")
    pytest.skip(f"tus-js-client NOT TESTED: {why} is missing")


def installed() -> Path:
    """The folder with the packages of `client/package-lock.json`. Skipped, and said so, where Node or its packages cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _without(f"Node {OLDEST_NODE} with npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        _without(f"Node {OLDEST_NODE}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        wanted, done = (HERE / "package-lock.json").read_text(), FOLDER / "installed"
        if not done.exists() or done.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, FOLDER)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=100)
            if ran.returncode:
                _without(f"a package source for npm ({ran.stderr.strip().splitlines()[-1:]})")
            done.write_text(wanted)
    return FOLDER


@dataclass(frozen=True)
class Run:
    """What one run of the client said, step by step, and its exit code."""

    code: int
    steps: list[dict[str, Any]]

    def of(self, step: str) -> list[dict[str, Any]]:
        """All steps of one kind."""
        return [one for one in self.steps if one["step"] == step]


def send(folder: Path, **settings: Any) -> Run:
    """Run the client once; `folder` keeps what it remembers between runs."""
    file = folder / "settings.json"
    basics = {"memory": str(folder / "memory.json"), "chunkSize": 4096, "retryDelays": [0, 100, 300, 1000]}
    file.write_text(json.dumps(basics | settings))
    environ = os.environ | {"NODE_PATH": str(FOLDER / "node_modules")}
    ran = subprocess.run(["node", str(HERE / "send.cjs"), str(file)], env=environ, capture_output=True, text=True, check=False, timeout=100)
    assert ran.stderr == "", ran.stderr
    return Run(ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()])
