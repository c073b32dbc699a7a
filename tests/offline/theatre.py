"""The server of the seeded lives: the Procfile's web process on a database, whose worker may be killed, and which may be restored."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from server.db import Database
from tests import make
from tests.drill.processes import Process, free_port, listens, wait_until, web_process
from tests.offline.life import Life
from tests.offline.proxy import Network, between
from tests.offline.tablet import Tablet

READY_WITHIN_S = 60


@dataclass
class Theatre:
    """A running server and the network in front of it."""

    db: Database
    process: Process
    port: int
    network: Network
    outside: int

    def kill(self) -> None:
        """Kill -9 whoever serves at this moment; its master starts another."""
        for pid in self.process.children:
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """As before a restore."""
        self.process.ask_to_stop()
        self.process.running.wait(READY_WITHIN_S)

    def start(self) -> None:
        """Once more, on the same port."""
        self.process.again()
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        if not wait_until(lambda: listens(self.port), READY_WITHIN_S):
            raise RuntimeError(self.process.said)


@contextmanager
def theatre(db: Database, folder: Path) -> Iterator[Theatre]:
    """On `db`, which other processes may use too."""
    port = free_port()
    process = web_process(db.url, folder, port, WEB_THREADS="8", LOG_LEVEL="WARNING")
    try:
        with between(("127.0.0.1", port)) as (network, outside):
            made = Theatre(db, process, port, network, outside)
            made.wait()
            yield made
    finally:
        process.ask_to_stop()
        process.end()


def new_life(here: Theatre, seed: int, **more: object) -> Life:
    """A clinic of its own with two or three tablets, each in the hands of Dr Vera Kovács."""
    clinic = make.clinic(here.db)
    dice = random.Random(-seed)
    tablets = []
    for number in range(1, dice.choice((2, 2, 3)) + 1):
        paired = make.tablet(here.db, clinic, name=f"Theatre {number}")
        token = make.token(here.db, replace(clinic.surgeon, device_id=paired.device_id))
        tablets.append(Tablet(f"T{number}", here.outside, token, random.Random(seed * 10 + number)))
    return Life(seed, clinic, tablets, here.network, **more)  # type: ignore[arg-type]  # reason: passed on as given
