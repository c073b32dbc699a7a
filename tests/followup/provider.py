"""A text message gateway that speaks Twilio's REST API, keeps a ledger of what it took, and misbehaves when told to.

In a test: `with Provider() as provider`. As a process of its own: `python -m tests.followup.provider --ledger FILE`.
"""

import argparse
import base64
import hmac
import json
import os
import random
import secrets
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.followup.wire import Reply, Request, Server

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "gateway-token"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@dataclass(frozen=True)
class Row:
    """One message that the gateway took; `key` is the sender's, from its header or from the address for receipts."""

    sid: str
    key: str
    to: str
    sender: str
    body: str
    at: str
    callback: str = ""


@dataclass(frozen=True)
class Fault:
    """What happens to one call instead of a plain yes. `take`: the message goes out all the same."""

    status: int = 0
    code: int = 0
    take: bool = False
    cut: bool = False
    hold: bool = False
    late_s: float = 0
    die: bool = False
    raw: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


LATE = Fault(take=True, hold=True)
"""Takes the message and answers only when it is let go."""
LOST_ANSWER = Fault(take=True, cut=True)
"""Takes the message and hangs up without a word."""
TOO_MANY = Fault(status=429, code=20429, headers={"Retry-After": "7"})
DOWN = Fault(status=503)


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature as Twilio's documentation describes it."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


class Provider(Server):
    """`plan` names what happens to the next calls, `always` to all others; `odds` are (chance, fault) for the rest."""

    def __init__(
        self, *, port: int = 0, idempotent: bool = False, ledger: Path | None = None, receipts: Sequence[str] = (), copies: int = 1
    ) -> None:
        """`receipts` are the statuses that each message's callback is told, `copies` times each, by a thread of its own."""
        super().__init__(port)
        self.idempotent = idempotent
        self.rows: list[Row] = []
        self.calls = self.repeats = 0
        self.always: Fault | None = None
        self.odds: Sequence[tuple[float, Fault]] = ()
        self._plan: deque[Fault] = deque()
        self._by_key: dict[str, str] = {}
        self._changed = threading.Condition()
        self._go = threading.Event()
        self._statuses, self._copies = tuple(receipts), copies
        self._outgoing: SimpleQueue[Row | None] = SimpleQueue()
        self._dice = random.Random(7)
        self._ledger = os.open(ledger, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600) if ledger else None
        if ledger:
            self.rows = read_ledger(ledger)
            self._by_key = {row.key: row.sid for row in self.rows if row.key}

    @property
    def url(self) -> str:
        """SMS_URL of this gateway."""
        return f"http://{ACCOUNT}:{TOKEN}@127.0.0.1:{self.port}"

    def plan(self, *faults: Fault) -> None:
        """What happens to the next calls, one each."""
        self._plan.extend(faults)

    def let_go(self) -> None:
        """Answer everything that is held."""
        self._go.set()

    def wait_for(self, count: int, seconds: float = 10) -> bool:
        """Whether so many messages have been taken within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.rows) >= count, seconds)

    def answer(self, request: Request) -> Reply:
        """One call of the API, or an order of a drill."""
        if request.path == "/_always":
            self.always = Fault(**json.loads(request.body)) if request.body else None
            return Reply(204)
        if request.path == "/_plan":
            self.plan(*(Fault(**one) for one in json.loads(request.body)))
            return Reply(204)
        refusal = _refusal(request)
        return refusal or self._message(request)

    def _message(self, request: Request) -> Reply:
        with self._changed:
            self.calls += 1
            fault = self._plan.popleft() if self._plan else self.always or self._thrown()
            if fault and not fault.take and (fault.status or fault.cut):
                return _bad(fault)
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            row = self._take(form, request.headers.get("idempotency-key", ""))
            self._changed.notify_all()
        if fault:
            if fault.die:
                os._exit(1)
            if fault.late_s:
                self._go.wait(fault.late_s)
            if fault.hold:
                self._go.wait(30)
            if fault.cut or fault.status or fault.raw is not None:
                return _bad(fault)
        body = {
            "sid": row.sid,
            "status": "queued",
            "to": row.to,
            "from": row.sender,
            "error_code": None,
            "uri": f"{PATH[:-5]}/{row.sid}.json",
        }
        return Reply(201, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _thrown(self) -> Fault | None:
        return next((fault for chance, fault in self.odds if self._dice.random() < chance), None)

    def _take(self, form: Mapping[str, str], key: str) -> Row:
        callback = form.get("StatusCallback", "")
        key = key or parse_qs(urlsplit(callback).query).get("key", [""])[0]
        if self.idempotent and key in self._by_key:
            self.repeats += 1
            return next(row for row in reversed(self.rows) if row.key == key)
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = Row("SM" + secrets.token_hex(16), key, form.get("To", ""), sender, form.get("Body", ""), now, callback)
        self.rows.append(row)
        self._by_key[key] = row.sid
        if self._ledger is not None:
            os.write(self._ledger, (json.dumps(asdict(row), ensure_ascii=False) + "\n").encode())
        if self._statuses and row.callback:
            self._outgoing.put(row)
        return row

    def _tell(self) -> None:
        while (row := self._outgoing.get()) is not None:
            for status in self._statuses:
                for _ in range(self._copies):
                    tell(row, status)

    def __enter__(self) -> Self:
        """Listening, and telling."""
        self._teller = threading.Thread(target=self._tell, daemon=True)
        self._teller.start()
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        """Let go of everything and stop."""
        self.let_go()
        self._outgoing.put(None)
        super().__exit__()
        self._teller.join()
        if self._ledger is not None:
            os.close(self._ledger)


def _refusal(request: Request) -> Reply | None:
    if request.method != "POST" or request.path != PATH:
        return _bad(Fault(status=404, code=20404))
    wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return None if request.headers.get("authorization") == wanted else _bad(Fault(status=401, code=20003))


def _bad(fault: Fault) -> Reply:
    if fault.cut:
        return Reply(cut=True)
    words: dict[str, Any] = {"code": fault.code, "message": "told so", "status": fault.status}
    body = fault.raw if fault.raw is not None else json.dumps(words)
    return Reply(fault.status or 201, body.encode(), {"Content-Type": "application/json", **fault.headers})


def receipt_form(row: Row, status: str, error: int = 0) -> dict[str, str]:
    """What a status callback says about a message."""
    form = {
        "MessageSid": row.sid,
        "SmsSid": row.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": row.to,
        "From": row.sender,
        "AccountSid": ACCOUNT,
    }
    return form | ({"ErrorCode": str(error)} if error else {})


def tell(row: Row, status: str, error: int = 0) -> int:
    """Call a message's callback over a real connection; the status of the answer, 0 where nobody answers."""
    url, form = urlsplit(row.callback), receipt_form(row, status, error)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature(TOKEN, row.callback, form)}
    connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=10)
    try:
        connection.request("POST", f"{url.path}?{url.query}", body=urlencode(form).encode(), headers=headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def read_ledger(path: Path) -> list[Row]:
    """What a gateway took, in order; of a row that its death cut short, nothing."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [Row(**json.loads(line)) for line in lines if line.endswith("\n")]


def main() -> None:
    """Run until killed. The first line of the output says where."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--port", type=int, default=0)
    read.add_argument("--ledger", type=Path, required=True)
    read.add_argument("--idempotent", action="store_true", help="take a repeated Idempotency-Key as the same message")
    read.add_argument("--receipts", nargs="*", default=[], metavar="STATUS", help="for example: sent delivered")
    read.add_argument("--copies", type=int, default=1, help="how often each receipt is told")
    read.add_argument("--late-ms", type=int, default=0, help="of every answer")
    for name, what in (("down", "answers 503"), ("refuse", "answers 429"), ("cut", "takes the message and hangs up")):
        read.add_argument(f"--{name}", type=float, default=0, metavar="CHANCE", help=what)
    given = read.parse_args()
    provider = Provider(port=given.port, idempotent=given.idempotent, ledger=given.ledger, receipts=given.receipts, copies=given.copies)
    late = given.late_ms / 1000
    provider.always = Fault(late_s=late) if late and not (given.down or given.refuse or given.cut) else None
    provider.odds = (
        (given.down, DOWN),
        (given.refuse, TOO_MANY),
        (given.cut, LOST_ANSWER),
        (1.0 if late else 0.0, replace(Fault(), late_s=late)),
    )
    with provider:
        sys.stdout.write(f"listening on {provider.port}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
