"""Calls to patients: one click for how it ended; visit, messages and wishes follow in the same transaction."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from schemas.vocabulary import AlertKind, ReminderState, VisitState
from server import clock
from server.db import find
from server.followup.models import Visit
from server.followup.service.alerts import raise_alert
from tests import make
from tests.api import Api
from tests.followup.desk import Desk
from tests.followup.story import Story, budapest

FRIDAY = "2026-03-13T09:00"


@pytest.fixture
def desk(anna: Story, as_: Callable[[make.Person], Api]) -> Desk:
    """Csaba's, on a Friday on which Anna's first visit is due."""
    return Desk(anna, as_)


def wish(story: Story, kind: AlertKind = AlertKind.WANTS_A_CALL) -> None:
    """Anna has asked for something."""
    with clock.at(budapest("2026-03-12T20:00")), story.db.transaction(story.clinic.id) as session:
        about = find(session, Visit, story.visits()[0].id)
        assert about is not None
        raise_alert(session, kind, patient_id=about.patient_id, detail="Asked by the link.", visit=about)


def waiting(story: Story) -> list[str]:
    """Wall times of what is still to be sent about the first visit."""
    first = story.visits()[0].id
    return [one.wall for one in story.reminders() if one.visit_id == first and one.state == ReminderState.PENDING]


def test_booked_by_phone_moves_the_messages_and_settles_the_wish(desk: Desk) -> None:
    wish(desk.story)
    assert desk.kinds(FRIDAY) == [("asking", "2w")]
    call = desk.log(FRIDAY, "booked", booked_for="2026-03-20T10:30:00+01:00", note="Prefers mornings.")
    assert (call["outcome"], call["called_by"]) == ("booked", str(desk.story.clinic.coordinator.user_id))
    visit = desk.story.visits()[0]
    assert (visit.state, visit.booked_for) == (VisitState.BOOKED, budapest("2026-03-20T10:30"))
    assert waiting(desk.story) == ["2026-03-17T10:00", "2026-03-19T10:00"]
    assert desk.kinds(FRIDAY) == []
    (closed,) = desk.call(FRIDAY, "GET", "/alerts?state=closed")["items"]
    assert closed["closing_note"] == "Settled by a call: booked."


def test_booked_without_a_call_settles_the_wish_too(desk: Desk) -> None:
    """Anna came by and agreed on a time at the counter: nobody need call her any more."""
    wish(desk.story, AlertKind.WANTS_ANOTHER_TIME)
    (row,) = desk.rows(FRIDAY)
    with clock.at(budapest("2026-03-13T09:05")):
        body = {"state": "booked", "booked_for": "2026-03-16T10:00:00+01:00"}
        desk.as_(desk.story.clinic.coordinator).patch(f"/visits/{row['visit']['id']}", body, row["visit"]["write_id"])
    assert desk.kinds("2026-03-13T09:06") == []


def test_booked_without_a_time_is_booked_all_the_same(desk: Desk) -> None:
    desk.log(FRIDAY, "booked")
    assert desk.story.visits()[0].state == VisitState.BOOKED


def test_asked_to_call_later_is_off_the_list_until_that_day(desk: Desk) -> None:
    wish(desk.story)
    assert desk.log(FRIDAY, "call_later", call_after="2026-03-18")["call_after"] == "2026-03-18"
    assert desk.kinds("2026-03-17T23:00") == []
    assert desk.kinds("2026-03-18T00:30") == [("asking", "2w")]


def test_no_answer_comes_back_on_the_next_open_day(desk: Desk) -> None:
    """Saturday is open in this protocol, Sunday is not."""
    assert desk.log(FRIDAY, "no_answer")["call_after"] == "2026-03-14"
    assert desk.kinds("2026-03-13T18:00") == []
    assert desk.log("2026-03-14T09:00", "no_answer")["call_after"] == "2026-03-16"
    assert desk.kinds("2026-03-16T09:00") == [("due", "2w")]


def test_answered_by_phone_settles_the_wish_and_rests_a_week(desk: Desk) -> None:
    wish(desk.story, AlertKind.WANTS_ANOTHER_TIME)
    desk.log(FRIDAY, "answered")
    assert desk.kinds("2026-03-19T09:00") == []
    assert desk.kinds("2026-03-20T09:00") == [("due", "2w")]


def test_declined_ends_the_messages(desk: Desk) -> None:
    desk.log(FRIDAY, "declined")
    assert (desk.story.visits()[0].state, waiting(desk.story), desk.kinds(FRIDAY)) == (VisitState.DECLINED, [], [])


def test_a_wrong_number_is_a_bad_contact(desk: Desk) -> None:
    desk.log(FRIDAY, "wrong_number")
    desk.log(FRIDAY, "wrong_number")
    (row,) = desk.rows(FRIDAY)
    assert (row["kind"], row["alert"]["detail"]) == ("bad_contact", "The phone number is wrong: somebody else answered, or nobody can.")


def test_a_call_sent_twice_is_logged_once(desk: Desk) -> None:
    call_id = str(uuid.uuid4())
    first = desk.log(FRIDAY, "no_answer", id=call_id)
    assert desk.log("2026-03-13T09:01", "no_answer", 200, id=call_id) == first
    assert desk.log("2026-03-13T09:02", "declined", 409, id=call_id)["code"] == "id_taken"
    calls = desk.call(FRIDAY, "GET", f"/visits/{desk.story.visits()[0].id}/calls")
    assert calls == {"items": [first], "next_cursor": None}


@pytest.mark.parametrize(
    ("outcome", "more", "pointer"),
    [
        ("booked", {"booked_for": "2026-03-12T10:00:00+01:00"}, "/booked_for"),
        ("booked", {"call_after": "2026-03-20"}, "/call_after"),
        ("no_answer", {"booked_for": "2026-03-20T10:00:00+01:00"}, "/booked_for"),
        ("call_later", {}, "/call_after"),
        ("call_later", {"call_after": "2026-03-13"}, "/call_after"),
        ("call_later", {"call_after": "2036-03-13"}, "/call_after"),
        ("shouted", {}, "/outcome"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(desk: Desk, outcome: str, more: dict[str, Any], pointer: str) -> None:
    problem = desk.log(FRIDAY, outcome, 422, **more)
    assert problem["errors"][0]["pointer"] == pointer
    assert desk.call(FRIDAY, "GET", f"/visits/{desk.story.visits()[0].id}/calls")["items"] == []


def test_nobody_calls_about_a_cancelled_visit(desk: Desk) -> None:
    with clock.at(budapest("2026-03-12T09:00")):
        desk.as_(desk.story.clinic.surgeon).post(f"/procedures/{desk.story.procedure_id}/withdrawal", {"reason": "wrong patient"}, 200)
    assert desk.log(FRIDAY, "no_answer", 409)["code"] == "conflict"


def test_a_decline_logged_by_mistake_is_taken_back(desk: Desk) -> None:
    """Visit, messages and wish are as before, and the right outcome is logged; both calls stay."""
    wish(desk.story)
    before = waiting(desk.story)
    wrong = desk.log(FRIDAY, "declined")
    desk.log("2026-03-13T09:02", "no_answer", corrects=wrong["id"])
    visit = desk.story.visits()[0]
    assert (visit.state, waiting(desk.story), str(visit.call_after)) == (VisitState.DUE, before, "2026-03-14")
    assert desk.kinds("2026-03-14T09:00") == [("asking", "2w")]
    assert [one["outcome"] for one in desk.call(FRIDAY, "GET", f"/visits/{visit.id}/calls")["items"]] == ["declined", "no_answer"]
    assert [row.action for row in desk.story.journal(visit.id)].count("take_back") == 1


def test_a_wrong_number_logged_by_mistake_is_no_bad_contact_any_more(desk: Desk) -> None:
    wrong = desk.log(FRIDAY, "wrong_number")
    desk.log("2026-03-13T09:02", "booked", corrects=wrong["id"])
    assert desk.kinds(FRIDAY) == []


def test_only_the_last_call_can_be_corrected(desk: Desk) -> None:
    first = desk.log(FRIDAY, "no_answer")
    desk.log("2026-03-13T12:00", "answered")
    assert desk.log("2026-03-13T12:01", "declined", 409, corrects=first["id"])["code"] == "conflict"


def test_a_call_is_in_the_journal_with_who_called(desk: Desk) -> None:
    call = desk.log(FRIDAY, "no_answer")
    (row,) = desk.story.journal(uuid.UUID(call["id"]))
    assert (row.action, row.actor_id) == ("create", desk.story.clinic.coordinator.user_id)
