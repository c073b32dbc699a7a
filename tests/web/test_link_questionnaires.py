"""Marta's questions before her visit after three months: one a page on her telephone, kept at once, sent when she has looked them over."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy, ResponseState
from schemas.vocabulary import VisitState
from server import clock
from server.app import App
from server.db import find
from server.followup.models import Alert, Visit
from server.followup.models.redness import Redness
from server.followup.service.alerts import close_alert
from server.outcomes.models import Response
from server.outcomes.service import responses
from tests import make
from tests.web.browser import faults
from tests.web.link_case import IN_MAY, MONDAY, THE_2ND_OF_JUNE, anna
from tests.web.questions_case import Marta

CALL = ("concerning_answer", responses.CONCERNING)
TWO_WEEKS_LATER = MONDAY + timedelta(days=14)
LATER = ["pain.pain", "gais.change", *(f"satisfaction.{one}" for one in ("looks", "others", "feel", "hope", "decision", "told"))]
"""What is asked three months after, in this order."""


pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture
def marta(linked: App, clinic: make.Clinic) -> Marta:
    """Marta, who is expected on Tuesday 2 June at 10:30."""
    return Marta(anna(linked, clinic, booked_for=THE_2ND_OF_JUNE, given_name="Marta"))


def test_the_first_page_offers_them_after_the_greeting(marta: Marta) -> None:
    page = marta.at.open()
    assert "This is Riverside Plastic Surgery. A few questions about how you are 8 short questions, about 2 minutes." in page.text
    assert "You can stop and come back. Answer the questions" in page.text
    assert f"{marta.at.path}/questions" in page.hrefs
    assert faults(page) == []


def test_one_question_a_page_with_nothing_chosen_beforehand(marta: Marta) -> None:
    page = marta.go_on()
    assert "Question 1 of 8 How strong was the pain in the treated places" in page.text
    assert "0 No pain 10 The worst pain imaginable" in page.text
    assert page.fields == [f"answer-{number}" for number in range(11)]
    assert "Skip this question" in page.text
    assert "checked" not in page.html
    assert page.title == "Question 1 of 8 · Riverside Plastic Surgery"
    assert faults(page) == []
    assert "Question 2 of 8 How does the treated scar look now" in marta.say("0", page).text


def test_marta_stops_after_two_comes_back_the_next_day_changes_one_and_sends(marta: Marta) -> None:
    marta.say("2")
    third = marta.say("2")
    assert "Question 3 of 8" in third.text
    assert marta.stored() == {"pain": ("open", {"pain": 2}), "gais": ("open", {"change": 2})}
    assert marta.scores() == {}
    with clock.at(IN_MAY + timedelta(days=1)):
        assert "Continue where you stopped" in marta.at.open().text
        assert "Question 3 of 8" in marta.go_on().text
        for _ in range(5):
            marta.say("4")
        check = marta.skip()
        assert "Check your answers They are not sent yet." in check.text
        assert "How does the treated scar look now, compared with before the procedure? Much improved Change" in check.text
        assert "It went as I had been told beforehand. Left out Change" in check.text
        assert faults(check) == []
        assert "your answers are not sent yet" in marta.at.open().text
        assert f"{marta.at.path}/questions/2" in check.hrefs
        again = marta.at.open("/questions/2")
        assert "You have answered this already." in again.text
        assert "checked" not in again.html
        check = marta.say("3", again)
        assert "before the procedure? Improved Change" in check.text
        done = marta.press_send(check)
    assert "Thank you. Your answers have arrived." in done.text
    assert "2 June 2026, 10:30" in done.text
    assert "tel:+3615550100" in done.hrefs
    assert faults(done) == []
    assert {name: state for name, (state, _) in marta.stored().items()} == dict.fromkeys(("pain", "gais", "satisfaction"), "complete")
    assert marta.scores() == {"pain.pain": 2000, "gais.change": 3000, "satisfaction.satisfaction": 100_000}
    assert {one.via for one in marta.rows(Response)} == {AnsweredBy.LINK}
    assert {one.visit_id for one in marta.rows(Response)} == {marta.at.visit_id}
    assert [one.given_by for one in marta.rows(Response)] == [None, None, None]


def test_after_sending_no_answer_is_shown_or_taken_any_more(marta: Marta) -> None:
    first = marta.go_on()
    marta.say("2", first)
    for _ in LATER[1:-1]:
        marta.say("1")
    check = marta.say("1")
    marta.press_send(check)
    head = marta.at.head()
    assert "Thank you. You have answered our questions." in marta.at.open().text
    for part in ("/questions", "/questions/1", "/questions/check"):
        assert "Thank you. You have answered our questions." in marta.at.open(part).text
    assert "Thank you. You have answered our questions." in marta.say("7", first).text
    assert "Your answers have arrived" in marta.press_send(check).text, "sent twice is sent once"
    assert marta.at.head() == head
    assert marta.scores()["pain.pain"] == 2000


def test_the_same_page_sent_twice_counts_once(marta: Marta) -> None:
    page = marta.go_on()
    marta.say("3", page)
    head = marta.at.head()
    marta.say("3", page)
    assert marta.at.head() == head
    assert marta.stored() == {"pain": ("open", {"pain": 3})}
    marta.say("4", page)
    assert marta.stored() == {"pain": ("open", {"pain": 4})}


@pytest.mark.parametrize("broken", ["nonsense", ""])
def test_a_broken_id_costs_nobody_her_answer(marta: Marta, broken: str) -> None:
    page = marta.go_on()
    marta.at.phone.send(page, next(iter(page.forms)), answer="3", id=broken)
    assert marta.stored() == {"pain": ("open", {"pain": 3})}


def test_an_answer_that_concerns_leads_to_the_telephone_before_the_next_question(marta: Marta) -> None:
    urgent = marta.say("9")
    assert "Please call us now" in urgent.text
    assert "call the emergency number 112 now" in urgent.text
    assert marta.at.alerts() == [CALL]
    assert faults(urgent) == []
    onward = next(one for one in urgent.hrefs if one.endswith("/questions"))
    assert "Question 2 of 8" in marta.at.phone.open(onward).text


def test_a_concern_that_was_dealt_with_and_is_told_anew_is_a_new_alert(marta: Marta) -> None:
    page = marta.go_on()
    marta.say("9", page)
    with marta.at.db.transaction(marta.at.clinic.id, actor=marta.at.clinic.nurse) as session:
        from_her = session.scalars(sa.select(Alert).where(Alert.patient_id == marta.at.patient_id)).one()
        found = find(session, Alert, from_her.id, lock=True)
        assert found is not None
        close_alert(session, found, "Called her.")
    assert "Please call us now" in marta.say("10", page).text
    assert marta.at.alerts() == [CALL]


def test_whoever_only_looks_changes_nothing(marta: Marta) -> None:
    marta.say("2")
    head = marta.at.head()
    for part in (
        "",
        "/questions",
        "/questions/1",
        "/questions/2",
        "/questions/99",
        "/questions/check",
        "/questions/urgent",
        "/questions/sent",
    ):
        marta.at.open(part)
        marta.at.phone.client.head(marta.at.path + part)
    assert marta.at.head() == head
    assert marta.stored() == {"pain": ("open", {"pain": 2})}


@pytest.mark.parametrize("typed", ["", "11", "-1", "2.5", "yes", "9" * 400, "NaN", "inf", "🙂"])
def test_what_is_no_answer_is_asked_again(marta: Marta, typed: str) -> None:
    again = marta.say(typed, expect=422)
    assert "Choose one of the answers." in again.text
    assert again.title.startswith("There is a problem")
    assert faults(again) == []
    assert marta.stored() == {}


def test_a_page_of_another_question_is_not_taken_for_this_one(marta: Marta) -> None:
    page = marta.go_on()
    shown = marta.at.phone.send(page, f"{marta.at.path}/questions/1", answer="3", question="gais.change")
    assert shown.headers["Location"].endswith("/questions")
    assert marta.stored() == {}


def test_all_left_out_is_sent_as_well_and_not_asked_again(marta: Marta) -> None:
    for _ in LATER[:-1]:
        marta.skip()
    marta.press_send(marta.skip())
    assert {state for state, _ in marta.stored().values()} == {ResponseState.WITHDRAWN}
    assert marta.scores() == {}
    assert "You have answered our questions" in marta.at.open().text


def test_nothing_is_sent_while_a_question_is_open(marta: Marta) -> None:
    marta.say("1")
    answer = marta.at.phone.client.post(f"{marta.at.path}/questions/check")
    assert answer.headers["Location"].endswith("/questions/2")
    assert marta.scores() == {}


def test_what_staff_has_taken_down_is_not_asked_again_and_not_shown(marta: Marta) -> None:
    with marta.at.db.transaction(marta.at.clinic.id, actor=marta.at.clinic.nurse) as session:
        visit = find(session, Visit, marta.at.visit_id, lock=True)
        assert visit is not None
        responses.begin(session, visit, {"instrument": "pain", "answers": {"pain": 1}, "complete": True}, AnsweredBy.STAFF)
        responses.begin(session, visit, {"instrument": "gais", "answers": {"change": 5}}, AnsweredBy.STAFF)
    page = marta.go_on()
    assert "Question 1 of 7 How does the treated scar look now" in page.text
    marta.say("2", page)
    assert len(marta.rows(Response)) == 3


def test_two_weeks_after_she_is_asked_about_pain_and_redness(linked: App, clinic: make.Clinic) -> None:
    with clock.at(TWO_WEEKS_LATER):
        marta = Marta(anna(linked, clinic, step="2w"))
        assert "2 short questions, about 1 minute." in marta.at.open().text
        second = marta.say("1")
        assert "Is the treated skin redder than the skin around it?" in second.text
        check = marta.say("yes", second)
        assert "around it? Yes Change" in check.text
        done = marta.press_send(check)
    assert "Your answers have arrived" in done.text
    assert marta.scores() == {"pain.pain": 1000, "erythema.red": 1000}
    assert [(one.day, one.red) for one in marta.rows(Redness)] == [(14, True)]


def test_before_the_window_nothing_is_asked(linked: App, clinic: make.Clinic) -> None:
    early = Marta(anna(linked, clinic, step="1y"))
    page = early.at.open()
    assert "short question" not in page.text
    assert "best time" in early.go_on().text


def test_a_check_in_asks_its_own_questions_only(linked: App, clinic: make.Clinic) -> None:
    with clock.at(MONDAY + timedelta(days=28)):
        story = Marta(anna(linked, clinic, step="d28"))
        assert "/questions" not in " ".join(story.at.open().hrefs)
        assert "Question 1 of" in story.go_on().text


def test_an_ended_link_and_a_settled_visit_take_no_answers(marta: Marta) -> None:
    page = marta.go_on()
    marta.at.mark(VisitState.ATTENDED)
    assert "There is nothing more to do" in marta.say("3", page, expect=200).text
    marta.at.revoke()
    answer = marta.at.phone.client.post(f"{marta.at.path}/questions/1", data=page.forms[f"{marta.at.path}/questions/1"] | {"answer": "3"})
    assert answer.status_code in {200, 410}
    assert "This link has ended" in answer.text
    assert marta.stored() == {}


def test_in_hungarian_from_the_first_page_to_the_last(linked: App, clinic: make.Clinic) -> None:
    marta = Marta(anna(linked, clinic, booked_for=THE_2ND_OF_JUNE, given_name="Márta", language="hu"))
    assert "8 rövid kérdés, körülbelül 2 perc." in marta.at.open().text
    assert "1. kérdés, összesen 8 Milyen erős volt a legerősebb fájdalom" in marta.go_on().text
    second = marta.say("1")
    assert "Rendkívül sokat javult" in second.text
    assert ' lang="en"' not in second.html.partition("<main>")[2]
    marta.say("1", second)
    for _ in LATER[2:-1]:
        marta.say("4")
    check = marta.say("4")
    assert "Nézze át a válaszait" in check.text
    assert "Köszönjük. Megkaptuk a válaszait." in marta.press_send(check).text
    assert marta.scores()["satisfaction.satisfaction"] == 100_000


def test_of_two_languages_the_one_in_the_address_counts(marta: Marta) -> None:
    page = marta.at.open("/questions?lang=es")
    assert "Ningún dolor" in page.text
    assert "lang=es" in next(iter(page.forms))
