"""Staff ask to be told in their browsers, a clinic's own systems ask to be told of events, and the engine tells them."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Channel, Purpose, ReminderState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.channels import push_crypto
from server.followup.models import PushSubscription, Reminder, WebhookEndpoint
from server.followup.service import endpoints
from server.journal.models import JournalRow
from tests import make
from tests.api import Api
from tests.followup.receivers import Browser, unb64url

As = Callable[[make.Person], Api]
NOW = datetime(2026, 3, 13, 9, tzinfo=UTC)
PUSH = "https://push.example.org/wpush/v2/"
HOOK = "https://clinic.example/graftlog?from=riverside"


@pytest.fixture
def app(config: Config, db: Database, tmp_path: Path) -> App:
    """The application with a key folder of its own."""
    return create_app(replace(config, keys=tmp_path / "keys"), db)


def browser(name: str = "", **only_what_matters: Any) -> dict[str, Any]:
    """What a browser sends when somebody says yes to messages."""
    return {"endpoint": PUSH + (name or uuid.uuid4().hex), **Browser().secrets} | only_what_matters


def rows(db: Database, clinic: make.Clinic, model: type[Any]) -> list[Any]:
    """All of the clinic's rows of one kind."""
    with db.transaction(clinic.id, write=False) as session:
        return list(session.scalars(sa.select(model).order_by(model.id)))


def journal(db: Database, clinic: make.Clinic, record: str) -> list[str]:
    """What the journal says was done to a record."""
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(JournalRow.action).where(JournalRow.clinic_id == clinic.id, JournalRow.record_id == uuid.UUID(record))
        return list(session.scalars(query.order_by(JournalRow.seq)))


def test_a_browser_gets_the_key_that_messages_will_be_signed_with(as_: As, clinic: make.Clinic, app: App) -> None:
    for person in (clinic.coordinator, clinic.rater):
        key = as_(person).get("/follow-up/push-key")["public_key"]
        assert unb64url(key) == push_crypto.point(push_crypto.push_key(app.settings.keys).public_key())


def test_without_a_folder_for_keys_it_says_so(as_: As, clinic: make.Clinic, app: App) -> None:
    app.settings.keys.write_text("a file in the way")
    assert as_(clinic.coordinator).get("/follow-up/push-key", 503)["code"] == "unavailable"


def test_csaba_is_told_in_his_browser_until_he_says_no(as_: As, clinic: make.Clinic, db: Database) -> None:
    """His address and keys are in no answer and in no journal."""
    csaba, sent = as_(clinic.coordinator), browser()
    made = csaba.post("/follow-up/push-subscriptions", sent)
    assert (made["user_id"], made["active"]) == (str(clinic.coordinator.user_id), True)
    assert not {*sent.values()} & {*map(str, made.values())}
    csaba.delete(f"/follow-up/push-subscriptions/{made['id']}")
    assert not rows(db, clinic, PushSubscription)[0].active
    csaba.delete(f"/follow-up/push-subscriptions/{made['id']}")
    assert journal(db, clinic, made["id"]) == ["create", "remove"]


def test_the_same_browser_again_is_the_same_subscription(as_: As, clinic: make.Clinic, db: Database) -> None:
    """With its newest keys, for whoever sits before it now, and active again."""
    csaba, nora = as_(clinic.coordinator), as_(clinic.nurse)
    first = csaba.post("/follow-up/push-subscriptions", browser("shared"))
    csaba.delete(f"/follow-up/push-subscriptions/{first['id']}")
    again = browser("shared")
    second = nora.post("/follow-up/push-subscriptions", again, 200)
    (row,) = rows(db, clinic, PushSubscription)
    assert (first["id"], second["active"], second["user_id"]) == (second["id"], True, str(clinic.nurse.user_id))
    assert (row.p256dh, row.auth) == (again["p256dh"], again["auth"])


def test_nobody_ends_what_is_anothers(as_: As, clinic: make.Clinic, other_clinic: make.Clinic, db: Database) -> None:
    made = as_(clinic.coordinator).post("/follow-up/push-subscriptions", browser())
    for person in (clinic.surgeon, other_clinic.coordinator):
        as_(person).delete(f"/follow-up/push-subscriptions/{made['id']}", 404)
    assert rows(db, clinic, PushSubscription)[0].active


def test_one_browser_in_two_clinics(as_: As, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    """Each clinic has its own row."""
    ids = {as_(one.coordinator).post("/follow-up/push-subscriptions", browser("both"))["id"] for one in (clinic, other_clinic)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"endpoint": "http://push.example.org/x"}, "/endpoint"),
        ({"endpoint": "https://127.0.0.1/x"}, "/endpoint"),
        ({"endpoint": "https://10.0.0.1/x"}, "/endpoint"),
        ({"endpoint": "javascript:alert(1)"}, "/endpoint"),
        ({"endpoint": "https://[::1"}, "/endpoint"),
        ({"endpoint": "https://push.example.org/" + "x" * 2000}, "/endpoint"),
        ({"p256dh": "x"}, "/p256dh"),
        ({"p256dh": "A" * 87}, "/p256dh"),
        ({"auth": "AAAA"}, "/auth"),
        ({"auth": 5}, "/auth"),
        ({"user_id": str(uuid.uuid4())}, "/user_id"),
    ],
)
def test_what_no_browser_sends_is_refused(changes: dict[str, Any], pointer: str, as_: As, clinic: make.Clinic, db: Database) -> None:
    problem = as_(clinic.coordinator).post("/follow-up/push-subscriptions", browser(**changes), 422)
    assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert rows(db, clinic, PushSubscription) == []


def test_so_many_browsers_and_no_more(as_: As, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_BROWSERS", 1)
    csaba, sent = as_(clinic.coordinator), browser()
    made = csaba.post("/follow-up/push-subscriptions", sent)
    csaba.post("/follow-up/push-subscriptions", sent, 200)
    csaba.post("/follow-up/push-subscriptions", browser(), 409)
    as_(clinic.nurse).post("/follow-up/push-subscriptions", browser())
    csaba.delete(f"/follow-up/push-subscriptions/{made['id']}")
    csaba.post("/follow-up/push-subscriptions", browser())


def test_an_administrator_sets_up_a_system_and_sees_its_secret_once(as_: As, clinic: make.Clinic, db: Database) -> None:
    admin = as_(clinic.admin)
    made = admin.post("/follow-up/webhooks", {"url": HOOK})
    assert made["secret"].startswith("whsec_")
    listed = admin.get("/follow-up/webhooks")["items"]
    assert listed == [{name: value for name, value in made.items() if name != "secret"}]
    admin.delete(f"/follow-up/webhooks/{made['id']}")
    assert admin.get("/follow-up/webhooks")["items"] == []
    again = admin.post("/follow-up/webhooks", {"url": HOOK})
    assert again["id"] == made["id"]
    assert again["secret"] != made["secret"]
    assert journal(db, clinic, made["id"]) == ["create", "remove", "change"]


def test_a_system_is_told_once_and_not_twice(as_: As, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    admin = as_(clinic.admin)
    admin.post("/follow-up/webhooks", {"url": HOOK})
    assert admin.post("/follow-up/webhooks", {"url": HOOK}, 409)["errors"][0]["pointer"] == "/url"
    as_(other_clinic.admin).post("/follow-up/webhooks", {"url": HOOK})


def test_who_may_set_up_systems(as_: As, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    made = as_(clinic.surgeon).post("/follow-up/webhooks", {"url": HOOK})
    for person in (clinic.nurse, clinic.coordinator, clinic.rater):
        as_(person).get("/follow-up/webhooks", 403)
        as_(person).post("/follow-up/webhooks", {"url": HOOK + "2"}, 403)
        as_(person).delete(f"/follow-up/webhooks/{made['id']}", 403)
    as_(other_clinic.admin).delete(f"/follow-up/webhooks/{made['id']}", 404)
    assert as_(other_clinic.admin).get("/follow-up/webhooks")["items"] == []


NOWHERE = [
    "", "x", "http://clinic.example/", "https://127.0.0.1/", "https://169.254.169.254/latest", "https://router/",
    "https://a:b@clinic.example/", "https://clinic.example/#x", "https://clínic.example/", 5, None,
]  # fmt: skip


@pytest.mark.parametrize("url", NOWHERE)
def test_where_a_system_may_not_be(url: Any, as_: As, clinic: make.Clinic, db: Database) -> None:
    problem = as_(clinic.admin).post("/follow-up/webhooks", {"url": url}, 422)
    assert [one["pointer"] for one in problem["errors"]] == ["/url"]
    assert rows(db, clinic, WebhookEndpoint) == []


def test_so_many_systems_and_no_more(as_: As, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_WEBHOOKS", 1)
    as_(clinic.admin).post("/follow-up/webhooks", {"url": HOOK})
    as_(clinic.admin).post("/follow-up/webhooks", {"url": HOOK + "2"}, 409)


def test_an_event_waits_for_every_active_system(db: Database, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    """One message each, due now, for three days, under a key of its own; none for those removed, none for another clinic's."""
    with clock.at(NOW), db.transaction(clinic.id) as session:
        kept = [endpoints.add_webhook(session, f"{HOOK}{number}", private=False) for number in (1, 2, 3)]
        endpoints.remove_webhook(session, kept[2].id)
        made = endpoints.send_event(session, "visit.missed", {"visit_id": "v"})
    with db.transaction(other_clinic.id) as session:
        assert endpoints.send_event(session, "visit.missed", {}) == []
    assert [row.id for row in rows(db, clinic, Reminder)] == [row.id for row in made]
    assert len({row.idempotency_key for row in made}) == 2
    for row, endpoint in zip(made, kept, strict=False):
        assert (row.channel, row.purpose, row.recipient, row.state) == (Channel.WEBHOOK, Purpose.EVENT, "system", ReminderState.PENDING)
        assert (row.due_at, row.next_at, row.expires_at) == (NOW, NOW, NOW + timedelta(days=3))
        assert (row.wall, row.zone) == ("2026-03-13T10:00", "Europe/Budapest")
        assert row.payload == {
            "endpoint_id": str(endpoint.id),
            "type": "visit.missed",
            "timestamp": "2026-03-13T09:00:00Z",
            "data": {"visit_id": "v"},
        }


def test_a_push_waits_for_every_browser_of_those_it_is_for(db: Database, clinic: make.Clinic, as_: As) -> None:
    for person in (clinic.coordinator, clinic.coordinator, clinic.nurse):
        as_(person).post("/follow-up/push-subscriptions", browser())
    with clock.at(NOW), db.transaction(clinic.id) as session:
        one = endpoints.send_push(
            session, [clinic.coordinator.user_id], "Follow-up", "3 patients need a call", "/work-list", purpose=Purpose.DIGEST
        )
        every = endpoints.send_push(session, None, "Follow-up", "A patient needs a call", "/work-list", purpose=Purpose.ALERT)
        none = endpoints.send_push(session, [], "Follow-up", "x", "/", purpose=Purpose.ALERT)
    assert ([row.user_id for row in one], len(every), none) == ([clinic.coordinator.user_id] * 2, 3, [])
    assert {(row.channel, row.recipient, row.expires_at) for row in one} == {(Channel.PUSH, "staff", NOW + timedelta(days=1))}
    assert [row.payload and row.payload["urgency"] for row in (one[0], every[0])] == ["normal", "high"]
    assert [row.payload and row.payload["path"] for row in (one[0], every[0])] == ["/work-list", "/work-list"]


def test_what_is_gone_is_told_nothing_more(db: Database, clinic: make.Clinic) -> None:
    """After the receiver said so, and after nothing less."""
    with db.transaction(clinic.id) as session:
        hook = endpoints.add_webhook(session, HOOK, private=False)
        (row,) = endpoints.send_event(session, "visit.missed", {})
        row.last_error = "answered_500"
        assert not endpoints.retire(session, row)
        row.last_error = "endpoint_gone"
        assert endpoints.retire(session, row)
        assert not endpoints.retire(session, row)
        assert not hook.active
        assert endpoints.send_event(session, "visit.missed", {}) == []
