"""What patients write back: STOP ends everything at once, YES and NO answer the last message, anything else needs a person."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from schemas.vocabulary import AlertKind, Channel, ProcedureState, ReminderState, VisitState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.models import Alert, StoppedAddress, Visit
from server.followup.service import visits
from server.followup.service.contact import address_hash
from server.patients.models import Patient
from tests import make
from tests.followup.callers import PAGE, SECRET, text_in
from tests.followup.conftest import VISITS_ONLY
from tests.followup.provider import Provider
from tests.followup.story import Story, budapest

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
DUE, LATER = "2026-03-13T10:00", "2026-03-13T10:30"
Write = Callable[..., int]


@pytest.fixture
def gateway() -> Iterator[Provider]:
    """A gateway of this story's own."""
    with Provider() as running:
        yield running


@pytest.fixture
def texting(mailing: Config, gateway: Provider) -> Config:
    """Settings with a gateway that calls back."""
    return replace(mailing, sms_url=gateway.url, sms_from="+36201234567", sms_per_second=0, public_url=PAGE, callback_secret=SECRET)


@pytest.fixture
def app(texting: Config, db: Database) -> App:
    """The application that is called back."""
    return create_app(texting, db)


@pytest.fixture
def number() -> str:
    """Anna's telephone; callbacks look in every clinic of this database, so each story has its own."""
    return f"+3630{uuid.uuid4().int % 10_000_000:07d}"


def told_by_text(db: Database, clinic: make.Clinic, config: Config, number: str) -> Story:
    """A patient of `clinic` with this telephone, whose first visit is due on 16 March."""
    with clock.at(MONDAY):
        make.protocol(db, clinic, VISITS_ONLY)
        patient = make.patient(db, clinic, phone=number, contact_by=Channel.SMS)
        procedure = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(db, clinic, config, patient, procedure)


@pytest.fixture
def anna(db: Database, clinic: make.Clinic, texting: Config, number: str) -> Story:
    """Anna, who wants to be told by text message."""
    return told_by_text(db, clinic, texting, number)


@pytest.fixture
def write(app: App, number: str) -> Write:
    """Anna writes, half an hour after the message."""

    def say(text: str, **more: str) -> int:
        with clock.at(budapest(LATER)):
            return text_in(app, text, number=number, **more).status_code

    return say


def consents(story: Story) -> bool:
    """Whether the patient may be written to."""
    with story.db.transaction(story.clinic.id, write=False) as session:
        return session.get_one(Patient, (story.clinic.id, uuid.UUID(story.patient["id"]))).reminder_consent


def alerts(story: Story) -> list[Alert]:
    """What needs a person."""
    with story.db.transaction(story.clinic.id, write=False) as session:
        return list(session.scalars(sa.select(Alert).order_by(Alert.id)))


STOPS = [
    "STOP", "stop", " Stop. ", "STOP!!", "Stop all", "STOPP", "unsubscribe", "Cancel", "END", "quit",
    "LEÁLL", "leáll", "LEALL", "Leiratkozás", "Alto", "BAJA", "Stop\n",
]  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_stop_in_every_language_stops_everything_at_once(text: str, anna: Story, write: Write, gateway: Provider) -> None:
    """Consent, address, and what was already waiting."""
    anna.run(DUE)
    assert write(text) == 200
    assert not consents(anna)
    assert {row.state for row in anna.reminders()[1:]} == {ReminderState.SUPPRESSED}
    assert anna.journal(uuid.UUID(anna.patient["id"]))[-1].action == "stop_by_sms"
    for reminder in anna.reminders():
        anna.run(reminder.wall)
    assert len(gateway.rows) == 1


def test_stop_as_the_gateway_understood_it(anna: Story, write: Write) -> None:
    """It may know words that we do not."""
    assert write("ARRET", OptOutType="STOP") == 200
    assert not consents(anna)


def test_stop_stands_although_somebody_asks_for_messages_again(anna: Story, write: Write, number: str, gateway: Provider) -> None:
    """The number itself is remembered, as a hash: consent that is typed in at the desk does not undo what the owner wrote."""
    write("STOP")
    with anna.db.transaction(anna.clinic.id) as session:
        assert session.get(StoppedAddress, address_hash(Channel.SMS, number)) is not None
        session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"]))).reminder_consent = True
    other = told_by_text(anna.db, anna.clinic, anna.config, number)
    other.run(DUE)
    assert gateway.rows == []


def test_start_takes_it_back(anna: Story, write: Write, gateway: Provider) -> None:
    assert write("STOP") == write("Start") == 200
    assert consents(anna)
    assert anna.journal(uuid.UUID(anna.patient["id"]))[-1].action == "start_by_sms"
    anna.run("2026-03-14T10:00")
    assert len(gateway.rows) == 1


def test_start_without_a_stop_gives_no_consent(anna: Story, write: Write) -> None:
    """What somebody said at the desk is not undone by a word."""
    with anna.db.transaction(anna.clinic.id) as session:
        session.get_one(Patient, (anna.clinic.id, uuid.UUID(anna.patient["id"]))).reminder_consent = False
    assert write("START") == 200
    assert not consents(anna)


def test_stop_holds_in_every_clinic_that_sends_from_here(
    anna: Story, other_clinic: make.Clinic, texting: Config, number: str, write: Write
) -> None:
    """One number, two clinics: each journal says so."""
    hers = told_by_text(anna.db, other_clinic, texting, number)
    write("STOP")
    assert not consents(anna)
    assert not consents(hers)
    assert [story.journal(uuid.UUID(story.patient["id"]))[-1].action for story in (anna, hers)] == ["stop_by_sms"] * 2


def test_nobody_else_is_stopped(anna: Story, app: App) -> None:
    assert text_in(app, "STOP", number="+36309999999").status_code == 200
    assert consents(anna)


@pytest.mark.parametrize("text", ["Yes", "YES!", "igen", "Igen.", "Sí", "si"])
def test_yes_confirms_what_is_booked(text: str, anna: Story, write: Write) -> None:
    with clock.at(budapest("2026-03-10T09:00")), anna.db.transaction(anna.clinic.id) as session:
        visits.mark_visit(
            session,
            session.get_one(Visit, (anna.clinic.id, anna.visits()[0].id)),
            VisitState.BOOKED,
            booked_for=budapest("2026-03-16T14:30"),
        )
    anna.run(DUE)
    assert write(text) == 200
    assert anna.visits()[0].confirmed_at == budapest(LATER)
    assert alerts(anna) == []


@pytest.mark.parametrize("text", ["No", "NEM", "nem!"])
def test_no_asks_a_person_for_another_time(text: str, anna: Story, write: Write) -> None:
    anna.run(DUE)
    assert write(text) == 200
    assert [(row.kind, row.visit_id) for row in alerts(anna)] == [(AlertKind.WANTS_ANOTHER_TIME, anna.visits()[0].id)]


def test_yes_before_a_time_is_arranged_needs_a_person(anna: Story, write: Write) -> None:
    anna.run(DUE)
    write("YES")
    assert [row.kind for row in alerts(anna)] == [AlertKind.WANTS_A_CALL]


def test_yes_to_nothing_needs_a_person(anna: Story, write: Write) -> None:
    """Nobody asked her anything yet, so only she knows what she means."""
    write("YES")
    assert [row.kind for row in alerts(anna)] == [AlertKind.WANTS_A_CALL]


@pytest.mark.parametrize(
    "text", ["My cheek is red and hot since Tuesday", "Please stop by the door", "no problem, see you", "", "👍", "x" * 5000]
)
def test_anything_else_is_read_by_a_person_and_not_kept_here(text: str, anna: Story, write: Write) -> None:
    """The alert says where to read it, not what it says; two texts are one alert."""
    anna.run(DUE)
    assert write(text) == 200
    assert write(text) == 200
    (alert,) = alerts(anna)
    assert alert.kind == AlertKind.WANTS_A_CALL
    assert "read it at the provider" in alert.detail
    assert not text or text not in alert.detail
    assert consents(anna)
