"""What Riverside has licensed and loaded is asked on Marta's telephone too, long scales by a box, in the languages it has."""

import re
from datetime import timedelta
from typing import Any

import pytest

from schemas.outcome_words import AnsweredBy
from server import clock
from server.app import App
from server.db import Database
from server.outcomes.models import Response, Score
from server.outcomes.service import loading
from tests import make
from tests.web.browser import Page, faults
from tests.web.link_case import MONDAY, THE_2ND_OF_JUNE, anna
from tests.web.questions_case import Marta

MIRROR: dict[str, Any] = {
    "key": "mirror_q",
    "version": "1",
    "title": "Mirror",
    "licence": {"holder": "Mirror Institute", "reference": "mirror.example/terms"},
    "audience": "patient",
    "items": [
        {
            "id": "minutes",
            "kind": "scale",
            "min": 0,
            "max": 120,
            "step": 0.5,
            "unit": "min",
            "text": {
                "de": "Wie lange sehen Sie täglich in den Spiegel?",
                "en": "How long do you look into a mirror each day?",
                "hu": "Mennyi ideig néz tükörbe naponta?",
            },
        },
        {
            "id": "gladly",
            "kind": "choice",
            "required": True,
            "text": {"de": "Wie gern sehen Sie sich?", "en": "How gladly do you see yourself?"},
            "options": [
                {"value": 1, "label": {"de": "Gern", "hu": "Szívesen"}},
                {"value": 2, "label": {"de": "Ungern", "it": "Malvolentieri"}},
            ],
        },
    ],
    "scales": [{"id": "time", "title": "Time", "best": "low", "items": ["minutes"]}],
}
FREE = 8
"""Questions of the free instruments after three months; the licensed one's come after them."""


pytestmark = pytest.mark.usefixtures("in_may")


def load(db: Database, clinic: make.Clinic, *, until: str | None = None, **changed: Any) -> None:
    """Ádám loads the file and records the licence, which holds from this year's beginning."""
    fields = {"holder": "Mirror Institute", "reference": "A-1", "valid_from": clock.now().date().replace(month=1, day=1)}
    with db.transaction(clinic.id, actor=clinic.admin) as session:
        loading.load(session, MIRROR | changed)
        if until != "never":
            loading.license_it(session, MIRROR["key"], fields)


def marta(app: App, clinic: make.Clinic, *, step: str = "3m", language: str = "en") -> Marta:
    """Marta, who reads in that language."""
    booked = THE_2ND_OF_JUNE if step == "3m" else None
    return Marta(anna(app, clinic, step=step, booked_for=booked, given_name="Marta", language=language))


def through_the_free_ones(who: Marta) -> Page:
    """Everything before the first question of the licensed one."""
    page = who.go_on()
    for _ in range(FREE):
        page = who.say("1", page)
    return page


def test_a_loaded_instrument_is_asked_after_the_free_ones_and_scored(linked: App, clinic: make.Clinic) -> None:
    load(linked.db, clinic)
    who = marta(linked, clinic)
    assert "10 short questions" in who.at.open().text
    page = through_the_free_ones(who)
    assert "Question 9 of 10 How long do you look into a mirror each day?" in page.text
    page = who.say("12,5", page)
    assert "Question 10 of 10 How gladly do you see yourself?" in page.text
    assert "Skip this question" not in page.text
    check = who.say("2", page)
    assert "How long do you look into a mirror each day? 12.5 min Change" in check.text
    assert faults(check) == []
    who.press_send(check)
    assert who.stored()["mirror_q"] == ("complete", {"minutes": 12.5, "gladly": 2})
    assert who.scores()["mirror_q.time"] == 12_500
    (response,) = [one for one in who.rows(Response) if one.instrument == "mirror_q"]
    assert (response.via, response.instrument_version) == (AnsweredBy.LINK, "1")
    assert len([one for one in who.rows(Score) if one.instrument == "mirror_q"]) == 1


def test_without_a_licence_or_for_a_clinician_nothing_of_it_is_asked(linked: App, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    load(linked.db, clinic, until="never")
    assert f"{FREE} short questions" in marta(linked, clinic).at.open().text
    load(linked.db, other_clinic, audience="clinician")
    assert f"{FREE} short questions" in marta(linked, other_clinic).at.open().text


def test_two_weeks_after_it_is_too_early_for_it(linked: App, clinic: make.Clinic) -> None:
    load(linked.db, clinic)
    with clock.at(MONDAY + timedelta(days=14)):
        assert "2 short questions" in marta(linked, clinic, step="2w").at.open().text


def test_a_scale_too_long_for_buttons_has_a_box_for_its_number(linked: App, clinic: make.Clinic) -> None:
    load(linked.db, clinic)
    who = marta(linked, clinic)
    page = through_the_free_ones(who)
    assert page.fields == ["answer-0"]
    assert "A number from 0 to 120 min" in page.text
    assert 'type="text" inputmode="decimal"' in page.html
    assert "radiogroup" not in page.html
    assert faults(page) == []
    for typed in ("", "121", "-1", "0.3", "a lot", "1e400", "nan"):
        again = who.say(typed, page, expect=422)
        assert "Enter a number from 0 to 120." in again.text
        assert "#answer-0" in again.hrefs
        assert 'aria-invalid="true"' in again.html
        assert faults(again) == []
    assert "mirror_q" not in who.stored()
    assert "Question 10 of 10" in who.skip().text
    assert who.stored()["mirror_q"] == ("open", {"minutes": None})


def spoken(page: Page, words: str) -> str:
    """Language in which the page has these words spoken: of the element that holds them, else of the page."""
    before = page.html.partition(words)[0]
    own = re.search(r"<(?:h1|label|dt|dd|span)([^<>]*)>\s*(?:<b>[^<]*</b>\s*)?$", before)
    named = re.search(r'lang="([^"]+)"', own[1] if own else "") or re.search(r'<html[^>]* lang="([^"]+)"', page.html)
    assert named, words
    return named[1]


def test_each_text_is_in_her_language_else_in_english_else_in_any_and_says_which(linked: App, clinic: make.Clinic) -> None:
    load(linked.db, clinic)
    who = marta(linked, clinic, language="hu")
    number = through_the_free_ones(who)
    assert spoken(number, "Mennyi ideig néz tükörbe naponta?") == "hu"
    choice = who.say("3", number)
    assert spoken(choice, "How gladly do you see yourself?") == "en"
    assert spoken(choice, "Szívesen") == "hu"
    assert spoken(choice, "Ungern") == "de"
    assert "Malvolentieri" not in choice.text
    assert faults(choice) == []
    check = who.say("2", choice)
    assert spoken(check, "Mennyi ideig néz tükörbe naponta?") == "hu"
    assert spoken(check, "How gladly do you see yourself?") == "en"
    assert spoken(check, "Ungern") == "de"
    assert faults(check) == []
