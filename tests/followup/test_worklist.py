"""The work list: who needs a person, where they stand on it, and when they leave it again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.vocabulary import AlertKind, ProcedureState, ReminderState, VisitKind
from server import clock
from server.config import Config
from server.db import Database, find
from server.followup.models import Visit
from server.followup.protocol import DEFAULT
from server.followup.service.alerts import close_alert, raise_alert
from tests import make
from tests.api import Api
from tests.followup.conftest import MONDAY
from tests.followup.desk import Desk, put
from tests.followup.story import Story, budapest


@pytest.fixture
def desk(anna: Story, as_: Callable[[make.Person], Api]) -> Desk:
    """Csaba's, with Anna's three visits on 16 March, 2 June and 2 March 2027."""
    return Desk(anna, as_)


def alert(story: Story, kind: AlertKind, wall: str = "2026-03-10T09:00", *, visit: int = 0) -> str:
    """Raise an alert about one of Anna's visits; its id."""
    with clock.at(budapest(wall)), story.db.transaction(story.clinic.id) as session:
        about = find(session, Visit, story.visits()[visit].id)
        assert about is not None
        return str(raise_alert(session, kind, patient_id=about.patient_id, detail="Please look.", visit=about).id)


def test_who_is_looked_after_by_messages_is_not_on_it(desk: Desk) -> None:
    assert desk.kinds("2026-03-04T09:00") == []
    assert desk.kinds("2026-05-20T09:00") == [], "the window of the second visit is open, its day two weeks away"


def test_a_visit_due_within_a_week_without_a_time(desk: Desk) -> None:
    (row,) = desk.rows("2026-03-13T09:00")
    assert (row["kind"], row["visit"]["step"], row["days_late"]) == ("due", "2w", 0)
    assert row["patient"] | {"id": ""} == {
        "id": "",
        "name": "Petrauskienė, Anna",
        "mrn": desk.story.patient["mrn"],
        "phone": None,
        "language": "en",
    }
    assert row["last_contact"] is None
    assert row["next_step"] == "No time is arranged yet. Call."
    assert desk.call("2026-03-13T09:00", "GET", "/follow-up/work-list?show=overdue")["items"] == []


def test_the_last_message_and_the_last_call_stand_beside_the_name(desk: Desk) -> None:
    desk.story.run("2026-03-13T10:00")
    desk.log("2026-03-13T11:00", "wrong_number", note="A florist.")
    (row,) = desk.rows("2026-03-13T12:00")
    assert row["last_contact"] == {"channel": "email", "state": "accepted", "at": "2026-03-13T09:00:00Z", "purpose": "near"}
    assert (row["last_call"]["outcome"], row["last_call"]["note"]) == ("wrong_number", "A florist.")


@pytest.mark.parametrize("state", ["booked", "attended", "declined"])
def test_a_visit_leaves_the_list_when_it_is_settled(desk: Desk, state: str) -> None:
    visit = desk.story.visits()[0]
    assert desk.kinds("2026-03-13T09:00") == [("due", "2w")]
    with clock.at(budapest("2026-03-13T09:30")):
        current = desk.rows("2026-03-13T09:20")[0]["visit"]
        vera = desk.as_(desk.story.clinic.surgeon)
        vera.patch(f"/visits/{visit.id}", {"state": state}, current["write_id"])
    assert desk.kinds("2026-03-13T10:00") == []


def test_a_missed_visit_says_how_late_it_is(desk: Desk) -> None:
    """Its window closed on 23 March; this protocol sends nothing after it."""
    (row,) = desk.rows("2026-03-26T09:00")
    assert (row["kind"], row["days_late"], row["visit"]["state"]) == ("overdue", 3, "missed")
    assert row["next_step"] == "No message is left to send. Call."


def test_while_it_is_chased_by_messages_nobody_need_call(
    db: Database, clinic: make.Clinic, mailing: Config, as_: Callable[[make.Person], Api]
) -> None:
    """Chased on 27 March and 3 April; a person comes after that."""
    with clock.at(MONDAY):
        make.protocol(db, clinic, replace(DEFAULT, steps=tuple(step for step in DEFAULT.steps if step.kind == VisitKind.VISIT)))
        patient = make.patient(db, clinic)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    desk = Desk(Story(db, clinic, mailing, patient, procedure), as_)
    for day in ("13", "14"):
        desk.story.run(f"2026-03-{day}T10:00")
    assert desk.kinds("2026-03-26T09:00") == []
    assert desk.story.run("2026-03-27T10:00") == {"accepted": 1}
    assert desk.kinds("2026-03-28T09:00") == []
    assert desk.story.run("2026-04-03T10:00") == {"accepted": 1}
    assert desk.kinds("2026-04-03T10:05") == [("overdue", "2w")]


def test_a_missed_visit_gives_way_to_the_next_one(desk: Desk) -> None:
    assert desk.kinds("2026-05-18T09:00") == [("overdue", "2w")]
    assert desk.kinds("2026-05-19T09:00") == [], "the window of the next visit has opened"
    assert desk.kinds("2026-05-27T09:00") == [("due", "3m")]


def test_a_time_that_has_passed_without_a_word_asks_whether_she_came(desk: Desk) -> None:
    desk.log("2026-03-12T09:00", "booked", booked_for="2026-03-16T10:00:00+01:00")
    assert desk.kinds("2026-03-17T09:59") == []
    (row,) = desk.rows("2026-03-17T10:01")
    assert (row["kind"], row["next_step"]) == ("overdue", "The time agreed on has passed. Mark whether the patient came.")


def test_a_reminder_that_came_too_late_makes_the_visit_overdue(desk: Desk) -> None:
    """A three-day outage: nothing was said, so a person must."""
    assert desk.story.run("2026-03-15T10:30") == {"expired": 2}
    (row,) = desk.rows("2026-03-15T11:00")
    assert (row["kind"], row["next_step"]) == ("overdue", "The last reminder may not have arrived. Call.")


def test_a_question_that_may_not_have_arrived_is_asked_by_a_person(
    db: Database, clinic: make.Clinic, mailing: Config, as_: Callable[[make.Person], Api]
) -> None:
    """The check-in of day 7, on 9 March: the connection broke before the mail server answered. An unanswered one alone is nobody's work."""
    with clock.at(MONDAY):
        patient = make.patient(db, clinic)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    desk = Desk(Story(db, clinic, mailing, patient, procedure), as_)
    put(desk.story, desk.story.first.id, ReminderState.ACCEPTED)
    assert desk.kinds("2026-03-09T11:00") == []
    put(desk.story, desk.story.first.id, ReminderState.UNCERTAIN, reason="no_answer")
    assert desk.kinds("2026-03-09T11:00") == [("overdue", "d7")]


def test_who_was_told_later_on_is_not_overdue(desk: Desk) -> None:
    put(desk.story, desk.story.first.id, ReminderState.UNCERTAIN, reason="no_answer")
    assert desk.kinds("2026-03-13T11:00") == [("overdue", "2w")]
    assert desk.story.run("2026-03-14T10:00") == {"accepted": 1}
    assert desk.kinds("2026-03-14T10:05") == [("due", "2w")]


def test_a_worrying_answer_comes_first_and_no_call_puts_it_off(desk: Desk) -> None:
    other = alert(desk.story, AlertKind.BAD_CONTACT, visit=1)
    worry = alert(desk.story, AlertKind.CONCERNING_ANSWER)
    assert desk.kinds("2026-03-13T09:00") == [("concerning", "2w"), ("bad_contact", "3m")]
    desk.log("2026-03-13T09:05", "call_later", call_after="2026-03-20")
    desk.log("2026-03-13T09:06", "answered")
    assert desk.kinds("2026-03-13T09:10") == [("concerning", "2w"), ("bad_contact", "3m")]
    for refused in ("", "  ", "ok"):
        problem = desk.call("2026-03-13T09:20", "POST", f"/alerts/{worry}/closing", {"note": refused}, 422)
        assert problem["errors"][0]["pointer"] == "/note"
    closed = desk.call("2026-03-13T09:21", "POST", f"/alerts/{worry}/closing", {"note": "Seen by Dr Kovács: harmless."})
    assert closed["closed_by"] == str(desk.story.clinic.coordinator.user_id)
    again = desk.call("2026-03-13T09:22", "POST", f"/alerts/{worry}/closing", {"note": "Once more."}, 409)
    assert again["code"] == "conflict"
    assert [one["id"] for one in desk.call("2026-03-13T09:23", "GET", "/alerts")["items"]] == [other]
    assert [one["id"] for one in desk.call("2026-03-13T09:23", "GET", "/alerts?state=closed")["items"]] == [worry]


def test_two_wishes_about_one_visit_are_one_row(desk: Desk) -> None:
    alert(desk.story, AlertKind.WANTS_A_CALL)
    alert(desk.story, AlertKind.WANTS_ANOTHER_TIME, "2026-03-10T10:00")
    (row,) = desk.rows("2026-03-13T09:00")
    assert (row["kind"], row["alert"]["kind"], row["next_step"]) == (
        "asking",
        "wants_another_time",
        "Call to arrange another time.",
    ), "the one said last"


def test_an_alert_about_a_patient_without_a_visit(desk: Desk) -> None:
    with clock.at(budapest("2026-03-04T09:00")), desk.story.db.transaction(desk.story.clinic.id) as session:
        patient_id = desk.story.visits()[0].patient_id
        raised = raise_alert(session, AlertKind.WANTS_A_CALL, patient_id=patient_id, detail="Wrote a text message.")
    (row,) = desk.rows("2026-03-04T09:05")
    assert (row["visit"], row["alert"]["id"], row["last_contact"]) == (None, str(raised.id), None)
    with desk.story.db.transaction(desk.story.clinic.id) as session:
        close_alert(session, session.merge(raised), "Called back.")
    assert desk.rows("2026-03-04T09:10") == []


def test_the_whole_list_page_by_page(desk: Desk) -> None:
    """Three more patients are due on the same day; every row comes once, in the order of the sections."""
    with clock.at(MONDAY):
        for name in ("Bence", "Cili", "Dani"):
            patient = make.patient(desk.story.db, desk.story.clinic, given_name=name)
            make.procedure(desk.story.db, desk.story.clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    alert(desk.story, AlertKind.CONCERNING_ANSWER)
    alert(desk.story, AlertKind.WANTS_A_CALL, visit=1)
    whole = desk.call("2026-03-13T09:00", "GET", "/follow-up/work-list")
    assert whole["counts"] == {"red_flag": 0, "concerning": 1, "asking": 1, "overdue": 0, "due": 3, "bad_contact": 0}
    assert [row["kind"] for row in whole["items"]] == ["concerning", "asking", "due", "due", "due"]
    seen, cursor = [], ""
    while cursor is not None:
        page = desk.call("2026-03-13T09:00", "GET", f"/follow-up/work-list?limit=2{cursor and f'&cursor={cursor}'}")
        seen += page["items"]
        cursor = page["next_cursor"]
    assert seen == whole["items"]


def test_a_cursor_that_no_page_gave_out_is_refused(desk: Desk) -> None:
    for cursor in ("x", "WyJkdWUiLCJ4IiwieSJd", "WyJub25lIiwiIiwiIl0", "WyJkdWUiLCIyMDI2LTAzLTE2Il0", "WyJhc2tpbmciLCIiLCJ4Il0"):
        problem = desk.call("2026-03-13T09:00", "GET", f"/follow-up/work-list?cursor={cursor}", expect=422)
        assert problem["errors"][0]["pointer"] == "/cursor"


def test_what_happens_at_riverside_is_on_no_other_list(desk: Desk, other_clinic: make.Clinic) -> None:
    raised = alert(desk.story, AlertKind.CONCERNING_ANSWER)
    with clock.at(budapest("2026-03-13T09:00")):
        hillside = desk.as_(other_clinic.coordinator)
        answer = hillside.get("/follow-up/work-list")
        assert (answer["items"], set(answer["counts"].values())) == ([], {0})
        assert hillside.get("/alerts")["items"] == []
        hillside.post(f"/alerts/{raised}/closing", {"note": "Not ours."}, 404)
        hillside.post(f"/visits/{desk.story.visits()[0].id}/calls", {"outcome": "declined"}, 404)
    assert desk.kinds("2026-03-13T09:00")[0] == ("concerning", "2w")


@pytest.mark.parametrize("role", ["rater", "admin"])
def test_who_follows_nobody_up_sees_no_list(clinic: make.Clinic, as_: Callable[[make.Person], Api], role: str) -> None:
    api = as_(getattr(clinic, role))
    for path in ("/follow-up/work-list", "/alerts", "/follow-up/sending"):
        assert api.get(path, 403)["code"] == "not_allowed"
