"""What a person decides about one message: doubtful ones settled, failed ones sent again; and stopping everything for a while."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.followup.comparison import REPLAYED
from server.followup.models import Reminder
from server.followup.service.lateness import BUCKETS
from tests import make
from tests.api import Api
from tests.followup.desk import Desk, put
from tests.followup.mailbox import Mailbox
from tests.followup.story import Story, budapest

DUE, LATER = "2026-03-13T10:00", "2026-03-13T10:30"


@pytest.fixture
def desk(anna: Story, as_: Callable[[make.Person], Api]) -> Desk:
    """Csaba's; Anna's first message is due on Friday 13 March at 10:00."""
    return Desk(anna, as_)


@pytest.fixture
def doubtful(desk: Desk, mailbox: Mailbox) -> Reminder:
    """The mail server took Anna's message and hung up before saying so."""
    mailbox.hang_up.add("DATA")
    assert desk.story.run(DUE) == {"uncertain": 1}
    mailbox.hang_up.clear()
    return desk.story.first


def settle(desk: Desk, reminder: Reminder, outcome: str, expect: int = 200) -> Any:
    """Csaba has asked Anna."""
    return desk.call(LATER, "POST", f"/reminders/{reminder.id}/settlement", {"outcome": outcome}, expect)


def replay(desk: Desk, reminder: Reminder, expect: int = 201, wall: str = LATER) -> Any:
    """Csaba sends it again."""
    return desk.call(wall, "POST", f"/reminders/{reminder.id}/replay", {}, expect)


def test_anna_has_it_after_all(desk: Desk, doubtful: Reminder, mailbox: Mailbox) -> None:
    assert desk.kinds(LATER) == [("overdue", "2w")]
    told = settle(desk, doubtful, "arrived")
    assert (told["state"], told["reason"], told["sent_at"]) == ("accepted", "settled_by_person", "2026-03-13T09:00:00Z")
    assert desk.kinds(LATER) == [("due", "2w")]
    last = desk.story.journal(doubtful.id)[-1]
    assert (last.action, last.actor_id) == ("settle_arrived", desk.story.clinic.coordinator.user_id)
    assert settle(desk, doubtful, "did_not_arrive", 409)["code"] == "conflict"
    assert len(mailbox.mails) == 1


def test_anna_has_no_other_address_so_a_person_is_asked(desk: Desk, doubtful: Reminder) -> None:
    assert settle(desk, doubtful, "did_not_arrive")["state"] == "undelivered"
    assert desk.kinds(LATER) == [("bad_contact", "2w")]


def test_anna_has_a_phone_so_the_message_takes_it(desk: Desk, doubtful: Reminder) -> None:
    with clock.at(budapest(DUE)):
        anna = desk.as_(desk.story.clinic.nurse)
        stored = anna.get(f"/patients/{desk.story.patient['id']}")
        anna.patch(f"/patients/{stored['id']}", {"phone": "+36 30 123 4567"}, stored["write_id"])
    settle(desk, doubtful, "did_not_arrive")
    second = [one for one in desk.story.reminders() if one.due_at == doubtful.due_at and one.id != doubtful.id]
    assert [(one.channel, one.state, one.reason) for one in second] == [(Channel.SMS, ReminderState.PENDING, "fallback")]


def test_a_late_answer_does_not_overrule_a_person(desk: Desk, doubtful: Reminder) -> None:
    settle(desk, doubtful, "did_not_arrive")
    assert desk.story.first.lease_token is None


@pytest.mark.parametrize("state", [ReminderState.DEAD, ReminderState.UNDELIVERED, ReminderState.EXPIRED])
def test_what_failed_is_sent_again_as_a_new_message(desk: Desk, mailbox: Mailbox, state: ReminderState) -> None:
    failed = desk.story.first
    put(desk.story, failed.id, state, reason="rejected")
    again = replay(desk, failed)
    assert (again["state"], again["reason"], again["generation"], again["about_on"]) == ("pending", REPLAYED, 2, "2026-03-16")
    assert again["expires_at"] == "2026-03-14T09:30:00Z"
    assert replay(desk, failed, 409)["detail"] == "The same message is already waiting to be sent."
    assert desk.story.run("2026-03-13T10:31")["accepted"] == 1
    assert replay(desk, failed, 409, "2026-03-13T11:00")["detail"] == "The same message has gone out already."
    assert len(mailbox.mails) == 1
    assert desk.story.first.state == state, "what happened stays as it was"


def test_what_needs_no_second_message_is_refused_with_the_reason(desk: Desk) -> None:
    first = desk.story.first
    assert "Only a message that was given up" in replay(desk, first, 409)["detail"]
    put(desk.story, first.id, ReminderState.DEAD)
    assert replay(desk, first, 409, "2026-03-17T00:30")["detail"].startswith("The day that this message speaks of is over")
    desk.log(LATER, "declined")
    assert replay(desk, first, 409)["detail"] == "The visit is declined by now, so this message is no longer needed."


def test_without_any_address_nothing_can_be_sent_again(desk: Desk) -> None:
    put(desk.story, desk.story.first.id, ReminderState.DEAD)
    with clock.at(budapest(DUE)):
        nora = desk.as_(desk.story.clinic.nurse)
        stored = nora.get(f"/patients/{desk.story.patient['id']}")
        nora.patch(f"/patients/{stored['id']}", {"email": None}, stored["write_id"])
    assert replay(desk, desk.story.first, 409)["detail"] == "No address of the patient is recorded; add one first."


def test_no_other_clinic_settles_or_repeats_it(desk: Desk, doubtful: Reminder, other_clinic: make.Clinic) -> None:
    with clock.at(budapest(LATER)):
        hillside = desk.as_(other_clinic.surgeon)
        hillside.post(f"/reminders/{doubtful.id}/settlement", {"outcome": "arrived"}, 404)
        hillside.post(f"/reminders/{doubtful.id}/replay", {}, 404)
    assert desk.story.first.state == ReminderState.UNCERTAIN


@pytest.mark.parametrize("role", ["rater", "admin"])
def test_who_follows_nobody_up_decides_nothing(desk: Desk, doubtful: Reminder, role: str) -> None:
    api = desk.as_(getattr(desk.story.clinic, role))
    api.post(f"/reminders/{doubtful.id}/settlement", {"outcome": "arrived"}, 403)
    assert api.call("PUT", "/follow-up/pause", json={"paused": True, "reason": "x"}).status_code == 403


def test_a_paused_clinic_sends_nothing_until_it_goes_on(desk: Desk, mailbox: Mailbox) -> None:
    paused = desk.call("2026-03-13T08:00", "PUT", "/follow-up/pause", {"paused": True, "reason": "The phone line is down."})
    again = desk.call("2026-03-13T08:01", "PUT", "/follow-up/pause", {"paused": True, "reason": "Said twice."})
    assert again == paused
    assert desk.story.run(DUE) == {}
    state = desk.call(LATER, "GET", "/follow-up/sending")
    assert state["paused"]["reason"] == "The phone line is down."
    email = next(one for one in state["channels"] if one["channel"] == "email")
    assert (email["waiting"], email["due"], email["oldest_due_at"]) == (9, 1, "2026-03-13T09:00:00Z")
    assert desk.call(LATER, "PUT", "/follow-up/pause", {"paused": False}) == {"paused": None}
    assert desk.call(LATER, "PUT", "/follow-up/pause", {"paused": False}) == {"paused": None}
    assert desk.story.run(LATER) == {"accepted": 1}
    assert len(mailbox.mails) == 1
    lateness = desk.call("2026-03-13T11:00", "GET", "/follow-up/sending")["lateness"]
    assert (lateness["count"], lateness["sum_s"]) == (1, 1800.0)
    assert {one["at_most_s"]: one["count"] for one in lateness["buckets"]} == {bound: int(bound >= 3600) for bound in BUCKETS}


def test_what_a_worker_held_while_the_clinic_was_paused_is_looked_at_at_once(desk: Desk) -> None:
    desk.call(DUE, "PUT", "/follow-up/pause", {"paused": True, "reason": "A test."})
    put(desk.story, desk.story.first.id, ReminderState.PENDING, next_at=budapest("2026-03-13T10:01"))
    desk.call(DUE, "PUT", "/follow-up/pause", {"paused": False})
    assert desk.story.run(DUE) == {"accepted": 1}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"paused": True}, "/reason"), ({"paused": False, "reason": "x"}, "/reason"), ({"paused": "yes"}, "/paused"), ({}, "/paused")],
)
def test_a_pause_says_why(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    assert desk.call(DUE, "PUT", "/follow-up/pause", body, 422)["errors"][0]["pointer"] == pointer
    assert desk.call(DUE, "GET", "/follow-up/sending")["paused"] is None


def test_another_clinic_sends_on(desk: Desk, other_clinic: make.Clinic) -> None:
    with clock.at(budapest(DUE)):
        hillside = desk.as_(other_clinic.coordinator)
        assert hillside.call("PUT", "/follow-up/pause", json={"paused": True, "reason": "Ours."}).status_code == 200
    assert desk.call(DUE, "GET", "/follow-up/sending")["paused"] is None
    assert desk.story.run(DUE) == {"accepted": 1}
