"""What came after a procedure: visits, messages, calls, answers; assessments, redness, questionnaires. Each kind is one question."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.fhir.datatypes import Json
from server.fhir.maps import assessments, followup, questionnaires
from server.fhir.scope import Scope
from server.followup.models import PATIENT, Answer, Attempt, Call, Redness, Reminder, Visit
from server.outcomes.models.assessments import Assessment, Finding, ScarMeasurement
from server.outcomes.models.questionnaires import Response, Score


def visits_of(session: Session, procedure_id: uuid.UUID) -> Sequence[Visit]:
    """All follow-ups of a procedure, cancelled ones included, in order of their day."""
    query = sa.select(Visit).where(Visit.procedure_id == procedure_id).order_by(Visit.target_date, Visit.id)
    return session.scalars(query).all()


def follow_up(session: Session, scope: Scope, visits: Sequence[Visit]) -> Iterator[Json]:
    """Visits, and messages to the patient, calls and answers about them."""
    ids, by_id = [one.id for one in visits], {one.id: one for one in visits}
    yield from (followup.appointment(scope, one) for one in visits)
    reminders = {one.id: one for one in _of(session, Reminder, Reminder.visit_id.in_(ids), Reminder.recipient == PATIENT)}
    yield from (followup.request(scope, one) for one in reminders.values())
    for attempt in _of(session, Attempt, Attempt.reminder_id.in_(reminders)):
        yield followup.attempt(scope, attempt, reminders[attempt.reminder_id])
    yield from (followup.call(scope, one, by_id[one.visit_id]) for one in _of(session, Call, Call.visit_id.in_(ids)))
    for answer in _of(session, Answer, Answer.visit_id.in_(ids)):
        yield questionnaires.answer(answer, by_id[answer.visit_id].procedure_id)


def outcomes(session: Session, scope: Scope, procedure_id: uuid.UUID) -> Iterator[Json]:
    """What clinicians found, what patients filled in, and for how long the skin was red."""
    yield from _assessed(session, scope, procedure_id)
    responses = {one.id: one for one in _of(session, Response, Response.procedure_id == procedure_id)}
    yield from (questionnaires.response(one) for one in responses.values())
    for score in _of(session, Score, Score.procedure_id == procedure_id):
        yield questionnaires.score(scope, score, responses[score.response_id])
    seen = _of(session, Redness, Redness.procedure_id == procedure_id)
    replaced = {one.replaces for one in seen}
    answers = sa.select(Answer.id).where(Answer.id.in_([one.source_id for one in seen]))
    known = {*responses, *session.scalars(answers)}
    yield from (assessments.redness(scope, one, known, counts=one.id not in replaced) for one in seen)


def _assessed(session: Session, scope: Scope, procedure_id: uuid.UUID) -> Iterator[Json]:
    rows = _of(session, Assessment, Assessment.procedure_id == procedure_id)
    replaced, ids = {one.replaces for one in rows}, [one.id for one in rows]
    by_id = {one.id: one for one in rows}
    members: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    findings = _of(session, Finding, Finding.assessment_id.in_(ids))
    measured = _of(session, ScarMeasurement, ScarMeasurement.assessment_id.in_(ids))
    for one in (*findings, *measured):
        members[one.assessment_id].append(one.id)
    for row in rows:
        yield assessments.assessment(scope, row, members[row.id], counts=row.id not in replaced)
    for finding in findings:
        of, counts = by_id[finding.assessment_id], finding.assessment_id not in replaced
        yield assessments.finding(scope, finding, of, counts=counts)
        if event := assessments.adverse_event(scope, finding, of, counts=counts):
            yield event
    for one in measured:
        yield assessments.measurement(scope, one, by_id[one.assessment_id], counts=one.assessment_id not in replaced)


def _of(session: Session, model: Any, *wanted: Any) -> Sequence[Any]:
    return session.scalars(sa.select(model).where(*wanted).order_by(model.id)).all()
