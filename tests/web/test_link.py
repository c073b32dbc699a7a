"""The patient's page: what she reads, what each button does, and what she reads then."""

from datetime import timedelta

import icalendar
import pytest

from schemas.vocabulary import VisitState
from server import clock
from server.app import App
from server.db import Database
from tests import make
from tests.web.browser import faults
from tests.web.link_case import IN_MAY, THE_2ND_OF_JUNE, Anna, anna

pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture
def unbooked(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, with whom no time is arranged yet."""
    return anna(linked, clinic)


@pytest.fixture
def booked(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, who is expected on Tuesday 2 June at 10:30."""
    return anna(linked, clinic, booked_for=THE_2ND_OF_JUNE)


def test_she_is_greeted_and_reads_when_she_is_expected(booked: Anna) -> None:
    page = booked.open()
    assert "Hello Anna. This is Riverside Plastic Surgery." in page.text
    assert "Your 3-month check Tuesday 2 June 2026, 10:30" in page.text
    assert "tel:+3615550100" in page.hrefs
    assert page.title == "Your 3-month check · Riverside Plastic Surgery"


def test_nothing_private_is_on_the_page(linked: App, clinic: make.Clinic) -> None:
    page = anna(linked, clinic, notes="keloid", phone="+36 30 123 4567", booked_for=THE_2ND_OF_JUNE).open()
    for private in ("Petrauskienė", "1991", "anna@example.org", "RPS-", "keloid", "123 4567", "nanofat", "scar", "Kovács"):
        assert private not in page.html


def test_without_a_time_she_reads_the_window_and_asks_for_a_call(unbooked: Anna) -> None:
    page = unbooked.open()
    assert "The best time is from Tuesday 26 May 2026 to Tuesday 16 June 2026." in page.text
    assert "I can come" not in page.text
    after = unbooked.press("/call-me")
    assert "We will call you." in after.text
    assert unbooked.alerts() == [("wants_a_call", "Asks for a call to arrange the visit.")]
    assert unbooked.visit().state == VisitState.PLANNED
    assert "You have asked us to get in touch." in unbooked.open().text


def test_a_visit_that_was_missed_is_still_welcome(unbooked: Anna) -> None:
    with clock.at(IN_MAY + timedelta(days=24)):
        unbooked.mark(VisitState.MISSED)
        assert "it is still worth coming" in unbooked.open().text
        unbooked.press("/call-me")
    assert len(unbooked.alerts()) == 1


def test_a_patient_lost_to_follow_up_may_come_back(unbooked: Anna) -> None:
    unbooked.mark(VisitState.LOST_TO_FOLLOW_UP)
    unbooked.press("/call-me")
    assert [kind for kind, _ in unbooked.alerts()] == ["wants_a_call"]


def test_she_can_come(booked: Anna) -> None:
    after = booked.press("/come")
    assert "Thank you. See you then." in after.text
    assert booked.visit().confirmed_at == IN_MAY
    assert ("confirm_by_link", None) in booked.actions()
    again = booked.open()
    assert "You have told us that you can come." in again.text
    assert f"{booked.path}/come" not in again.forms


def test_saying_it_twice_says_it_once(booked: Anna) -> None:
    page = booked.open()
    booked.send(page, "/come")
    head = booked.head()
    booked.send(page, "/come")
    assert booked.head() == head


def test_she_needs_another_time(booked: Anna) -> None:
    form = booked.open("/another-time")
    after = booked.send(form, "/another-time", when="mornings", note="Not on Mondays.")
    assert "Thank you. We will call you." in after.text
    assert booked.alerts() == [("wants_another_time", "Needs another time: mornings. Wrote: Not on Mondays.")]
    assert booked.visit().state == VisitState.BOOKED


def test_the_latest_wish_counts(booked: Anna) -> None:
    form = booked.open("/another-time")
    booked.send(form, "/another-time", when="mornings")
    booked.send(form, "/another-time", when="any")
    assert booked.alerts() == [("wants_another_time", "Needs another time: any time of day.")]


def test_whoever_needs_another_time_has_no_longer_confirmed(booked: Anna) -> None:
    booked.press("/come")
    booked.send(booked.open("/another-time"), "/another-time", when="afternoons")
    assert booked.visit().confirmed_at is None


def test_what_she_wrote_ends_before_what_was_said_later(booked: Anna) -> None:
    booked.send(booked.open("/another-time"), "/another-time", when="mornings", note="not on Mondays")
    booked.press("/come")
    assert booked.alerts() == [
        ("wants_another_time", "Needs another time: mornings. Wrote: not on Mondays. Later said that the time agreed on is fine.")
    ]


def test_whoever_can_come_after_all_says_so_to_the_one_who_would_call(booked: Anna) -> None:
    booked.press("/cannot-come")
    booked.press("/come")
    assert booked.alerts() == [
        ("wants_a_call", "Cannot come as planned; call to find another way. Later said that the time agreed on is fine.")
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose a time of day."),
        ({"when": "midnight"}, "Choose a time of day."),
        ({"when": "any", "note": "x" * 201}, "Shorten the note to 200 characters"),
        ({"when": "any", "note": "half\x00"}, "ordinary letters"),
    ],
)
def test_a_form_filled_in_wrongly_says_what_is_missing_and_keeps_the_rest(booked: Anna, typed: dict[str, str], said: str) -> None:
    action = f"{booked.path}/another-time"
    answer = booked.phone.send(booked.open("/another-time"), action, 422, **typed)
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert typed.get("note", "").strip("\x00") in answer.text
    assert booked.alerts() == []


def test_whoever_cannot_come_is_not_lost(booked: Anna) -> None:
    after = booked.press("/cannot-come")
    assert "Thank you for telling us." in after.text
    assert booked.alerts() == [("wants_a_call", "Cannot come as planned; call to find another way.")]
    assert booked.visit().state == VisitState.BOOKED


def test_the_appointment_for_her_own_calendar(booked: Anna) -> None:
    answer = booked.phone.client.get(f"{booked.path}/appointment.ics")
    assert answer.mimetype == "text/calendar"
    event = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")[0]
    assert event.decoded("DTSTART") == THE_2ND_OF_JUNE
    assert str(event["SUMMARY"]) == "Appointment at Riverside Plastic Surgery"
    assert str(event["UID"]).startswith(str(booked.visit_id))


def test_without_a_time_there_is_nothing_for_a_calendar(unbooked: Anna) -> None:
    assert f"{unbooked.path}/appointment.ics" not in unbooked.open().hrefs
    unbooked.open("/appointment.ics", 404)


def test_an_appointment_that_is_over_can_no_longer_be_confirmed(booked: Anna) -> None:
    page = booked.open()
    with clock.at(THE_2ND_OF_JUNE + timedelta(hours=3)):
        assert "It was planned for Tuesday 2 June 2026, 10:30." in booked.open().text
        booked.send(page, "/come")
    assert booked.visit().confirmed_at is None


@pytest.mark.parametrize("state", [VisitState.ATTENDED, VisitState.DECLINED])
def test_a_settled_visit_says_so_kindly(booked: Anna, state: VisitState) -> None:
    page = booked.open()
    booked.mark(state)
    assert "There is nothing more to do" in booked.open().text
    assert "Anna" not in booked.open().text
    assert "There is nothing more to do" in booked.phone.send(page, f"{booked.path}/come", 200).text
    assert booked.visit().confirmed_at is None
    assert booked.alerts() == []


def test_the_page_speaks_the_patients_language(linked: App, clinic: make.Clinic) -> None:
    page = anna(linked, clinic, language="hu", booked_for=THE_2ND_OF_JUNE).open()
    assert "Kedves Anna!" in page.text
    assert "Az Ön 3 hónapos kontrollja 2026. június 2., kedd, 10:30" in page.text
    assert '<html lang="hu">' in page.html


def test_another_language_is_kept_from_page_to_page(booked: Anna) -> None:
    page = booked.open("?lang=es")
    assert "Su revisión de los 3 meses martes 2 de junio de 2026, 10:30" in page.text
    form = booked.open("/another-time?lang=es")
    assert "¿Cuándo le viene bien?" in form.text
    after = booked.send(form, "/another-time", when="any")
    assert "Gracias. Le llamaremos." in after.text
    assert all("lang=" in one for one in after.hrefs if one.startswith(booked.path))


@pytest.mark.parametrize("chosen", ["de", "", "..", "x" * 500])
def test_a_language_without_words_is_the_patients(booked: Anna, chosen: str) -> None:
    assert "Hello Anna." in booked.open(f"?lang={chosen}").text


def test_a_clinic_without_a_telephone_asks_to_be_contacted(linked: App, db: Database) -> None:
    page = anna(linked, make.clinic(db, phone=None)).open()
    assert "Please contact the clinic." in page.text
    assert not [one for one in page.hrefs if one.startswith("tel:")]


@pytest.mark.parametrize("language", ["en", "hu", "es"])
@pytest.mark.parametrize("part", ["", "/another-time", "/stop", "/done?what=confirmed", "/done?what=started"])
def test_everybody_can_use_the_pages(booked: Anna, part: str, language: str) -> None:
    booked.press("/come")
    page = booked.open(f"{part}{'&' if '?' in part else '?'}lang={language}")
    assert faults(page) == []


def test_done_says_only_what_is_so(booked: Anna) -> None:
    for what in ("confirmed", "asked", "declined", "answered", "nonsense"):
        assert "Hello Anna." in booked.open(f"/done?what={what}").text
