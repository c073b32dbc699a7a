"""Clients from npm, unmodified, installed beside the project's own packages from lock files that name no host."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

OLDEST_NODE = 20
REQUIRED = os.environ.get("GRAFTLOG_NODE") == "required"
"""As in CI: then a missing Node is a failure."""


def _without(what: str, why: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"The stories with {what} need {why}, and GRAFTLOG_NODE=required")
    pytest.skip(f"{what} NOT TESTED: {why} is missing")


def folder_of(client: Path) -> Path:
    """Where the packages of a `client` folder are."""
    return Path(sys.prefix) / "node" / client.parent.name


def installed(client: Path, what: str) -> Path:
    """The folder with the packages of `client/package-lock.json`. Skipped, and said so, where Node or its packages cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _without(what, f"Node {OLDEST_NODE} with npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        _without(what, f"Node {OLDEST_NODE}")
    folder = folder_of(client)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        wanted, done = (client / "package-lock.json").read_text(), folder / "installed"
        if not done.exists() or done.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(client / name, folder)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
            if ran.returncode:
                _without(what, f"a package source for npm ({ran.stderr.strip().splitlines()[-1:]})")
            done.write_text(wanted)
        for script in client.glob("*.*js"):
            shutil.copy(script, folder)  # where its imports are found
    return folder
