"""Answers to check-ins: stored as given, and a person is told in the same transaction when one concerns."""

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.questions import MEANINGS, QUESTIONS, Given, Question
from schemas.vocabulary import AlertKind, VisitKind, VisitState
from server.db import find
from server.followup.models import Answer, Visit
from server.followup.service import alarms, red_flags, redness
from server.followup.service.alerts import raise_alert
from server.followup.service.visits import mark_visit
from server.ids import uuid7
from server.problems import Problem

BY_LINK, BY_PHONE = red_flags.BY_LINK, red_flags.BY_PHONE
CONCERNING = "Answered the check-in: something has got worse. Call at once."
UNCLEAR = {
    Question.WORSE: "Answered the check-in: not sure whether something has got worse. Call.",
    Question.RED_FLAGS: "Not sure whether one of the red flags is there. Call.",
}


def record(
    session: Session,
    visit: Visit,
    question: Question,
    given: Given,
    *,
    via: str,
    answer_id: uuid.UUID | None = None,
    flags: Iterable[str] = (),
) -> tuple[Answer, bool]:
    """(answer, whether it is new) about a locked visit. A check-in is thereby answered: its unsent messages are cancelled.

    `flags` belong to a yes to the red flags. Their question is asked of any visit and answers no check-in by itself.

    Raises `id_taken` for an id that belongs to another answer; else `conflict` for a visit in person and for a cancelled check-in.
    """
    meaning, named = MEANINGS[question], list(map(str, red_flags.in_order(flags)))
    stored = find(session, Answer, answer_id) if answer_id else None
    if stored is not None:
        same = (stored.visit_id, stored.question, stored.answer, stored.via, stored.flags or [])
        if same != (visit.id, question, given, via, named):
            raise Problem("id_taken", "Use a new id for a new answer; answers are never changed.")
        return stored, False
    if visit.kind != VisitKind.CHECK_IN and not meaning.anywhere:
        raise Problem("conflict", "This is a visit in person and asks nothing; choose one of the check-ins.")
    if meaning.settles:
        mark_visit(session, visit, VisitState.ANSWERED)
    actor = session.info.get("actor")
    answer = Answer(
        id=answer_id or uuid7(),
        clinic_id=visit.clinic_id,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        question=question,
        answer=given,
        flags=named or None,
        concerning=given in meaning.concerning,
        via=via,
        given_by=actor.user_id if actor else None,
    )
    session.add(answer)
    session.flush()
    _follow(session, visit, answer)
    return answer, True


def _follow(session: Session, visit: Visit, answer: Answer) -> None:
    """What an answer asks for. Of what cannot wait there is one alert however often it is said, until somebody has closed it."""
    question = Question(answer.question)
    if question == Question.REDNESS:
        redness.of_answer(session, visit, answer)
    elif answer.concerning and question == Question.RED_FLAGS:
        red_flags.sound(session, visit.patient_id, red_flags.in_order(answer.flags or ()), via=answer.via, visit=visit)
    elif answer.concerning:
        alarms.sound(session, AlertKind.CONCERNING_ANSWER, alarms.CHECK_IN, patient_id=visit.patient_id, detail=CONCERNING, visit=visit)
    elif answer.answer in MEANINGS[question].unclear:
        raise_alert(session, AlertKind.WANTS_A_CALL, patient_id=visit.patient_id, detail=UNCLEAR[question], visit=visit)


def answers_of(session: Session, visit_id: uuid.UUID) -> Sequence[Answer]:
    """All answers of a visit, in the order given."""
    return session.scalars(sa.select(Answer).where(Answer.visit_id == visit_id).order_by(Answer.given_at, Answer.id)).all()


def next_question(session: Session, visit_id: uuid.UUID) -> int | None:
    """Number (from 1) of the first question that has no answer yet, or None."""
    answered = set(session.scalars(sa.select(Answer.question).where(Answer.visit_id == visit_id)))
    return next((number for number, question in enumerate(QUESTIONS, start=1) if question not in answered), None)
