"""Text messages to a gateway that speaks Twilio's API: what each of its answers, and each of its silences, says about the message."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from server.config import Config
from server.followup.channels import line as lines
from server.followup.channels.base import Known, MaybeSent, NotSent, Rejected
from server.followup.channels.sms import SmsWay
from tests.followup.parcels import text_to_anna
from tests.followup.provider import ACCOUNT, DOWN, LATE, LOST_ANSWER, TOKEN, TOO_MANY, Fault, Provider, read_ledger

Open = Callable[..., SmsWay]


@pytest.fixture
def gateway() -> Iterator[Provider]:
    """A gateway of this story's own."""
    with Provider() as running:
        yield running


@pytest.fixture
def open_way(config: Config) -> Iterator[Open]:
    """Ways to a gateway, hung up afterwards."""
    made: list[SmsWay] = []

    def to(provider: Provider, **settings: Any) -> SmsWay:
        defaults: dict[str, Any] = {
            "sms_url": provider.url,
            "sms_from": "+36201234567",
            "public_url": "https://follow-up.clinic.example",
        }
        made.append(SmsWay(replace(config, **(defaults | settings))))
        return made[-1]

    yield to
    for way in made:
        way.close()


def failure(way: SmsWay) -> NotSent:
    """How a message to Anna fails."""
    with pytest.raises(NotSent) as caught:
        way.send(text_to_anna())
    return caught.value


def test_a_message_is_taken(gateway: Provider, open_way: Open) -> None:
    """With the clinic's number, the whole text, and an address for receipts that names the message and nobody else."""
    parcel = text_to_anna(text="Kedves Anna! Várjuk hétfőn & szerdán. 100% =+")
    sid = open_way(gateway).send(parcel)
    (row,) = gateway.rows
    assert (row.sid, row.to, row.sender, row.body) == (sid, "+36301234567", "+36201234567", parcel.text)
    assert row.callback == f"https://follow-up.clinic.example/callbacks/sms/status?key={parcel.key}"


def test_a_messaging_service_sends_from_its_own_numbers(gateway: Provider, open_way: Open) -> None:
    open_way(gateway, sms_from="MG0123456789abcdef").send(text_to_anna())
    assert gateway.rows[0].sender == "MG0123456789abcdef"


def test_a_clinic_that_nobody_can_call_back_asks_for_no_receipts(
    gateway: Provider, open_way: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twilio refuses the whole message because of such an address; a gateway on this machine does not."""
    open_way(gateway, public_url="http://localhost:8000").send(text_to_anna())
    monkeypatch.setattr("server.followup.channels.sms.LOOPBACK", frozenset({"localhost"}))
    open_way(gateway, public_url="http://localhost:8000").send(text_to_anna())
    assert [bool(row.callback) for row in gateway.rows] == [True, False]


def test_messages_share_a_connection(gateway: Provider, open_way: Open) -> None:
    way = open_way(gateway)
    for _ in range(3):
        way.send(text_to_anna())
    kept = way._line._connection
    assert kept is not None
    sock = kept.sock
    way.send(text_to_anna())
    assert way._line._connection is kept
    assert kept.sock is sock


def test_a_connection_that_the_gateway_closed_meanwhile_is_replaced(gateway: Provider, open_way: Open) -> None:
    way = open_way(gateway)
    way.send(text_to_anna())
    gateway.hang_up()
    assert way._line._connection is not None
    way._line._connection.sock.recv(1, socket.MSG_PEEK)  # the goodbye has arrived
    way.send(text_to_anna())
    assert len(gateway.rows) == 2


def test_an_idle_connection_is_not_trusted(gateway: Provider, open_way: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    way = open_way(gateway)
    way.send(text_to_anna())
    first = way._line._connection
    monkeypatch.setattr(lines, "IDLE_S", -1)
    way.send(text_to_anna())
    assert way._line._connection is not first


@pytest.mark.parametrize(
    ("fault", "kind", "error", "wait_s", "down"),
    [
        (TOO_MANY, NotSent, "refused_429", 7.0, False),
        (Fault(429, headers={"Retry-After": "Fri, 13 Mar 2026 10:00:00 GMT"}), NotSent, "refused_429", None, False),
        (Fault(429, headers={"Retry-After": "99999"}), NotSent, "refused_429", 3600.0, False),
        (Fault(400, 21611), NotSent, "queue_full", 300, False),
        (Fault(401, 20003), NotSent, "credentials_refused", None, True),
        (Fault(403, 20403), NotSent, "credentials_refused", None, True),
        (Fault(404, 20404), NotSent, "refused_20404", None, True),
        (Fault(307), NotSent, "refused_307", None, True),
        (Fault(400, 21606), NotSent, "refused_21606", None, True),
        (Fault(400, 21211), Rejected, "invalid_number", None, False),
        (Fault(400, 21614), Rejected, "invalid_number", None, False),
        (Fault(400, 21610), Rejected, "stopped", None, False),
        (Fault(400, 21408), Rejected, "country_not_enabled", None, False),
        (Fault(400, 29999), Rejected, "refused_29999", None, False),
        (Fault(400, raw="<html>"), Rejected, "refused_400", None, False),
        (Fault(400, raw='{"code": {"x": 1}}'), Rejected, "refused_400", None, False),
        (DOWN, MaybeSent, "answered_503", None, True),
        (Fault(500, take=True), MaybeSent, "answered_500", None, True),
        (LOST_ANSWER, MaybeSent, "ConnectionResetError", None, True),
        (Fault(201, take=True, raw="{}"), MaybeSent, "answer_not_understood", None, False),
        (Fault(201, take=True, raw="[" * 10000), MaybeSent, "answer_not_understood", None, False),
        (Fault(201, take=True, raw='{"sid": "a b\\u0000"}'), MaybeSent, "answer_not_understood", None, False),
    ],
)
def test_what_an_answer_says(
    fault: Fault, kind: type[NotSent], error: str, wait_s: float | None, down: bool, gateway: Provider, open_way: Open
) -> None:
    """And the next message goes out as if nothing had been."""
    gateway.plan(fault)
    way = open_way(gateway)
    found = failure(way)
    assert (type(found), found.error, found.wait_s, found.provider_down) == (kind, error, wait_s, down)
    assert len(gateway.rows) == fault.take
    way.send(text_to_anna())
    assert len(gateway.rows) == fault.take + 1


def test_a_gateway_that_answers_too_late(gateway: Provider, open_way: Open) -> None:
    """It has the message; we cannot know."""
    gateway.plan(LATE)
    way = open_way(gateway)
    way._line._timeout_s = 0.2
    found = failure(way)
    gateway.let_go()
    assert (type(found), found.error) == (MaybeSent, "TimeoutError")
    assert len(gateway.rows) == 1


def test_a_gateway_that_is_not_there(open_way: Open) -> None:
    with Provider() as gone:
        pass
    found = failure(open_way(gone))
    assert (type(found), found.error, found.provider_down) == (NotSent, "ConnectionRefusedError", True)


def test_a_gateway_whose_name_nobody_knows(gateway: Provider, open_way: Open) -> None:
    found = failure(open_way(gateway, sms_url=f"https://{ACCOUNT}:t@gateway.invalid"))
    assert (type(found), found.error, found.provider_down) == (NotSent, "gaierror", True)


@pytest.mark.parametrize("host", ["gateway..example", "x" * 64 + ".example"])
def test_a_gateway_whose_name_is_none(host: str, gateway: Provider, open_way: Open) -> None:
    found = failure(open_way(gateway, sms_url=f"https://{ACCOUNT}:t@{host}"))
    assert (type(found), found.provider_down) == (NotSent, True)


def test_a_wrong_token_is_ours_to_repair(gateway: Provider, open_way: Open) -> None:
    found = failure(open_way(gateway, sms_url=f"http://{ACCOUNT}:wrong@127.0.0.1:{gateway.port}"))
    assert (type(found), found.error) == (NotSent, "credentials_refused")


def test_a_gateway_that_knows_keys_takes_a_message_once(open_way: Open) -> None:
    """Called again after a lost answer, it gives the same id, and Anna's telephone rings once."""
    with Provider(idempotent=True) as gateway:
        way, parcel = open_way(gateway, sms_idempotent=True), text_to_anna()
        gateway.plan(LOST_ANSWER)
        with pytest.raises(MaybeSent):
            way.send(parcel)
        sid = way.send(parcel)
        assert way.send(parcel) == sid
        assert [row.sid for row in gateway.rows] == [sid]
        assert gateway.repeats == 2


def test_a_gateway_without_keys_is_said_to_have_none(gateway: Provider, open_way: Open) -> None:
    """So the engine never calls it twice. It would send twice."""
    way, parcel = open_way(gateway), text_to_anna()
    assert not way.idempotent
    assert way.ask(parcel.key, parcel.reminder_id, parcel.clinic_id) == Known.CANNOT_SAY
    way.send(parcel)
    way.send(parcel)
    assert len(gateway.rows) == 2


def test_four_workers_at_once(gateway: Provider, open_way: Open) -> None:
    ways = [open_way(gateway) for _ in range(4)]
    threads = [threading.Thread(target=lambda way=way: [way.send(text_to_anna()) for _ in range(25)]) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.key for row in gateway.rows}) == len(gateway.rows) == 100


def test_the_ledger_outlives_the_gateway(tmp_path: Path, open_way: Open) -> None:
    """A gateway that starts again still knows the keys it took."""
    ledger, parcel = tmp_path / "ledger", text_to_anna()
    with Provider(idempotent=True, ledger=ledger) as gateway:
        sid = open_way(gateway, sms_idempotent=True).send(parcel)
    with Provider(idempotent=True, ledger=ledger) as gateway:
        assert open_way(gateway, sms_idempotent=True).send(parcel) == sid
    assert [row.sid for row in read_ledger(ledger)] == [sid]


def test_a_gateway_of_its_own_process_that_dies(tmp_path: Path, config: Config) -> None:
    """It takes the message and is gone before it answers; started again on the same ledger it knows what it took."""
    ledger = tmp_path / "ledger"
    settings = replace(config, sms_from="+36201234567", sms_idempotent=True)
    parcel = text_to_anna()
    with gateway_process(ledger) as port:
        with closing(HTTPConnection("127.0.0.1", port)) as order:
            order.request("POST", "/_plan", json.dumps([{"take": True, "die": True}]))
            assert order.getresponse().status == 204
        way = SmsWay(replace(settings, sms_url=f"http://{ACCOUNT}:{TOKEN}@127.0.0.1:{port}"))
        with pytest.raises(MaybeSent):
            way.send(parcel)
    with gateway_process(ledger) as port:
        way = SmsWay(replace(settings, sms_url=f"http://{ACCOUNT}:{TOKEN}@127.0.0.1:{port}"))
        sid = way.send(parcel)
        way.close()
    assert [(row.sid, row.key) for row in read_ledger(ledger)] == [(sid, str(parcel.key))]


@contextmanager
def gateway_process(ledger: Path) -> Iterator[int]:
    """The port of a running process."""
    command = [sys.executable, "-m", "tests.followup.provider", "--ledger", str(ledger), "--idempotent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().split()[-1])
        finally:
            process.kill()
