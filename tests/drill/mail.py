"""A mail server in a process of its own: `python -m tests.drill.mail --ledger FILE`. One line for each mail that it took."""

import argparse
import asyncio
import os
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Ledger:
    """Takes every mail, slowly, and writes its Message-ID down before it says so."""

    def __init__(self, path: Path, late_s: float) -> None:
        self._file, self._late_s = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), late_s

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  reason: aiosmtpd's name
        """After the final dot the mail is here, whoever hears of it."""
        assert isinstance(envelope.content, bytes)
        message_id = str(message_from_bytes(envelope.content)["Message-ID"]).strip()
        os.write(self._file, f"{message_id}\n".encode())
        await asyncio.sleep(self._late_s)
        return "250 OK"


async def serve(path: Path, late_s: float) -> None:
    """Run until killed. The first line of the output says where."""
    ledger = Ledger(path, late_s)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(ledger, hostname="localhost"), "127.0.0.1", 0)
    sys.stdout.write(f"listening on {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--ledger", type=Path, required=True)
    read.add_argument("--late-ms", type=int, default=0, help="between taking a mail and saying so")
    given = read.parse_args()
    asyncio.run(serve(given.ledger, given.late_ms / 1000))
