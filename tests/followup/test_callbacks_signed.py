"""Nothing is believed without its signature, nothing is taken twice, and no garbage makes an error of ours."""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.channels.sms import callback_signature, is_genuine
from server.followup.models import Receipt
from tests.followup.callers import FORM, PAGE, SECRET, gateway_calls, mail_service_calls, status_form, tell_status, text_in
from tests.followup.provider import ACCOUNT, TOKEN

NOW = datetime(2026, 3, 13, 9, tzinfo=UTC)
Taken = Callable[[], list[tuple[str, str, str]]]
EVENT = {"message_id": "<nobody@clinic.example>", "status": "delivered", "at": "2026-03-13T09:00:00Z"}


@pytest.fixture(scope="module")
def app(config: Config, db: Database) -> App:
    """The application with a gateway and a mail service set up."""
    return create_app(called(config), db)


@pytest.fixture
def sid() -> str:
    """The gateway's id of a message: callbacks are remembered for ever, so each story has its own."""
    return f"SM{uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """It is ten o'clock in Budapest on 13 March."""
    with clock.at(NOW):
        yield


def called(config: Config) -> Config:
    """Settings under which callbacks are expected."""
    return replace(
        config, sms_url=f"https://{ACCOUNT}:{TOKEN}@gateway.example", sms_from="+36201234567", public_url=PAGE, callback_secret=SECRET
    )


@pytest.fixture
def taken(app: App) -> Taken:
    """(provider, key, status) of what this story's callbacks left."""

    def rows() -> set[tuple[str, str, str]]:
        with app.db.transaction(write=False, everywhere=True) as session:
            return {(row.provider, row.key, row.status) for row in session.scalars(sa.select(Receipt))}

    before = rows()
    return lambda: sorted(rows() - before)


def test_the_example_of_twilios_documentation() -> None:
    form = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert callback_signature("12345", url, form.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    repeated = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    assert callback_signature("12345", url, repeated) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


def test_a_signed_callback_about_nobodys_message_is_kept(app: App, taken: Taken, sid: str) -> None:
    """A number of another installation may share the account."""
    assert tell_status(app, sid, "delivered") == 204
    assert mail_service_calls(app, EVENT, key=f"evt_{sid}").status_code == 204
    assert taken() == [("email", f"evt_{sid}", "delivered"), ("sms", f"{sid}:delivered", "delivered")]


def test_a_text_of_a_stranger_is_answered_with_nothing(app: App, taken: Taken, sid: str) -> None:
    """Twilio would send what stands between the tags."""
    answer = text_in(app, "Hello?", number="+36309999999", MessageSid=sid)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert taken() == [("sms_inbound", sid, "text")]


def test_the_same_callback_again_is_refused_and_stored_once(app: App, taken: Taken, sid: str) -> None:
    for expected in (204, 409, 409):
        assert tell_status(app, sid, "sent") == expected
    assert [text_in(app, "STOP", MessageSid=sid).status_code for _ in range(2)] == [200, 409]
    assert [mail_service_calls(app, EVENT, key=f"evt_{sid}").status_code for _ in range(2)] == [204, 409]
    assert len(taken()) == 3
    assert tell_status(app, sid, "delivered") == 204


@pytest.mark.parametrize(
    "how",
    [
        {"token": "wrong"},
        {"token": ""},
        {"signed": ""},
        {"signed": "é"},
        {"page": "https://elsewhere.example"},
        {"page": "http://follow-up.clinic.example"},
        {"page": "https://follow-up.clinic.example:8443"},
    ],
)
def test_a_forged_callback_of_the_gateway(how: dict[str, str], app: App, taken: Taken, sid: str) -> None:
    for path in ("/callbacks/sms/status", "/callbacks/sms/inbound"):
        assert gateway_calls(app, path, status_form(sid, "delivered"), **how).status_code == 403
    assert taken() == []


def test_the_signature_covers_everything(app: App, sid: str) -> None:
    """The key in the address, each value, and that there is no further one."""
    form = status_form(sid, "sent")
    path = "/callbacks/sms/status?key=a"
    genuine = callback_signature(TOKEN, PAGE + path, form.items())
    for changed_path, changed in (
        ("/callbacks/sms/status?key=b", form),
        (path, form | {"MessageStatus": "delivered"}),
        (path, form | {"X": "1"}),
    ):
        assert gateway_calls(app, changed_path, changed, signed=genuine).status_code == 403
    assert gateway_calls(app, path, form, signed=genuine).status_code == 204


@pytest.mark.parametrize(
    ("url", "signed"), [("https://a.example", "https://a.example:443"), ("https://a.example:443", "https://a.example")]
)
def test_the_usual_port_may_be_named_or_not(url: str, signed: str, config: Config) -> None:
    """Twilio's own libraries try both."""
    form = [("A", "1")]
    settings = replace(called(config), public_url=url)
    assert is_genuine(settings, callback_signature(TOKEN, f"{signed}/x", form), "/x", form)
    assert not is_genuine(settings, callback_signature(TOKEN, "https://a.example:8443/x", form), "/x", form)


def test_a_gateway_without_a_token_signs_nothing(config: Config) -> None:
    settings = replace(called(config), sms_url=f"https://{ACCOUNT}@gateway.example")
    assert not is_genuine(settings, callback_signature("", f"{PAGE}/x", []), "/x", [])


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "whsec_" + "QUFB"},
        {"at": NOW - timedelta(seconds=301)},
        {"at": NOW + timedelta(seconds=301)},
        {"timestamp": "x"},
        {"timestamp": "²"},
        {"timestamp": "9" * 400},
        {"key": "e" * 129},
        {"key": "a b"},
    ],
)
def test_a_forged_or_old_event_of_the_mail_service(how: dict[str, Any], app: App, taken: Taken) -> None:
    assert mail_service_calls(app, EVENT, **how).status_code == 403
    assert taken() == []


def test_an_event_without_any_signature(app: App) -> None:
    assert app.test_client().post("/callbacks/email/events", json=EVENT).status_code == 403


def test_a_recorded_event_with_another_body(app: App, taken: Taken, sid: str) -> None:
    """The signature of one is no good for another."""
    genuine = mail_service_calls(app, EVENT, key=f"evt_{sid}").request.headers
    headers = {name: genuine[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    assert app.test_client().post("/callbacks/email/events", json=EVENT | {"status": "bounced"}, headers=headers).status_code == 403
    assert len(taken()) == 1


def test_what_is_not_set_up_is_not_there(config: Config, db: Database, sid: str) -> None:
    app = create_app(replace(config, sms_url=None), db)
    assert tell_status(app, sid, "sent") == 404
    assert text_in(app, "STOP").status_code == 404
    assert mail_service_calls(app, EVENT).status_code == 404


def test_a_secret_that_is_none_fits_nothing(config: Config, db: Database) -> None:
    app = create_app(replace(config, callback_secret="whsec_§"), db)
    assert mail_service_calls(app, EVENT).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageSid": ""},
        {"MessageSid": "SM 1"},
        {"MessageSid": "S" * 65},
        {"MessageSid": "SM\x00"},
        {"MessageStatus": ""},
        {"MessageStatus": "Delivered!"},
        {"MessageStatus": "\ud7ff"},
    ],
)
def test_a_signed_status_that_says_nothing(changes: dict[str, str], app: App, taken: Taken, sid: str) -> None:
    answer = gateway_calls(app, "/callbacks/sms/status", status_form(sid, "sent") | changes)
    assert answer.status_code == 422
    assert taken() == []


@pytest.mark.parametrize("number", ["", "12345", "Riverside", "+0123456", "+1234567890123456", "'; DROP TABLE"])
def test_a_signed_text_from_no_number(number: str, app: App, taken: Taken) -> None:
    """Short codes and names cannot be a patient's telephone."""
    assert text_in(app, "STOP", number=number).status_code == 422
    assert taken() == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        None,
        "x",
        EVENT | {"status": "read"},
        EVENT | {"status": None},
        EVENT | {"message_id": "x"},
        EVENT | {"message_id": "<\x00>"},
        EVENT | {"message_id": ["<a>"]},
        EVENT | {"at": "yesterday"},
        EVENT | {"to": "anna@example.org"},
        {"message_id": "<a@b>"},
    ],
)
def test_a_signed_event_that_says_nothing(event: Any, app: App, taken: Taken) -> None:
    assert mail_service_calls(app, event).status_code == 422
    assert taken() == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}'])
def test_a_signed_event_that_is_no_json(body: bytes, app: App, taken: Taken) -> None:
    assert mail_service_calls(app, None, body=body).status_code == 400
    assert taken() == []


def test_a_signed_event_that_is_nested_too_deep(app: App, taken: Taken) -> None:
    assert mail_service_calls(app, None, body=b"[" * 5000).status_code == 422
    assert taken() == []


@pytest.mark.parametrize("path", ["/callbacks/sms/status", "/callbacks/sms/inbound", "/callbacks/email/events"])
def test_garbage_of_any_kind_is_refused_and_never_an_error_of_ours(path: str, app: App, taken: Taken) -> None:
    dice, client = random.Random(5), app.test_client()
    kinds = [FORM, "application/json", "text/plain", "multipart/form-data; boundary=x", "multipart/form-data", f"{FORM}; charset=utf-7", ""]
    bodies = [dice.randbytes(length) for length in (0, 1, 10, 1000)] + [
        b"a=%ff%fe&b=%00",
        b"&" * 500,
        b"MessageSid=\xc3\x28",
        b"=" * 100,
        b"--x\r\n\r\n",
    ]
    for kind in kinds:
        for body in bodies:
            for query in (b"", b"?key=%00", b"?key=%ff", b"?" + b"k" * 300):
                headers = {
                    "X-Twilio-Signature": "x",
                    "webhook-id": "x",
                    "webhook-timestamp": str(int(NOW.timestamp())),
                    "webhook-signature": "v1,",
                }
                got = client.post(path + query.decode(), data=body, content_type=kind, headers=headers)
                assert 400 <= got.status_code < 500, (kind, body, query)
    assert taken() == []


def test_other_methods_and_bodies_that_are_too_large(app: App, config: Config) -> None:
    client = app.test_client()
    assert client.get("/callbacks/sms/status").status_code == 405
    for path, kind in (("/callbacks/sms/inbound", FORM), ("/callbacks/email/events", "application/json")):
        headers = {"webhook-id": "x", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": "v1,"}
        large = b"Body=" + b"x" * (config.max_body_kb * 1024)
        assert client.post(path, data=large, content_type=kind, headers=headers).status_code == 413


def test_refusals_are_for_programs_and_name_no_secret(app: App, sid: str) -> None:
    answer = gateway_calls(app, "/callbacks/sms/status", status_form(sid, "sent"), token="wrong")
    assert answer.mimetype == "application/problem+json"
    assert TOKEN not in answer.text
    assert "+3630" not in answer.text
