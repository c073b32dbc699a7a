"""What the dry run of a protocol says is what then happens: counted from the rows, on a clinic in the middle of its work."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, ReminderState, VisitState
from server import clock
from server.db import Database, find
from server.followup.comparison import WAITING
from server.followup.engine import moves
from server.followup.models import Reminder, Visit
from server.followup.service import protocol_changes, protocol_moves
from server.followup.service.visits import mark_visit
from server.patients import service as patients
from server.patients.models import Patient
from tests import make
from tests.api import Api
from tests.followup.editing import PATH, content, put, six_weeks

As = Callable[[make.Person], Api]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def adam(clinic: make.Clinic, as_: As) -> Api:
    """Ádám Varga, administrator of Riverside: he sets up the clinic and reads no patient."""
    return as_(clinic.admin)


def clinic_day(db: Database, clinic: make.Clinic, rolls: random.Random, now: datetime) -> None:
    """Six patients of the last year and a half: visits attended, missed, booked, declined; messages sent and given up."""
    for _ in range(6):
        ended = now - timedelta(days=rolls.randrange(500), hours=rolls.randrange(24))
        zone = rolls.choice([None, "America/New_York", "Pacific/Auckland"])
        phone, email = rolls.choice([("+36301234567", None), ("+36301234567", "a@example.org"), (None, "a@example.org"), (None, None)])
        with clock.at(ended):
            anna = make.patient(db, clinic, time_zone=zone, phone=phone, email=email)
            again = rolls.random() < 0.3
            done = [make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=anna["id"], ended_at=ended)]
        if again:
            with clock.at(ended + timedelta(days=60)):
                later = ended + timedelta(days=60)
                done.append(make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=anna["id"], ended_at=later))
        with clock.at(now):
            _live(db, clinic, rolls, anna["id"], [one["id"] for one in done], now)


def _live(db: Database, clinic: make.Clinic, rolls: random.Random, patient_id: str, procedures: list[str], now: datetime) -> None:
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        ids = [uuid.UUID(one) for one in procedures]
        for message in session.scalars(sa.select(Reminder).where(Reminder.procedure_id.in_(ids), Reminder.due_at <= now)):
            if message.state == ReminderState.PENDING:
                message.state = rolls.choice([ReminderState.DELIVERED, ReminderState.EXPIRED, ReminderState.UNCERTAIN, ReminderState.DEAD])
        for visit in session.scalars(sa.select(Visit).where(Visit.procedure_id.in_(ids))).all():
            said = rolls.choice([None, None, VisitState.DECLINED, VisitState.DECLINED, VisitState.BOOKED])
            if said and visit.kind == "visit" and visit.state in {VisitState.PLANNED, VisitState.DUE}:
                when = now + timedelta(days=rolls.randrange(1, 40)) if said == VisitState.BOOKED else None
                mark_visit(session, visit, said, booked_for=when)
        if rolls.random() < 0.2:
            patient = find(session, Patient, uuid.UUID(patient_id), lock=True)
            assert patient is not None
            patients.change_patient(session, patient, {"reminder_consent": False})


EDITS: dict[str, Change] = {
    "another hour": lambda one: one.update(send_at="16:45"),
    "no more check-ins": lambda one: one.update(steps=[step for step in one["steps"] if step["kind"] == "visit"]),
    "a further visit": lambda one: one["steps"].insert(5, six_weeks()),
    "four months": lambda one: one["steps"][5].update(after={"months": 4}),
    "text messages first": lambda one: one.update(channels=["sms", "email"]),
    "closed on Mondays": lambda one: one.update(closed_weekdays=["monday", "sunday"]),
    "other messages": lambda one: one["steps"][6].update(
        messages=[{"days_before": 21, "purpose": "book"}, {"days_before": 3, "purpose": "near"}]
    ),
    "a wider window": lambda one: one["steps"][6].update(closes_days_after=60),
    "another title": lambda one: one["steps"][4].update(title="Two weeks"),
}


def snapshot(db: Database, clinic: make.Clinic) -> tuple[dict[uuid.UUID, Visit], dict[uuid.UUID, Reminder]]:
    """All visits and messages, as they are now."""
    with db.transaction(clinic.id, write=False) as session:
        return {one.id: one for one in session.scalars(sa.select(Visit))}, {one.id: one for one in session.scalars(sa.select(Reminder))}


def happened(before: Any, after: Any) -> protocol_changes.Difference:
    """The difference, counted from the rows themselves."""
    (visits, messages), (new_visits, new_messages) = before, after
    found, touched = protocol_changes.Difference(), set()
    for visit_id, visit in new_visits.items():
        old = visits.get(visit_id)
        stood, stands = old is not None and old.state != VisitState.CANCELLED, visit.state != VisitState.CANCELLED
        dates = [(one.target_date, one.opens_on, one.closes_on) for one in (old or visit, visit)]
        added, gone, moved = stands and not stood, stood and not stands, stood and stands and dates[0] != dates[1]
        found.visits_added, found.visits_cancelled, found.visits_moved = (
            found.visits_added + added,
            found.visits_cancelled + gone,
            found.visits_moved + moved,
        )
        dropped = {(one.purpose, one.rung) for one in messages.values() if one.visit_id == visit_id and _dropped(one, new_messages)}
        made = {
            (one.purpose, one.rung)
            for one in new_messages.values()
            if one.visit_id == visit_id and one.id not in messages and one.state == ReminderState.PENDING
        }
        other = [one for one in messages.values() if one.visit_id == visit_id and one.state in WAITING and _other_way(one, new_messages)]
        found.messages_added += len(made - dropped)
        found.messages_cancelled += len(dropped - made)
        found.messages_moved += len(made & dropped)
        found.messages_other_channel += len(other)
        if added or gone or moved or made or dropped or other:
            touched.add(visit.procedure_id)
    return replace(found, procedures=len(touched))


def _dropped(one: Reminder, after: dict[uuid.UUID, Reminder]) -> bool:
    return one.state in WAITING and after[one.id].state in {ReminderState.CANCELLED, ReminderState.SUPPRESSED}


def _other_way(one: Reminder, after: dict[uuid.UUID, Reminder]) -> bool:
    return after[one.id].state in WAITING and after[one.id].channel != one.channel


@pytest.mark.parametrize(("seed", "at_once"), [(0, 50), (1, 50), (2, 50), (0, 0), (1, 0)])
def test_what_the_dry_run_says_is_what_then_happens(
    seed: int, at_once: int, db: Database, clinic: make.Clinic, adam: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several edits in a row, on a clinic in the middle of its work, at once or by the workers; done twice it changes nothing more."""
    monkeypatch.setattr(protocol_moves, "AT_ONCE", at_once)
    monkeypatch.setattr(protocol_moves, "BATCH", 3)
    rolls, now = random.Random(seed), datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
    clinic_day(db, clinic, rolls, now)
    with clock.at(now):
        for edit in rolls.sample(sorted(EDITS), 3):
            wanted = content()
            EDITS[edit](wanted)
            body = {"content": wanted, "applies_to": "open"}
            before = snapshot(db, clinic)
            said = put(adam, body, adam.get(PATH)["version"], dry_run=True)["difference"]
            done = put(adam, body, adam.get(PATH)["version"])["difference"]
            moves.run(db, clinic.id)
            assert said == done
            assert dict(said) == happened(before, snapshot(db, clinic)).document(), edit
            again = put(adam, body, adam.get(PATH)["version"], dry_run=True)["difference"]
            assert again["procedures"] == 0, edit
