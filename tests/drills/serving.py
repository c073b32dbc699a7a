"""The web process of a drill, and calls to it over connections of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from time import monotonic

from server.db import Database
from tests.drill.processes import Process, free_port, procfile, wait_until, web_process

READY_WITHIN_S = 60.0
PATIENCE_S = 90.0


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class NoAnswer(Exception):
    """No whole answer came; what the server did is unknown."""


@dataclass(frozen=True)
class Server:
    """A web process and where it listens."""

    process: Process
    port: int

    def call(self, token: str, method: str, path: str, body: bytes | None = None, *, key: str = "", patience: float = PATIENCE_S) -> Answer:
        """One call on a connection of its own; `key` is its Idempotency-Key."""
        return call(self.port, token, method, path, body, {"Idempotency-Key": key} if key else {}, patience)

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return self.call("", "GET", "/catalogue", patience=2).status == 200
        except NoAnswer:
            return False

    def ready(self) -> None:
        """Wait until it answers."""
        if not wait_until(lambda: self.is_ready, READY_WITHIN_S):
            raise RuntimeError(self.process.said)


def call(
    port: int,
    token: str,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    patience: float = PATIENCE_S,
) -> Answer:
    """One call; NoAnswer where none came, or half of one."""
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"} | (headers or {})
    connection, begun = HTTPConnection("127.0.0.1", port, timeout=patience), monotonic()
    try:
        connection.request(method, f"/api/v1{path}", body, sent)
        return whole(connection.getresponse(), begun)
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error)) from error
    finally:
        connection.close()


def whole(answer: HTTPResponse, begun: float) -> Answer:
    """The answer to what was asked at `begun`; NoAnswer where its head is cut, which http.client takes for a whole one."""
    if "Content-Length" not in answer.headers:
        raise NoAnswer("half a head")
    return Answer(answer.status, dict(answer.headers), answer.read(), monotonic() - begun)


@contextmanager
def serving(db: Database, folder: Path, *, app: str = "server.wsgi:app", code: Path | None = None, **settings: str) -> Iterator[Server]:
    """On `db`, until the drill leaves. `code` is a folder with another version of Graftlog."""
    folder.mkdir(parents=True, exist_ok=True)
    command = procfile()["web"].replace("server.wsgi:app", app)
    if code is not None:
        command, settings = f"cd {code} && {command}", settings | {"PYTHONPATH": str(code)}
    port = free_port()
    process = web_process(db.url, folder, port, command, **{"LOG_LEVEL": "ERROR", "WEB_WORKERS": "2", "WEB_THREADS": "4"} | settings)
    server = Server(process, port)
    try:
        server.ready()
        yield server
    finally:
        process.ask_to_stop()
        wait_until(lambda: not process.is_up(), 5)
        process.end()
