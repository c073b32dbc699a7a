"""What a clinic's own system hears, signed, of one patient's follow-up; and who of the staff hears of a worry at once."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from schemas.questions import Given, Question
from schemas.vocabulary import Channel, ProcedureState, Purpose, VisitState
from server import clock
from server.db import find
from server.followup.engine import chores
from server.followup.models import Reminder, Visit
from server.followup.protocol import DEFAULT
from server.followup.service import answers, endpoints
from server.followup.service.visits import mark_visit
from tests import make
from tests.api import Api
from tests.followup.conftest import MONDAY
from tests.followup.mailbox import Mailbox
from tests.followup.receivers import Receiver
from tests.followup.story import Story, budapest, text_of


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Riverside's appointment system."""
    with Receiver() as running:
        yield running


@pytest.fixture
def told(anna: Story, receiver: Receiver) -> Story:
    """Anna's follow-up at a clinic whose own system wants to be told."""
    with anna.db.transaction(anna.clinic.id) as session:
        endpoints.add_webhook(session, f"{receiver.origin}/hook", private=True)
    return replace(anna, config=replace(anna.config, webhook_private=True))


def heard(story: Story, receiver: Receiver, wall: str) -> list[tuple[str, dict[str, str]]]:
    """Type and data of all that has arrived by then, in the order of the events."""
    story.run(wall)
    said = sorted((json.loads(one.body) for one in receiver.requests), key=lambda one: str(one["timestamp"]))
    return [(one["type"], one["data"]) for one in said]


def test_a_visit_from_due_to_attended(told: Story, receiver: Receiver, as_: Callable[[make.Person], Api]) -> None:
    """Each state once, with ids and days and nothing that names or describes Anna; what is planned is no news."""
    visit = told.visits()[0]
    with clock.at(budapest("2026-03-12T03:00")):
        chores.turn_visits(told.db, told.clinic.id, told.config)
    csaba = as_(told.clinic.coordinator)
    path = f"/visits/{visit.id}"
    with clock.at(budapest("2026-03-12T09:00")):
        booked = {"state": "booked", "booked_for": "2026-03-16T10:00:00+01:00"}
        csaba.patch(path, booked, csaba.get(f"/procedures/{told.procedure['id']}/visits")["items"][0]["write_id"])
    told.run("2026-03-12T09:01")
    csaba = as_(told.clinic.coordinator)
    with clock.at(budapest("2026-03-16T11:00")):
        csaba.patch(path, {"state": "attended"}, csaba.get(f"/procedures/{told.procedure['id']}/visits")["items"][0]["write_id"])
    about = {"visit_id": str(visit.id), "procedure_id": told.procedure["id"], "step": "2w", "target_date": "2026-03-16"}
    assert heard(told, receiver, "2026-03-16T11:01") == [
        ("visit.due", about | {"state": "due", "booked_for": None}),
        ("visit.booked", about | {"state": "booked", "booked_for": "2026-03-16T09:00:00Z"}),
        ("visit.attended", about | {"state": "attended", "booked_for": "2026-03-16T09:00:00Z"}),
    ]
    assert all("Anna" not in one.body.decode() and "Petrauskien" not in one.body.decode() for one in receiver.requests)


def mark_and_fail(story: Story) -> None:
    """Attended, in a transaction that ends badly."""
    with story.db.transaction(story.clinic.id) as session:
        visit = find(session, Visit, story.visits()[0].id, lock=True)
        assert visit is not None
        mark_visit(session, visit, VisitState.ATTENDED)
        raise RuntimeError


def test_what_is_taken_back_was_never_said(told: Story, receiver: Receiver) -> None:
    """The transaction fails after the mark: no event is left behind."""
    with clock.at(budapest("2026-03-16T11:00")), pytest.raises(RuntimeError):
        mark_and_fail(told)
    assert heard(told, receiver, "2026-03-16T11:01") == []


def test_a_worry_is_mailed_at_once_to_the_coordinator_and_to_her_surgeon(told: Story, receiver: Receiver, mailbox: Mailbox) -> None:
    """Once, however often she says it; the clinic's system hears of the alert as well."""
    with clock.at(MONDAY):
        make.protocol(told.db, told.clinic, DEFAULT)
        bence = make.patient(told.db, told.clinic, email="bence@example.org")
        procedure = make.procedure(told.db, told.clinic, state=ProcedureState.COMPLETED, patient_id=bence["id"], ended_at=MONDAY)
    with clock.at(budapest("2026-03-09T22:40")), told.db.transaction(told.clinic.id) as session:
        check_in = session.scalars(sa.select(Visit).where(Visit.procedure_id == uuid.UUID(procedure["id"]), Visit.step == "d7")).one()
        for _ in range(2):
            answers.record(session, check_in, Question.WORSE, Given.YES, via=answers.BY_LINK)
    kinds = [kind for kind, _ in heard(told, receiver, "2026-03-09T22:41")]
    assert sorted(kinds) == ["alert.raised", "visit.answered"]
    to_staff = [mail for mail in mailbox.mails if mail["Subject"] == "A patient needs a call now"]
    assert {mail["To"].addresses[0].addr_spec for mail in to_staff} == {told.clinic.coordinator.email, told.clinic.surgeon.email}
    assert len(to_staff) == 2
    assert f"{told.config.public_url}/follow-up/work-list" in text_of(to_staff[0])
    assert "Anna" not in str(to_staff[0])


def test_without_a_system_to_tell_nothing_is_queued(anna: Story) -> None:
    with clock.at(budapest("2026-03-12T03:00")):
        chores.turn_visits(anna.db, anna.clinic.id, anna.config)
    with anna.db.transaction(anna.clinic.id, write=False) as session:
        assert session.scalars(sa.select(Reminder.id).where(Reminder.channel == Channel.WEBHOOK)).all() == []
        assert session.scalars(sa.select(Reminder.id).where(Reminder.purpose == Purpose.EVENT)).all() == []
