"""The check-in on the patient's telephone: one question a page, stored at once, and a person at once when the answer concerns."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.red_flags import RedFlag
from schemas.vocabulary import VisitState
from server import clock
from server.app import App
from server.db import Database, find
from server.followup.models import Alert, Answer, PushSubscription, Redness, Reminder
from server.followup.service.alerts import close_alert
from server.web.link_words import TEXTS
from tests import make
from tests.web.browser import Page, faults
from tests.web.link_case import END_OF_MARCH, Anna, anna

ACTION, SIGNS, ANY_TIME = "/question/1", "/question/2", "/something-wrong"
CALL_AT_ONCE = ("concerning_answer", "Answered the check-in: something has got worse. Call at once.")


@pytest.fixture(autouse=True)
def in_march() -> Iterator[None]:
    """The day of the last check-in."""
    with clock.at(END_OF_MARCH):
        yield


@pytest.fixture
def asked(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, who is asked four weeks after."""
    return anna(linked, clinic, step="d28")


def test_the_first_question_takes_one_tap_and_nothing_is_preselected(asked: Anna) -> None:
    page = asked.open()
    assert "Hello Anna. This is Riverside Plastic Surgery." in page.text
    assert "Question 1 of 2 Is the skin still red?" in page.text
    for answer in ("Yes", "No", "I am not sure"):
        assert answer in page.text
    assert page.fields == []
    assert faults(page) == []


def test_red_or_not_and_none_of_the_signs_settles_the_check_in(asked: Anna) -> None:
    second = asked.press(ACTION, answer="yes")
    assert "Question 2 of 2 Is any of these there now?" in second.text
    assert asked.visit().state == VisitState.ANSWERED
    assert {one.state for one in asked.messages()} <= {"cancelled", "expired", "accepted"}
    assert faults(second) == []
    after = asked.send(second, SIGNS, none="no")
    assert "Thank you. Your answers have arrived." in after.text
    assert asked.answers() == ["yes", "no"]
    assert asked.alerts() == []
    assert faults(after) == []


def test_who_stops_after_the_first_question_goes_on_with_the_second(asked: Anna) -> None:
    asked.press(ACTION, answer="no")
    assert "Question 2 of 2" in asked.open().text


def test_what_was_seen_is_stored_as_redness_of_that_day(asked: Anna) -> None:
    asked.press(ACTION, answer="yes")
    with asked.db.transaction(asked.clinic.id, write=False) as session:
        seen = session.scalars(sa.select(Redness).where(Redness.visit_id == asked.visit_id)).one()
        answer = session.scalars(sa.select(Answer).where(Answer.visit_id == asked.visit_id)).one()
    assert (seen.day, seen.red, seen.source, seen.source_id) == (28, True, "check_in", answer.id)


def test_a_sign_that_cannot_wait_leads_to_the_telephone_before_anything_else(asked: Anna) -> None:
    asked.press(ACTION, answer="no")
    page = asked.send(asked.open(SIGNS), SIGNS, flags=["vision", "breath"])
    assert "Please call us now" in page.text
    assert "call the emergency number 112 now" in page.text
    assert page.hrefs.count("tel:+3615550100") == 2
    assert "tel:112" in page.hrefs
    ((kind, detail),) = asked.alerts()
    assert kind == "red_flag"
    assert detail.startswith("Said on the patient’s page: change of sight")
    assert faults(page) == []
    onward = next(one for one in page.hrefs if "done" in one)
    assert "Your answers have arrived" in asked.phone.open(onward).text


@pytest.mark.parametrize("flag", RedFlag)
@pytest.mark.parametrize("language", TEXTS)
def test_every_sign_alerts_in_every_language_and_no_page_comforts_or_advises(
    linked: App, clinic: make.Clinic, language: str, flag: RedFlag
) -> None:
    story = anna(linked, clinic, step="d28", language=language)
    page = story.report(flags=[flag])
    assert [kind for kind, _ in story.alerts()] == ["red_flag"]
    assert TEXTS[language].WORDS["urgent_title"] in page.text
    told = page.text.casefold()
    for comfort in ("normal", "typical", "harmless", "do not worry", "mg", "ne aggódjon", "no se preocupe", "aspirin"):
        assert comfort not in told


def test_all_that_is_ticked_is_one_alert_and_one_message_to_each(asked: Anna) -> None:
    with asked.db.transaction(asked.clinic.id) as session:
        for person in (asked.clinic.nurse, asked.clinic.admin):
            address = f"https://push.example/{person.user_id}"
            session.add(PushSubscription(clinic_id=asked.clinic.id, user_id=person.user_id, endpoint=address, p256dh="x", auth="x"))
    page = asked.open(SIGNS)
    for _ in range(2):
        asked.send(page, SIGNS, flags=["vision", "infection"])
    assert asked.answers() == ["yes"], "the same button pressed twice is one answer"
    with asked.db.transaction(asked.clinic.id, write=False) as session:
        told = session.scalars(sa.select(Reminder).where(Reminder.channel == "push")).all()
    assert [(one.user_id, one.purpose, one.state) for one in told] == [(asked.clinic.nurse.user_id, "alert", "pending")]
    for private in ("Anna", "sight", "fever"):
        assert private not in str(told[0].payload)


def test_the_emergency_number_is_that_of_the_clinics_country(linked: App, db: Database) -> None:
    page = anna(linked, make.clinic(db, time_zone="America/New_York"), step="d28").report(flags=["vision"])
    assert "call the emergency number 911 now" in page.text


def test_a_clinic_without_a_telephone_still_says_whom_to_call(linked: App, db: Database) -> None:
    page = anna(linked, make.clinic(db, phone=None), step="d28").report(flags=["vision"])
    assert "Please contact the clinic now." in page.text
    assert "112" in page.text


def test_something_else_that_got_worse_concerns_too(asked: Anna) -> None:
    page = asked.send(asked.open(SIGNS), SIGNS, worse="yes")
    assert "Please call us now" in page.text
    assert asked.alerts() == [CALL_AT_ONCE]
    assert asked.answers() == ["no", "yes"], "none of the signs, and something else"


def test_after_somebody_has_dealt_with_it_the_next_concern_is_a_new_alert(asked: Anna) -> None:
    asked.send(asked.open(SIGNS), SIGNS, worse="yes")
    with asked.db.transaction(asked.clinic.id, actor=asked.clinic.nurse) as session:
        alert = session.scalars(sa.select(Alert).where(Alert.visit_id == asked.visit_id)).one()
        found = find(session, Alert, alert.id, lock=True)
        assert found is not None
        close_alert(session, found, "Called her, it is a bruise.")
    assert asked.alerts() == []
    asked.send(asked.open(SIGNS), SIGNS, worse="yes")
    assert asked.alerts() == [CALL_AT_ONCE]


def test_whoever_is_not_sure_of_a_sign_is_called(asked: Anna) -> None:
    asked.press(ACTION, answer="not_sure")
    assert asked.alerts() == [], "of redness nobody has to be sure"
    after = asked.send(asked.open(SIGNS), SIGNS, none="not_sure")
    assert "Your answers have arrived" in after.text
    assert asked.alerts() == [("wants_a_call", "Not sure whether one of the red flags is there. Call.")]


@pytest.mark.parametrize("step", ["d28", "3m"])
def test_every_page_of_every_link_leads_to_the_signs_at_any_time(linked: App, clinic: make.Clinic, step: str) -> None:
    story = anna(linked, clinic, step=step)
    page = story.open()
    assert f"{story.path}{ANY_TIME}" in page.hrefs
    assert "Something is wrong? Tell us now" in page.text
    urgent = story.report(flags=["donor"])
    assert "Please call us now" in urgent.text
    assert [kind for kind, _ in story.alerts()] == ["red_flag"]
    assert story.visit().state != VisitState.ANSWERED
    assert faults(story.open(ANY_TIME)) == []


def test_none_of_the_signs_and_still_worried_is_a_call(linked: App, clinic: make.Clinic) -> None:
    story = anna(linked, clinic)
    after = story.report(none="no")
    assert "Thank you. We will call you." in after.text
    assert story.alerts() == [("wants_a_call", "Says that something is wrong, and none of the red flags. Call.")]
    assert faults(after) == []


def test_something_that_got_worse_before_a_visit_in_person_is_told_at_once(linked: App, clinic: make.Clinic) -> None:
    story = anna(linked, clinic)
    assert "Please call us now" in story.report(worse="yes").text
    assert [kind for kind, _ in story.alerts()] == ["concerning_answer"]


def test_a_link_of_a_visit_that_is_settled_still_takes_a_sign(linked: App, clinic: make.Clinic) -> None:
    story = anna(linked, clinic)
    story.mark(VisitState.DECLINED)
    assert f"{story.path}{ANY_TIME}" in story.open().hrefs
    assert "Please call us now" in story.report(flags=["vision"]).text
    assert [kind for kind, _ in story.alerts()] == ["red_flag"]


def test_a_link_that_has_ended_says_whom_to_call(asked: Anna) -> None:
    asked.revoke()
    assert "Call us" in asked.open(ANY_TIME, 410).text
    assert asked.alerts() == []


@pytest.mark.parametrize("typed", [{}, {"flags": ["itch"]}, {"none": "perhaps"}])
def test_without_anything_ticked_she_is_asked_again(asked: Anna, typed: dict[str, Any]) -> None:
    page = asked.open(SIGNS)
    again = Page(asked.phone.send(page, f"{asked.path}{SIGNS}", 422, **typed))
    assert "Tick what is there, or press one of the other buttons." in again.text
    assert faults(again) == []
    assert asked.answers() == []


@pytest.mark.parametrize("broken", [{"id": "not-an-id"}, {"none": "perhaps"}, {"worse": "very"}, {"flags": ["vision", "itch"]}])
def test_a_sign_is_never_lost_for_what_stands_beside_it(asked: Anna, broken: dict[str, Any]) -> None:
    asked.send(asked.open(SIGNS), SIGNS, **{"flags": ["vision"]} | broken)
    assert [kind for kind, _ in asked.alerts()] == ["red_flag"]


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
    assert asked.answers() == ["yes"]


@pytest.mark.parametrize(("language", "question"), [("hu", "Piros még a bőr?"), ("es", "¿Sigue roja la piel?")])
def test_the_questions_in_other_languages(asked: Anna, language: str, question: str) -> None:
    page = asked.open(f"?lang={language}")
    assert question in page.text
    second = asked.send(page, ACTION, answer="yes")
    after = asked.send(second, SIGNS, flags=["vision"])
    assert "112" in after.text
    assert f'lang="{language}"' in after.html
