"""A small, fast HTTP/1.1 server on real sockets, for the far sides of the stories: gateways, push services, receivers."""

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

_HANG_UP_HARD = struct.pack("ii", 1, 0)
"""SO_LINGER that makes close() send a reset."""


@dataclass(frozen=True)
class Request:
    """What arrived; names of headers in lower case, `path` with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer. `cut` hangs up with a reset instead."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class _Connection(socketserver.StreamRequestHandler):
    """One connection, kept as long as the other side keeps it."""

    disable_nagle_algorithm = True
    server: "_Listener"

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self.server.track(self.request)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()
        self.server.untrack(self.request)

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            while (request := self._read()) is not None:
                reply = self.server.answer(request)
                if reply.cut:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HANG_UP_HARD)
                    return
                self.wfile.write(_written(reply))

    def _read(self) -> Request | None:
        first = self.rfile.readline(65536)
        if not first:
            return None
        method, path, _ = first.decode("latin-1").split(" ", 2)
        headers = {}
        while line := self.rfile.readline(65536).decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Request(method, path, headers, self.rfile.read(int(headers.get("content-length", "0"))))


def _written(reply: Reply) -> bytes:
    head = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", f"Content-Length: {len(reply.body)}"]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + reply.body


class _Listener(socketserver.ThreadingTCPServer):
    request_queue_size = 128
    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, port: int, answer: Callable[[Request], Reply], tls: ssl.SSLContext | None) -> None:
        self.answer, self.tls = answer, tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    def track(self, connection: socket.socket) -> None:
        """It is open."""
        with self._lock:
            self._open.add(connection)

    def untrack(self, connection: socket.socket) -> None:
        """It is not."""
        with self._lock:
            self._open.discard(connection)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self.track(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        self.untrack(request)
        with suppress(OSError):
            request.close()  # without the polite half-close of the base class, which would spoil a reset

    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that failed is the other side's story."""

    def hang_up(self) -> None:
        """Cut every connection."""
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class Server:
    """A running server; use as a context manager. Subclasses answer."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """`port` 0: any that is free."""
        self._listener = _Listener(port, self.answer, tls)
        self.port: int = self._listener.server_address[1]
        self.origin = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)

    def answer(self, request: Request) -> Reply:
        """What to say to one request."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Cut every connection; new ones are welcome."""
        self._listener.hang_up()

    def __enter__(self) -> Self:
        """Listening."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and cut what is open."""
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        self._thread.join()
