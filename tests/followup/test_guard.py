"""The engine does no harm: broken providers rest, slow ones are paced, pauses hold, no clinic starves, no mad clock is believed."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.db import Database
from server.followup.engine import guard
from server.followup.engine.pump import BATCH, Pump
from server.followup.engine.tick import Engine
from server.followup.models import Pause, Reminder
from tests import make
from tests.followup.mailbox import Mailbox, nobody_listens
from tests.followup.story import Story, budapest

DUE = "2026-03-13T10:00"


def notices(db: Database, clinic: make.Clinic, count: int, due: str, **fields: object) -> list[uuid.UUID]:
    """Digests for the surgeon, which need no patient: the engine treats all messages alike."""
    made = []
    with db.transaction(clinic.id) as session:
        for _ in range(count):
            at = budapest(due)
            row = Reminder(
                user_id=clinic.surgeon.user_id,
                purpose="digest",
                recipient="staff",
                channel=Channel.EMAIL,
                wall=due,
                zone="Europe/Budapest",
                due_at=at,
                next_at=at,
                expires_at=at + timedelta(days=1),
                idempotency_key=uuid.uuid4(),
                payload={"subject": "Work list", "text": "Two patients wait for a call."},
            )
            for name, value in fields.items():
                setattr(row, name, value)
            session.add(row)
            session.flush()
            made.append(row.id)
    return made


def test_a_provider_that_is_down_is_left_in_peace(db: Database, clinic: make.Clinic, anna: Story, mailbox: Mailbox) -> None:
    """Five refused calls open the breaker: the others are not even tried. After the rest one is, and then all."""
    notices(db, clinic, 20, DUE)
    with nobody_listens() as url:
        first = anna.run(DUE, smtp_url=url)
        assert 5 <= first["pending"] <= 8, "one handful after the fifth failure at most"
        assert anna.run("2026-03-13T10:00:05", smtp_url=url) == {}
    assert anna.run("2026-03-13T10:00:20") == {}, "still resting"
    assert anna.run("2026-03-13T10:02") == {"accepted": 1}
    assert sum(anna.run(f"2026-03-13T10:{minute:02}").get("accepted", 0) for minute in (3, 5, 9, 20)) == 20
    assert len(mailbox.mails) == 21


def test_a_slow_sender_is_paced(db: Database, clinic: make.Clinic, anna: Story) -> None:
    """Two a second is two a second, however often the pump is woken."""
    notices(db, clinic, 9, DUE)
    sent = [anna.run(f"2026-03-13T10:00:{second:02}.5", email_per_second=2).get("accepted", 0) for second in range(3) for _ in range(3)]
    assert sent == [2, 0, 0, 2, 0, 0, 2, 0, 0]


def test_a_pause_pauses_and_late_is_still_late(anna: Story) -> None:
    """Nothing goes out; what is too late by then is not said when the pause ends."""
    with anna.db.transaction(anna.clinic.id, actor=anna.clinic.surgeon) as session:
        pause = Pause(reason="The telephone is out of order", begun_at=budapest(DUE))
        session.add(pause)
    assert anna.run(DUE) == {}
    assert anna.run("2026-03-13T22:00") == {"expired": 1}
    with anna.db.transaction(anna.clinic.id, actor=anna.clinic.surgeon) as session:
        session.get_one(Pause, (anna.clinic.id, pause.id)).ended_at = budapest("2026-03-14T09:00")
    assert anna.run("2026-03-14T10:00") == {"accepted": 1}


def test_everything_can_be_stopped_at_once(anna: Story) -> None:
    with anna.db.transaction(everywhere=True) as session:
        guard.pause_all(session, "moving to another provider")
    assert anna.run(DUE) == {}
    with anna.db.transaction(everywhere=True) as session:
        guard.pause_all(session, None)
    assert anna.run(DUE) == {"accepted": 1}


def test_no_clinic_starves_another(lonely_db: Database, anna: Story) -> None:
    """Riverside has ninety due, Hillside one: it waits for one batch at most."""
    riverside, hillside = make.clinic(lonely_db), make.clinic(lonely_db, name="Hillside Clinic")
    notices(lonely_db, riverside, 90, "2026-03-13T09:00")
    (one,) = notices(lonely_db, hillside, 1, DUE)
    with clock.at(budapest(DUE)), Pump(lonely_db, replace(anna.config, smtp_url=None)) as pump:
        assert pump.round(Channel.EMAIL) == {ReminderState.ACCEPTED: BATCH + 1}
    with lonely_db.transaction(hillside.id, write=False) as session:
        assert session.get_one(Reminder, (hillside.id, one)).state == ReminderState.ACCEPTED


@pytest.mark.parametrize(
    ("at", "what"),
    [("2026-03-13T18:59", {"accepted": 1}), ("2026-03-13T19:00", {}), ("2026-03-13T08:59", {}), ("2026-03-13T21:30", {})],
)
def test_nobody_is_woken(anna: Story, mailbox: Mailbox, at: str, what: dict[str, int]) -> None:
    """Before nine and from seven in the evening a message waits, or dies waiting."""
    with anna.db.transaction(anna.clinic.id) as session:
        first = session.get_one(Reminder, (anna.clinic.id, anna.first.id))
        first.due_at = first.next_at = budapest("2026-03-13T08:00")
    assert anna.run(at) == what or (at > "2026-03-13T19" and anna.first.state in {ReminderState.EXPIRED, ReminderState.PENDING})
    assert len(mailbox.mails) == what.get("accepted", 0)


class Steady:
    """A clock that nobody can set: it goes on by what the story says has really passed."""

    def __init__(self) -> None:
        """At some number of seconds."""
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


class Life:
    """One worker's life: `at(wall, after)` is a tick at which the wall clock says `wall`, `after` seconds really later."""

    def __init__(self, story: Story, db: Database) -> None:
        """On a database of its own."""
        self.steady = Steady()
        self.db, self.config = db, replace(story.config, smtp_url=None)
        self.engine = Engine(db, self.config, guard.ClockWatch(self.steady))

    def at(self, wall: str, after: float = 1.0) -> list[Channel]:
        """Channels that the tick finds due; empty while the clock is not believed."""
        self.steady.seconds += after
        with clock.at(budapest(wall)):
            return self.engine.tick()

    def restart(self) -> None:
        """A new process knows only what is stored."""
        self.engine = Engine(self.db, self.config, guard.ClockWatch(self.steady))


@pytest.fixture
def life(anna: Story, lonely_db: Database) -> Iterator[Life]:
    """A worker of a clinic with one notice due at ten on 13 March and one a year later."""
    clinic = make.clinic(lonely_db)
    notices(lonely_db, clinic, 1, DUE)
    notices(lonely_db, clinic, 1, "2027-03-13T10:00")
    with ExitStack():
        yield Life(anna, lonely_db)


EMAIL = [Channel.EMAIL]


def test_time_that_passes_is_believed(life: Life) -> None:
    assert life.at("2026-03-13T09:59:58") == []
    assert life.at("2026-03-13T10:00:01", after=3) == EMAIL
    assert life.at("2026-03-13T16:00:01", after=6 * 3600) == EMAIL, "the machine slept, and its steady clock with it knows"


def test_a_clock_an_hour_ahead_is_not(life: Life) -> None:
    """Somebody set it wrong: nothing falls due. Set right again, everything goes on; nothing was sent early."""
    life.at("2026-03-13T09:30:00")
    assert life.at("2026-03-13T10:30:01") == []
    assert life.at("2026-03-13T10:30:11", after=10) == []
    assert life.at("2026-03-13T09:30:12") == []
    assert life.at("2026-03-13T10:00:12", after=1800) == EMAIL


def test_a_clock_set_right_by_an_hour_is_believed_after_a_while(life: Life) -> None:
    """It had been behind: after a quarter of an hour the new time counts, without anybody's help."""
    life.at("2026-03-13T09:30:00")
    assert life.at("2026-03-13T10:30:01") == []
    assert life.at("2026-03-13T10:46:00", after=960) == EMAIL


def test_a_year_does_not_fall_due_at_once(life: Life) -> None:
    """A year ahead is believed only when a person says so, also by a new process."""
    life.at("2026-03-13T09:30:00")
    assert life.at("2027-03-13T11:00:00") == []
    assert life.at("2027-03-13T12:00:00", after=3600) == []
    life.restart()
    assert life.at("2027-03-13T12:00:01") == []
    with clock.at(budapest("2027-03-13T12:00:02")), life.db.transaction(everywhere=True) as session:
        guard.believe(session)
    assert life.at("2027-03-13T12:00:03") == EMAIL


def test_a_clock_that_goes_back_waits_for_itself(life: Life) -> None:
    """An hour back: nothing is sent twice, nothing is planned for then; when it is there again all goes on."""
    assert life.at("2026-03-13T10:00:00") == EMAIL
    assert life.at("2026-03-13T09:00:01") == []
    assert life.at("2026-03-13T09:00:02") == []
    assert life.at("2026-03-13T10:00:03") == EMAIL


def test_three_days_of_silence_are_an_outage_not_a_jump(life: Life) -> None:
    life.at("2026-03-13T09:00:00")
    life.restart()
    assert life.at("2026-03-16T10:00:00", after=1) == EMAIL


def test_two_months_of_silence_need_a_person(life: Life) -> None:
    """The clock of a machine that was long off may be anything; giving up two months of messages must not be its doing."""
    life.at("2026-03-13T09:00:00")
    life.restart()
    assert life.at("2026-05-16T10:00:00") == []
    assert life.at("2026-05-16T11:00:00", after=3600) == []


def test_a_moved_clock_is_known_as_one() -> None:
    """The comparison with the database's clock is for real time only."""
    assert not clock.is_moved()
    with clock.at(datetime.fromisoformat("2026-03-13T10:00:00+00:00")):
        assert clock.is_moved()
