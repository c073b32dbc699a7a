"""A real mail server on a port of its own, which can be told to refuse, or to hang up at the worst moment."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What arrived. `replies` are given instead of taking the mail; at a verb in `hang_up` the connection is cut."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    hang_up: set[str] = field(default_factory=set)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """SMTP_URL of this server."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, count: int, seconds: float) -> bool:
        """Whether so many mails have arrived within that time."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.mails) >= count, seconds)

    def _answer(self, server: SMTP, verb: str) -> str | None:
        if verb in self.hang_up:
            cast("asyncio.Transport", server.transport).abort()
            return "421 gone"
        return self.replies.get(verb)

    async def handle_MAIL(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: D102, N802
        reply = self._answer(server, "MAIL")
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 OK"

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: D102, N802
        reply = self._answer(server, "RCPT")
        if reply is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """After the final dot: the message is here in full."""
        reply = self._answer(server, "DATA")
        if reply is None or "DATA" in self.hang_up:
            with self.arrived:
                assert isinstance(envelope.content, bytes)
                self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
                self.arrived.notify_all()
        return reply or "250 OK"


class _Controller(Controller):
    """On a socket that is bound already, so the port is nobody else's."""

    def __init__(self, handler: Mailbox, sock: socket.socket, **kwargs: Any) -> None:
        self.sock = sock
        super().__init__(handler, hostname="127.0.0.1", port=sock.getsockname()[1], **kwargs)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.sock, ssl=self.ssl_context)


@contextmanager
def open_mailbox(**kwargs: Any) -> Iterator[Mailbox]:
    """A running server; `kwargs` are aiosmtpd's own."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    mailbox = Mailbox(port=sock.getsockname()[1])
    controller = _Controller(mailbox, sock, **kwargs)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
        sock.close()


@contextmanager
def nobody_listens() -> Iterator[str]:
    """SMTP_URL of a port that refuses connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"smtp://127.0.0.1:{sock.getsockname()[1]}"
