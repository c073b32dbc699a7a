"""The morning digest: to whom, when, once, and without a patient's name."""

import uuid
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from schemas.vocabulary import AlertKind, Purpose, ReminderState, Role
from server import clock
from server.clinics.models import User
from server.db import find
from server.followup.engine import chores
from server.followup.models import Reminder, Visit
from server.followup.service import digest
from server.followup.service.alerts import raise_alert
from tests import make
from tests.followup.mailbox import Mailbox
from tests.followup.story import Story, budapest, text_of


def digests(story: Story) -> Sequence[Reminder]:
    """What is queued for staff, by person."""
    with story.db.transaction(story.clinic.id, write=False) as session:
        return session.scalars(
            sa.select(Reminder).where(Reminder.purpose == Purpose.DIGEST).order_by(Reminder.due_at, Reminder.user_id)
        ).all()


def morning(story: Story, wall: str) -> int:
    """The chore as it comes round."""
    with clock.at(budapest(wall)):
        chores.turn_visits(story.db, story.clinic.id, story.config)
        with story.db.transaction(story.clinic.id) as session:
            return digest.send_digests(session)


def leave(story: Story, *people: make.Person) -> None:
    """They no longer work at Riverside."""
    with story.db.transaction(story.clinic.id) as session:
        for one in people:
            session.get_one(User, (story.clinic.id, one.user_id)).active = False


def test_csaba_reads_what_needs_him_and_no_name(anna: Story, mailbox: Mailbox) -> None:
    with clock.at(budapest("2026-03-12T20:00")), anna.db.transaction(anna.clinic.id) as session:
        about = find(session, Visit, anna.visits()[1].id)
        assert about is not None
        raise_alert(session, AlertKind.CONCERNING_ANSWER, patient_id=about.patient_id, detail="Worse.", visit=about)
    assert morning(anna, "2026-03-13T07:30") == 1
    assert anna.run("2026-03-13T07:31") == {"accepted": 1}
    (mail,) = mailbox.mails
    assert [one.addr_spec for one in mail["To"].addresses] == [anna.clinic.coordinator.email]
    assert mail["Subject"] == "Riverside Plastic Surgery: 1 answer that worries, 2 on the work list"
    text = text_of(mail).replace("\r\n", "\n")
    assert "1 answer that worries: call now\n1 visit due this week without a time: call to arrange" in text
    assert f"{anna.config.public_url}/follow-up/work-list" in text
    assert "Petrauskien" not in str(mail)
    assert "Anna" not in str(mail)


@pytest.mark.parametrize("wall", ["2026-03-13T07:29", "2026-03-13T12:00", "2026-03-15T08:00", "2026-03-11T08:00"])
def test_not_before_half_past_seven_nor_after_noon_nor_on_sunday_nor_about_nothing(anna: Story, wall: str) -> None:
    """On 11 March no window is open yet."""
    assert morning(anna, wall) == 0


def test_once_a_day_however_often_the_chore_comes_round(anna: Story) -> None:
    assert [morning(anna, f"2026-03-13T{hour}") for hour in ("07:30", "07:45", "11:59")] == [1, 0, 0]
    assert morning(anna, "2026-03-14T07:30") == 1
    assert [one.expires_at for one in digests(anna)] == [budapest("2026-03-13T12:00"), budapest("2026-03-14T12:00")]


def test_what_could_not_go_out_in_the_morning_does_not_go_out_in_the_afternoon(anna: Story, mailbox: Mailbox) -> None:
    morning(anna, "2026-03-13T07:30")
    assert anna.run("2026-03-13T12:00")["expired"] == 1
    assert [one.state for one in digests(anna)] == [ReminderState.EXPIRED]
    assert all(anna.clinic.coordinator.email not in str(mail["To"]) for mail in mailbox.mails)


def test_without_a_coordinator_the_nurses_read_it_and_without_them_the_surgeons(anna: Story) -> None:
    leave(anna, anna.clinic.coordinator)
    morning(anna, "2026-03-13T07:30")
    leave(anna, anna.clinic.nurse)
    morning(anna, "2026-03-14T07:30")
    leave(anna, anna.clinic.surgeon)
    assert morning(anna, "2026-03-16T07:30") == 0
    people: list[uuid.UUID | None] = [anna.clinic.people[role].user_id for role in (Role.NURSE, Role.SURGEON)]
    assert [one.user_id for one in digests(anna)] == people
