"""A tablet whose app is RxDB, unmodified from npm, in a Node process of its own; it answers each line with a line."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.node import folder_of

CLIENT = Path(__file__).parent / "client"


@dataclass
class RxTablet:
    """With `file` it keeps everything there, without in memory."""

    port: int
    token: str
    file: Path | None = None
    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        """Begins at once."""
        self.start()

    def start(self) -> None:
        """Open the app, for the first time or again."""
        settings = {"server": f"http://127.0.0.1:{self.port}", "token": self.token, "file": str(self.file) if self.file else None}
        command = ["node", str(folder_of(CLIENT) / "tablet.mjs"), json.dumps(settings)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, act: str, **what: Any) -> Any:
        """Do something; what it answers."""
        self.tell(act, **what)
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def tell(self, act: str, **what: Any) -> None:
        """The same without waiting for it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"act": act, **what}) + "\n")
        self.process.stdin.flush()

    def shows(self, collection: str) -> dict[str, dict[str, Any]]:
        """Its documents by id."""
        return {one["id"]: one for one in self.ask("show", collection=collection)["documents"]}

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
