"""The forecast of what will be sent: the same judgement as the last look, at the sender's pace, and true when the days have passed."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Channel, ProcedureState, Purpose, VisitState
from server import clock
from server.config import Config
from server.db import Database
from server.followup.models import Pause, Reminder, StoppedAddress
from server.followup.service import forecast
from server.followup.service.contact import address_hash
from server.followup.verdict import Standing, refusal
from tests import make
from tests.api import Api
from tests.followup.story import Story, budapest
from tests.sync.test_together import counted

As = Callable[[make.Person], Api]
PATH = "/follow-up/forecast"
EVENING = "2026-03-02T20:00"


@pytest.fixture
def csaba(clinic: make.Clinic, as_: As) -> Api:
    """Csaba Tóth, coordinator of Riverside."""
    return as_(clinic.coordinator)


def look(story: Story, wall: str, *, days: int = 30, **settings: Any) -> forecast.LookAhead:
    """The forecast of that moment."""
    with clock.at(budapest(wall)), story.db.transaction(story.clinic.id, write=False) as session:
        return forecast.look_ahead(session, replace(story.config, **settings), days=days)


def test_the_days_to_come_with_what_when_and_to_whom(anna: Story, csaba: Api) -> None:
    """Anna's visit after two weeks: Friday and Saturday before Monday 16 March."""
    with clock.at(budapest(EVENING)):
        answer = csaba.get(PATH)
    assert [(one["day"], one["local_time"], one["channel"], one["purpose"]) for one in answer["items"]] == [
        ("2026-03-13", "2026-03-13T10:00", "email", "near"),
        ("2026-03-14", "2026-03-14T10:00", "email", "near"),
    ]
    first = answer["items"][0]
    assert (first["patient_name"], first["visit_title"], first["visit_on"]) == ("Petrauskienė, Anna", "2 weeks", "2026-03-16")
    assert (first["will_be_sent"], first["reason"], first["leaves_at"]) == (True, None, "2026-03-13T09:00:00Z")
    assert answer["days"] == [
        {"day": "2026-03-13", "email": 1, "sms": 0, "not_sent": 0},
        {"day": "2026-03-14", "email": 1, "sms": 0, "not_sent": 0},
    ]
    assert (answer["total"], answer["not_sent"], answer["paused"]) == (2, 0, None)
    assert {one["reminder_id"] for one in answer["items"]} <= {str(one.id) for one in anna.reminders()}


def test_how_far_it_looks(anna: Story, csaba: Api) -> None:
    """Whole days of the clinic's calendar, today included; from one to a year and a day."""
    with clock.at(budapest("2026-03-13T00:30")):
        assert csaba.get(f"{PATH}?days=1")["total"] == 1
        assert csaba.get(f"{PATH}?days=2")["total"] == 2
        assert csaba.get(f"{PATH}?days=366")["total"] == len(anna.reminders())
        for days in ("0", "367", "x"):
            assert csaba.get(f"{PATH}?days={days}", 422)["errors"][0]["pointer"] == "/days"


def test_the_list_goes_on_page_by_page_and_the_totals_are_of_all(anna: Story, csaba: Api) -> None:
    seen: list[str] = []
    cursor = ""
    with clock.at(budapest(EVENING)):
        while True:
            page = csaba.get(f"{PATH}?days=366&limit=4{cursor}")
            seen += [one["reminder_id"] for one in page["items"]]
            assert page["total"] == 9
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        csaba.get(f"{PATH}?cursor=nonsense", 422)
    assert seen == [str(one.id) for one in anna.reminders()]


def test_names_are_read_only_of_the_messages_that_are_shown(anna: Story, csaba: Api) -> None:
    """A large clinic has thousands to come, of which a page shows fifty."""
    with clock.at(budapest(EVENING)), counted(anna.db) as statements:
        (first,) = csaba.get(f"{PATH}?days=366&limit=1")["items"]
    assert first["patient_name"] == "Petrauskienė, Anna"
    (named,) = [one for one in statements if "patients.family_name" in one]
    assert "reminders.id IN" in named


def test_another_clinic_and_who_may_not_read_records_see_nothing(anna: Story, as_: As, other_clinic: make.Clinic) -> None:
    with clock.at(budapest(EVENING)):
        assert as_(other_clinic.coordinator).get(f"{PATH}?days=366")["total"] == 0
        for person in (anna.clinic.rater, anna.clinic.admin):
            as_(person).get(PATH, 403)


def test_a_pause_is_said(anna: Story, csaba: Api) -> None:
    with anna.db.transaction(anna.clinic.id) as session:
        session.add(Pause(reason="The phone line is down."))
    with clock.at(budapest(EVENING)):
        assert csaba.get(PATH)["paused"] == "The phone line is down."


def test_who_has_no_address_will_hear_nothing_and_it_says_why(db: Database, clinic: make.Clinic, mailing: Config, csaba: Api) -> None:
    ended = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
    with clock.at(ended):
        dora = make.patient(db, clinic, email=None)
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=dora["id"], ended_at=ended)
        answer = csaba.get(PATH)
    assert mailing.smtp_url
    assert {(one["will_be_sent"], one["reason"], one["leaves_at"]) for one in answer["items"]} == {(False, "no_address", None)}
    assert answer["not_sent"] == answer["total"] == sum(day["not_sent"] for day in answer["days"])


def test_an_address_that_said_stop_will_hear_nothing(db: Database, clinic: make.Clinic, csaba: Api) -> None:
    """Even while the patient's consent stands."""
    ended, address = datetime(2026, 3, 2, 11, 40, tzinfo=UTC), f"dora-{uuid.uuid4()}@example.org"
    with clock.at(ended):
        dora = make.patient(db, clinic, email=address)
        make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=dora["id"], ended_at=ended)
        with db.transaction(clinic.id) as session:
            session.add(StoppedAddress(address_hash=address_hash(Channel.EMAIL, address), channel=Channel.EMAIL))
        answer = csaba.get(PATH)
    assert {one["reason"] for one in answer["items"]} == {"stopped"}


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        ({}, None),
        ({"died": True}, "patient_died"),
        ({"procedure": "entered_in_error"}, "procedure_entered_in_error"),
        ({"visit": VisitState.ATTENDED}, "visit_attended"),
        ({"visit": VisitState.MISSED}, "visit_missed"),
        ({"visit": VisitState.MISSED, "purpose": Purpose.CHASE}, None),
        ({"visit": VisitState.MISSED, "purpose": Purpose.LINK}, None),
        ({"visit": VisitState.BOOKED, "purpose": Purpose.CHASE}, "visit_booked"),
        ({"visit": VisitState.BOOKED}, None),
        ({"visit": None}, None),
        ({"consent": False}, "no_consent"),
        ({"has_address": False}, "no_address"),
        ({"stopped": True}, "stopped"),
        ({"consent": False, "has_address": False, "stopped": True, "died": True}, "patient_died"),
    ],
)
def test_why_a_message_may_not_go_out(standing: dict[str, Any], reason: str | None) -> None:
    """The judgement itself, reason by reason."""
    assert refusal(Standing(Purpose.NEAR, VisitState.DUE, consent=True, has_address=True)._replace(**standing)) == reason


def test_what_it_says_is_what_is_sent(anna: Story) -> None:
    """A fortnight later all that it promised has gone out, at the time it named, and nothing else."""
    promised = [(one.reminder_id, one.leaves_at) for one in look(anna, EVENING, days=15).items if one.reason is None]
    for day in range(3, 17):
        anna.run(f"2026-03-{day:02}T10:00")
    sent = [(one.id, one.sent_at) for one in anna.reminders() if one.sent_at]
    assert [(one, at.replace(microsecond=0)) for one, at in sent if at] == promised
    assert len(sent) == 2


def many(story: Story, count: int, *, phone: str = "+36301234567") -> None:
    """So many text messages more on Friday 13 March at ten, the first of whoever had a procedure on the same day."""
    with story.db.transaction(story.clinic.id) as session:
        model = session.scalars(sa.select(Reminder).where(Reminder.id == story.first.id)).one()
        columns = {column.key: getattr(model, column.key) for column in sa.inspect(Reminder).columns}
        rows = [columns | {"id": uuid.uuid4(), "idempotency_key": uuid.uuid4(), "channel": Channel.SMS} for _ in range(count)]
        session.connection().execute(sa.insert(Reminder.__table__), rows)  # type: ignore[arg-type]  # reason: a declarative table
    with story.db.transaction(story.clinic.id) as session:
        session.execute(
            sa.text("UPDATE patients SET phone_e164 = :phone WHERE clinic_id = :clinic").bindparams(
                sa.bindparam("phone", phone), sa.bindparam("clinic", story.clinic.id, sa.Uuid())
            )
        )


def test_a_slow_sender_is_shown_before_it_is_late(anna: Story) -> None:
    """One text message a second: of 3300 at ten o'clock the last leaves at 10:54:59, and the forecast says so."""
    many(anna, 3300)
    ahead = look(anna, EVENING, days=12, sms_per_second=1)
    texts = next(one for one in ahead.pace if one.channel == Channel.SMS)
    assert (texts.messages, texts.day) == (3300, date(2026, 3, 13))
    assert texts.last_leaves_at == budapest("2026-03-13T10:54:59")
    assert forecast.sentence(texts, ahead.zone) == "On 2026-03-13 the last of 3300 text messages leaves at 10:54."
    fast = look(anna, EVENING, days=12, sms_per_second=100)
    assert all(forecast.sentence(one, fast.zone) is None for one in fast.pace)


def test_what_the_evening_is_too_short_for_is_called_so(anna: Story) -> None:
    """At half past six 2500 text messages still wait: one a second, 1800 leave until seven, and tomorrow is too late."""
    many(anna, 2500)
    ahead = look(anna, "2026-03-13T18:30", days=1, sms_per_second=1)
    texts = [one for one in ahead.items if one.channel == Channel.SMS]
    leaving = [one.leaves_at for one in texts if one.leaves_at]
    assert (len(leaving), max(leaving)) == (1800, budapest("2026-03-13T18:59:59"))
    assert {one.reason for one in texts if one.leaves_at is None} == {"sending_hours"}


def test_what_is_overdue_leaves_at_once_or_not_at_all(anna: Story) -> None:
    """At eleven the message of ten is only late; two days later it is pointless."""
    late = look(anna, "2026-03-13T11:00").items[0]
    assert late.leaves_at == budapest("2026-03-13T11:00")
    assert late.day == date(2026, 3, 13)
    assert look(anna, "2026-03-16T11:00", days=1).items == []
