"""Answers to check-ins: stored as given, and a person is told in the same transaction when one concerns."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.questions import QUESTIONS, Given, Question
from schemas.vocabulary import AlertKind, Purpose, VisitKind, VisitState
from server import clock
from server.db import find
from server.followup.models import Alert, Answer, Visit
from server.followup.service import staff
from server.followup.service.alerts import raise_alert
from server.followup.service.endpoints import send_mail, send_push
from server.followup.service.visits import mark_visit
from server.ids import uuid7
from server.problems import Problem
from server.procedures.models import Procedure

BY_LINK, BY_PHONE = "link", "phone"
CONCERNING = "Answered the check-in: something has got worse. Call at once."
TOLD = ("A patient needs a call now", "A check-in was answered in a way that concerns. Open the work list.", "/follow-up/work-list")
"""Title, text and page of what appears on the screens and in the mail of staff; nobody is named."""
STAYS_URGENT = timedelta(days=1)
UNCLEAR = "Answered the check-in: not sure whether something has got worse. Call."


def record(
    session: Session, visit: Visit, question: Question, given: Given, *, via: str, answer_id: uuid.UUID | None = None
) -> tuple[Answer, bool]:
    """(answer, whether it is new) for a locked check-in, which is thereby answered: its unsent messages are cancelled.

    Raises `id_taken` for an id that belongs to another answer, `conflict` for a visit in person and for a cancelled check-in.
    """
    stored = find(session, Answer, answer_id) if answer_id else None
    if stored is not None:
        if (stored.visit_id, stored.question, stored.answer, stored.via) != (visit.id, question, given, via):
            raise Problem("id_taken", "Use a new id for a new answer; answers are never changed.")
        return stored, False
    if visit.kind != VisitKind.CHECK_IN:
        raise Problem("conflict", "This is a visit in person and asks nothing; choose one of the check-ins.")
    mark_visit(session, visit, VisitState.ANSWERED)
    meaning, actor = QUESTIONS[question], session.info.get("actor")
    answer = Answer(
        id=answer_id or uuid7(),
        clinic_id=visit.clinic_id,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        question=question,
        answer=given,
        concerning=given in meaning.concerning,
        via=via,
        given_by=actor.user_id if actor else None,
    )
    session.add(answer)
    session.flush()
    if answer.concerning:
        _call_at_once(session, visit)
    elif given in meaning.unclear:
        raise_alert(session, AlertKind.WANTS_A_CALL, patient_id=visit.patient_id, detail=UNCLEAR, visit=visit)
    return answer, True


def _call_at_once(session: Session, visit: Visit) -> None:
    """One alert however often it is said, until somebody has closed it; whoever follows up is told in the same minute."""
    standing = sa.select(Alert.id).where(Alert.kind == AlertKind.CONCERNING_ANSWER, Alert.visit_id == visit.id, Alert.closed_at.is_(None))
    if session.scalar(standing) is None:
        raise_alert(session, AlertKind.CONCERNING_ANSWER, patient_id=visit.patient_id, detail=CONCERNING, visit=visit)
        send_push(session, staff.who_follow_up(session), *TOLD, purpose=Purpose.ALERT)
        surgeon = session.get_one(Procedure, (visit.clinic_id, visit.procedure_id)).surgeon_id
        to = {user_id: uuid7() for user_id in (surgeon, *(one.id for one in staff.in_charge(session)))}
        send_mail(session, to, *TOLD, purpose=Purpose.ALERT, until=clock.now() + STAYS_URGENT)


def answers_of(session: Session, visit_id: uuid.UUID) -> Sequence[Answer]:
    """All answers of a visit, in the order given."""
    return session.scalars(sa.select(Answer).where(Answer.visit_id == visit_id).order_by(Answer.given_at, Answer.id)).all()


def next_question(session: Session, visit_id: uuid.UUID) -> int | None:
    """Number (from 1) of the first question that has no answer yet, or None."""
    answered = set(session.scalars(sa.select(Answer.question).where(Answer.visit_id == visit_id)))
    return next((number for number, question in enumerate(QUESTIONS, start=1) if question not in answered), None)
