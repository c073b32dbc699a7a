"""Where the messages of a benchmark arrive: a text message gateway that honours keys and a mail server, in one small process of its own."""

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from bench.place import ROOT, cpu_of

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")
_KEY = re.compile(rb"(?i)\r\nidempotency-key: *([0-9a-f-]+)")
_MESSAGE_ID = re.compile(rb"(?i)message-id: *<([^@>]+)@")
_END = b"\r\n.\r\n"


@dataclass
class Ledger:
    """What arrived: how often each key, and when the first and the last came."""

    calls: int = 0
    keys: dict[bytes, int] = field(default_factory=dict)
    first: float = 0
    last: float = 0

    def take(self, key: bytes) -> int:
        """The number of this message; a repeated key has the number that it had."""
        self.calls += 1
        self.last = time.time()
        self.first = self.first or self.last
        return self.keys.setdefault(key, self.calls)

    def said(self) -> bytes:
        """The figures so far as JSON."""
        return json.dumps({"calls": self.calls, "messages": len(self.keys), "first": self.first, "last": self.last}).encode()

    def clear(self) -> bytes:
        """The same; the next ones begin from nothing."""
        said = self.said()
        self.calls, self.first, self.last = 0, 0, 0
        self.keys.clear()
        return said


class Gateway(asyncio.Protocol):
    """Just enough of Twilio's API over kept connections."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.waiting = ledger, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.waiting) < whole:
                return
            self.waiting = self.waiting[whole:]
            self.transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"GET"):
            status, body = b"200 OK", self.ledger.clear() if b"/clear " in head else self.ledger.said()
        else:
            key = _KEY.search(head)
            status, body = b"201 Created", b'{"sid": "SM%032x", "status": "queued"}' % self.ledger.take(key[1] if key else b"")
        return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class Mail(asyncio.Protocol):
    """Just enough of SMTP. The key is the Message-ID, which is made of it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.waiting, self.in_data = ledger, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every whole line, or the whole message."""
        self.waiting += data
        while True:
            mark = _END if self.in_data else b"\r\n"
            text, found, rest = self.waiting.partition(mark)
            if not found:
                return
            self.waiting = rest
            self.transport.write(self._taken(text) if self.in_data else self._answer(text))

    def _taken(self, text: bytes) -> bytes:
        self.in_data = False
        key = _MESSAGE_ID.search(text)
        return b"250 OK %d\r\n" % self.ledger.take(key[1] if key else b"")

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        self.in_data = verb == b"DATA"
        return {b"DATA": b"354 go on\r\n", b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 OK\r\n")


async def _serve() -> None:
    loop, ledger = asyncio.get_running_loop(), Ledger()
    servers = [await loop.create_server(partial(kind, ledger), "127.0.0.1", 0) for kind in (Gateway, Mail)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


@dataclass(frozen=True)
class Sink:
    """A running one."""

    pid: int
    http_port: int
    smtp_port: int

    @property
    def settings(self) -> dict[str, str]:
        """What sends text messages there, unpaced and with keys."""
        return {
            "SMS_URL": f"http://AC1:token@127.0.0.1:{self.http_port}",
            "SMS_FROM": "+36201110000",
            "SMS_PER_SECOND": "0",
            "SMS_IDEMPOTENT": "yes",
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
        }

    def cpu_s(self) -> float:
        """Processor time used so far."""
        return cpu_of(self.pid)

    def figures(self, *, clear: bool = False) -> dict[str, Any]:
        """Calls, distinct messages, and when the first and last came; `clear` begins anew."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/{'clear' if clear else ''}", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def sink() -> Iterator[Sink]:
    """Listening until the end of the block."""
    process = subprocess.Popen([sys.executable, "-m", "bench.reminders_sink"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        http_port, smtp_port = map(int, process.stdout.readline().split())
        yield Sink(process.pid, http_port, smtp_port)
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(_serve())
