"""Workers and beats of a story, as the Procfile starts them, on a database and a queue of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from server.db import Database
from tests.drill.processes import Process, procfile, wait_until

READY_WITHIN_S = 60


@dataclass
class Crew:
    """Starts processes; all of them are gone when the story ends."""

    environ: dict[str, str]
    folder: Path
    stack: ExitStack
    made: list[Process] = field(default_factory=list)

    def start(self, kind: str, *, app: str = "workers.app", ready: bool = True, **settings: str) -> Process:
        """A `worker` or a `beat`; a worker that is ready for work. `app` replaces the application, `settings` the environment's."""
        log = self.folder / f"{kind}-{len(self.made)}.log"
        process = Process(procfile()[kind].replace("--app workers.app", f"--app {app}"), self.environ | settings, log)
        self.stack.callback(process.end)
        self.made.append(process)
        if kind == "worker" and ready:
            assert wait_until(lambda: " ready." in process.said, READY_WITHIN_S), process.said
        return process

    @property
    def said(self) -> str:
        """What all of them said."""
        return "\n".join(one.said for one in self.made)

    def stop(self, seconds: float = 60) -> None:
        """Ask all that still run, and see that they end cleanly within that time."""
        running = [one for one in self.made if one.is_up()]
        for one in running:
            one.ask_to_stop()
        assert [one.running.wait(seconds) for one in running] == [0] * len(running), self.said


@contextmanager
def crew(db: Database, folder: Path, broker: str = "", **settings: str) -> Iterator[Crew]:
    """On `db`; `broker` is a Redis to empty first, else files."""
    if broker:
        with Redis.from_url(broker) as connection:
            connection.flushdb()
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GRAFTLOG_DATA": str(folder),
        "DATABASE_URL": db.url.render_as_string(hide_password=False),
        **({"REDIS_URL": broker} if broker else {}),
        **settings,
    }
    with ExitStack() as stack:
        yield Crew(environ, folder, stack)
