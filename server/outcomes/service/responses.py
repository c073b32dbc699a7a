"""Responses to instruments: begun, saved answer by answer, completed with their scores, withdrawn. One transaction each."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import AnsweredBy, RedSource, ResponseState
from schemas.vocabulary import AlertKind, VisitKind, VisitState
from server import clock
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.followup.models.redness import Redness
from server.followup.service import alarms
from server.ids import uuid7
from server.outcomes.models import Response, Score
from server.outcomes.rules import scoring
from server.outcomes.rules.answering import external_e3, faults, told_otherwise
from server.outcomes.rules.instrument import Instrument, exact, wire
from server.outcomes.service import catalogue
from server.outcomes.service.assessments import operated_on
from server.problems import Problem, invalid, invalid_all
from server.procedures.models import Procedure
from server.replay import replayed

CONCERNING = "A questionnaire was answered in a way that concerns. Call at once."
ALREADY = "It was answered at this visit already. Withdraw that response, with a reason, to enter another."
RED = ("erythema", "red")
"""Key of the instrument, and of its item, that says whether the skin is red."""


def begin(session: Session, visit: Visit, fields: dict[str, Any], via: AnsweredBy) -> tuple[Response, bool]:
    """(response, whether it is new) to `fields["instrument"]` at a locked visit; completed at once where `fields["complete"]`.

    With `fields["scores"]` instead of answers it is an outside scorer's, each 0 to 100. Raises `id_taken`, `conflict` where the
    instrument may not be used or was answered at this visit already, or the visit is cancelled, and 422 with everything that is wrong.
    """
    stored, hashed = replayed(session, Response, {**fields, "visit_id": visit.id})
    if stored:
        return stored, False
    if visit.kind == VisitKind.CHECK_IN:
        raise Problem("conflict", "A check-in has its own questions; record this at one of the visits in person.")
    if visit.state == VisitState.CANCELLED:
        raise Problem("conflict", "This visit is cancelled; record the answers at one that takes place.")
    known = catalogue.find_known(session, clinics.today(session), fields["instrument"], fields.get("instrument_version"))
    if known is None:
        raise invalid("/instrument", "No such instrument or version; GET /instruments lists those that there are.")
    outside = fields.get("scores")
    if outside is None:
        catalogue.must_be_usable(known)
    elif known.obstacle is None:
        raise invalid("/scores", "Its questions can be asked here: send the answers, and the server computes the score.")
    _must_be_only(session, visit.id, known.instrument.key)
    actor = session.info.get("actor")
    made = Response(
        id=fields.get("id") or uuid7(),
        patient_id=visit.patient_id,
        procedure_id=visit.procedure_id,
        visit_id=visit.id,
        instrument=known.instrument.key,
        instrument_version=known.instrument.version,
        via=AnsweredBy.SCORE if outside is not None else via,
        answers={},
        given_by=actor.user_id if actor else None,
        answered_on=_day(session, visit, fields.get("answered_on")),
        content_hash=hashed,
    )
    session.add(made)
    if outside is not None:
        _complete_outside(session, made, known.instrument, outside)
    else:
        _answer(session, made, visit, known.instrument, fields.get("answers", {}))
        if fields.get("complete"):
            _complete(session, made, known.instrument, fields.get("totals"))
    session.flush()
    return made, True


def save(session: Session, response: Response, fields: dict[str, Any]) -> Response:
    """Add answers to an open, locked response, and complete it where `fields["complete"]`. Raises `conflict` and 422 as `begin` does."""
    if response.state != ResponseState.OPEN:
        raise Problem("conflict", f"This response is {response.state}; its answers stay as they are. Withdraw it, or begin another.")
    known = catalogue.get(session, clinics.today(session), response.instrument, response.instrument_version)
    catalogue.must_be_usable(known)
    visit = find(session, Visit, response.visit_id) if response.visit_id else None
    if visit:
        _must_be_only(session, visit.id, response.instrument)
    _answer(session, response, visit, known.instrument, fields.get("answers", {}))
    if fields.get("complete"):
        _complete(session, response, known.instrument, fields.get("totals"))
    session.flush()
    return response


def withdraw(session: Session, response: Response, reason: str) -> Response:
    """It counts no more, and stays to be read. Raises `conflict` where it is withdrawn already."""
    if response.state == ResponseState.WITHDRAWN:
        raise Problem("conflict", "This response is withdrawn already.")
    response.state, response.reason = ResponseState.WITHDRAWN, reason
    said = session.scalar(sa.select(Redness).where(Redness.source == RedSource.QUESTIONNAIRE, Redness.source_id == response.id))
    if said is not None:
        session.add(_red(response, said.seen_on, said.day, None, replaces=said.id))
    session.flush()
    return response


def _day(session: Session, visit: Visit, given: date | None) -> date:
    now, procedure = clinics.today(session), session.get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    if given and given > now:
        raise invalid("/answered_on", f"{given} is in the future; today is {now} in the clinic's zone.")
    if given and given < operated_on(session, procedure):
        raise invalid("/answered_on", f"{given} is before the procedure, which this is about.")
    return given or now


def _answer(session: Session, response: Response, visit: Visit | None, instrument: Instrument, answers: Mapping[str, Any]) -> None:
    """Merge them in; an answer that concerns is told at once, whether or not the rest is ever answered."""
    if wrong := faults(instrument, answers):
        raise invalid_all(wrong)
    given = {name: _as_stored(value) for name, value in answers.items()}
    fresh = {name: value for name, value in given.items() if response.answers.get(name) != value or name not in response.answers}
    response.answers = {**response.answers, **given}
    if instrument.concerning(fresh):
        session.flush()
        about = {"patient_id": response.patient_id, "procedure_id": response.procedure_id}
        alarms.sound(session, AlertKind.CONCERNING_ANSWER, alarms.QUESTIONNAIRE, **about, detail=CONCERNING, visit=visit)


def _as_stored(value: Any) -> Any:
    """3.0 is 3: the journal's canonical JSON has one form for one number."""
    return value if value is None or isinstance(value, bool) else wire(exact(value))


def _complete(session: Session, response: Response, instrument: Instrument, totals: Mapping[str, Any] | None) -> None:
    missing = [
        {"pointer": f"/answers/{one.id}", "message": f"{one.id} must be answered."} for one in instrument.missing_required(response.answers)
    ]
    if missing:
        raise invalid_all(missing)
    if not any(value is not None for value in response.answers.values()):
        raise invalid("/answers", "Nothing is answered; answer at least one question.")
    results = scoring.score(instrument, response.answers)
    if wrong := told_otherwise(results, totals or {}):
        raise invalid_all(wrong)
    _finish(session, response, [(one.scale.id, one.value_e3, one.answered, one.items) for one in results])
    if response.instrument == RED[0] and response.answers.get(RED[1]) is not None and response.answered_on:
        procedure = session.get_one(Procedure, (response.clinic_id, response.procedure_id))
        day = (response.answered_on - operated_on(session, procedure)).days
        session.add(_red(response, response.answered_on, day, bool(response.answers[RED[1]])))


def _complete_outside(session: Session, response: Response, instrument: Instrument, scores: Mapping[str, Any]) -> None:
    if not scores:
        raise invalid("/scores", f"Give at least one of: {', '.join(one.id for one in instrument.scales)}.")
    wrong = [
        {
            "pointer": f"/scores/{name}",
            "message": f"{instrument.title} has no scale {name}; it has {', '.join(one.id for one in instrument.scales)}.",
        }
        for name in scores
        if instrument.scale(name) is None
    ]
    if wrong:
        raise invalid_all(wrong)
    _finish(session, response, [(name, external_e3(value), 0, 0) for name, value in scores.items()])


def _finish(session: Session, response: Response, rows: Sequence[tuple[str, int | None, int, int]]) -> None:
    response.state, response.completed_at = ResponseState.COMPLETE, clock.now()
    session.flush()
    about = {name: getattr(response, name) for name in ("patient_id", "procedure_id", "visit_id", "instrument", "answered_on")}
    for scale, value_e3, answered, items in rows:
        session.add(Score(**about, response_id=response.id, scale=scale, value_e3=value_e3, answered=answered, items=items))


def _must_be_only(session: Session, visit_id: uuid.UUID, key: str) -> None:
    """A patient counts once a visit, however often somebody enters it. The visit is locked by whoever begins or goes on."""
    if key in settled(of_visit(session, visit_id)):
        raise Problem("conflict", ALREADY)


def settled(found: Iterable[Response]) -> set[str]:
    """Keys of the instruments that were answered completely: of one visit, nothing more is taken for them."""
    return {one.instrument for one in found if one.state == ResponseState.COMPLETE}


def _red(response: Response, on: date, day: int, red: bool | None, replaces: uuid.UUID | None = None) -> Redness:
    return Redness(
        patient_id=response.patient_id,
        procedure_id=response.procedure_id,
        visit_id=response.visit_id,
        seen_on=on,
        day=day,
        red=red,
        source=RedSource.QUESTIONNAIRE,
        source_id=response.id,
        replaces=replaces,
    )


def of_visit(session: Session, visit_id: uuid.UUID) -> Sequence[Response]:
    """All of a visit, the oldest first."""
    return session.scalars(sa.select(Response).where(Response.visit_id == visit_id).order_by(Response.created_at, Response.id)).all()


def scores_of(session: Session, responses: Sequence[Response]) -> dict[uuid.UUID, list[Score]]:
    """Scores by response."""
    found: dict[uuid.UUID, list[Score]] = {one.id: [] for one in responses}
    for score in session.scalars(sa.select(Score).where(Score.response_id.in_(found)).order_by(Score.scale)):
        found[score.response_id].append(score)
    return found
