"""How reminder systems fail everywhere, one story each, in one process with a moved clock. What needs processes: test_processes."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Channel, ProcedureState, ReminderState
from server import clock
from server.column_types import UtcDateTime
from server.db import Database
from server.followup.engine import begin, guard, queue
from server.followup.engine.chores import turn_visits
from server.followup.engine.pump import Pump, run_due
from server.followup.engine.tick import Engine
from server.followup.models import Reminder
from tests import make
from tests.api import Api
from tests.drill.reminders import fill, no_chores
from tests.followup.conftest import MONDAY, VISITS_ONLY
from tests.followup.mailbox import Mailbox
from tests.followup.story import Story, budapest

DUE = "2026-03-13T10:00"


class Machine:
    """One worker's life, turn by turn: its clock, which can be set, and its steady one, which cannot."""

    def __init__(self, story: Story) -> None:
        """Nothing has happened yet."""
        self.story, self.steady = story, 0.0
        self.engine = Engine(story.db, story.config, guard.ClockWatch(lambda: self.steady))

    def turn(self, wall: str, *, passed: timedelta = timedelta(seconds=1)) -> Counter[str]:
        """After so much time has really passed, the clock says `wall`: tick, and send what the tick asks for. Counts by state."""
        self.steady += passed.total_seconds()
        counts: Counter[str] = Counter()
        with clock.at(budapest(wall)), Pump(self.story.db, self.story.config) as pump:
            for channel in self.engine.tick():
                counts.update({str(state): number for state, number in pump.round(channel).items()})
        return counts


@pytest.fixture
def alone(lonely_db: Database, anna: Story) -> Story:
    """Anna at Riverside in a database of its own: the engine looks after all clinics of one."""
    with clock.at(MONDAY):
        no_chores(lonely_db)
        clinic = make.clinic(lonely_db)
        make.protocol(lonely_db, clinic, VISITS_ONLY)
        patient = make.patient(lonely_db, clinic)
        procedure = make.procedure(lonely_db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(lonely_db, clinic, anna.config, patient, procedure)


@pytest.fixture
def machine(alone: Story) -> Machine:
    """A worker that has been running since before Anna's first message."""
    made = Machine(alone)
    made.turn("2026-03-13T08:00:00")
    return made


def test_after_three_days_without_anything_nothing_stale_goes_out(machine: Machine, alone: Story, mailbox: Mailbox) -> None:
    """Everything was down from Friday to Tuesday, after the visit's day: both messages expire with the reason, none is sent."""
    counts = machine.turn("2026-03-17T10:00", passed=timedelta(days=4, hours=2))
    assert counts == {"expired": 2}
    assert mailbox.mails == []
    assert [(one.state, one.reason) for one in alone.reminders()[:2]] == [(ReminderState.EXPIRED, "too_late")] * 2
    states = [row.body.partition('"state":"')[2].partition('"')[0] for row in alone.journal(alone.first.id) if row.body]
    assert states[-1] == "expired", "and the journal says so"


def test_the_visit_whose_messages_expired_is_on_the_work_list(anna: Story, mailbox: Mailbox, as_: Callable[[make.Person], Api]) -> None:
    """Csaba sees it: a person calls where no message could be sent any more."""
    assert anna.run("2026-03-17T10:00") == {"expired": 2}
    with clock.at(budapest("2026-03-17T10:00")):
        turn_visits(anna.db, anna.clinic.id, anna.config)
        items = as_(anna.clinic.coordinator).get("/follow-up/work-list?show=all")["items"]
    assert [(one["visit"]["step"], one["patient"]["name"]) for one in items] == [("2w", "Petrauskienė, Anna")]
    assert mailbox.mails == []


def test_a_consent_withdrawn_between_claim_and_sending(anna: Story, mailbox: Mailbox, as_: Callable[[make.Person], Api]) -> None:
    """A worker holds the message when Vera, at her tablet, takes the consent back: it is not sent, and says why."""
    with clock.at(budapest(DUE)):
        with anna.db.transaction(anna.clinic.id) as session:
            token, ids = queue.claim(session, Channel.EMAIL, limit=20)
        as_(anna.clinic.surgeon).patch(f"/patients/{anna.patient['id']}", {"reminder_consent": False}, anna.patient["write_id"])
        with anna.db.transaction(anna.clinic.id) as session:
            assert begin.begin(session, ids, token, anna.config).letters == []
    assert (anna.first.state, anna.first.reason) == (ReminderState.SUPPRESSED, "no_consent")
    assert {one.state for one in anna.reminders()} == {ReminderState.SUPPRESSED}
    anna.run(DUE)
    assert mailbox.mails == []


def test_the_clock_an_hour_ahead_and_right_again(machine: Machine, alone: Story, mailbox: Mailbox) -> None:
    """Half past nine becomes half past ten: nothing is sent early. Set right, it goes out at ten, once."""
    assert machine.turn("2026-03-13T09:30:00", passed=timedelta(minutes=90)) == {}
    assert machine.turn("2026-03-13T10:30:01") == {}, "held: an hour has not passed"
    assert machine.turn("2026-03-13T10:31:00", passed=timedelta(minutes=1)) == {}
    assert machine.turn("2026-03-13T09:31:01") == {}, "right again, and nothing is due"
    assert machine.turn("2026-03-13T10:00:00", passed=timedelta(minutes=29)) == {"accepted": 1}
    assert machine.turn("2026-03-13T10:00:01") == {}
    assert len(mailbox.mails) == 1
    assert alone.first.attempts == 1


def test_the_clock_an_hour_back(machine: Machine, alone: Story, mailbox: Mailbox) -> None:
    """Sent at ten; the clock falls back to nine: nothing is sent again, now or when ten comes a second time."""
    assert machine.turn("2026-03-13T10:00:00", passed=timedelta(hours=2)) == {"accepted": 1}
    assert machine.turn("2026-03-13T09:00:01") == {}
    for minute in (10, 20, 40, 59):
        assert machine.turn(f"2026-03-13T09:{minute}:00", passed=timedelta(minutes=10)) == {}
    assert machine.turn("2026-03-13T10:00:30", passed=timedelta(minutes=1)) == {}
    assert len(mailbox.mails) == 1
    assert alone.first.attempts == 1


def test_a_small_correction_is_believed_after_a_quarter_of_an_hour(machine: Machine, mailbox: Mailbox) -> None:
    """The clock had been an hour behind all the time: nobody needs to get up for that."""
    machine.turn("2026-03-13T09:00:00", passed=timedelta(hours=1))
    assert machine.turn("2026-03-13T10:05:00") == {}
    assert machine.turn("2026-03-13T10:12:00", passed=timedelta(minutes=7)) == {}
    assert machine.turn("2026-03-13T10:21:00", passed=timedelta(minutes=9)) == {"accepted": 1}
    assert len(mailbox.mails) == 1


def test_a_year_ahead_sends_and_gives_up_nothing(machine: Machine, alone: Story, mailbox: Mailbox) -> None:
    """A dead battery sets the clock to next year: no message is sent or expired for days. A person says when it is right."""
    for day in range(4, 9):
        assert machine.turn(f"2027-03-0{day}T10:00", passed=timedelta(days=1)) == {}
    assert {one.state for one in alone.reminders()} == {ReminderState.PENDING}
    assert mailbox.mails == []
    with clock.at(budapest("2026-03-13T10:00")), alone.db.transaction(everywhere=True) as session:
        guard.believe(session)
    assert machine.turn("2026-03-13T10:00:01") == {"accepted": 1}


CLAIM = """
UPDATE reminders SET state = 'claimed', lease_until = :until, lease_token = :token
WHERE (clinic_id, id) IN (SELECT clinic_id, id FROM reminders WHERE state = 'pending' AND next_at <= :now ORDER BY next_at LIMIT 5 {skip})
RETURNING idempotency_key
"""
BEGIN = "UPDATE reminders SET state = 'sending', begun_at = :now, attempts = attempts + 1 WHERE lease_token = :token AND state = 'claimed'"
FINISH = """
UPDATE reminders SET state = 'accepted', sent_at = :now, lease_until = NULL, lease_token = NULL
WHERE lease_token = :token AND state = 'sending'
"""


def other_version(db: Database, sent: list[str]) -> None:
    """A worker written by somebody else, years ago, who knows nothing but the protocol of the rows: claim, begin, send, finish."""
    words = [sa.text(CLAIM.format(skip="" if db.is_sqlite else "FOR UPDATE SKIP LOCKED")), sa.text(BEGIN), sa.text(FINISH)]
    typed: dict[str, Any] = {"token": sa.Uuid(), "now": UtcDateTime(), "until": UtcDateTime()}
    claim, start, finish = (
        one.bindparams(*(sa.bindparam(name, type_=kind) for name, kind in typed.items() if f":{name}" in str(one))) for one in words
    )
    while True:
        now, token = clock.now(), uuid.uuid4()
        with db.engine.begin() as connection:
            keys = connection.execute(claim, {"token": token, "now": now, "until": now + timedelta(minutes=1)}).scalars().all()
        if not keys:
            return
        with db.engine.begin() as connection:
            begun = connection.execute(start, {"token": token, "now": now}).rowcount
        assert begun == len(keys), "nobody else touches what is claimed"
        sent.extend(str(uuid.UUID(str(key))) for key in keys)
        with db.engine.begin() as connection:
            connection.execute(finish, {"token": token, "now": now})


def test_two_versions_of_the_code_share_the_work(lonely_db: Database, anna: Story, mailbox: Mailbox) -> None:
    """Two workers of today and two of another version, which agree on nothing but the columns of the row: every message once.

    What this shows: the lease and its token are all that two versions need to have in common. What it does not show: a version
    that reads a column which the next migration takes away; migrations therefore add first and take away one release later.
    """
    wanted = fill(lonely_db, count=120, clinics=2, channel=Channel.EMAIL, seconds=0, seed=1)
    elsewhere: list[str] = []
    counts: Counter[ReminderState] = Counter()
    start = Barrier(4)

    def of_today() -> None:
        start.wait()
        while found := run_due(lonely_db, anna.config, limit=3):
            counts.update(found)

    def of_then() -> None:
        start.wait()
        assert mailbox.wait_for(5, 20), "both are at it at the same time"
        other_version(lonely_db, elsewhere)

    threads = [Thread(target=work) for work in (of_today, of_then) * 2]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    here = [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in mailbox.mails]
    assert sorted([*here, *elsewhere]) == sorted(wanted)
    assert here
    assert elsewhere
    assert counts[ReminderState.ACCEPTED] == len(here)
    with lonely_db.transaction(write=False, everywhere=True) as session:
        states = session.scalars(sa.select(Reminder.state), execution_options={"all_clinics": True}).all()
    assert Counter(states) == {ReminderState.ACCEPTED: 120}
