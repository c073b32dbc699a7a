"""kombu's file-based transport, made safe: a message is a whole file or none, and one reader's alone.

The stock one lets a reader see half-written messages and half-written binding tables, and dies of it (kombu issue 1551).
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

MOST_WAITING = 100
"""Messages only say "there is work now", so more of them say nothing more: while no worker runs, the folder stays small."""
LISTEN_S = 0.5


def write_whole(path: Path, text: str) -> None:
    """Other processes see the old file or the new one. The draft's name starts with a dot, so no queue looks at it."""
    draft = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class Channel(filesystem.Channel):
    """Messages and binding tables in files that are never seen half-written."""

    most_waiting = MOST_WAITING

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]  # reason: kombu's bases name it differently
        if self._size(queue) < self.most_waiting:
            name = f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg"
            write_whole(Path(self.data_folder_out, name), dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002  reason: kombu's signature
        names = os.listdir(self.data_folder_in)  # noqa: PTH208  reason: ten times a second and queue, so without building paths
        for name in sorted(one for one in names if one.partition(".")[2] == f"{queue}.msg"):
            path = Path(self.data_folder_in, name)
            try:
                text = path.read_text(encoding="utf-8")
                path.unlink()  # the one that succeeds in this has the message
            except FileNotFoundError:
                continue
            return loads(text)
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        row = [routing_key or "", pattern or "", queue or ""]
        with self._alone():
            rows = [list(known) for known in self.get_table(exchange)]
            if row not in rows:
                write_whole(Path(self.control_folder, f"{exchange}.exchange"), dumps([row, *rows]))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Writers of binding tables one after the other; readers need no lock."""
        with Path(self.control_folder, ".lock").open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """Named in the Celery settings of the embedded mode."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **_kwargs: Any) -> None:
        """Come back twice a second: only between two calls does a worker notice that it is asked to stop."""
        super().drain_events(connection, min(timeout or LISTEN_S, LISTEN_S))
