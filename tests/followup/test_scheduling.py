"""Completing a procedure schedules its follow-up, withdrawing it takes it back, and people mark what became of the visits."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas.vocabulary import Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.db import Database, find
from server.followup.engine import queue
from server.followup.models import Reminder, Visit
from server.followup.service import schedule
from server.procedures import changes
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.api import Api
from tests.followup.story import Story, budapest

As = Callable[[make.Person], Api]
DATES = [("2w", "2026-03-16"), ("3m", "2026-06-02"), ("1y", "2027-03-02")]


def test_completing_a_procedure_schedules_three_visits_and_their_reminders(anna: Story, vera: Api) -> None:
    """Two weeks, three months and a year after 2 March, with nine messages in all."""
    visits = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"]
    assert [(visit["step"], visit["target_date"]) for visit in visits] == DATES
    assert {visit["state"] for visit in visits} == {"planned"}
    assert {visit["patient_id"] for visit in visits} == {anna.patient["id"]}
    reminders = [one for visit in visits for one in vera.get(f"/reminders?visit_id={visit['id']}")["items"]]
    assert [one["days_before"] for one in reminders] == [3, 1, 14, 3, 1, 30, 7, 3, 1]
    assert {one["state"] for one in reminders} == {"pending"}
    assert reminders[0]["local_time"] == "2026-03-13T10:00"
    assert reminders[0]["due_at"] == "2026-03-13T09:00:00Z"
    assert reminders[0]["time_zone"] == "Europe/Budapest"


def test_visits_and_reminders_are_in_the_journal(anna: Story) -> None:
    """Each with the document that the API shows."""
    rows: list[Visit | Reminder] = [*anna.visits(), *anna.reminders()]
    for row in rows:
        (entry,) = anna.journal(row.id)
        assert (entry.action, entry.collection, entry.write_id) == ("create", row.collection, row.write_id)
        assert entry.actor_id == anna.clinic.surgeon.user_id


def test_a_completion_that_fails_leaves_no_visits(db: Database, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: the procedure and its follow-up, or neither."""
    procedure = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)

    def fall_over(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(changes, "listeners", [*changes.listeners, fall_over])
    with pytest.raises(ConnectionError), db.transaction(clinic.id) as session:
        lifecycle.complete(session, session.get_one(Procedure, (clinic.id, uuid.UUID(procedure["id"]))))
    with db.transaction(clinic.id, write=False) as session:
        assert schedule.visits_of(session, uuid.UUID(procedure["id"])) == []


def test_scheduling_twice_changes_nothing(anna: Story) -> None:
    """A repeated call finds what stands."""
    with anna.db.transaction(anna.clinic.id) as session:
        procedure = session.get_one(Procedure, (anna.clinic.id, anna.procedure_id))
        assert schedule.replan(session, procedure) == 0
        again = schedule.visits_of(session, procedure.id)
    assert [visit.id for visit in again] == [visit.id for visit in anna.visits()]
    assert len(anna.reminders()) == 9


def test_the_service_listens_once() -> None:
    """However often it is imported."""
    assert sum(listener.__module__ == schedule.__name__ for listener in changes.listeners) == 1


def test_withdrawing_the_procedure_cancels_what_is_to_come(anna: Story) -> None:
    """Entered in error: no visit and no message any more. What was sent stays as history."""
    anna.run("2026-03-13T10:00")
    with anna.db.transaction(anna.clinic.id, actor=anna.clinic.surgeon) as session:
        procedure = find(session, Procedure, anna.procedure_id, lock=True)
        assert procedure is not None
        lifecycle.withdraw(session, procedure, "Wrong patient")
    assert {visit.state for visit in anna.visits()} == {VisitState.CANCELLED}
    first, *others = anna.reminders()
    assert first.state == ReminderState.ACCEPTED
    assert {(one.state, one.reason) for one in others} == {(ReminderState.CANCELLED, "procedure_entered_in_error")}
    assert anna.run("2026-03-14T10:00") == {}


@pytest.mark.parametrize("state", ["attended", "declined", "missed"])
def test_a_visit_that_needs_no_reminding_gets_none(anna: Story, vera: Api, state: str) -> None:
    """Marked, its unsent reminders are cancelled with it; the other visits keep theirs."""
    visit = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][0]
    marked = vera.patch(f"/visits/{visit['id']}", {"state": state}, visit["write_id"])
    assert marked["state"] == state
    assert marked["write_id"] != visit["write_id"]
    cancelled = vera.get("/reminders?state=cancelled")["items"]
    assert [(one["visit_id"], one["reason"]) for one in cancelled] == [(visit["id"], f"visit_{state}")] * 2
    assert len(vera.get("/reminders?state=pending")["items"]) == 7


def test_a_booked_visit_is_reminded_of_its_own_time(anna: Story, vera: Api) -> None:
    """Booked for 4 June instead of the 2nd: nobody is asked to book, and the messages move."""
    visit = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][1]
    with clock.at(datetime(2026, 5, 1, tzinfo=UTC)):
        marked = vera.patch(f"/visits/{visit['id']}", {"state": "booked", "booked_for": "2026-06-04T14:30:00+02:00"}, visit["write_id"])
    assert marked["booked_for"] == "2026-06-04T12:30:00Z"
    reminders = vera.get(f"/reminders?visit_id={visit['id']}")["items"]
    standing = [(one["local_time"], one["about_on"]) for one in reminders if one["state"] == "pending"]
    assert standing == [("2026-06-01T10:00", "2026-06-04"), ("2026-06-03T10:00", "2026-06-04")]
    dropped = [(one["local_time"], one["reason"]) for one in reminders if one["state"] == "cancelled"]
    assert dropped == [("2026-05-19T10:00", "visit_booked"), ("2026-05-30T10:00", "visit_booked"), ("2026-06-01T10:00", "visit_booked")]


def test_a_slip_of_the_finger_is_corrected(anna: Story, vera: Api) -> None:
    """Attended by mistake, then booked: the reminders that the mistake cancelled come back."""
    visit = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][0]
    with clock.at(budapest("2026-03-12T09:00")):
        slip = vera.patch(f"/visits/{visit['id']}", {"state": "attended"}, visit["write_id"])
        vera.patch(f"/visits/{visit['id']}", {"state": "booked"}, slip["write_id"])
    pending = [one for one in vera.get(f"/reminders?visit_id={visit['id']}")["items"] if one["state"] == "pending"]
    assert [(one["days_before"], one["generation"]) for one in pending] == [(3, 3), (1, 3)]


@pytest.mark.parametrize("state", ["attended", "missed"])
def test_nobody_has_come_or_stayed_away_before_the_window_opens(anna: Story, vera: Api, state: str) -> None:
    """On 11 March, a day too early; who did come earlier is booked for that time first."""
    visit = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][0]
    with clock.at(budapest("2026-03-11T23:30")):
        refused = vera.patch(f"/visits/{visit['id']}", {"state": state}, visit["write_id"], 422)
        assert refused["errors"][0]["pointer"] == "/state"
        assert "Not before 2026-03-12" in refused["detail"]
        early = vera.patch(f"/visits/{visit['id']}", {"state": "booked", "booked_for": "2026-03-11T15:00:00+01:00"}, visit["write_id"])
        assert vera.patch(f"/visits/{visit['id']}", {"state": state}, early["write_id"])["state"] == state


def test_marks_that_make_no_sense_are_refused(anna: Story, vera: Api) -> None:
    """With a sentence that says why."""
    visit = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][0]
    path, tag = f"/visits/{visit['id']}", visit["write_id"]
    assert vera.patch(path, {"state": "cancelled"}, tag, 422)["errors"][0]["pointer"] == "/state"
    assert vera.patch(path, {}, tag, 422)["errors"][0]["pointer"] == "/state"
    refused = vera.patch(path, {"state": "attended", "booked_for": "2026-03-16T09:00:00Z"}, tag, 422)
    assert refused["errors"][0]["pointer"] == "/booked_for"
    assert vera.patch(path, {"state": "attended"}, str(uuid.uuid4()), 412)["code"] == "stale"
    assert vera.call("PATCH", path, json={"state": "attended"}).status_code == 428
    with anna.db.transaction(anna.clinic.id, actor=anna.clinic.surgeon) as session:
        lifecycle.withdraw(session, session.get_one(Procedure, (anna.clinic.id, anna.procedure_id)), "Wrong patient")
    tag = vera.get(f"/procedures/{anna.procedure['id']}/visits")["items"][0]["write_id"]
    assert vera.patch(path, {"state": "booked"}, tag, 409)["code"] == "conflict"


def test_lists_are_filtered_and_paged(anna: Story, vera: Api) -> None:
    """Every item once, in order."""
    assert [one["step"] for one in vera.get("/visits?due_before=2026-06-03")["items"]] == ["2w", "3m"]
    assert vera.get("/visits?due_before=2026-03-16")["items"] == []
    assert vera.get("/visits?state=attended")["items"] == []
    for path, count in (("/visits?limit=1", 3), ("/reminders?limit=2", 9), ("/reminders?limit=2&state=pending", 9)):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = vera.get(f"{path}&cursor={cursor}" if cursor else path)
            seen += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) == count
    due = [one["due_at"] for one in vera.get("/reminders")["items"]]
    assert due == sorted(due)
    assert [one.state for one in anna.visits()] == ["planned"] * 3


@pytest.mark.parametrize(
    "path", ["/visits?cursor=nonsense", "/reminders?cursor=nonsense", "/visits?state=soon", "/reminders?state=claimed"]
)
def test_filters_that_mean_nothing_are_refused(vera: Api, path: str) -> None:
    """422, never an empty list."""
    vera.get(path, 422)


@pytest.mark.parametrize("parts", [("yesterday", "x"), ("2026-01-01", "x"), ("2026-01-01T00:00:00", str(uuid.UUID(int=1)))])
def test_cursors_of_another_making_are_refused(vera: Api, parts: tuple[str, str]) -> None:
    """Well-formed or not, what they say must be a position."""
    from server.http import cursor_of  # noqa: PLC0415  reason: only this story speaks the wire's form

    vera.get(f"/reminders?cursor={cursor_of(*parts)}", 422)


def test_who_may_see_and_mark_visits(anna: Story, as_: As, other_clinic: make.Clinic) -> None:
    """The coordinator does this work; a rater must not learn who is who; another clinic finds nothing."""
    visit = as_(anna.clinic.coordinator).get("/visits")["items"][0]
    path = f"/visits/{visit['id']}"
    for person in (anna.clinic.rater, anna.clinic.admin):
        as_(person).get("/visits", 403)
        as_(person).get("/reminders", 403)
        as_(person).patch(path, {"state": "attended"}, visit["write_id"], 403)
    stranger = as_(other_clinic.surgeon)
    stranger.get(f"/procedures/{anna.procedure['id']}/visits", 404)
    stranger.patch(path, {"state": "attended"}, visit["write_id"], 404)
    assert stranger.get("/visits")["items"] == stranger.get("/reminders")["items"] == []
    as_(anna.clinic.coordinator).patch(path, {"state": "attended"}, visit["write_id"])


def test_claiming_is_nobodys_business(anna: Story, vera: Api) -> None:
    """What a worker has claimed reads as pending, under the same version, and the journal is silent about it."""
    visit_id = anna.visits()[0].id
    before = vera.get(f"/reminders?visit_id={visit_id}")
    with clock.at(budapest("2026-03-13T10:00")), anna.db.transaction(anna.clinic.id) as session:
        _, claimed = queue.claim(session, Channel.EMAIL, limit=20)
    assert claimed == [anna.first.id]
    assert anna.first.state == ReminderState.CLAIMED
    assert vera.get(f"/reminders?visit_id={visit_id}") == before
    assert vera.get(f"/reminders?visit_id={visit_id}&state=pending") == before
    assert len(anna.journal(claimed[0])) == 1
