"""The network between a tablet and the server: a small TCP proxy that loses answers, cuts bodies, delays and doubles requests."""

import random
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

PATIENCE_S = 20
_END_OF_HEAD = b"\r\n\r\n"


class Fault(StrEnum):
    """What happens to one request."""

    NONE = "none"
    REFUSED = "refused"
    CUT_REQUEST = "cut_request"
    LOST_ANSWER = "lost_answer"
    CUT_ANSWER = "cut_answer"
    DOUBLED = "doubled"
    LATE = "late"


@dataclass
class Gate:
    """Holds the next request to `path` where it says: half of it sent, or the answer there and not passed on. It never passes it on."""

    path: bytes
    half_sent: bool
    reached: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


@dataclass
class Network:
    """Faults of requests to come, drawn with one seed; `calm` lets everything through."""

    upstream: tuple[str, int]
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    share: float = 0.0
    gate: Gate | None = None
    happened: Counter[Fault] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self) -> tuple[Fault, float]:
        """(fault, where it cuts or how long it lasts: 0 to 1)."""
        with self.lock:
            fault = self.dice.choice(list(Fault)[1:]) if self.dice.random() < self.share else Fault.NONE
            self.happened[fault] += 1
            return fault, self.dice.random()

    def held(self, request: bytes) -> Gate | None:
        """The gate that this request stands at; it opens for none after it."""
        with self.lock:
            gate = self.gate
            if gate is None or gate.path not in request.partition(b"\r\n")[0]:
                return None
            self.gate = None
            return gate


class _Connection(socketserver.BaseRequestHandler):
    """One request each: what is asked to close afterwards is closed."""

    server: "_Server"

    def handle(self) -> None:
        """Pass one request on, or not."""
        network = self.server.network
        self.request.settimeout(PATIENCE_S)
        with suppress(OSError):
            request = _message(self.request)
            gate = network.held(request)
            if gate:
                _hold(network, request, gate)
            elif request:
                self._pass(network, request, *network.draw())

    def _pass(self, network: Network, request: bytes, fault: Fault, place: float) -> None:
        if fault == Fault.REFUSED:
            return
        if fault == Fault.CUT_REQUEST:
            with closing(_to(network)) as upstream:
                upstream.sendall(request[: int(len(request) * place)])
            return
        if fault == Fault.LATE:
            time.sleep(place / 20)  # a slow network, not a wait for anything
        twin = threading.Thread(target=_ask, args=(network, request)) if fault == Fault.DOUBLED else None
        if twin:
            twin.start()
        answer = _ask(network, request)
        if twin:
            twin.join()
        if fault == Fault.CUT_ANSWER:
            answer = answer[: int(len(answer) * place)]
        if fault != Fault.LOST_ANSWER:
            self.request.sendall(answer)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    network: Network


def _hold(network: Network, request: bytes, gate: Gate) -> None:
    """The client stands still here until the gate is left, and hears nothing."""
    if gate.half_sent:
        with closing(_to(network)) as upstream:
            upstream.sendall(request[: len(request) // 2])
            gate.reached.set()
            gate.left.wait(PATIENCE_S)
    else:
        _ask(network, request)
        gate.reached.set()
        gate.left.wait(PATIENCE_S)


def _to(network: Network) -> socket.socket:
    return socket.create_connection(network.upstream, PATIENCE_S)


def _ask(network: Network, request: bytes) -> bytes:
    """The server's whole answer; nothing where it is away."""
    with suppress(OSError), closing(_to(network)) as upstream:
        upstream.sendall(request)
        return _message(upstream)
    return b""


def _message(connection: socket.socket) -> bytes:
    """One whole HTTP message with Content-Length, or less where the other side hangs up."""
    read = b""
    while _END_OF_HEAD not in read:
        part = connection.recv(65536)
        if not part:
            return read
        read += part
    head, _, body = read.partition(_END_OF_HEAD)
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        part = connection.recv(min(missing, 65536))
        if not part:
            break
        read, missing = read + part, missing - len(part)
    return read


@contextmanager
def between(upstream: tuple[str, int]) -> Iterator[tuple[Network, int]]:
    """(the network, the port on which it listens)."""
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.network = Network(upstream)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.network, server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
