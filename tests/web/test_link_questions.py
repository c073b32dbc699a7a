"""The check-in on the patient's telephone: one question a page, stored at once, and a person at once when the answer concerns."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.vocabulary import VisitState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database, find
from server.followup.models import Alert, PushSubscription, Reminder
from server.followup.service.alerts import close_alert
from tests import make
from tests.web.browser import Page, faults
from tests.web.link_case import END_OF_MARCH, Anna, anna

ACTION = "/question/1"
CALL_AT_ONCE = ("concerning_answer", "Answered the check-in: something has got worse. Call at once.")


@pytest.fixture(autouse=True)
def in_march() -> Iterator[None]:
    """The day of the last check-in."""
    with clock.at(END_OF_MARCH):
        yield


@pytest.fixture(scope="module")
def linked(config: Config, db: Database) -> App:
    """The application with the patient's page."""
    return create_app(config, db)


@pytest.fixture
def asked(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, who is asked four weeks after."""
    return anna(linked, clinic, step="d28")


def test_the_question_is_on_the_first_page_and_nothing_is_preselected(asked: Anna) -> None:
    page = asked.open()
    assert "Hello Anna. This is Riverside Plastic Surgery." in page.text
    assert "Question 1 of 1 Has anything got worse since we last saw you?" in page.text
    for answer in ("Yes", "No", "I am not sure"):
        assert answer in page.text
    assert "checked" not in page.html
    assert faults(page) == []


def test_an_answer_that_all_is_well_settles_the_check_in(asked: Anna) -> None:
    after = asked.press(ACTION, answer="no")
    assert "Thank you. Your answer has arrived." in after.text
    assert asked.answers() == ["no"]
    assert asked.visit().state == VisitState.ANSWERED
    assert {one.state for one in asked.messages()} <= {"cancelled", "expired", "accepted"}
    assert asked.alerts() == []
    assert faults(after) == []


def test_an_answer_that_concerns_leads_to_the_telephone_at_once(asked: Anna) -> None:
    page = asked.press(ACTION, answer="yes")
    assert "Please call us now" in page.text
    assert "call the emergency number 112 now" in page.text
    assert page.hrefs.count("tel:+3615550100") == 2
    assert "tel:112" in page.hrefs
    assert asked.alerts() == [CALL_AT_ONCE]
    assert asked.answers() == ["yes"]
    assert faults(page) == []
    onward = next(one for one in page.hrefs if "done" in one)
    assert "Your answer has arrived" in asked.phone.open(onward).text


def test_whoever_follows_up_is_told_in_the_same_transaction(asked: Anna) -> None:
    with asked.db.transaction(asked.clinic.id) as session:
        for person in (asked.clinic.nurse, asked.clinic.admin):
            address = f"https://push.example/{person.user_id}"
            session.add(PushSubscription(clinic_id=asked.clinic.id, user_id=person.user_id, endpoint=address, p256dh="x", auth="x"))
    page = asked.open()
    for _ in range(2):
        asked.send(page, ACTION, answer="yes")
    with asked.db.transaction(asked.clinic.id, write=False) as session:
        told = session.scalars(sa.select(Reminder).where(Reminder.channel == "push")).all()
    assert [(one.user_id, one.purpose, one.state) for one in told] == [(asked.clinic.nurse.user_id, "alert", "pending")]
    assert "Anna" not in str(told[0].payload)


def test_the_emergency_number_is_that_of_the_clinics_country(linked: App, db: Database) -> None:
    page = anna(linked, make.clinic(db, time_zone="America/New_York"), step="d28").press(ACTION, answer="yes")
    assert "call the emergency number 911 now" in page.text


def test_a_clinic_without_a_telephone_still_says_whom_to_call(linked: App, db: Database) -> None:
    page = anna(linked, make.clinic(db, phone=None), step="d28").press(ACTION, answer="yes")
    assert "Please contact the clinic now." in page.text
    assert "112" in page.text


def test_the_alert_stands_once_however_often_it_is_said(asked: Anna) -> None:
    page = asked.open()
    for _ in range(3):
        asked.send(page, ACTION, answer="yes")
    assert asked.answers() == ["yes"], "the same button pressed three times is one answer"
    asked.send(asked.open(ACTION), ACTION, answer="yes")
    assert asked.answers() == ["yes", "yes"]
    assert asked.alerts() == [CALL_AT_ONCE]


def test_after_somebody_has_dealt_with_it_the_next_concern_is_a_new_alert(asked: Anna) -> None:
    asked.press(ACTION, answer="yes")
    with asked.db.transaction(asked.clinic.id, actor=asked.clinic.nurse) as session:
        alert = session.scalars(sa.select(Alert).where(Alert.visit_id == asked.visit_id)).one()
        found = find(session, Alert, alert.id, lock=True)
        assert found is not None
        close_alert(session, found, "Called her, all is well.")
    assert asked.alerts() == []
    asked.send(asked.open(ACTION), ACTION, answer="yes")
    assert asked.alerts() == [CALL_AT_ONCE]


def test_whoever_is_not_sure_is_called(asked: Anna) -> None:
    after = asked.press(ACTION, answer="not_sure")
    assert "Your answer has arrived" in after.text
    assert asked.alerts() == [("wants_a_call", "Answered the check-in: not sure whether something has got worse. Call.")]


def test_another_answer_is_a_further_row_and_the_first_one_stays(asked: Anna) -> None:
    page = asked.open()
    asked.send(page, ACTION, answer="no")
    asked.send(page, ACTION, answer="yes")
    assert asked.answers() == ["no", "yes"]
    assert asked.alerts() == [CALL_AT_ONCE]


def test_earlier_answers_are_never_shown(asked: Anna) -> None:
    asked.press(ACTION, answer="no")
    for part in ("", ACTION, "/done?what=answered"):
        page = asked.open(part)
        assert "checked" not in page.html
        assert "answered no" not in page.text.casefold()


def test_without_an_answer_she_is_asked_again(asked: Anna) -> None:
    page = asked.open()
    again = Page(asked.phone.send(page, f"{asked.path}{ACTION}", 422))
    assert "Choose one of the answers." in again.text
    assert asked.answers() == []
    assert asked.visit().state != VisitState.ANSWERED


@pytest.mark.parametrize("typed", [{"id": "not-an-id"}, {"id": ""}, {"id": "019e634c-3800-7fcd-8f7a-c02befeddf7b"}])
def test_a_broken_form_still_stores_the_answer(asked: Anna, typed: dict[str, str]) -> None:
    asked.press(ACTION, answer="no", **typed)
    assert asked.answers() == ["no"]


def test_an_id_of_another_answer_changes_nothing_of_it(asked: Anna, linked: App, clinic: make.Clinic) -> None:
    other = anna(linked, clinic, step="d28", given_name="Ilse")
    page = other.open()
    other.send(page, ACTION, answer="no")
    asked.press(ACTION, answer="yes", id=page.forms[f"{other.path}{ACTION}"]["id"])
    assert other.answers() == ["no"]
    assert asked.answers() == ["yes"]


def test_the_other_buttons_are_not_for_a_check_in(asked: Anna) -> None:
    head = asked.head()
    for part in ("come", "call-me", "cannot-come", "another-time"):
        answer = asked.phone.client.post(f"{asked.path}/{part}", data={"when": "any"})
        assert answer.status_code == 303
    assert asked.head() == head


def test_a_late_answer_is_better_than_none(asked: Anna) -> None:
    asked.mark(VisitState.MISSED)
    with clock.at(END_OF_MARCH + timedelta(days=10)):
        asked.press(ACTION, answer="yes")
    assert asked.visit().state == VisitState.ANSWERED
    assert asked.alerts() == [CALL_AT_ONCE]


@pytest.mark.parametrize(("language", "question"), [("hu", "Rosszabbodott valami"), ("es", "¿Ha empeorado algo")])
def test_the_question_in_other_languages(asked: Anna, language: str, question: str) -> None:
    page = asked.open(f"?lang={language}")
    assert question in page.text
    after = asked.send(page, ACTION, answer="yes")
    assert "112" in after.text
    assert f'lang="{language}"' in after.html
