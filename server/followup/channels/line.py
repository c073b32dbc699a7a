"""One kept HTTP connection to one server. Of every failure it says whether the request can have arrived."""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult

from server.followup.channels.base import MaybeSent, NotSent

TIMEOUT_S = 10
"""For connecting, and for every read."""
IDLE_S = 15
"""A connection unused for so long is not trusted: the far side may hang up just while the next request is under way."""
LONGEST_ANSWER = 64 * 1024
_BROKEN = (OSError, HTTPException)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What the server said; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """HTTP without redirects, proxies and repetitions: exactly one request leaves for each call."""

    def __init__(
        self,
        url: SplitResult,
        *,
        addresses: Callable[[str, int], list[str]] | None = None,
        timeout_s: float = TIMEOUT_S,
        deadline_s: float | None = None,
    ) -> None:
        """`addresses` resolves the host and may refuse it by raising; the connection then goes to one of them and to nothing else.

        `deadline_s` is for the whole of one exchange, for servers that send one byte at a time.
        """
        self._host, self._tls = url.hostname or "", url.scheme == "https"
        self._port = url.port or _PORTS[url.scheme]
        self._addresses, self._timeout_s, self._deadline_s = addresses, timeout_s, deadline_s
        self._connection: HTTPConnection | None = None
        self._used_at = 0.0

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status. Raises NotSent when the request cannot have arrived in full, MaybeSent when it may have."""
        connection = self._open()
        watchdog = self._watch(connection)
        try:
            return self._exchange(connection, path, body, headers)
        except BaseException:
            self.close()
            raise
        finally:
            if watchdog is not None:
                watchdog.cancel()

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _exchange(self, connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            connection.request("POST", path, body, dict(headers))
        except _BROKEN as error:
            raise NotSent(type(error).__name__, provider_down=True) from None
        try:
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, found, response.read(LONGEST_ANSWER))
        except _BROKEN as error:
            raise MaybeSent(type(error).__name__, provider_down=True) from None
        if not response.isclosed():  # longer than anybody reads
            self.close()
        self._used_at = time.monotonic()
        return answer

    def _open(self) -> HTTPConnection:
        if self._connection is not None and time.monotonic() - self._used_at < IDLE_S and _is_quiet(self._connection.sock):
            return self._connection
        self.close()
        try:
            self._connection = self._connect()
        except (*_BROKEN, UnicodeError) as error:  # the latter for a name that no name service could hold
            raise NotSent(type(error).__name__, provider_down=True) from None
        return self._connection

    def _connect(self) -> HTTPConnection:
        """To the first address that takes the call. The host's name stands in the certificate and in the request, wherever it led."""
        made = HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        made.auto_open = 0  # it must never connect by itself, past the addresses that were looked at
        if self._tls:
            made.default_port = _PORTS["https"]  # else the request would name the port, which some servers do not know themselves by
        failure: OSError | None = None
        for address in self._addresses(self._host, self._port) if self._addresses else [self._host]:
            try:
                made.sock = self._reach(address)
            except OSError as error:
                failure = error
            else:
                return made
        raise failure or OSError

    def _reach(self, address: str) -> socket.socket:
        plain = socket.create_connection((address, self._port), self._timeout_s)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return trusting().wrap_socket(plain, server_hostname=self._host) if self._tls else plain
        except BaseException:
            plain.close()
            raise

    def _watch(self, connection: HTTPConnection) -> threading.Timer | None:
        if self._deadline_s is None:
            return None

        def cut() -> None:
            with suppress(OSError, AttributeError):  # gone already
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)  # past TLS, which would only forget its own state

        timer = threading.Timer(self._deadline_s, cut)
        timer.daemon = True
        timer.start()
        return timer


@cache
def trusting() -> ssl.SSLContext:
    """The system's certificates, read once: that takes longer than a hundred messages."""
    return ssl.create_default_context()


def _is_quiet(sock: socket.socket | None) -> bool:
    """Whether the kept connection stands: between two requests a server that has something to say is hanging up."""
    if sock is None:
        return False
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return not waiting.poll(0)
