"""The outbox."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, ReminderState
from server import clock
from server.config import Config
from server.db import Database
from server.followup.engine.pump import run_due
from server.followup.models import Reminder
from tests import make
from tests.followup.conftest import VISITS_ONLY
from tests.web.browser import Browser, Page, faults

ENDED = datetime(2026, 3, 2, 9, tzinfo=UTC)
AFTER_THE_FIRST = datetime(2026, 3, 13, 9, 5, tzinfo=UTC)
"""2 weeks after ENDED is Monday 16 March; its first reminder is due on Friday the 13th at 10:00 in Budapest."""


def sent(db: Database, config: Config, clinic: make.Clinic, **patient: object) -> None:
    """One reminder has gone out, the others wait."""
    make.protocol(db, clinic, VISITS_ONLY)
    with clock.at(ENDED):
        anna = make.patient(db, clinic, **patient)
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=anna["id"], ended_at=ENDED)
    with clock.at(AFTER_THE_FIRST):
        run_due(db, config, clinic_id=clinic.id)


def message_of(browser: Browser, page: Page) -> Page:
    """The first message of an outbox page."""
    return browser.open(next(href for href in page.hrefs if href.startswith("/outbox/")))


def test_an_outbox_without_reminders_says_where_they_come_from(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/outbox")
    assert "Nothing was due yet" in page.text
    assert "2 weeks, 3 months and 1 year" in page.text
    assert faults(page) == []


def test_what_was_due_is_listed_with_its_state_in_the_clinics_time(
    db: Database, config: Config, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    sent(db, config, clinic)
    with clock.at(AFTER_THE_FIRST):
        page = at_desk(clinic.coordinator).open("/outbox")
    assert "Fri 13 Mar 2026 10:00 Petrauskienė, Anna Reminds of the visit 2 weeks, 16 Mar 2026 Written to a file" in page.text
    assert "no patient receives them" in page.text
    assert faults(page) == []


def test_a_message_can_be_read_as_it_was_written(
    db: Database, config: Config, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    sent(db, config, clinic)
    with clock.at(AFTER_THE_FIRST):
        csaba = at_desk(clinic.coordinator)
        page = message_of(csaba, csaba.open("/outbox"))
    assert "Dear Anna," in page.text
    assert "anna@example.org" in page.text
    assert "reached no patient" in page.text
    assert faults(page) == []


def test_what_is_still_to_come_comes_soonest_first(
    db: Database, config: Config, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    sent(db, config, clinic)
    with clock.at(AFTER_THE_FIRST):
        csaba = at_desk(clinic.coordinator)
        page = csaba.open("/outbox?show=to-come&limit=3")
        following = next(href for href in page.hrefs if "cursor=" in href)
        later = csaba.open(following)
        waiting = message_of(csaba, page)
    days = ["Sat 14 Mar 2026", "Tue 19 May 2026", "Sat 30 May 2026"]
    assert sorted(days, key=page.text.index) == days
    assert "2 weeks, 16 Mar 2026" not in later.text
    assert "show=to-come" in following
    assert "Its message is written when it is due" in waiting.text


def test_why_nothing_went_out_is_said_in_words(
    db: Database, config: Config, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    sent(db, config, clinic, email=None)
    with clock.at(AFTER_THE_FIRST):
        page = at_desk(clinic.nurse).open("/outbox")
    assert "Not sent No address for this channel is recorded. Call the patient." in page.text


def test_another_clinics_message_is_as_unknown_as_none(
    db: Database, config: Config, clinic: make.Clinic, other_clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    sent(db, config, clinic)
    with clock.at(AFTER_THE_FIRST):
        vera = at_desk(clinic.surgeon).open("/outbox")
        hillside = at_desk(other_clinic.surgeon)
        theirs = hillside.open(next(href for href in vera.hrefs if href.startswith("/outbox/")), 404)
        nothing = hillside.open(f"/outbox/{uuid.uuid4()}", 404)
        assert "Nothing was due yet" in hillside.open("/outbox").text
    assert theirs.html == nothing.html


def became(db: Database, clinic: make.Clinic, state: ReminderState, reason: str) -> str:
    """Let the message that went out have come to another state; the address of its page."""
    with db.transaction(clinic.id) as session:
        row = session.scalars(sa.select(Reminder).where(Reminder.state == ReminderState.ACCEPTED)).one()
        row.state, row.reason, row.sent_at = state, reason, None
        return f"/outbox/{row.id}"


@pytest.fixture
def csaba(db: Database, config: Config, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """The coordinator, just after the first message was due."""
    sent(db, config, clinic)
    with clock.at(AFTER_THE_FIRST):
        return at_desk(clinic.coordinator)


def test_a_doubtful_message_is_settled_by_who_asked_the_patient(db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    address = became(db, clinic, ReminderState.UNCERTAIN, "no_answer")
    with clock.at(AFTER_THE_FIRST):
        listed = csaba.open("/outbox")
        assert f"{address}/settlement" in listed.forms
        page = csaba.open(address)
        assert "Did it arrive? It arrived It did not arrive" in page.text
        after = csaba.open(csaba.send(page, f"{address}/settlement", outcome="arrived").location)
        assert "Perhaps sent" not in after.text
        assert "It did not arrive" not in after.text
        refused = Page(csaba.send(page, f"{address}/settlement", 409, outcome="did_not_arrive"))
    assert "Nobody doubts what became of this message; read it again." in refused.text
    assert faults(listed) == faults(page) == faults(after) == faults(refused) == []


def test_a_message_that_was_given_up_is_sent_again(db: Database, clinic: make.Clinic, csaba: Browser) -> None:
    address = became(db, clinic, ReminderState.DEAD, "rejected")
    with clock.at(AFTER_THE_FIRST):
        page = csaba.open(address)
        again = csaba.send(csaba.open("/outbox"), f"{address}/replay").location
        assert again != address
        assert "Waiting" in csaba.open(again).text
        refused = Page(csaba.send(page, f"{address}/replay", 409))
    assert "The same message is already waiting to be sent." in refused.text
    assert faults(page) == faults(refused) == []
