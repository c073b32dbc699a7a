"""The web process as the Procfile starts it, and a tablet whose connection may break in the middle of anything."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from server.db import Database
from tests.drill.processes import Process, free_port, wait_until, web_process
from tests.photos.tablet import BYTES, TUS, announcement, creation

READY_WITHIN_S = 60


@dataclass(frozen=True)
class Answer:
    """Status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read."""
        return json.loads(self.body)


@dataclass
class Web:
    """A running web process, called over real connections as one person."""

    process: Process
    port: int
    token: str

    def ready(self) -> "Web":
        """Once it answers."""
        assert wait_until(self._answers, READY_WITHIN_S), self.process.said
        return self

    def kill(self) -> None:
        """Kill -9: the process that listens, and those it started."""
        workers = self.process.children
        self.process.kill()
        for one in workers:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/catalogue").status == 200
        except OSError:
            return False

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """A whole call on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        try:
            connection.request(method, f"/api/v1{path}", body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def post(self, path: str, document: Any) -> Any:
        """A fact."""
        answer = self.call("POST", path, json.dumps(document), {"Content-Type": "application/json"})
        assert answer.status == 201, answer.body
        return answer.json

    def begun(self, patient_id: str, data: bytes) -> tuple[str, str]:
        """(id of an announced photograph, path of its upload)."""
        photo = self.post("/photos", announcement(patient_id, data))
        made = self.call("POST", "/uploads", headers=creation(photo))
        assert made.status == 201, made.body
        return photo["id"], made.headers["Location"].removeprefix("/api/v1")

    def patch(self, upload: str, offset: int, data: Any, **headers: str) -> Answer:
        """Bytes from `offset` on; an iterator goes out in chunks of no announced length."""
        return self.call("PATCH", upload, data, TUS | {"Content-Type": BYTES, "Upload-Offset": str(offset)} | headers)

    def half(self, upload: str, offset: int, data: bytes, of: int) -> HTTPConnection:
        """A connection on which `data` has been sent of the `of` bytes that were promised."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest("PATCH", f"/api/v1{upload}")
        said = TUS | {"Content-Type": BYTES, "Upload-Offset": str(offset), "Content-Length": str(of)}
        for name, value in (said | {"Authorization": f"Bearer {self.token}"}).items():
            connection.putheader(name, value)
        connection.endheaders(data)
        return connection

    def offset(self, upload: str) -> int:
        """What HEAD says."""
        answer = self.call("HEAD", upload, headers=TUS)
        assert answer.status == 200, answer.status
        return int(answer.headers["Upload-Offset"])

    def state(self, photo_id: str) -> str:
        """Of a photograph."""
        return str(self.call("GET", f"/photos/{photo_id}").json["state"])


@contextmanager
def web(db: Database, token: str, folder: Path, **settings: str) -> Iterator[Web]:
    """One web process on `db`, ready for calls; gone afterwards."""
    port = free_port()
    running = Web(web_process(db.url, folder, port, **settings), port, token)
    try:
        yield running.ready()
    finally:
        running.kill()
