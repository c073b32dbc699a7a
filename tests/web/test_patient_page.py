"""The page of one patient: Anna Petrauskienė, from her plan to her last answer."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, ReminderState, VisitState
from server import clock
from server.app import App
from server.db import Database
from server.followup.models import Reminder, Visit
from server.ids import uuid7
from server.web import timeline
from server.web.timeline_words import Event
from tests import make
from tests.api import Api
from tests.days import days_ago
from tests.house.follow_up_calls import visit_of
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.web.browser import Browser, Page, faults


@pytest.fixture
def annas(vera: Api, clinic: make.Clinic) -> Case:
    """Anna, treated today and signed."""
    return stages.signed(vera, clinic)


def path(case: Case) -> str:
    """Of her page."""
    return f"/patients/{case.patient_id}"


def test_the_list_finds_by_name_number_and_telephone(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic, mrn="RPS-77", phone="+36 30 555 0117")
    make.patient(db, clinic, family_name="Kiss", given_name="Bence")
    everybody = vera_at_desk.open("/patients")
    assert "2 patients, by name" in everybody.text
    assert everybody.text.index("Kiss") < everybody.text.index("Petrauskienė")
    for asked in ("anna petra", "rps-77", "30 5550117"):
        found = vera_at_desk.open(f"/patients?q={asked.replace(' ', '+')}")
        assert "1 patient found" in found.text
        assert f"/patients/{anna['id']}" in found.hrefs
        assert "tel:+36305550117" in found.hrefs
        assert "Kiss" not in found.text
    assert "No patient matches" in vera_at_desk.open("/patients?q=nobody").text
    assert faults(everybody) == []


def test_the_list_goes_on_after_the_last_name(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    for name in ("Antal", "Balogh", "Czakó"):
        make.patient(db, clinic, family_name=name)
    first = vera_at_desk.open("/patients?limit=2")
    following = next(href for href in first.hrefs if "cursor=" in href)
    second = vera_at_desk.open(following)
    assert "Balogh" in first.text
    assert "Balogh" not in second.text
    assert "Czakó" in second.text


def test_who_she_is_stands_on_top(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    more = {"allergies": "penicillin", "phone": "+36 30 555 0117", "contact_by": "sms", "reminder_consent": False, "sex": "female"}
    anna = make.patient(db, clinic, mrn="RPS-77", **more)
    page = vera_at_desk.open(f"/patients/{anna['id']}")
    assert "Petrauskienė, Anna Female, 35 years born 17 Apr 1991 RPS-77 Allergies: penicillin" in page.text
    assert "Telephone +36 30 555 0117 E-mail anna@example.org Prefers Text message" in page.part("contact")
    assert "Wants no reminders" in page.part("contact")
    assert "Nothing is planned." in page.part("ahead")
    assert "Nothing yet." in page.part("timeline")
    assert faults(page) == []


def test_a_scar_says_its_size_and_what_it_was_given(annas: Case, vera_at_desk: Browser) -> None:
    scars = vera_at_desk.open(path(annas)).part("scars")
    given = {one["scar_id"]: one["volume_ml"] for one in annas.read()["entries"] if one["kind"] == "injection"}
    assert "32 mm long" in scars
    assert scars.count("given last") == len(given)
    for volume in given.values():
        assert f"{volume:g} mL given" in scars


def test_what_was_entered_in_error_was_given_to_nobody(vera: Api, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    case = stages.completed(vera, clinic)
    vera.post(f"{case.path}/withdrawal", {"reason": "wrong patient"}, 200)
    scars = vera_at_desk.open(path(case)).part("scars")
    assert "given last" not in scars
    assert "Not treated yet" in scars


def test_the_timeline_brings_everything_together(annas: Case, vera: Api, vera_at_desk: Browser) -> None:
    check_in, visit = visit_of(vera, annas, "check_in"), visit_of(vera, annas)
    vera.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": "yes"})
    vera.post(f"/visits/{visit['id']}/calls", {"outcome": "no_answer", "note": "Rang twice."})
    sent(vera, annas.patient_id, cheek())
    page = vera_at_desk.open(path(annas))
    told = page.part("timeline")
    for said in (
        "Procedure Nanofat injection of depressed facial scars",
        "Signed",
        "Answer Has something got worse?",
        "Yes, concerning",
        "Alert Concerning answer",
        "Open",
        "Call About 2 weeks By Dr Vera Kovács.",
        "“Rang twice.”",
        "No answer",
        "Photograph Front, before the procedure",
        "Stored",
    ):
        assert said in told, said
    assert {annas.path, "/follow-up/work-list?show=concerning", f"{path(annas)}/photos?view=front"} <= set(page.hrefs)
    assert str(clock.now().year) in told
    assert faults(page) == []


@pytest.fixture
def today(db: Database, clinic: make.Clinic) -> str:
    """Anna, whose procedure has ended just now."""
    return str(make.procedure(db, clinic, state=ProcedureState.COMPLETED)["patient_id"])


def test_what_is_to_come_stands_apart_with_the_next_message(today: str, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(f"/patients/{today}")
    ahead = page.part("ahead")
    assert ahead.index("2 weeks") < ahead.index("3 months") < ahead.index("1 year")
    assert "Check-in Day 7" in ahead
    assert "messages waiting. The next one" in ahead
    assert "3 months" not in page.part("timeline")


def test_a_cancelled_procedure_is_not_to_come(clinic: make.Clinic, db: Database, vera: Api, vera_at_desk: Browser) -> None:
    next_month = clock.now() + timedelta(days=30)
    planned = make.procedure(db, clinic, planned_for=next_month)
    page = vera_at_desk.open(f"/patients/{planned['patient_id']}")
    assert "Nanofat injection" in page.part("ahead")
    assert "Nanofat injection" not in page.part("timeline")
    vera.post(f"/procedures/{planned['id']}/cancellation", {"reason": "Has a cold."}, 200)
    page = vera_at_desk.open(f"/patients/{planned['patient_id']}")
    assert "Nanofat injection" not in page.part("ahead")
    assert "Cancelled" in page.part("timeline")
    assert "Has a cold." in page.part("timeline")


def test_a_visit_that_was_kept_early_lies_in_the_past(today: str, vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        session.scalars(sa.select(Visit).where(Visit.title == "2 weeks")).one().state = VisitState.ATTENDED
    page = vera_at_desk.open(f"/patients/{today}")
    assert "Visit 2 weeks Planned for" in page.part("timeline")
    assert "Attended" in page.part("timeline")
    assert "2 weeks" not in page.part("ahead")


def test_a_message_says_how_when_and_what_became_of_it(today: str, vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    yesterday = clock.now() - timedelta(days=1)
    with db.transaction(clinic.id) as session:
        first, second = session.scalars(sa.select(Reminder).order_by(Reminder.due_at, Reminder.id).limit(2))
        first.state, first.sent_at, first.delivered_at = ReminderState.DELIVERED, yesterday, yesterday
        second.state = ReminderState.CANCELLED
    told = vera_at_desk.open(f"/patients/{today}").part("timeline")
    assert told.count("Message ") == 1
    assert "Message Asks how it is going E-mail. About" in told
    assert "Arrived" in told
    assert "Delivered" in told


def pages_of(browser: Browser, first: str) -> Iterator[Page]:
    """All pages, one after the other."""
    page = browser.open(first)
    yield page
    while following := next((href for href in page.hrefs if "cursor=" in href), None):
        page = browser.open(following.partition("#")[0])
        yield page


def test_page_after_page_shows_each_event_once(annas: Case, vera: Api, vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    visit = visit_of(vera, annas)
    for number in range(5):
        vera.post(f"/visits/{visit['id']}/calls", {"outcome": "no_answer", "note": f"Call {number}."})
    announced(vera, annas.patient_id, cheek())
    make.procedure(db, clinic, patient_id=annas.patient_id, state=ProcedureState.COMPLETED, ended_at=days_ago(400))
    whole = vera_at_desk.open(f"{path(annas)}?limit=200")
    shown = list(pages_of(vera_at_desk, f"{path(annas)}?limit=2"))
    assert sum(page.html.count('class="event event-calls"') for page in shown) == 5
    happened = sum(page.html.partition('id="timeline"')[2].count('class="event ') for page in shown)
    assert happened == whole.html.partition('id="timeline"')[2].count('class="event ')
    assert len(shown) == -(-happened // 2)
    assert "To come" not in shown[-1].text
    years = whole.html.count('class="year"')
    assert years >= 2


def broken(_session: object, _window: object) -> Iterator[Event]:
    """A part that cannot be read."""
    raise sa.exc.ProgrammingError("SELECT", {}, Exception("no such column"))


def test_one_part_that_cannot_be_read_leaves_the_others_standing(
    annas: Case, vera_at_desk: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(timeline.SOURCES, "messages", broken)
    with caplog.at_level(logging.WARNING):
        page = vera_at_desk.open(path(annas))
    assert "Could not be read just now: Messages. Everything else is here." in page.text
    assert "Nanofat injection" in page.part("timeline")
    assert "messages, ProgrammingError" in caplog.text
    assert "Anna" not in caplog.text


def test_a_statement_that_the_database_refuses_spoils_nothing_after_it(
    annas: Case, vera_at_desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(session: sa.orm.Session, _window: object) -> Iterator[Event]:
        session.execute(sa.text("SELECT nothing_like_that FROM patients"))
        return iter(())

    monkeypatch.setitem(timeline.SOURCES, "procedures", refused)
    page = vera_at_desk.open(path(annas))
    assert "Could not be read just now: Procedures." in page.text
    assert "Left cheek" in page.part("scars")


@pytest.mark.parametrize("asked", ["limit=abc", "limit=0", "cursor=x", "cursor=WyJ4IiwieSJd", "q=1&cursor=W10"])
def test_a_bad_address_is_refused_and_says_why(annas: Case, vera_at_desk: Browser, asked: str) -> None:
    assert vera_at_desk.open(f"{path(annas)}?{asked}", 422).status == 422
    assert vera_at_desk.open(f"/patients?{asked}", 422).status == 422


@pytest.mark.parametrize("page", ["", "/photos"])
def test_another_clinics_patient_is_nobody(
    vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, at_desk: Callable[[make.Person], Browser], page: str
) -> None:
    anna = stages.planned(vera, clinic).patient_id
    theirs = at_desk(other_clinic.surgeon)
    known = theirs.open(f"/patients/{anna}{page}", 404).text
    assert known.partition("Time")[0] == theirs.open(f"/patients/{uuid7()}{page}", 404).text.partition("Time")[0]


def test_an_administrator_reads_one_only_in_an_emergency(
    annas: Case, app: App, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    adam = at_desk(clinic.admin)
    assert adam.open("/patients", 403).status == 403
    adam.open(path(annas), 403)
    make.emergency(app.db, clinic, annas.patient_id)
    assert "Petrauskienė, Anna" in adam.open(path(annas)).text
    adam.open("/patients", 403)
