"""The protocol's pages: reading it, editing it without script, and the forecast."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState
from server import clock
from server.db import Database
from server.followup.engine import moves
from server.followup.protocol import DEFAULT, to_content
from server.followup.service import protocol_moves
from server.web import protocol_form, protocol_words
from tests import make
from tests.web.browser import Browser, Page, faults

AtDesk = Callable[[make.Person], Browser]
PATH, EDIT, FORECAST = "/follow-up/protocol", "/follow-up/protocol/edit", "/follow-up/forecast"
ENDED = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def adam(clinic: make.Clinic, at_desk: AtDesk) -> Browser:
    """Ádám Varga, administrator, at his desk."""
    return at_desk(clinic.admin)


def send(browser: Browser, do: str, change: Callable[[dict[str, Any]], object] = lambda _typed: None, expect: int = 200) -> Any:
    """The form as it was opened, with a change, sent by one of its buttons."""
    page = browser.open(EDIT)
    typed = protocol_form.typed_from(to_content(DEFAULT))
    change(typed)
    fields = {f"steps-{place}-{name}": value for place, step in enumerate(typed.pop("steps")) for name, value in step.items()}
    data = page.forms[EDIT] | typed | fields | {"closed": typed.pop("closed"), "do": do}
    answer = browser.client.post(EDIT, data=data)
    assert answer.status_code == expect, answer.get_data(as_text=True)[:3000]
    return answer


def test_the_protocol_is_read_as_a_table(adam: Browser) -> None:
    page = adam.open(PATH)
    assert "Version default-2, built in. No procedure is followed up just now." in page.text
    assert (
        "3 months after 3 months 14 days before to 14 days after 14 days before (asks to book), 3 days before, 1 day before "
        "4 and 11 days after the window" in page.text
    )
    assert "Day 7 check-in after 7 days 2 days before to 2 days after on the day, 1 day after none" in page.text
    assert "10:00 on the patient’s clock, never before 09:00 or from 19:00 on" in page.text
    assert EDIT in page.hrefs
    assert FORECAST not in page.hrefs
    assert faults(page) == []


def test_who_may_not_change_it_sees_no_way_to(clinic: make.Clinic, at_desk: AtDesk) -> None:
    csaba = at_desk(clinic.coordinator)
    page = csaba.open(PATH)
    assert EDIT not in page.hrefs
    assert FORECAST in page.hrefs
    csaba.open(EDIT, 403)


def test_the_picture_says_in_words_what_it_shows() -> None:
    timeline = protocol_words.timeline(to_content(DEFAULT))
    assert [bar.title for bar in timeline.bars] == ["Day 7", "Day 14", "2 weeks", "Day 21", "Day 28", "3 months", "1 year"]
    year = timeline.bars[-1]
    assert year.words == "1 year: after 1 year, window 30 days before to 30 days after"
    assert 0 < year.begins < year.due < year.begins + year.width < min(year.chase) <= 100
    places = [at for at, _, _ in timeline.marks]
    assert places == sorted(places)
    assert max(places) <= 97


def test_the_form_shows_what_is_in_force_and_can_be_used_by_everybody(adam: Browser) -> None:
    page = adam.open(EDIT)
    assert 'value="14 book, 3, 1"' in page.html
    assert page.forms[EDIT]["version"] == "default-2"
    assert faults(page) == []


def test_checking_says_what_would_change_and_stores_nothing(adam: Browser, db: Database, clinic: make.Clinic) -> None:
    with clock.at(ENDED):
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ENDED)
        page = Page(send(adam, "check", lambda typed: typed.update(send_at="16:30")))
        assert "it moves" in page.text
        assert "in 1 procedure" in page.text
        assert 'value="16:30"' in page.html
        assert faults(page) == []
        assert "Version default-2" in adam.open(PATH).text


def test_activating_makes_a_version_with_who_when_and_what(adam: Browser) -> None:
    def change(typed: dict[str, Any]) -> None:
        typed["steps"].append(
            {**protocol_form.new_step(), "title": "6 weeks", "number": "42", "opens": "7", "closes": "7", "messages": "10 book, 2"}
        )
        typed |= {"holidays": "12-25\n2026-08-20", "note": "Dr Kovács wants to see them earlier."}

    answer = send(adam, "new", change, expect=303)
    page = adam.open(answer.headers["Location"])
    assert "Version 2 is in force." in page.text
    assert "6 weeks after 42 days 7 days before to 7 days after 10 days before (asks to book), 2 days before none" in page.text
    assert "Dr Kovács wants to see them earlier. “6 weeks” added; holidays changed." in page.text
    assert "Ádám Varga" in page.text
    assert 'name="steps-5-step" value="42d"' in adam.open(EDIT).html
    assert faults(page) == []


def test_activating_for_open_procedures_plans_them_again(adam: Browser, db: Database, clinic: make.Clinic) -> None:
    with clock.at(ENDED):
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ENDED)
        send(adam, "open", lambda typed: typed["steps"][5].update(number="4"), expect=303)
        assert "1 open procedure under version 2." in adam.open(PATH).text


def test_many_follow_ups_are_seen_being_moved(adam: Browser, db: Database, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three, where one is few and one is a batch. The page comes again by itself until it is over, and says when it was."""
    monkeypatch.setattr(protocol_moves, "AT_ONCE", 1)
    monkeypatch.setattr(protocol_moves, "BATCH", 1)
    with clock.at(ENDED):
        for _ in range(3):
            make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=ENDED)
        send(adam, "open", lambda typed: typed["steps"][5].update(number="4"), expect=303)
        moves.step(db, clinic.id)
        page = adam.open(PATH)
        assert "Open follow-ups are being moved to version 2 1 of 3 follow-ups moved" in page.text
        assert 'max="3" value="1"' in page.html
        assert '<meta http-equiv="refresh" content="10">' in page.html
        assert faults(page) == []
        moves.run(db, clinic.id)
        page = adam.open(PATH)
    assert "3 of 3 follow-ups moved to version 2, finished on 2 Mar 2026 at 10:00." in page.text
    assert "refresh" not in page.html
    assert faults(page) == []


def test_thousands_are_grouped() -> None:
    assert [protocol_words.grouped(number) for number in (999, 1250, 1234567)] == ["999", "1\xa0250", "1\xa0234\xa0567"]


def test_a_fault_leads_to_its_field_and_keeps_what_was_typed(adam: Browser) -> None:
    def change(typed: dict[str, Any]) -> None:
        typed["steps"][5] |= {"opens": "80", "title": "Three months"}
        typed["send_at"] = "22:00"

    page = Page(send(adam, "open", change, expect=422))
    assert "There is a problem" in page.text
    assert "Three months: The windows of “2 weeks” (until day 21) and “Three months” (from day 9) overlap by 13 days" in page.text
    assert {"#steps-5-opens", "#send_at"} <= set(page.hrefs)
    assert 'value="80"' in page.html
    assert faults(page) == []
    assert "Version default-2" in adam.open(PATH).text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("messages", "soon", "Write days as numbers, for example 14 book, 3, 1."),
        ("messages", "3, 14 book", "Put the messages in order"),
        ("messages", "3 often", "Must be one of"),
        ("chase", "4, x", "Must be a number"),
        ("number", "", "Must be a number"),
        ("number", "99999", "outside 1 to"),
        ("title", "", "write something"),
        ("opens", "-3", "Must be a number"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(field: str, value: str, says: str, adam: Browser) -> None:
    page = Page(send(adam, "check", lambda typed: typed["steps"][6].update({field: value}), expect=422))
    assert says in page.text
    assert f"#steps-6-{field}" in page.hrefs
    assert faults(page) == []


@pytest.mark.parametrize(
    ("field", "value", "leads_to"),
    [("holidays", "25 December", "holidays"), ("from", "9", "from"), ("lost_after_days", "", "lost_after_days")],
)
def test_so_are_the_rules_of_sending(field: str, value: str, leads_to: str, adam: Browser) -> None:
    page = Page(send(adam, "check", lambda typed: typed.update({field: value}), expect=422))
    assert f"#{leads_to}" in page.hrefs
    assert faults(page) == []


def test_steps_are_added_and_removed_by_buttons(adam: Browser) -> None:
    added = Page(send(adam, "add"))
    assert "New step" in added.text
    assert faults(added) == []
    removed = Page(send(adam, "remove-0"))
    assert "Remove Day 7" not in removed.text
    assert "Remove Day 14" in removed.text
    assert faults(removed) == []


def test_a_protocol_without_steps_is_refused_with_a_way_on(adam: Browser) -> None:
    page = Page(send(adam, "check", lambda typed: typed["steps"].clear(), expect=422))
    assert "From 1 to 20 steps." in page.text
    assert faults(page) == []


def test_a_form_that_is_older_than_the_protocol_is_shown_again(adam: Browser, clinic: make.Clinic, at_desk: AtDesk) -> None:
    send(at_desk(clinic.surgeon), "new", lambda typed: typed.update(send_at="11:00"), expect=303)
    page = Page(send(adam, "new", lambda typed: typed.update(send_at="12:00", version="default-2"), expect=412))
    assert "Somebody else has changed the protocol" in page.text
    assert 'value="12:00"' in page.html
    assert faults(page) == []


def test_a_form_from_elsewhere_changes_nothing(adam: Browser) -> None:
    assert adam.client.post(EDIT, data={"do": "new", "version": "default-2"}).status_code == 403


def test_what_is_typed_comes_back_as_it_was_stored() -> None:
    content, errors = protocol_form.read(protocol_form.typed_from(to_content(DEFAULT)))
    assert (content, errors) == (to_content(DEFAULT), [])


def test_what_differs_between_two_versions_is_said_in_words() -> None:
    old, new = to_content(DEFAULT), to_content(DEFAULT)
    new["steps"] = new["steps"][1:]
    new["steps"][4] |= {"closes_days_after": 20, "messages": [{"days_before": 2, "purpose": "near"}]}
    new |= {"send_at": "09:30", "closed_weekdays": ["saturday", "sunday"], "channels": ["sms"], "lost_after_days": 60}
    assert protocol_words.changes(old, new) == [
        "“Day 7” removed",
        "“3 months”: window 14 days before to 20 days after, messages 2 days before",
        "sent at 09:30",
        "closed on Saturdays and Sundays",
        "text message",
        "lost after 60 days",
    ]


def test_the_forecast_shows_the_days_and_what_will_not_be_sent(db: Database, clinic: make.Clinic, at_desk: AtDesk) -> None:
    csaba = at_desk(clinic.coordinator)
    with clock.at(ENDED):
        assert "Nothing is due" in csaba.open(FORECAST).text
        for number, email in enumerate(("anna@example.org", None)):
            who = make.patient(db, clinic, email=email and f"{number}-{clinic.id}@example.org", given_name="Anna" if email else "Dora")
            make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=who["id"], ended_at=ENDED)
        page = csaba.open(FORECAST)
    assert re.search(r"\d+ messages, \d+ of them will not be sent", page.text)
    assert "Mon 9 Mar 2026 1 1" in page.text
    assert "Petrauskienė, Dora" in page.text
    assert "No address for this channel is recorded. Call the patient." in page.text
    assert faults(page) == []


def test_the_forecast_is_not_for_everybody(clinic: make.Clinic, at_desk: AtDesk) -> None:
    at_desk(clinic.admin).open(FORECAST, 403)
