"""Facts change after the visits were scheduled: dates, deaths, consents, addresses, treatments. Visits and messages follow at once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import schemas.protocol  # noqa: F401  reason: adds its limits to the table
from schemas.limits import LIMITS
from schemas.vocabulary import Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.config import Config
from server.db import Database, find
from server.followup.engine import chores
from server.followup.models import Reminder
from server.followup.protocol import DEFAULT
from server.followup.service import schedule
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.api import Api
from tests.followup.conftest import MONDAY
from tests.followup.story import Story, budapest

FRIDAY = "2026-03-13T10:00"


def waiting(story: Story) -> list[Reminder]:
    """What is still to be sent."""
    return [one for one in story.reminders() if one.state == ReminderState.PENDING]


def change_patient(story: Story, tablet: Api, **fields: Any) -> dict[str, Any]:
    """As the coordinator does it."""
    path = f"/patients/{story.patient['id']}"
    changed: dict[str, Any] = tablet.patch(path, fields, tablet.get(path)["write_id"])
    return changed


def correct_end(story: Story, tablet: Api, ended_at: str) -> None:
    """The procedure was at another time than was recorded."""
    path, end = f"/procedures/{story.procedure['id']}", datetime.fromisoformat(ended_at)
    times = {"started_at": (end - timedelta(hours=1)).isoformat(), "ended_at": end.isoformat()}
    tablet.patch(path, times, tablet.get(path)["write_id"])


def lacking(story: Story) -> int:
    """What the nightly proof finds."""
    return chores.prove(story.db, story.clinic.id, story.config)


def test_a_full_protocol_has_check_ins_and_chases(db: Database, clinic: make.Clinic) -> None:
    with clock.at(MONDAY):
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=MONDAY)
    with db.transaction(clinic.id) as session:  # which locks the messages
        visits = schedule.visits_of(session, uuid.UUID(procedure["id"]))
        messages = {visit.step: [one.wall[:10] for one in schedule.messages_about(session, visit.id)] for visit in visits}
    assert [visit.step for visit in visits] == ["d7", "d14", "2w", "d21", "d28", "3m", "1y"]
    assert {visit.protocol_version for visit in visits} == {DEFAULT.version}
    assert messages["d7"] == ["2026-03-09", "2026-03-10"]
    assert messages["2w"] == ["2026-03-13", "2026-03-14", "2026-03-27", "2026-04-03"]  # the 15th is a Sunday; the window closes on the 23rd
    assert messages["1y"][0] == "2027-01-30"  # thirty days before is a Sunday


def test_the_date_was_wrong(anna: Story, vera: Api) -> None:
    """The procedure was on the 1st: every visit moves, and the messages of the old date make way for those of the new one."""
    with clock.at(MONDAY + timedelta(hours=1)):
        correct_end(anna, vera, "2026-03-01T09:00:00+01:00")
    assert [str(visit.target_date) for visit in anna.visits()] == ["2026-03-15", "2026-06-01", "2027-03-01"]
    assert {visit.generation for visit in anna.visits()} == {2}
    assert len(waiting(anna)) == 9
    cancelled = [one for one in anna.reminders() if one.state == ReminderState.CANCELLED]
    assert [(one.reason, one.generation) for one in cancelled] == [("superseded", 1)] * 9
    assert lacking(anna) == 0


def test_what_was_sent_about_the_same_day_is_not_said_again(anna: Story, vera: Api) -> None:
    """The hour was wrong, not the day: the message of three days before stays said."""
    assert anna.run(FRIDAY) == {"accepted": 1}
    with clock.at(budapest("2026-03-13T11:00")):
        correct_end(anna, vera, "2026-03-02T12:10:00+01:00")
    assert len(anna.reminders()) == 9
    assert anna.run("2026-03-13T11:01") == {}


def test_a_moved_visit_is_announced_anew(anna: Story, vera: Api) -> None:
    """She was told of the 16th; the visit is on the 17th now, so three days before is said once more, about another day."""
    anna.run(FRIDAY)
    with clock.at(budapest("2026-03-13T11:00")):
        correct_end(anna, vera, "2026-03-03T12:10:00+01:00")
    assert [str(one.about_on) for one in waiting(anna)][:2] == ["2026-03-17", "2026-03-17"]
    assert anna.run("2026-03-14T10:00") == {"accepted": 1}


def test_correcting_back_and_forth_ends_where_it_began(anna: Story, vera: Api) -> None:
    for ended_at in ("2026-03-01T12:00:00+01:00", "2026-03-02T12:40:00+01:00", "2026-02-28T12:00:00+01:00", "2026-03-02T12:40:00+01:00"):
        with clock.at(MONDAY + timedelta(hours=1)):
            correct_end(anna, vera, ended_at)
    assert [one.wall for one in waiting(anna)][:2] == ["2026-03-13T10:00", "2026-03-14T10:00"]
    assert len(waiting(anna)) == 9
    assert lacking(anna) == 0


@pytest.mark.parametrize(
    ("ended_at", "what"), [("2030-01-01T09:00:00Z", "Lies in the future"), ("2026-03-02T06:00:00Z", "lies before the procedure began")]
)
def test_an_end_that_cannot_be_is_refused(anna: Story, vera: Api, ended_at: str, what: str) -> None:
    path = f"/procedures/{anna.procedure['id']}"
    with clock.at(MONDAY + timedelta(hours=1)):
        refused = vera.patch(path, {"ended_at": ended_at}, vera.get(path)["write_id"], 422)
    assert what in refused["errors"][0]["message"]
    assert refused["errors"][0]["pointer"] == "/ended_at"
    assert [one.generation for one in anna.visits()] == [1, 1, 1]


def test_consent_withdrawn_and_given_again(anna: Story, vera: Api) -> None:
    """Nothing more from that second on; what is then still to come is planned again when she changes her mind."""
    with clock.at(budapest("2026-03-12T09:00")):
        change_patient(anna, vera, reminder_consent=False)
    assert {(one.state, one.reason) for one in anna.reminders()} == {(ReminderState.SUPPRESSED, "no_consent")}
    assert anna.run(FRIDAY) == {}
    with clock.at(budapest("2026-03-14T09:00")):
        change_patient(anna, vera, reminder_consent=True)
    assert [one.wall[:10] for one in waiting(anna)][:2] == ["2026-03-14", "2026-05-19"]  # three days before is past and stays unsaid
    assert lacking(anna) == 0


def test_death_ends_the_follow_up(anna: Story, vera: Api) -> None:
    with clock.at(budapest("2026-04-01T09:00")):
        change_patient(anna, vera, died_on="2026-03-30")
    assert {(visit.state, visit.reason) for visit in anna.visits()} == {(VisitState.CANCELLED, "patient_died")}
    assert waiting(anna) == []
    with clock.at(budapest("2026-04-01T10:00")):
        change_patient(anna, vera, died_on=None)  # a slip: it was another patient
    assert [visit.state for visit in anna.visits()] == [VisitState.MISSED, VisitState.PLANNED, VisitState.PLANNED]
    assert lacking(anna) == 0


def test_a_further_treatment_takes_the_follow_up_over(anna: Story) -> None:
    """In May again: the visits after that day belong to the new procedure. Entered in error, the old ones come back."""
    may = datetime(2026, 5, 4, 9, tzinfo=UTC)
    with clock.at(may):
        again = make.procedure(anna.db, anna.clinic, state=ProcedureState.COMPLETED, patient_id=anna.patient["id"], ended_at=may)
    assert [(visit.step, visit.reason) for visit in anna.visits() if visit.state == VisitState.CANCELLED] == [
        ("3m", "re_treatment"),
        ("1y", "re_treatment"),
    ]
    with clock.at(may + timedelta(days=1)), anna.db.transaction(anna.clinic.id, actor=anna.clinic.surgeon) as session:
        procedure = find(session, Procedure, uuid.UUID(again["id"]), lock=True)
        assert procedure is not None
        lifecycle.withdraw(session, procedure, "Wrong patient")
    assert [visit.state for visit in anna.visits()] == [VisitState.PLANNED] * 3
    assert [one.wall[:10] for one in waiting(anna) if one.wall > "2026-05"] == [
        "2026-05-19", "2026-05-30", "2026-06-01", "2027-01-30", "2027-02-23", "2027-02-27", "2027-03-01",
    ]  # fmt: skip
    assert lacking(anna) == 0


def test_the_hour_is_the_patients(anna: Story, vera: Api) -> None:
    """She moves to New York: ten in the morning there. The date of the visit stays the clinic's."""
    with clock.at(MONDAY + timedelta(days=1)):
        change_patient(anna, vera, time_zone="America/New_York")
    first = waiting(anna)[0]
    assert (first.wall, first.zone) == ("2026-03-13T10:00", "America/New_York")
    assert first.due_at == datetime(2026, 3, 13, 14, tzinfo=UTC)
    assert str(anna.visits()[0].target_date) == "2026-03-16"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "CEST", "../etc/passwd", "europe", "localtime"])
def test_an_unknown_zone_is_refused(anna: Story, vera: Api, zone: str) -> None:
    path = f"/patients/{anna.patient['id']}"
    refused = vera.patch(path, {"time_zone": zone}, anna.patient["write_id"], 422)
    assert refused["errors"][0]["pointer"] == "/time_zone"
    assert "Europe/Budapest" in refused["errors"][0]["message"]
    assert {one.zone for one in anna.reminders()} == {"Europe/Budapest"}


def test_unsent_messages_follow_the_patients_wish(anna: Story, vera: Api) -> None:
    """She asks for text messages; without a number the wish waits for one."""
    with clock.at(MONDAY + timedelta(days=1)):
        change_patient(anna, vera, contact_by="sms")
        assert {one.channel for one in waiting(anna)} == {Channel.EMAIL}
        changed = change_patient(anna, vera, phone="06 30 123 4567")
        assert changed["phone"] == "06 30 123 4567"
        assert {one.channel for one in waiting(anna)} == {Channel.SMS}
        assert len(anna.reminders()) == 9
        change_patient(anna, vera, contact_by=None)
        assert {one.channel for one in waiting(anna)} == {Channel.EMAIL}


@pytest.mark.parametrize("email", ["anna", "a@b", "<anna@example.org>", "á@example.org", "anna@-x-.hu", "a,b@example.org", "a@x..org"])
def test_an_address_that_no_server_takes_is_refused(anna: Story, vera: Api, email: str) -> None:
    """At once, and not on the day on which something should be sent to it."""
    refused = vera.patch(f"/patients/{anna.patient['id']}", {"email": email}, anna.patient["write_id"], 422)
    assert refused["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize("email", ["o'neill+scar@example.co.uk", "anna@példa.hu", "a_b-c.d@x1.example.org"])
def test_addresses_that_servers_take(anna: Story, vera: Api, email: str) -> None:
    assert vera.patch(f"/patients/{anna.patient['id']}", {"email": email}, anna.patient["write_id"])["email"] == email


@pytest.mark.parametrize("phone", ["12345", "+36 30 12", "+999 123 456 789", "06 30 123 4567 890 123"])
def test_a_phone_that_cannot_be_a_phone_is_refused(anna: Story, vera: Api, phone: str) -> None:
    """By the numbering plan of the world, read in the clinic's country."""
    refused = vera.patch(f"/patients/{anna.patient['id']}", {"phone": phone}, anna.patient["write_id"], 422)
    assert refused["errors"][0]["pointer"] == "/phone"
    assert "+36 30 123 4567" in refused["errors"][0]["message"]


def test_visits_turn_by_the_calendar(anna: Story) -> None:
    """Due when the window opens, missed when it has closed, lost four weeks after the last one."""

    def states(day: str) -> list[str]:
        with clock.at(budapest(f"{day}T03:00")):
            chores.turn_visits(anna.db, anna.clinic.id, anna.config)
        return [str(visit.state) for visit in anna.visits()]

    assert states("2026-03-11") == ["planned", "planned", "planned"]
    assert states("2026-03-12") == ["due", "planned", "planned"]
    assert states("2026-03-23") == ["due", "planned", "planned"]
    assert states("2026-03-24") == ["missed", "planned", "planned"]
    assert states("2027-04-02") == ["missed", "missed", "missed"]
    assert states("2027-04-29") == ["missed", "missed", "missed"]
    assert states("2027-04-30") == ["missed", "missed", "lost_to_follow_up"]
    assert waiting(anna) == []


def test_the_nightly_proof_repairs_what_somebody_lost(anna: Story, caplog: pytest.LogCaptureFixture) -> None:
    """A message cancelled past every rule is found, planned again, and logged as the error that it is."""
    with anna.db.transaction(anna.clinic.id) as session:
        row = find(session, Reminder, anna.reminders()[3].id)
        assert row is not None
        row.state, row.reason = ReminderState.CANCELLED, "by hand"
    with clock.at(MONDAY + timedelta(days=1)):
        assert lacking(anna) == 1
        assert lacking(anna) == 0
    assert "lacked 1 rows; repaired" in caplog.text
    assert len(waiting(anna)) == 9


def test_the_nightly_proof_looks_after_the_chase_of_the_last_visit(db: Database, clinic: make.Clinic, mailing: Config) -> None:
    """Nothing of her follow-up is open but the visit that she missed, and one of the two messages that ask her to come is gone."""
    with clock.at(MONDAY):
        anna = make.patient(db, clinic)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=anna["id"], ended_at=MONDAY)
    story = Story(db, clinic, mailing, anna, procedure)
    last_window_closed = budapest("2027-04-02T03:00")
    with clock.at(last_window_closed):
        chores.turn_visits(db, clinic.id, mailing)
        with db.transaction(clinic.id) as session:
            session.get_one(Reminder, (clinic.id, waiting(story)[-1].id)).state = ReminderState.CANCELLED
        assert {visit.state for visit in story.visits()} == {VisitState.MISSED}
        assert lacking(story) > 0
        assert lacking(story) == 0
        assert [one.wall[:10] for one in waiting(story)][-2:] == ["2027-04-05", "2027-04-12"]


def test_the_proof_looks_back_as_far_as_a_chase_may_reach() -> None:
    assert timedelta(days=LIMITS["chase_days_after_window"].hard_max) < chores.CHASED_FOR
