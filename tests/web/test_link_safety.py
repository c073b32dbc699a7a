"""Whoever opens a link changes nothing; whoever has none, or another one, does nothing to anybody."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas.vocabulary import VisitState
from server import clock
from server.app import App
from tests import make
from tests.web.browser import Browser, Page
from tests.web.link_case import END_OF_MARCH, IN_MAY, THE_2ND_OF_JUNE, Anna, anna

PARTS = (
    "",
    "/come",
    "/another-time",
    "/cannot-come",
    "/call-me",
    "/stop",
    "/start-again",
    "/new-link",
    "/appointment.ics",
    "/done",
    "/question/1",
    "/question/2",
    "/something-wrong",
    "/told",
    "/questions/1",
)
POSTS = ("come", "another-time", "cannot-come", "call-me", "stop", "start-again", "new-link", "question/1", "question/2", "something-wrong")


pytestmark = pytest.mark.usefixtures("in_may")


@pytest.fixture(autouse=True)
def uncounted(linked: App) -> None:
    """What the other stories have asked from the same address is not counted."""
    linked.rates.memory.reset()


@pytest.fixture
def booked(linked: App, clinic: make.Clinic) -> Anna:
    """Anna, who is expected on Tuesday 2 June at 10:30."""
    return anna(linked, clinic, booked_for=THE_2ND_OF_JUNE)


def everything_that_can_be_opened(client: FlaskClient, first: str) -> set[str]:
    """What a program that looks into mail opens: the link, and every address on every page that it finds, those of buttons too."""
    seen: set[str] = set()
    waiting = [first]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        client.head(address)
        answer = client.get(address)
        assert answer.status_code < 500
        if answer.mimetype == "text/html":
            waiting += re.findall(r'(?:href|action)="(/v/[^"]*)"', answer.text.replace("&amp;", "&"))
        waiting += [answer.headers["Location"]] if "Location" in answer.headers else []
    return seen


@pytest.mark.parametrize(
    ("step", "today", "booked_for"), [("3m", IN_MAY, THE_2ND_OF_JUNE), ("1y", IN_MAY, None), ("d28", END_OF_MARCH, None)]
)
def test_a_program_that_opens_every_address_changes_nothing(
    linked: App, clinic: make.Clinic, step: str, today: datetime, booked_for: datetime | None
) -> None:
    story = anna(linked, clinic, step=step, booked_for=booked_for)
    head = story.head()
    with clock.at(today):
        seen = everything_that_can_be_opened(story.phone.client, story.path)
    assert len(seen) > 5
    assert {f"{story.path}/stop?lang=hu", f"{story.path}/stop"} <= seen
    for part in PARTS:
        story.phone.client.get(story.path + part)
    assert story.head() == head
    assert story.patient().reminder_consent
    assert story.alerts() == []
    assert story.answers() == []


def test_also_not_when_the_link_has_ended(booked: Anna) -> None:
    booked.revoke()
    head = booked.head()
    everything_that_can_be_opened(booked.phone.client, booked.path)
    assert booked.head() == head


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["x", "A" * 22, "é" * 11, "%00", "%ff%fe", "..", "x" * 3000, "a/b/c/d", "null", "' OR 1=1 --"])
def test_a_forged_link_leads_nowhere_and_does_not_say_why(linked: App, booked: Anna, method: str, token: str) -> None:
    head = booked.head()
    for part in ("", *(f"/{one}" for one in POSTS)):
        page = Page(linked.test_client().open(f"/v/{token}{part}", method=method))
        assert page.status == 404
        assert "This link leads nowhere" in page.text
        assert "Riverside" not in page.text
        assert "procedures" not in page.text
    assert booked.head() == head


def test_every_forged_link_gets_the_same_answer(linked: App) -> None:
    pages = {linked.test_client().get(f"/v/{one * 22}").text.replace(one * 22, "…") for one in "ABC"}
    assert len(pages) == 1


def test_a_link_with_one_letter_changed_is_a_forged_one(booked: Anna) -> None:
    last = "B" if booked.path.endswith("A") else "A"
    answer = booked.phone.client.post(f"{booked.path[:-1]}{last}/stop")
    assert answer.status_code == 404
    assert booked.patient().reminder_consent


def test_the_link_of_another_clinic_acts_there_and_nowhere_else(linked: App, booked: Anna, other_clinic: make.Clinic) -> None:
    hers = anna(linked, other_clinic, given_name="Ilse", booked_for=THE_2ND_OF_JUNE)
    head = booked.head()
    hers.press("/come")
    hers.press("/cannot-come")
    hers.send(hers.open("/stop"), "/stop")
    assert booked.head() == head
    assert booked.visit().confirmed_at is None
    assert booked.patient().reminder_consent
    assert not hers.patient().reminder_consent
    assert len(hers.alerts()) == 1


def test_somebody_signed_in_at_another_clinic_acts_as_the_patient(linked: App, booked: Anna, other_clinic: make.Clinic) -> None:
    booked.phone = Browser(linked.test_client()).sign_in(other_clinic.surgeon)
    booked.press("/come")
    assert booked.visit().confirmed_at == IN_MAY
    assert ("confirm_by_link", None) in booked.actions()
    assert "Sign out" not in booked.open().text


GARBAGE: tuple[dict[str, Any], ...] = (
    {"data": b"\xff\xfe\x00", "content_type": "application/x-www-form-urlencoded"},
    {"data": b"\xff" * 400, "content_type": "multipart/form-data; boundary=x"},
    {"data": b"{", "content_type": "application/json"},
    {"data": b"when=%FF%FE&note=%00&answer=%ED%A0%80&id=1", "content_type": "application/x-www-form-urlencoded"},
    {"data": {"when": "any", "note": "\x00" * 10, "answer": "maybe", "id": "x"}},
    {"data": {"answer": ["yes", "no"], "id": ["1", "2"]}},
    {"data": {"csrf": "x"}},
    {},
)


@pytest.mark.parametrize("body", GARBAGE)
@pytest.mark.parametrize(("step", "today"), [("3m", IN_MAY), ("d28", END_OF_MARCH)])
def test_garbage_is_never_our_fault(linked: App, clinic: make.Clinic, step: str, today: datetime, body: dict[str, Any]) -> None:
    story = anna(linked, clinic, step=step)
    for part in POSTS:
        with clock.at(today):
            answer = story.phone.client.post(f"{story.path}/{part}", **body)
        assert answer.status_code < 500, part


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999", "x", "-1"])
def test_a_question_that_there_is_not(linked: App, clinic: make.Clinic, number: str) -> None:
    story = anna(linked, clinic, step="d28")
    with clock.at(END_OF_MARCH):
        for method in ("GET", "POST"):
            answer = story.phone.client.open(f"{story.path}/question/{number}", method=method, data={"answer": "yes"})
            assert answer.status_code in {303, 404}
    assert story.answers() == []


def test_too_much_at_once_is_refused_in_the_patients_words(booked: Anna) -> None:
    answer = booked.phone.client.post(f"{booked.path}/another-time?lang=hu", data={"when": "any", "note": "x" * 2_000_000})
    assert answer.status_code == 413
    page = Page(answer)
    assert "Ez most nem sikerült" in page.text
    assert "Go to the procedures" not in page.text
    assert booked.alerts() == []


def test_a_mail_program_in_a_browser_may_unsubscribe(booked: Anna) -> None:
    """It sends the form from its own site; the token in the address is all that counts."""
    body = {"List-Unsubscribe": "One-Click"}
    answer = booked.phone.client.post(f"{booked.path}/stop", data=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert booked.patient().reminder_consent is False


def test_no_search_engine_and_no_other_site_hears_of_it(booked: Anna) -> None:
    for part in ("", "/stop", "/appointment.ics"):
        headers = booked.phone.client.get(booked.path + part).headers
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


def test_no_link_is_ever_logged(booked: Anna, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("server.followup.service.link_answers.confirm", fails)
    with caplog.at_level("DEBUG"):
        answer = booked.phone.client.post(f"{booked.path}/come")
        booked.open()
    assert answer.status_code == 500
    assert "This did not work" in answer.text
    assert "unhandled error at POST link.come: RuntimeError < tests/web/test_link_safety.py" in caplog.text
    assert booked.path.removeprefix("/v/") not in caplog.text


def test_one_click_in_the_mail_program_stops_everything(booked: Anna, linked: App) -> None:
    client = linked.test_client()
    for _ in range(2):
        answer = client.post(f"{booked.path}/stop", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not booked.patient().reminder_consent
    assert [action for action, _ in booked.actions()].count("stop_by_link") == 1


def test_one_click_as_a_form_with_parts(booked: Anna, linked: App) -> None:
    body: dict[str, Any] = {"data": {"List-Unsubscribe": "One-Click"}, "content_type": "multipart/form-data"}
    assert linked.test_client().post(f"{booked.path}/stop", **body).status_code == 200
    assert not booked.patient().reminder_consent


@pytest.mark.parametrize("marked", [VisitState.ATTENDED, VisitState.DECLINED, None])
def test_stopping_works_whatever_became_of_visit_and_link(booked: Anna, marked: VisitState | None) -> None:
    if marked:
        booked.mark(marked)
    with clock.at(IN_MAY + timedelta(days=400)):
        page = booked.open("/stop")
        assert "Stop all reminders?" in page.text
        after = booked.send(page, "/stop")
    assert "Reminders are stopped" in after.text
    assert f"{booked.path}/start-again" not in after.forms
    assert not booked.patient().reminder_consent


def test_only_a_link_that_is_alive_starts_again(booked: Anna) -> None:
    stopped = booked.send(booked.open("/stop"), "/stop")
    booked.revoke()
    assert booked.phone.send(stopped, f"{booked.path}/start-again", 410).status_code == 410
    assert not booked.patient().reminder_consent


def test_whoever_did_not_mean_to_stop_starts_again(booked: Anna) -> None:
    before = {(one.purpose, one.rung) for one in booked.messages() if one.state == "pending"}
    stopped = booked.send(booked.open("/stop"), "/stop")
    assert [one for one in booked.messages() if one.state == "pending"] == []
    after = booked.send(stopped, "/start-again")
    assert "You will get reminders again" in after.text
    assert booked.patient().reminder_consent
    assert {(one.purpose, one.rung) for one in booked.messages() if one.state == "pending"} == before
    assert [action for action, _ in booked.actions()].count("start_by_link") == 1
