"""Calls to patients: what each outcome makes of the visit and of what the patient had asked for, in one transaction."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind, CallOutcome, VisitKind, VisitState
from server import clock
from server.clinics import service as clinics
from server.followup.models import Alert, Call, Visit
from server.followup.service import protocols
from server.followup.service.alerts import raise_alert, settle_wishes
from server.followup.service.corrections import SETTLED_BY, take_back
from server.followup.service.listing import position
from server.followup.service.visits import mark_visit
from server.ids import uuid7
from server.problems import Problem, invalid
from server.replay import replayed

SPOKEN_TO_RESTS = timedelta(days=7)
"""Who was spoken to is not called again before."""
LATEST_CALL = timedelta(days=366)
_DAY = timedelta(days=1)
_SETTLING = frozenset({CallOutcome.BOOKED, CallOutcome.ANSWERED, CallOutcome.DECLINED})
"""Outcomes that settle what the patient had asked for. A concerning answer is settled by a person's note alone."""
_ONLY_WITH = {"booked_for": CallOutcome.BOOKED, "call_after": CallOutcome.CALL_LATER}


def log_call(session: Session, visit: Visit, fields: dict[str, Any]) -> tuple[Call, bool]:
    """(call, whether it is new) about a locked visit. The same id with the same content is the stored call.

    `corrects` names the last call about the visit: what it did is taken back first. Raises `conflict` for a cancelled visit or a
    call that is not the last, `id_taken`, and 422 for a day or time that does not go with the outcome.
    """
    stored, content = replayed(session, Call, fields | {"visit_id": visit.id})
    if stored:
        return stored, False
    outcome = CallOutcome(fields["outcome"])
    if visit.state == VisitState.CANCELLED:
        raise Problem("conflict", "This visit was cancelled, so there is nothing to call about.")
    today = clinics.today(session)
    _check(visit, outcome, fields, today)
    if fields.get("corrects"):
        _correct(session, visit, fields["corrects"])
    call = Call(
        id=fields.get("id") or uuid7(),
        visit_id=visit.id,
        patient_id=visit.patient_id,
        outcome=outcome,
        note=fields.get("note"),
        called_at=clock.now(),
        called_by=session.info["actor"].user_id if session.info.get("actor") else None,
        content_hash=content,
    )
    _settle(session, visit, call, fields, today)
    session.add(call)
    session.flush()
    return call, True


def _check(visit: Visit, outcome: CallOutcome, fields: dict[str, Any], today: date) -> None:
    for name, only in _ONLY_WITH.items():
        if fields.get(name) and outcome != only:
            raise invalid(f"/{name}", f"Only with outcome {only}; leave it out, or choose that outcome.")
    if outcome == CallOutcome.BOOKED and visit.kind == VisitKind.CHECK_IN:
        raise invalid("/outcome", "A check-in is answered from home and cannot be booked; log the call as answered.")
    if fields.get("booked_for") and fields["booked_for"] <= clock.now():
        raise invalid("/booked_for", "Lies in the past; check the day and the time.")
    if outcome == CallOutcome.CALL_LATER:
        later = fields.get("call_after")
        if later is None:
            raise invalid("/call_after", "Say from which day on to call again.")
        if not today < later <= today + LATEST_CALL:
            raise invalid("/call_after", "Must be tomorrow or later, within a year.")


def _correct(session: Session, visit: Visit, call_id: uuid.UUID) -> None:
    last = next(iter(reversed(calls_of(session, visit.id))), None)
    if last is None or last.id != call_id:
        raise Problem("conflict", "Only the last call about a visit can be corrected; read the visit's calls again.")
    take_back(session, visit, last)


def _settle(session: Session, visit: Visit, call: Call, fields: dict[str, Any], today: date) -> None:
    """Marking a visit takes it off the list; otherwise `call_after` says when it may come back."""
    if call.outcome == CallOutcome.BOOKED:
        mark_visit(session, visit, VisitState.BOOKED, booked_for=fields.get("booked_for"))
    elif call.outcome == CallOutcome.DECLINED:
        mark_visit(session, visit, VisitState.DECLINED)
    elif call.outcome == CallOutcome.CALL_LATER:
        call.call_after = visit.call_after = fields["call_after"]
    elif call.outcome == CallOutcome.ANSWERED:
        visit.call_after = today + SPOKEN_TO_RESTS
    elif call.outcome == CallOutcome.NO_ANSWER:
        hours = protocols.of_version(session, visit.protocol_version).hours
        call.call_after = visit.call_after = hours.day_after(today + _DAY)
    else:
        visit.call_after = None
        detail = "The phone number is wrong: somebody else answered, or nobody can."
        raise_alert(session, AlertKind.BAD_CONTACT, patient_id=visit.patient_id, detail=detail, visit=visit)
    if call.outcome in _SETTLING:
        settle_wishes(session, visit, f"{SETTLED_BY}: {call.outcome}.")


def calls_of(session: Session, visit_id: uuid.UUID) -> list[Call]:
    """All calls about a visit, oldest first."""
    return list(session.scalars(sa.select(Call).where(Call.visit_id == visit_id).order_by(Call.called_at, Call.id)))


def find_alerts(session: Session, *, closed: bool, after: Sequence[str] | None, limit: int) -> list[Alert]:
    """Up to `limit` alerts of the clinic: open ones oldest first, closed ones newest first."""
    query = sa.select(Alert).where(Alert.closed_at.is_not(None) if closed else Alert.closed_at.is_(None)).limit(limit)
    if after:
        last = position(("2000-01-01", after[0]), date.fromisoformat)[1]
        query = query.where(Alert.id < last if closed else Alert.id > last)
    return list(session.scalars(query.order_by(Alert.id.desc() if closed else Alert.id)))
