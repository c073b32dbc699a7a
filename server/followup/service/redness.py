"""Redness over time: what each check-in says of its day, and the interval that all that was seen leaves open."""

import uuid
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import RedSource
from schemas.questions import Given
from server import clock
from server.clinics import service as clinics
from server.followup import spans
from server.followup.models import Answer, Redness, Visit
from server.ids import uuid7
from server.procedures.days import day_zero
from server.procedures.models import Procedure

_RED = {Given.YES: True, Given.NO: False, Given.NOT_SURE: None}


def of_answer(session: Session, visit: Visit, answer: Answer) -> Redness:
    """What an answer says of the day on which it was given; said again on that day, the later one counts."""
    procedure = session.get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    zone = clinics.zone_of(session)
    seen_on = clock.now().astimezone(zone).date()
    earlier = _said_on(session, procedure.id, seen_on)
    row = Redness(
        id=uuid7(),
        clinic_id=visit.clinic_id,
        patient_id=visit.patient_id,
        procedure_id=procedure.id,
        visit_id=visit.id,
        seen_on=seen_on,
        day=(seen_on - day_zero(procedure, zone)).days,
        red=_RED[Given(answer.answer)],
        source=RedSource.CHECK_IN,
        source_id=answer.id,
        replaces=earlier.id if earlier else None,
    )
    session.add(row)
    session.flush()
    return row


def _said_on(session: Session, procedure_id: uuid.UUID, day: date) -> Redness | None:
    """What check-ins have said of that day, as far as it still counts."""
    own = [one for one in holding(session, procedure_id) if one.seen_on == day and one.source == RedSource.CHECK_IN]
    return own[-1] if own else None


def observations(session: Session, procedure_id: uuid.UUID) -> Sequence[Redness]:
    """All rows about a procedure by day, those that were replaced too."""
    query = sa.select(Redness).where(Redness.procedure_id == procedure_id)
    return session.scalars(query.order_by(Redness.day, Redness.created_at, Redness.id)).all()


def holding(session: Session, procedure_id: uuid.UUID) -> list[Redness]:
    """Those that no later row replaces."""
    rows = observations(session, procedure_id)
    replaced = {one.replaces for one in rows}
    return [one for one in rows if one.id not in replaced]


def span(session: Session, procedure_id: uuid.UUID) -> tuple[int | None, int | None]:
    """(last day seen red, first later day seen clear), in days after the procedure; None where nobody knows."""
    return spans.span((one.day, one.red) for one in holding(session, procedure_id))


def recount(session: Session, procedure: Procedure) -> int:
    """After a corrected end of the procedure: the same observations, counted from the day that is right; how many that took."""
    zero = day_zero(procedure, clinics.zone_of(session))
    moved = [one for one in holding(session, procedure.id) if one.day != (one.seen_on - zero).days]
    for one in moved:
        same = {name: getattr(one, name) for name in ("clinic_id", "patient_id", "procedure_id", "visit_id", "seen_on", "red", "source")}
        days = (one.seen_on - zero).days
        session.add(Redness(**same, id=uuid7(), source_id=one.source_id, day=days, replaces=one.id))
    if moved:
        session.flush()
    return len(moved)
