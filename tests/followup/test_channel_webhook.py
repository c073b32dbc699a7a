"""Webhooks: signed as Standard Webhooks says, never into the house, and never held up by one slow receiver."""

import base64
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server import clock
from server.config import Config
from server.followup.channels import addresses, lines
from server.followup.channels import line as single
from server.followup.channels.addresses import is_inside, is_open, open_addresses
from server.followup.channels.base import MaybeSent, NotSent, Parcel, Rejected
from server.followup.channels.lines import fault_of
from server.followup.channels.webhook import WebhookWay, sign
from tests.followup.parcels import mail_to_anna
from tests.followup.receivers import Receiver, certificate

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {"endpoint_id": "x", "type": "visit.missed", "timestamp": "2026-03-13T09:00:00Z", "data": {"visit_id": "v"}}
NOW = datetime(2026, 3, 13, 9, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A clinic's own system."""
    with Receiver() as running:
        yield running


@pytest.fixture
def way(config: Config) -> Iterator[WebhookWay]:
    """One that may call this machine."""
    made = WebhookWay(replace(config, webhook_private=True))
    yield made
    made.close()


@pytest.fixture
def careful(config: Config) -> Iterator[WebhookWay]:
    """One that may not, which is the default."""
    made = WebhookWay(config)
    yield made
    made.close()


def event(receiver: Receiver | str, **only_what_matters: Any) -> Parcel:
    """A missed visit."""
    to = receiver if isinstance(receiver, str) else f"{receiver.origin}/hook?clinic=riverside"
    return mail_to_anna(**({"to": to, "payload": dict(EVENT), "secrets": {"secret": SECRET}} | only_what_matters))


def test_the_example_of_the_standard() -> None:
    """From the page of the specification."""
    body = b'{"test": 2432232314}'
    assert sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_everything(way: WebhookWay, receiver: Receiver) -> None:
    """Who sent it, when, which one it is, and that nothing was changed; and nothing of ours that is not theirs."""
    parcel = event(receiver)
    with clock.at(NOW):
        assert way.send(parcel) == str(parcel.key)
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?clinic=riverside")
    assert receiver.last() == {"type": "visit.missed", "timestamp": "2026-03-13T09:00:00Z", "data": {"visit_id": "v"}}
    signed = f"{parcel.key}.{int(NOW.timestamp())}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(base64.b64decode(SECRET[6:]), signed, "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == (str(parcel.key), str(int(NOW.timestamp())))


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (410, Rejected, "endpoint_gone"),
        (404, Rejected, "answered_404"),
        (301, Rejected, "answered_301"),
        (408, NotSent, "answered_408"),
        (429, NotSent, "answered_429"),
        (500, NotSent, "answered_500"),
        (503, NotSent, "answered_503"),
    ],
)
def test_what_an_answer_says(status: int, kind: type[NotSent], error: str, way: WebhookWay, receiver: Receiver) -> None:
    """Redirects are not followed, and one receiver's fault is not the fault of all."""
    receiver.status, receiver.headers = status, {"Location": f"{receiver.origin}/elsewhere"}
    with pytest.raises(NotSent) as caught:
        way.send(event(receiver))
    assert (type(caught.value), caught.value.error, caught.value.provider_down) == (kind, error, False)
    assert len(receiver.requests) == 1


def test_a_lost_answer_is_asked_for_again_under_the_same_id(way: WebhookWay, receiver: Receiver) -> None:
    receiver.cut = True
    parcel = event(receiver)
    with pytest.raises(MaybeSent):
        way.send(parcel)
    receiver.cut = False
    assert way.idempotent
    way.send(parcel)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_a_receiver_that_is_not_there(way: WebhookWay) -> None:
    with Receiver() as gone:
        pass
    with pytest.raises(NotSent, match="ConnectionRefusedError") as caught:
        way.send(event(gone))
    assert (type(caught.value), caught.value.provider_down) == (NotSent, False)


def test_a_receiver_without_a_secret(way: WebhookWay, receiver: Receiver) -> None:
    for secrets in ({}, {"secret": "whsec_§"}):
        with pytest.raises(Rejected, match="no_secret"):
            way.send(event(receiver, secrets=secrets))
    assert receiver.requests == []


def test_connections_are_kept_and_the_oldest_is_let_go(way: WebhookWay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as other:
        way.send(event(receiver))
        kept = way._lines._open["http", f"127.0.0.1:{receiver.port}"]
        way.send(event(receiver))
        assert way._lines._open == {("http", f"127.0.0.1:{receiver.port}"): kept}
        monkeypatch.setattr(lines, "MOST", 1)
        way.send(event(other))
        assert list(way._lines._open) == [("http", f"127.0.0.1:{other.port}")]
        assert kept._connection is None


def test_a_receiver_that_drips_is_cut_off(way: WebhookWay, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte now and then keeps every single read inside its timeout."""
    monkeypatch.setattr(lines, "DEADLINE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def drip() -> None:
            line, _ = listening.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 ")
                while not over.wait(0.02):
                    line.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(MaybeSent):
                way.send(event(f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        finally:
            over.set()
            thread.join()


def test_an_answer_without_end_is_not_read(way: WebhookWay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "LONGEST_ANSWER", 1)
    way.send(event(receiver))
    way.send(event(receiver))
    assert len(receiver.requests) == 2


INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:a00:1::", "2001:db8::1", "::127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_the_house(address: str) -> None:
    assert not is_open(address)
    assert is_inside(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.6.1.1", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_open(address)
    assert not is_inside(address)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "router", "printer.local", "db.internal", "2130706433"])
def test_names_inside_the_house(host: str) -> None:
    assert is_inside(host)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(
    receiver: Receiver, careful: WebhookWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the name says, the address decides; one bad address among good ones is enough."""

    def answers(*found: str) -> None:
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: rows)

    for found in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"]):
        answers(*found)
        with pytest.raises(Rejected, match="private_address"):
            careful.send(event(f"https://hook.clinic.example:{receiver.port}/"))
    assert receiver.requests == []
    answers("8.8.8.8", "8.8.4.4", "9.9.9.9", "8.8.8.8")
    assert open_addresses("hook.clinic.example", 443) == ["8.8.8.8", "8.8.4.4"]


def test_a_name_that_nobody_knows_is_tried_again(careful: WebhookWay) -> None:
    with pytest.raises(NotSent, match="NameResolutionError") as caught:
        careful.send(event("https://hook.clinic.invalid/"))
    assert type(caught.value) is NotSent


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/", "https://127.0.0.1/", "https://localhost/", "https://u:p@8.8.8.8/", "file:///etc/passwd", "x"]
)
def test_an_address_that_was_stored_before_the_rules(url: str, careful: WebhookWay) -> None:
    with pytest.raises(Rejected, match="bad_address"):
        careful.send(event(url))


def test_the_connection_goes_to_the_address_that_was_looked_at(
    tmp_path: Path, config: Config, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the certificate must be the name's: no second look-up in between can lead elsewhere."""
    server, trusted = certificate(tmp_path, "hook.clinic.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    single.trusting.cache_clear()
    monkeypatch.setattr(lines, "open_addresses", lambda _host, _port: ["127.0.0.1"])
    try:
        with Receiver(tls=server) as system:
            way = WebhookWay(config)
            way.send(event(f"https://hook.clinic.example:{system.port}/in"))
            assert system.requests[0].headers["host"] == f"hook.clinic.example:{system.port}"
            for name in ("other.clinic.example", "sub.hook.clinic.example"):
                with pytest.raises(NotSent, match="SSLCertVerificationError"):
                    way.send(event(f"https://{name}:{system.port}/in"))
            assert len(system.requests) == 1
            way.close()
    finally:
        single.trusting.cache_clear()
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("url", "private", "said"),
    [
        ("https://hook.clinic.example/in?x=1", False, None),
        ("https://hook.clinic.example:8443", False, None),
        ("http://127.0.0.1:9/", True, None),
        ("http://hook.clinic.example/", False, "https://"),
        ("https://", True, "not an address"),
        ("https://hook.clinic.example:0/", True, "not an address"),
        ("https://hook.clinic.example:99999/", True, "not an address"),
        ("https://[::1", True, "not an address"),
        ("https://hook.clinic.example/ x", True, "not an address"),
        ("https://hook.clinic.example/\r\nX: y", True, "not an address"),
        ("https://höok.clinic.example/", True, "not an address"),
        ("https://user:pass@hook.clinic.example/", True, "password"),
        ("https://hook.clinic.example/#part", True, "#"),
        ("https://10.0.0.1/", False, "private network"),
        ("https://[::1]/", False, "private network"),
        ("https://db.internal/", False, "private network"),
        ("ftp://hook.clinic.example/", True, "https://"),
    ],
)
def test_what_is_wrong_with_an_address(url: str, private: bool, said: str | None) -> None:
    fault = fault_of(url, private=private)
    assert (said in fault) if said and fault else fault == said


def test_two_addresses_are_enough() -> None:
    """A name with a hundred of them would hold a worker for a hundred timeouts."""
    assert addresses.MOST * lines.TIMEOUT_S + lines.DEADLINE_S <= 30
