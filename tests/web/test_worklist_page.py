"""The work list's page: what a coordinator sees, and one click for how a call ended."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.vocabulary import AlertKind, ProcedureState
from server import clock
from server.config import Config
from server.db import Database, find
from server.followup.engine import chores
from server.followup.models import Alert, Visit
from server.followup.service import alarms
from server.followup.service.alerts import raise_alert
from server.followup.service.calls import calls_of
from tests import make
from tests.followup.conftest import MONDAY, VISITS_ONLY
from tests.followup.story import Story, budapest
from tests.web.browser import Browser, Page, faults

FRIDAY = budapest("2026-03-13T09:00")
LIST = "/follow-up/work-list"


@pytest.fixture
def anna(db: Database, clinic: make.Clinic, config: Config) -> Story:
    """Anna's visit after two weeks is on Monday 16 March, and no time is arranged."""
    with clock.at(MONDAY):
        make.protocol(db, clinic, VISITS_ONLY)
        patient = make.patient(db, clinic, phone="+36 30 123 4567", language="hu")
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    with clock.at(FRIDAY):
        chores.turn_visits(db, clinic.id, config)
    return Story(db, clinic, config, patient, procedure)


@pytest.fixture
def csaba(anna: Story, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """Csaba Tóth, coordinator, on Friday morning."""
    with clock.at(FRIDAY):
        return at_desk(anna.clinic.coordinator)


def alert(story: Story, kind: AlertKind) -> uuid.UUID:
    """Raised this morning about Anna's first visit."""
    with clock.at(FRIDAY), story.db.transaction(story.clinic.id) as session:
        about = find(session, Visit, story.visits()[0].id)
        assert about is not None
        if kind in alarms.URGENT:
            return alarms.sound(session, kind, alarms.CHECK_IN, patient_id=about.patient_id, detail="Answered yes.", visit=about).id
        return raise_alert(session, kind, patient_id=about.patient_id, detail="Answered yes.", visit=about).id


def look(browser: Browser, address: str = LIST) -> Page:
    """The list on Friday morning, without a fault."""
    with clock.at(FRIDAY):
        page = browser.open(address)
    assert faults(page) == []
    return page


def press(browser: Browser, page: Page, action: str, expect: int = 303, **typed: str) -> Page:
    """Send a form of the page; the page that answers."""
    with clock.at(FRIDAY):
        answer = browser.send(page, action, expect, **typed)
        shown = browser.open(answer.location) if expect == 303 else Page(answer)
    assert faults(shown) == []
    return shown


def log_at(page: Page, *, again: bool = False) -> str:
    """Where the first row's form (or the one that corrects the last call) is sent."""
    return next(action for action in page.forms if "/calls" in action and ("done=call" in action) is again)


def test_a_row_says_whom_to_call_why_and_what_is_known(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    assert f"Petrauskienė, Anna {anna.patient['mrn']}, speaks Hungarian +36 30 123 4567" in page.text
    assert "2 weeks , 16 Mar 2026 Due now, until 23 Mar 2026" in page.text
    assert "No message has gone out. No time is arranged yet. Call." in page.text
    assert "tel:+36301234567" in page.hrefs
    assert f"/procedures/{anna.procedure_id}#follow-up" in page.hrefs


def test_a_visit_whose_window_is_open_leads_to_its_questionnaires_and_no_other_row_does(csaba: Browser, anna: Story) -> None:
    visit = anna.visits()[0]
    address = f"/visits/{visit.id}/questionnaires"
    assert address in look(csaba).hrefs
    assert "Petrauskienė" in look(csaba, address).text
    with clock.at(FRIDAY), anna.db.transaction(anna.clinic.id) as session:
        later = find(session, Visit, visit.id, lock=True)
        assert later is not None
        later.opens_on = (FRIDAY + timedelta(days=1)).date()
    assert "Petrauskienė" in look(csaba).text
    assert address not in look(csaba).hrefs


def test_the_counts_are_filters(csaba: Browser, anna: Story) -> None:
    alert(anna, AlertKind.CONCERNING_ANSWER)
    page = look(csaba)
    assert "1 All 0 Red flags 1 Concerning answers 0 Ask for you 0 Overdue 0 Due this week 0 Bad contact" in page.text
    assert "Call now. Then write down what was found." in look(csaba, f"{LIST}?show=concerning").text
    assert "Every visit due this week has a time." in look(csaba, f"{LIST}?show=due").text


def test_a_clinic_with_nothing_to_do_says_so(at_desk: Callable[[make.Person], Browser], other_clinic: make.Clinic, anna: Story) -> None:
    with clock.at(FRIDAY):
        hillside = at_desk(other_clinic.coordinator)
    page = look(hillside)
    assert "Nobody needs a call" in page.text
    assert "Petrauskien" not in page.text
    theirs = f"/follow-up/visits/{anna.visits()[0].id}/calls"
    with clock.at(FRIDAY):
        csrf = page.forms["/sign-out"]["csrf"]
        assert hillside.client.post(theirs, data={"csrf": csrf, "outcome": "declined"}).status_code == 404


def test_booked_in_one_click(csaba: Browser) -> None:
    page = look(csaba)
    after = press(csaba, page, log_at(page), outcome="booked", day="2026-03-16", time="14:30", note="Comes with her sister.")
    assert "Booked: Petrauskienė, Anna, 2 weeks, 16 Mar 2026 at 14:30. Reminders follow the new time." in after.text
    assert "Nobody needs a call" in after.text


def test_a_form_sent_twice_logs_once(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    press(csaba, page, log_at(page), outcome="no_answer")
    after = press(csaba, page, log_at(page), outcome="no_answer")
    assert "No answer: Petrauskienė, Anna, 2 weeks. Back on the list on 14 Mar 2026, unless it is settled before." in after.text
    with anna.db.transaction(anna.clinic.id, write=False) as session:
        assert len(calls_of(session, anna.visits()[0].id)) == 1


def test_what_was_logged_by_mistake_is_corrected_from_the_same_page(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    wrong = press(csaba, page, log_at(page), outcome="declined")
    assert "Declined: Petrauskienė, Anna, 2 weeks. Nothing more is sent about this visit." in wrong.text
    right = press(csaba, wrong, log_at(wrong, again=True), outcome="answered")
    assert "Answered by phone: Petrauskienė, Anna, 2 weeks. Back on the list on 20 Mar 2026" in right.text
    assert anna.visits()[0].state == "due"


@pytest.mark.parametrize(
    ("typed", "says", "field"),
    [
        ({"outcome": "call_later"}, "Say from which day on to call again.", "call_after"),
        ({"outcome": "booked", "day": "2026-03-16"}, "Enter the time too, or leave out the day.", "time"),
        ({"outcome": "booked", "day": "2026-03-12", "time": "10:00"}, "Lies in the past; check the day and the time.", "day"),
    ],
)
def test_what_is_missing_is_asked_for_in_the_same_row(csaba: Browser, typed: dict[str, str], says: str, field: str) -> None:
    page = look(csaba)
    refused = press(csaba, page, log_at(page), 422, note="Prefers mornings.", **typed)
    assert says in refused.text
    assert any(href.startswith(f"#{field}-due-") for href in refused.hrefs)
    assert 'value="Prefers mornings."' in refused.html
    assert "<details open>" in refused.html


def test_a_worrying_answer_is_closed_with_a_note_only(csaba: Browser, anna: Story) -> None:
    closing = f"/follow-up/alerts/{alert(anna, AlertKind.CONCERNING_ANSWER)}/closing"
    page = look(csaba)
    called = press(csaba, page, log_at(page), outcome="answered")
    assert "The worrying answer stays on the list until you write down what was found." in called.text
    refused = press(csaba, called, closing, 422, done="ok")
    assert "Write what was done, in 3 characters or more." in refused.text
    assert any(href.startswith("#done-concerning-") for href in refused.hrefs)
    done = press(csaba, refused, closing, done="Seen by Dr Kovács: harmless.")
    assert "Closed: Petrauskienė, Anna. “Seen by Dr Kovács: harmless.”" in done.text


def test_a_time_that_has_passed_is_marked_in_one_click(csaba: Browser, anna: Story, at_desk: Callable[[make.Person], Browser]) -> None:
    page = look(csaba)
    press(csaba, page, log_at(page), outcome="booked", day="2026-03-16", time="14:30")
    with clock.at(budapest("2026-03-18T09:00")):
        later = at_desk(anna.clinic.coordinator)
        listed = later.open(LIST)
        assert "Booked 2 days ago, nothing recorded" in listed.text
        mark = f"/follow-up/visits/{anna.visits()[0].id}/mark"
        after = later.open(later.send(listed, mark, state="attended").location)
    assert "Attended: Petrauskienė, Anna, 2 weeks." in after.text
    assert faults(after) == []


def test_a_time_to_come_is_shown_and_not_marked_before_its_day(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    press(csaba, page, log_at(page), outcome="booked", day="2026-03-16", time="14:30")
    alert(anna, AlertKind.WANTS_ANOTHER_TIME)
    before = look(csaba)
    assert "Booked for 16 Mar 2026, 14:30" in before.text
    assert not any(action.endswith("/mark") for action in before.forms)


def test_reminders_are_stopped_when_the_patient_asks_a_person(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    after = press(csaba, page, f"/follow-up/patients/{anna.patient['id']}/stop")
    assert "No more reminders go to Petrauskienė, Anna." in after.text
    assert {str(one.state) for one in anna.reminders()} == {"suppressed"}
    assert anna.journal(uuid.UUID(anna.patient["id"]))[-1].action == "stop_by_staff"


def test_a_new_link_is_sent_to_the_address_on_file(csaba: Browser, anna: Story) -> None:
    page = look(csaba)
    after = press(csaba, page, f"/follow-up/visits/{anna.visits()[0].id}/link")
    assert "A new link is on its way to Petrauskienė, Anna." in after.text
    assert [str(one.purpose) for one in anna.reminders()].count("link") == 1


def test_page_after_page_keeps_the_filter(csaba: Browser, anna: Story) -> None:
    with clock.at(MONDAY):
        for name in ("Bence", "Cili"):
            patient = make.patient(anna.db, anna.clinic, given_name=name)
            make.procedure(anna.db, anna.clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    with clock.at(FRIDAY):
        chores.turn_visits(anna.db, anna.clinic.id, anna.config)
    first = look(csaba, f"{LIST}?show=due&limit=2")
    second = look(csaba, next(href.replace("&amp;", "&") for href in first.hrefs if "cursor=" in href))
    names = re.findall("Petrauskienė, (Anna|Bence|Cili) RPS", first.text + second.text)
    assert sorted(names) == ["Anna", "Bence", "Cili"]
    assert f"{LIST}?show=due&limit=2" in second.hrefs


@pytest.mark.parametrize("role", ["rater", "admin"])
def test_who_follows_nobody_up_is_told_so(anna: Story, at_desk: Callable[[make.Person], Browser], role: str) -> None:
    with clock.at(FRIDAY):
        other = at_desk(getattr(anna.clinic, role))
        page = other.open(LIST, 403)
    assert "Petrauskien" not in page.text


def test_csaba_takes_a_red_flag_on_and_then_writes_down_what_was_found(csaba: Browser, anna: Story) -> None:
    flag = alert(anna, AlertKind.RED_FLAG)
    page = look(csaba, f"{LIST}?show=red_flag")
    assert "Nobody is on it" in page.text
    assert "Call now. Then write down what was found." in page.text
    mine = press(csaba, page, f"/follow-up/alerts/{flag}/acknowledgement?show=red_flag")
    assert "You are on it: Petrauskienė, Anna." in mine.text
    assert "Csaba Tóth is on it since 09:00" in mine.text
    assert "I am on it" not in mine.text
    closed = press(csaba, mine, f"/follow-up/alerts/{flag}/closing?show=red_flag", done="A lash in her eye; she sees well.")
    assert "Nobody has reported a red flag." in closed.text


def test_what_was_told_again_says_so(csaba: Browser, anna: Story) -> None:
    alert(anna, AlertKind.RED_FLAG)
    with clock.at(FRIDAY + timedelta(minutes=30)), anna.db.transaction(anna.clinic.id) as session:
        alarms.escalate(session)
    assert "Escalated once, nobody is on it" in look(csaba).text


def test_taken_on_by_another_it_can_be_taken_over(csaba: Browser, anna: Story) -> None:
    flag = alert(anna, AlertKind.RED_FLAG)
    with clock.at(FRIDAY), anna.db.transaction(anna.clinic.id, actor=anna.clinic.nurse) as session:
        found = find(session, Alert, flag, lock=True)
        assert found is not None
        alarms.acknowledge(session, found)
    page = look(csaba)
    assert "Nóra Szabó is on it since 09:00" in page.text
    assert "Csaba Tóth is on it" in press(csaba, page, f"/follow-up/alerts/{flag}/acknowledgement").text


def test_every_page_says_that_nobody_is_on_a_red_flag(
    csaba: Browser, anna: Story, at_desk: Callable[[make.Person], Browser], other_clinic: make.Clinic
) -> None:
    pages = ("/procedures", "/patients", "/outbox", f"/patients/{anna.patient['id']}", "/follow-up/protocol")
    strip = "Not taken on yet: 1 red flag. See whom to call"
    assert not [one for one in pages if "Not taken on yet" in look(csaba, one).text]
    flag = alert(anna, AlertKind.RED_FLAG)
    assert [one for one in pages if strip not in look(csaba, one).text] == []
    with clock.at(FRIDAY):
        admin, hillside = at_desk(anna.clinic.admin), at_desk(other_clinic.coordinator)
    assert "Not taken on yet" not in look(admin, "/people").text, "who looks after no patient"
    assert "Not taken on yet" not in look(hillside, "/procedures").text
    press(csaba, look(csaba), f"/follow-up/alerts/{flag}/acknowledgement")
    assert strip not in look(csaba, "/procedures").text
    assert "Not taken on yet" not in csaba.open("/patients/nowhere", 404).text
