"""An alert that nobody is on is told again, to more people, until somebody is; and again when it is then left open."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.questions import Given, Question
from schemas.vocabulary import AlertKind, Channel, ProcedureState, Purpose, Role
from server import clock
from server.app import create_app
from server.config import Config
from server.db import Database, find
from server.followup.engine import guard, pump, tick
from server.followup.models import Alert, Reminder, Visit
from server.followup.service import alarms, alerts, answers, red_flags
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.followup.mailbox import Mailbox
from tests.followup.story import text_of

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
AT_NIGHT = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
CLOSED = {"note": "Seen at once: a lash in her eye."}
ONCE, AGAIN = "A red flag: a patient needs a call now", "Nobody is on it: a red flag"


class Watch:
    """Riverside at night, with a worker that looks round now and then."""

    def __init__(self, db: Database, clinic: make.Clinic, config: Config, as_: Callable[[make.Person], Api]) -> None:
        """Anna's procedure ended on Monday; in the night to Wednesday Nóra writes down that she sees double."""
        self.db, self.clinic, self.config, self.as_ = db, clinic, config, as_
        with clock.at(MONDAY):
            self.patient = make.patient(db, clinic)
            self.procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=self.patient["id"], ended_at=MONDAY)
        with clock.at(AT_NIGHT), db.transaction(clinic.id, actor=clinic.nurse) as session:
            red_flags.report(session, uuid.UUID(self.patient["id"]), ["vision"])
        self.send(0)

    def look(self, minutes: float) -> None:
        """A worker looks round so long after the report, and what is due goes out."""
        self.tick(minutes)
        self.send(minutes)

    def tick(self, minutes: float) -> None:
        """That part of the engine's tick which calls again."""
        with clock.at(AT_NIGHT + timedelta(minutes=minutes)):
            tick.call_again(self.db, [self.clinic.id])

    def send(self, minutes: float) -> None:
        """Only Riverside's."""
        with clock.at(AT_NIGHT + timedelta(minutes=minutes)):
            pump.run_due(self.db, self.config, clinic_id=self.clinic.id)

    def alert(self) -> Alert:
        """Anna's."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            return session.scalars(sa.select(Alert).where(Alert.patient_id == uuid.UUID(self.patient["id"]))).one()

    def post(self, minutes: float, part: str, body: dict[str, Any], who: Role = Role.NURSE, expect: int = 200) -> Any:
        """Somebody acts on the alert."""
        with clock.at(AT_NIGHT + timedelta(minutes=minutes)):
            return self.as_(self.clinic.people[who]).post(f"/alerts/{self.alert().id}/{part}", body, expect)

    def journal(self) -> list[str]:
        """What was done to the alert."""
        about = self.alert().id
        return [row.action for row in make.journal(self.db, self.clinic) if row.record_id == about]


@pytest.fixture
def watch(db: Database, clinic: make.Clinic, mailing: Config, as_: Callable[[make.Person], Api]) -> Watch:
    """Two mails are out: the surgeon's and the coordinator's."""
    return Watch(db, clinic, mailing, as_)


def told(mailbox: Mailbox) -> list[tuple[str, str]]:
    """(role, subject) of every mail since the last look."""
    found = sorted((one.addr_spec.partition(".")[0], str(mail["Subject"])) for mail in mailbox.mails for one in mail["To"].addresses)
    mailbox.mails.clear()
    return found


FIRST = [("coordinator", ONCE), ("surgeon", ONCE)]
EVERYBODY = [("admin", AGAIN), ("coordinator", AGAIN), ("nurse", AGAIN), ("surgeon", AGAIN)]


def test_after_ten_minutes_everybody_is_told_and_the_administrator(watch: Watch, mailbox: Mailbox) -> None:
    assert told(mailbox) == FIRST
    watch.look(9.9)
    assert told(mailbox) == []
    watch.look(10)
    texts = {one["To"].addresses[0].addr_spec.partition(".")[0]: text_of(one) for one in mailbox.mails}
    assert told(mailbox) == EVERYBODY
    assert "Raised 10 minutes ago, and nobody has said to be on it." in texts["nurse"]
    assert "/follow-up/work-list" in texts["nurse"]
    assert "Reach somebody who looks after patients by telephone." in texts["admin"], "who may not open the work list"
    assert "/people" in texts["admin"]


def test_the_ladder_is_ten_minutes_thirty_minutes_and_then_every_hour(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    heard = []
    for minute in range(0, 215, 5):
        watch.look(minute)
        if told(mailbox):
            heard.append(minute)
    assert heard == [10, 30, 90, 150, 210]
    assert (watch.alert().escalation_level, watch.journal()) == (5, ["create", *["escalate"] * 5])


def test_a_tick_that_comes_twice_or_a_worker_that_was_started_anew_tells_nobody_twice(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    for _ in range(3):
        watch.look(10.5)
    assert told(mailbox) == EVERYBODY


def test_many_workers_at_one_moment_tell_it_once(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    with ThreadPoolExecutor(4) as together:
        list(together.map(watch.tick, [11.0] * 4))
    watch.send(11)
    assert told(mailbox) == EVERYBODY
    assert watch.alert().escalation_level == 1


def test_after_an_outage_it_is_told_once_and_not_for_each_step_that_was_missed(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    watch.look(5 * 60)
    assert told(mailbox) == EVERYBODY
    watch.look(5 * 60 + 20)
    assert len(told(mailbox)) == 4


def test_mail_that_could_not_leave_in_time_is_not_sent_beside_the_next_one(watch: Watch, mailbox: Mailbox) -> None:
    """For an hour no mail goes out; then everybody reads the newest only."""
    told(mailbox)
    for minutes in (10, 30):
        watch.tick(minutes)
    watch.send(31)
    assert told(mailbox) == EVERYBODY


def test_who_is_on_it_has_four_hours(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    taken = watch.post(8, "acknowledgement", {})
    assert (taken["acknowledged_by"], taken["escalation_level"]) == (str(watch.clinic.nurse.user_id), 0)
    assert watch.post(9, "acknowledgement", {}) == taken, "pressed twice"
    for minutes in (10, 30, 90, 8 + 239):
        watch.look(minutes)
    assert told(mailbox) == []
    watch.look(8 + 240)
    assert {subject for _, subject in told(mailbox)} == {"Not closed yet: a red flag"}
    alert = watch.alert()
    assert (alert.acknowledged_at, alert.acknowledged_by) == (None, None)
    assert watch.journal() == ["create", "acknowledge", "escalate"]


def test_somebody_else_takes_it_over(watch: Watch) -> None:
    watch.post(8, "acknowledgement", {})
    assert watch.post(60, "acknowledgement", {}, Role.SURGEON)["acknowledged_by"] == str(watch.clinic.surgeon.user_id)


def test_closed_with_a_note_it_is_told_no_more(watch: Watch, mailbox: Mailbox) -> None:
    told(mailbox)
    watch.post(8, "closing", CLOSED)
    for minutes in (10, 30, 90, 300):
        watch.look(minutes)
    assert told(mailbox) == []
    assert watch.post(301, "acknowledgement", {}, expect=409)["code"] == "conflict"


def test_what_can_wait_is_not_acknowledged(watch: Watch) -> None:
    with clock.at(AT_NIGHT), watch.db.transaction(watch.clinic.id) as session:
        patient_id = uuid.UUID(watch.patient["id"])
        wish = alerts.raise_alert(session, AlertKind.WANTS_A_CALL, patient_id=patient_id, detail="Asks for a call.").id
    with clock.at(AT_NIGHT):
        refused = watch.as_(watch.clinic.nurse).post(f"/alerts/{wish}/acknowledgement", {}, 409)
    assert "close this one with a note" in refused["detail"]


def test_a_concerning_answer_is_told_again_too(watch: Watch, mailbox: Mailbox) -> None:
    watch.post(1, "closing", CLOSED)
    with clock.at(AT_NIGHT + timedelta(days=5)), watch.db.transaction(watch.clinic.id) as session:
        query = sa.select(Visit.id).where(Visit.patient_id == uuid.UUID(watch.patient["id"]), Visit.step == "d7")
        visit = find(session, Visit, session.scalars(query).one(), lock=True)
        assert visit is not None
        answers.record(session, visit, Question.WORSE, Given.YES, via=answers.BY_LINK)
    watch.send(5 * 24 * 60)
    told(mailbox)
    watch.look(5 * 24 * 60 + 10)
    assert {subject for _, subject in told(mailbox)} == {"Nobody is on it: an answer that worries"}


def test_every_message_has_its_own_key_and_those_who_have_left_get_none(watch: Watch) -> None:
    watch.look(10)
    watch.look(30)
    with watch.db.transaction(watch.clinic.id, write=False) as session:
        rows = session.scalars(sa.select(Reminder).where(Reminder.purpose == Purpose.ALERT)).all()
    assert len({one.idempotency_key for one in rows}) == len(rows) == 2 + 4 + 4


def test_hillside_hears_nothing_of_it(watch: Watch, other_clinic: make.Clinic) -> None:
    watch.look(10)
    with watch.db.transaction(other_clinic.id, write=False) as session:
        assert session.scalars(sa.select(Reminder).where(Reminder.purpose == Purpose.ALERT)).all() == []
        assert alarms.unacknowledged(session) == {}


@pytest.mark.usefixtures("watch")
def test_an_empty_look_reads_the_index_of_what_is_open(db: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    with db.transaction(uuid7(), write=False) as session:
        if not db.is_sqlite:
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        sa.event.listen(db.engine, "before_cursor_execute", hear)
        alarms.clinics_due(session)
        alarms.unacknowledged(session)
        sa.event.remove(db.engine, "before_cursor_execute", hear)
        explain = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
        plans = [str(connection.exec_driver_sql(explain + statement, parameters).all()) for statement, parameters in asked]
    assert [plan.count("ix_alerts_urgent") for plan in plans] == [1, 1], plans


def test_a_workers_own_tick_calls_again(lonely_db: Database, mailing: Config, as_: Callable[[make.Person], Api], mailbox: Mailbox) -> None:
    watch = Watch(lonely_db, make.clinic(lonely_db), mailing, as_)
    told(mailbox)
    engine = tick.Engine(lonely_db, mailing, guard.ClockWatch(lambda: 0.0))
    with clock.at(AT_NIGHT + timedelta(minutes=10)):
        assert Channel.EMAIL not in engine.tick(), "what it queues is found by the next tick"
        assert Channel.EMAIL in engine.tick()
    watch.send(10)
    assert told(mailbox) == EVERYBODY


def test_metrics_and_readiness_say_that_nobody_is_on_it(lonely_db: Database, mailing: Config, as_: Callable[[make.Person], Api]) -> None:
    with clock.at(AT_NIGHT - timedelta(hours=1)):
        app = create_app(mailing, lonely_db)
    watch = Watch(lonely_db, make.clinic(lonely_db), mailing, as_)
    anybody = Api(app.test_client(), None)
    with clock.at(AT_NIGHT + timedelta(minutes=45)):
        lines = anybody.call("GET", "//metrics").text.splitlines()
        assert anybody.get("//readyz")["warning"].endswith(
            "Alerts that nobody is on: 1, the oldest for 45 minutes. Reach the clinic by telephone."
        )
    assert "graftlog_alerts_unacknowledged 1" in lines
    assert "graftlog_alert_oldest_unacknowledged_seconds 2700.0" in lines
    with clock.at(AT_NIGHT + timedelta(minutes=46)), lonely_db.transaction(watch.clinic.id, actor=watch.clinic.nurse) as session:
        found = find(session, Alert, watch.alert().id, lock=True)
        assert found is not None
        alarms.acknowledge(session, found)
    with clock.at(AT_NIGHT + timedelta(minutes=47)):
        assert "graftlog_alerts_unacknowledged 0" in anybody.call("GET", "//metrics").text.splitlines()
        assert "nobody is on" not in anybody.get("//readyz").get("warning", "")
