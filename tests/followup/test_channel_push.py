"""Web push: what a browser's push service gets, and what only that browser can read. Vectors: RFC 8291 appendix A."""

import stat
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import derive_private_key

from server import clock
from server.config import Config
from server.followup.channels import push_crypto
from server.followup.channels.base import MaybeSent, NotSent, Parcel, Rejected
from server.followup.channels.push import PushWay
from tests.followup.parcels import mail_to_anna
from tests.followup.receivers import Browser, Receiver, b64url, unb64url, vapid_claims

RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_BROWSER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
RFC_AUTH, RFC_SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
NOW = datetime(2026, 3, 13, 9, tzinfo=UTC)
WORDS = {"title": "Follow-up", "body": "3 patients need a call", "url": "/work-list"}


def private(text: str) -> ec.EllipticCurvePrivateKey:
    """A key of the RFC."""
    return derive_private_key(int.from_bytes(unb64url(text), "big"), ec.SECP256R1())


@pytest.fixture
def service() -> Iterator[Receiver]:
    """A push service."""
    with Receiver() as running:
        running.status = 201
        yield running


@pytest.fixture
def house(config: Config, tmp_path: Path) -> Config:
    """Settings under which a push service on this machine may be called."""
    return replace(config, keys=tmp_path / "keys", webhook_private=True, mail_from="Graftlog <follow-up@clinic.example>")


@pytest.fixture
def way(house: Config) -> Iterator[PushWay]:
    """With a key of its own."""
    made = PushWay(house)
    yield made
    made.close()


def to(service: Receiver, browser: Browser, **only_what_matters: Any) -> Parcel:
    """A message to Dr Vera Kovács."""
    fields = {"to": f"{service.origin}/push/abc?x=1", "secrets": browser.secrets, "payload": dict(WORDS)}
    return mail_to_anna(**(fields | only_what_matters))


def test_the_example_of_the_standard_byte_for_byte() -> None:
    public, auth = push_crypto.read_keys(RFC_BROWSER_PUBLIC, RFC_AUTH)
    body = push_crypto.encrypt(RFC_TEXT, public, auth, salt=unb64url(RFC_SALT), ours=private(RFC_OURS))
    assert b64url(body) == RFC_BODY
    assert Browser(private(RFC_BROWSER), unb64url(RFC_AUTH)).read(body) == RFC_TEXT


def test_no_two_messages_share_a_key() -> None:
    public, auth = push_crypto.read_keys(RFC_BROWSER_PUBLIC, RFC_AUTH)
    one, two = push_crypto.encrypt(RFC_TEXT, public, auth), push_crypto.encrypt(RFC_TEXT, public, auth)
    assert one[:16] != two[:16]
    assert one[21:86] != two[21:86]


def test_vera_reads_what_her_push_service_cannot(way: PushWay, service: Receiver) -> None:
    browser = Browser()
    parcel = to(service, browser)
    with clock.at(NOW):
        assert way.send(parcel) == str(parcel.key)
    (request,) = service.requests
    assert (request.method, request.path) == ("POST", "/push/abc?x=1")
    assert browser.read(request.body).decode() == (
        f'{{"title":"Follow-up","body":"3 patients need a call","url":"/work-list","tag":"{parcel.key}"}}'
    )
    with pytest.raises(InvalidTag):
        Browser(key=browser.key).read(request.body)
    assert request.headers["content-encoding"] == "aes128gcm"
    assert (request.headers["ttl"], request.headers["urgency"]) == ("86400", "normal")
    assert uuid.UUID(bytes=unb64url(request.headers["topic"])) == parcel.key


def test_the_push_service_knows_who_calls(way: PushWay, service: Receiver, house: Config) -> None:
    """By the key that the browsers were given, for half a day, and for this service only."""
    with clock.at(NOW):
        way.send(to(service, Browser()))
        way.send(to(service, Browser(), payload=WORDS | {"urgency": "high"}))
    claims, key = vapid_claims(service.requests[0].headers)
    assert claims == {"aud": service.origin, "exp": int(NOW.timestamp()) + 12 * 3600, "sub": "mailto:follow-up@clinic.example"}
    assert unb64url(key) == push_crypto.point(push_crypto.push_key(house.keys).public_key())
    assert service.requests[1].headers["authorization"] == service.requests[0].headers["authorization"]
    assert service.requests[1].headers["urgency"] == "high"
    with clock.at(NOW + timedelta(hours=7)):
        way.send(to(service, Browser()))
    assert vapid_claims(service.requests[2].headers)[0]["exp"] == int(NOW.timestamp()) + 19 * 3600


def test_where_nobody_has_an_address_the_page_is_named(house: Config, service: Receiver) -> None:
    """Some push services refuse an address on localhost."""
    way = PushWay(replace(house, mail_from="Graftlog <no-reply@localhost>", public_url="https://follow-up.clinic.example"))
    way.send(to(service, Browser()))
    assert vapid_claims(service.requests[0].headers)[0]["sub"] == "https://follow-up.clinic.example"
    way.close()


def test_the_key_is_made_once_whoever_is_first(tmp_path: Path) -> None:
    """For the owner's eyes, whole, and the same for all who start at the same moment."""
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(push_crypto.point(push_crypto.push_key(tmp_path / "keys").public_key())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["push.key"]
    assert stat.S_IMODE((tmp_path / "keys" / "push.key").stat().st_mode) == 0o600


def test_a_spoilt_key_file_is_ours_to_repair(way: PushWay, service: Receiver, house: Config) -> None:
    house.keys.mkdir()
    (house.keys / "push.key").write_text("x")
    with pytest.raises(NotSent, match="push_key_ValueError") as caught:
        way.send(to(service, Browser()))
    assert (type(caught.value), caught.value.provider_down) == (NotSent, True)


@pytest.mark.parametrize(
    ("status", "kind", "error", "wait_s"),
    [
        (404, Rejected, "subscription_gone", None),
        (410, Rejected, "subscription_gone", None),
        (400, Rejected, "answered_400", None),
        (403, Rejected, "answered_403", None),
        (413, Rejected, "answered_413", None),
        (302, Rejected, "answered_302", None),
        (429, NotSent, "answered_429", 30),
        (500, NotSent, "answered_500", 30),
        (503, NotSent, "answered_503", 30),
    ],
)
def test_what_an_answer_says(status: int, kind: type[NotSent], error: str, wait_s: float | None, way: PushWay, service: Receiver) -> None:
    """One browser's trouble is not the trouble of all."""
    service.status, service.headers = status, {"Retry-After": "30"}
    with pytest.raises(NotSent) as caught:
        way.send(to(service, Browser()))
    assert (type(caught.value), caught.value.error, caught.value.wait_s, caught.value.provider_down) == (kind, error, wait_s, False)


def test_a_lost_answer_may_be_asked_for_again(way: PushWay, service: Receiver) -> None:
    """The second message carries the first one's topic and tag, and replaces it."""
    service.cut = True
    browser = Browser()
    parcel = to(service, browser)
    with pytest.raises(MaybeSent):
        way.send(parcel)
    service.cut = False
    assert way.idempotent
    way.send(parcel)
    assert len({request.headers["topic"] for request in service.requests}) == 1
    assert browser.read(service.requests[0].body) == browser.read(service.requests[1].body)


@pytest.mark.parametrize(
    "secrets", [{}, {"p256dh": "x", "auth": "x"}, {"p256dh": RFC_BROWSER_PUBLIC, "auth": "AAAA"}, {"p256dh": "A" * 87, "auth": RFC_AUTH}]
)
def test_keys_that_no_browser_made(secrets: dict[str, str], way: PushWay, service: Receiver) -> None:
    with pytest.raises(Rejected, match="bad_keys"):
        way.send(to(service, Browser(), secrets=secrets))
    assert service.requests == []


def test_as_many_words_as_fit(way: PushWay, service: Receiver) -> None:
    """One record of 4096 bytes, which is what every service takes."""
    browser = Browser()
    spare = push_crypto.LONGEST - len(browser.read(_sent(way, service, browser, "")))
    way.send(to(service, browser, payload=WORDS | {"body": "x" * spare}))
    assert len(service.requests[-1].body) == 4096
    with pytest.raises(Rejected, match="too_long"):
        way.send(to(service, browser, payload=WORDS | {"body": "x" * (spare + 1)}))


def _sent(way: PushWay, service: Receiver, browser: Browser, body: str) -> bytes:
    way.send(to(service, browser, payload=WORDS | {"body": body}))
    return service.requests[-1].body
