"""The client from npm, unmodified, and what one run of it says."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.node import folder_of
from tests.node import installed as install

HERE = Path(__file__).parent / "client"


def installed() -> Path:
    """The folder with its packages."""
    return install(HERE, "tus-js-client")


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
    environ = os.environ | {"NODE_PATH": str(folder_of(HERE) / "node_modules")}
    ran = subprocess.run(["node", str(HERE / "send.cjs"), str(file)], env=environ, capture_output=True, text=True, check=False, timeout=100)
    assert ran.stderr == "", ran.stderr
    return Run(ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()])
