"""What providers tell us moves messages forward: delivered, not delivered, settled after a lost answer, bounced."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from schemas.vocabulary import AlertKind, Channel, ProcedureState, ReminderState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.models import Alert, Receipt
from server.patients.models import Patient
from tests import make
from tests.followup.callers import PAGE, SECRET, mail_service_calls, tell_status
from tests.followup.conftest import VISITS_ONLY
from tests.followup.mailbox import Mailbox
from tests.followup.provider import LATE, LOST_ANSWER, Provider
from tests.followup.story import Story, budapest

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
DUE, LATER = "2026-03-13T10:00", "2026-03-13T10:30"
Tell = Callable[..., int]


@pytest.fixture
def gateway() -> Iterator[Provider]:
    """A gateway of this story's own, which knows no keys."""
    with Provider() as running:
        yield running


@pytest.fixture
def texting(mailing: Config, gateway: Provider) -> Config:
    """Settings with a gateway, a mail server, and callbacks from both."""
    return replace(mailing, sms_url=gateway.url, sms_from="+36201234567", sms_per_second=0, public_url=PAGE, callback_secret=SECRET)


@pytest.fixture
def app(texting: Config, db: Database) -> App:
    """The application that is called back."""
    return create_app(texting, db)


@pytest.fixture
def anna(db: Database, clinic: make.Clinic, texting: Config) -> Story:
    """Anna, who wants to be told by text message, with a visit due on 16 March."""
    with clock.at(MONDAY):
        make.protocol(db, clinic, VISITS_ONLY)
        number = f"+36 30 {uuid.uuid4().int % 10_000_000:07d}"  # her own: callbacks look in every clinic of this database
        patient = make.patient(db, clinic, phone=number, contact_by=Channel.SMS)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(db, clinic, texting, patient, procedure)


@pytest.fixture
def tell(app: App) -> Tell:
    """The gateway says what became of a message, half an hour later."""

    def say(sid: str, status: str, **more: object) -> int:
        with clock.at(budapest(LATER)):
            return tell_status(app, sid, status, **{name: str(value) for name, value in more.items()})

    return say


def state(anna: Story) -> ReminderState:
    """Where the first message stands."""
    return anna.first.state


def actions(anna: Story) -> list[str]:
    """What the journal says was done to the first message."""
    return [row.action for row in anna.journal(anna.first.id)]


def alerts(anna: Story) -> list[tuple[AlertKind, str]]:
    """What needs a person."""
    with anna.db.transaction(anna.clinic.id, write=False) as session:
        return [(row.kind, row.detail) for row in session.scalars(sa.select(Alert).order_by(Alert.id))]


def test_a_text_message_arrives_and_it_is_on_record(anna: Story, gateway: Provider, tell: Tell) -> None:
    assert anna.run(DUE) == {"accepted": 1}
    sid = gateway.rows[0].sid
    assert anna.first.message_id == sid
    assert gateway.rows[0].callback == f"{PAGE}/callbacks/sms/status?key={anna.first.idempotency_key}"
    assert [tell(sid, status) for status in ("queued", "sent", "delivered")] == [204, 204, 204]
    assert (anna.first.state, anna.first.delivered_at, anna.first.sent_at) == (ReminderState.DELIVERED, budapest(LATER), budapest(DUE))
    assert actions(anna)[-2:] == ["send", "deliver"]


@pytest.mark.parametrize("late", ["queued", "sent", "undelivered", "failed", "read", "what_is_this"])
def test_receipts_out_of_order_never_move_it_back(late: str, anna: Story, gateway: Provider, tell: Tell, mailbox: Mailbox) -> None:
    anna.run(DUE)
    sid = gateway.rows[0].sid
    assert [tell(sid, "delivered"), tell(sid, late)] == [204, 204]
    assert state(anna) == ReminderState.DELIVERED
    assert anna.run("2026-03-13T11:00") == {}
    assert mailbox.mails == []


def test_a_text_message_that_did_not_arrive_is_followed_by_a_mail(anna: Story, gateway: Provider, tell: Tell, mailbox: Mailbox) -> None:
    """Once, however often it is told; and the receipt that comes too late changes nothing."""
    anna.run(DUE)
    sid = gateway.rows[0].sid
    assert [tell(sid, "undelivered", ErrorCode="30003"), tell(sid, "failed"), tell(sid, "delivered")] == [204] * 3
    assert tell(sid, "undelivered") == 409
    failed, second, *_ = anna.reminders()
    states = {row.channel: (row.state, row.reason, row.last_error) for row in (failed, second)}
    assert states[Channel.SMS] == (ReminderState.UNDELIVERED, "not_arrived", "telephone_not_reachable")
    assert states[Channel.EMAIL] == (ReminderState.PENDING, "fallback", None)
    assert anna.run("2026-03-13T11:00") == {"accepted": 1}
    assert len(mailbox.mails) == len(gateway.rows) == 1


def test_when_the_mail_comes_back_too_a_person_is_asked(anna: Story, app: App, gateway: Provider, tell: Tell) -> None:
    anna.run(DUE)
    tell(gateway.rows[0].sid, "undelivered")
    anna.run("2026-03-13T11:00")
    mail = next(row for row in anna.reminders() if row.channel == Channel.EMAIL)
    event = {"message_id": mail.message_id, "status": "bounced", "at": "2026-03-13T10:05:00Z"}
    with clock.at(budapest("2026-03-13T11:10")):
        assert mail_service_calls(app, event).status_code == 204
    assert [kind for kind, _ in alerts(anna)] == [AlertKind.BAD_CONTACT]


def test_a_lost_answer_is_settled_by_the_receipt(anna: Story, gateway: Provider, tell: Tell) -> None:
    """The gateway took it and hung up: nobody sends it again, and its receipt, which names our key, says how it ended."""
    gateway.plan(LOST_ANSWER)
    assert anna.run(DUE) == {"uncertain": 1}
    key, sid = anna.first.idempotency_key, gateway.rows[0].sid
    assert tell(sid, "sent", key=key) == 204
    assert (anna.first.state, anna.first.message_id, anna.first.sent_at) == (ReminderState.ACCEPTED, sid, budapest(DUE))
    assert tell(sid, "delivered", key=key) == 204
    assert state(anna) == ReminderState.DELIVERED
    assert anna.attempts() == [(1, "uncertain", "ConnectionResetError"), (1, "accepted", None)]
    assert actions(anna)[-2:] == ["settle_by_receipt", "deliver"]
    assert anna.run("2026-03-13T12:00") == {}
    assert len(gateway.rows) == 1


def test_a_lost_answer_and_then_bad_news(anna: Story, gateway: Provider, tell: Tell) -> None:
    gateway.plan(LOST_ANSWER)
    anna.run(DUE)
    assert tell(gateway.rows[0].sid, "undelivered", key=anna.first.idempotency_key) == 204
    assert {row.channel: row.state for row in anna.reminders()[:2]} == {
        Channel.SMS: ReminderState.UNDELIVERED,
        Channel.EMAIL: ReminderState.PENDING,
    }


def test_a_receipt_that_overtakes_the_answer(anna: Story, gateway: Provider, tell: Tell) -> None:
    """The worker, back from its call, finds the message settled and leaves it alone."""
    gateway.plan(LATE)
    worker = threading.Thread(target=anna.run, args=(DUE,))
    worker.start()
    try:
        assert gateway.wait_for(1)
        assert state(anna) == ReminderState.SENDING
        assert tell(gateway.rows[0].sid, "delivered", key=anna.first.idempotency_key) == 204
    finally:
        gateway.let_go()
        worker.join()
    assert (anna.first.state, anna.first.message_id) == (ReminderState.DELIVERED, gateway.rows[0].sid)
    assert anna.attempts() == [(1, "accepted", None)]
    assert anna.run("2026-03-13T12:00") == {}


def test_a_receipt_spares_the_repetition(anna: Story, tell: Tell) -> None:
    """Where a call may be repeated it waits to be; the receipt says that there is no need."""
    with Provider(idempotent=True) as gateway:
        anna.config = replace(anna.config, sms_url=gateway.url, sms_idempotent=True)
        gateway.plan(LOST_ANSWER)
        assert anna.run(DUE) == {"pending": 1}
        assert tell(gateway.rows[0].sid, "failed", key=anna.first.idempotency_key) == 204
        assert state(anna) == ReminderState.PENDING, "what waits to be called again has not failed"
        assert tell(gateway.rows[0].sid, "sent", key=anna.first.idempotency_key) == 204
        assert state(anna) == ReminderState.ACCEPTED
        assert anna.run("2026-03-13T10:45") == {}
        assert gateway.calls == 1


def test_nothing_can_be_said_of_what_was_never_sent(anna: Story, tell: Tell) -> None:
    assert tell("SM1", "delivered", key=anna.first.idempotency_key) == 204
    assert state(anna) == ReminderState.PENDING


@pytest.mark.parametrize("key", ["", "x", "5b0c0c66-9a0d-5f5e-9d67-0d3b5c1f7a10", "%00"])
def test_a_receipt_is_found_by_the_gateways_own_id_too(key: str, anna: Story, gateway: Provider, tell: Tell) -> None:
    """Whatever the address says."""
    anna.run(DUE)
    assert tell(gateway.rows[0].sid, "delivered", key=key) == 204
    assert state(anna) == ReminderState.DELIVERED


def test_the_other_clinic_keeps_its_own(anna: Story, other_clinic: make.Clinic, gateway: Provider, tell: Tell) -> None:
    """Hillside's patient has the same telephone; the receipt is about Riverside's message."""
    with clock.at(MONDAY):
        make.protocol(anna.db, other_clinic, VISITS_ONLY)
        patient = make.patient(anna.db, other_clinic, phone=anna.patient["phone"], contact_by=Channel.SMS)
        procedure = make.procedure(anna.db, other_clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    hers = Story(anna.db, other_clinic, anna.config, patient, procedure)
    anna.run(DUE)
    hers.run(DUE)
    assert tell(gateway.rows[0].sid, "delivered") == 204
    assert (anna.first.state, hers.first.state) == (ReminderState.DELIVERED, ReminderState.ACCEPTED)


@pytest.fixture
def by_mail(anna: Story) -> Story:
    """Anna, who would rather have mails and gave no number."""
    with clock.at(MONDAY), anna.db.transaction(anna.clinic.id) as session:
        patient = session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"])))
        patient.contact_by, patient.phone, patient.phone_e164 = Channel.EMAIL, None, None
        patient.email = f"{uuid.uuid4().hex}@example.org"
    with clock.at(MONDAY):
        procedure = make.procedure(anna.db, anna.clinic, state=ProcedureState.COMPLETED, patient_id=anna.patient["id"], ended_at=MONDAY)
    return replace(anna, procedure=procedure)


def event(story: Story, app: App, status: str, message_id: str | None = None) -> int:
    """The mail service speaks of the first mail; the status of our answer."""
    sent = {"message_id": message_id or story.first.message_id, "status": status, "at": "2026-03-13T09:20:00Z"}
    with clock.at(budapest(LATER)):
        return mail_service_calls(app, sent).status_code


def test_a_mail_is_delivered_and_comes_back_hours_later(by_mail: Story, app: App) -> None:
    """Servers do that; a person is asked, because there is no other way to her."""
    assert by_mail.run(DUE)["accepted"] >= 1
    assert event(by_mail, app, "deferred") == 204
    assert state(by_mail) == ReminderState.ACCEPTED
    assert event(by_mail, app, "delivered") == 204
    assert state(by_mail) == ReminderState.DELIVERED
    assert event(by_mail, app, "bounced") == 204
    assert (by_mail.first.state, by_mail.first.last_error) == (ReminderState.UNDELIVERED, "bounced")
    assert [kind for kind, _ in alerts(by_mail)] == [AlertKind.BAD_CONTACT]


def test_a_mail_whose_answer_was_lost_is_found_by_its_own_name(by_mail: Story, app: App, mailbox: Mailbox) -> None:
    mailbox.hang_up.add("DATA")
    by_mail.run(DUE)
    assert state(by_mail) == ReminderState.UNCERTAIN
    assert event(by_mail, app, "delivered", f"<{by_mail.first.idempotency_key}@clinic.example>") == 204
    assert state(by_mail) == ReminderState.DELIVERED


def test_a_complaint_is_a_stop(by_mail: Story, app: App, mailbox: Mailbox) -> None:
    """It arrived, and nothing more is sent there."""
    by_mail.run(DUE)
    assert event(by_mail, app, "complained") == 204
    assert state(by_mail) == ReminderState.DELIVERED
    with by_mail.db.transaction(by_mail.clinic.id, write=False) as session:
        assert not session.get_one(Patient, (by_mail.clinic.id, uuid.UUID(by_mail.patient["id"]))).reminder_consent
    assert by_mail.journal(uuid.UUID(by_mail.patient["id"]))[-1].action == "stop_by_complaint"
    before = len(mailbox.mails)
    for reminder in by_mail.reminders():
        by_mail.run(reminder.wall)
    assert len(mailbox.mails) == before


def test_a_real_gateway_on_a_real_line_tells_everything_twice(anna: Story, texting: Config, db: Database) -> None:
    """Over sockets both ways: each word is taken once, whether it comes before or after the answer to our call."""
    served = create_app(texting, db)
    server = make_server("127.0.0.1", 0, served, threaded=True)
    page = f"http://127.0.0.1:{server.server_port}"
    served.config["GRAFTLOG"] = replace(texting, public_url=page)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    try:
        with Provider(receipts=("sent", "delivered"), copies=2) as gateway:
            anna.config = replace(anna.config, sms_url=gateway.url, public_url=page)
            anna.run(DUE)
            sid = gateway.rows[0].sid
        assert state(anna) == ReminderState.DELIVERED
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    with db.transaction(write=False, everywhere=True) as session:
        taken = session.scalars(sa.select(Receipt.status).where(Receipt.message_id == sid).order_by(Receipt.received_at)).all()
    assert taken == ["sent", "delivered"]
