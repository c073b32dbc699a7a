"""The proof that no follow-up lacks anything: what is stored, held against what the facts ask for, without changing it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.db import find
from server.followup import comparison
from server.followup.models import Reminder, Visit
from server.followup.service.schedule import facts_of, visits_of
from server.patients.models import Patient
from server.procedures.models import Procedure


def lacking(session: Session, procedure: Procedure) -> int:
    """How many rows `replan` would add, move or cancel now; 0 is as it should be."""
    patient = find(session, Patient, procedure.patient_id)
    if patient is None:
        return 0
    visits = visits_of(session, procedure.id)
    facts = facts_of(session, procedure, patient, visits)
    steps, _ = comparison.wanted(facts)
    by_step = comparison.newest_of_each_step(visits)
    today = clock.now().astimezone(facts.clinic).date()
    unwanted = sum(step not in steps and comparison.may_move(visit) for step, visit in by_step.items())
    stored = _messages(session, visits)
    return unwanted + sum(
        1
        if (visit := by_step.get(step)) is None or comparison.change_of(visit, planned, facts, today)
        else _differs(visit, stored.get(visit.id, []), facts)
        for step, planned in steps.items()
    )


def _messages(session: Session, visits: list[Visit]) -> dict[object, list[Reminder]]:
    found: dict[object, list[Reminder]] = {}
    for one in session.scalars(sa.select(Reminder).where(Reminder.visit_id.in_([visit.id for visit in visits]))):
        found.setdefault(one.visit_id, []).append(one)
    return found


def _differs(visit: Visit, reminders: list[Reminder], facts: comparison.Facts) -> int:
    todo = comparison.difference(visit, reminders, facts, clock.now())
    return len(todo.add) + len(todo.told) + len(todo.drop)
