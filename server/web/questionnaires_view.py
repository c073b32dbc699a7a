"""Questionnaires in words: what was answered, how, and what it comes to; and what can still be asked."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from schemas.instrument_words import Audience
from schemas.outcome_words import AnsweredBy, ResponseState
from schemas.vocabulary import VisitKind, VisitState
from server.canonical import number
from server.clinics import service as clinics
from server.clinics.models import User
from server.followup.models import Visit
from server.outcomes.models import Response, Score
from server.outcomes.rules.instrument import Instrument, Scale, wire
from server.outcomes.service import catalogue, responses
from server.outcomes.service.catalogue import Known
from server.procedures.note import words as note
from server.web import outcome_words, queries
from server.web.words import Said

AUDIENCES = {Audience.PATIENT: "answered by the patient", Audience.CLINICIAN: "answered by the clinician who looks"}
Versions = Mapping[tuple[str, str], Instrument]


@dataclass(frozen=True)
class Line:
    """One score: `value` is `2`, or why there is none; `meaning` its range and which end is better."""

    title: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Filled:
    """One filling-in of an instrument."""

    response: Response
    title: str
    how: str
    said: Said
    lines: tuple[Line, ...]
    answered: bool
    """Whether one of this instrument is complete."""

    @property
    def on_the_way(self) -> bool:
        """Whether staff began it and may go on."""
        return not self.overtaken and self.response.state == ResponseState.OPEN and self.response.via == AnsweredBy.STAFF

    @property
    def overtaken(self) -> bool:
        """Whether it is open and can never be completed, because another one was."""
        return self.answered and self.response.state == ResponseState.OPEN


def versions(session: Session, today: date) -> dict[tuple[str, str], Instrument]:
    """Every version of every instrument, by key and version."""
    return {(one.instrument.key, one.instrument.version): one.instrument for one in catalogue.instruments(session, today)}


def line(scale: Scale | None, score: Score) -> Line:
    """Its words; an instrument that has been forgotten still has its numbers."""
    unit = f" {scale.unit}" if scale and scale.unit else ""
    value = "no score" if score.value_e3 is None else f"{note.number(round(float(number(score.value_e3, 1000)), 1))}{unit}"
    missing = f"{score.answered} of {score.items} questions answered; " if score.answered < score.items else ""
    if scale is None:
        return Line(score.scale, value, missing.rstrip("; "))
    low, high = (wire(one) for one in scale.span)
    return Line(scale.title, value, f"{missing}{low} to {high}{unit}, {scale.direction}")


def lines(known: Versions, response: Response, scores: Sequence[Score]) -> tuple[Line, ...]:
    """All scores of a response, in the order of its scales."""
    instrument = known.get((response.instrument, response.instrument_version))
    order = [one.id for one in instrument.scales] if instrument else []
    ordered = sorted(scores, key=lambda one: order.index(one.scale) if one.scale in order else len(order))
    return tuple(line(instrument.scale(one.scale) if instrument else None, one) for one in ordered)


def how(response: Response, who: str | None) -> str:
    """Who answered, on which way."""
    if response.via == AnsweredBy.LINK:
        return "By the patient, through the link"
    if response.via == AnsweredBy.SCORE:
        return f"Scored elsewhere, entered by {who or 'nobody known'}"
    return f"Taken down by {who or 'nobody known'}"


def filled(session: Session, visit_id: uuid.UUID) -> list[Filled]:
    """All of a visit, the newest first."""
    known = versions(session, clinics.today(session))
    found = responses.of_visit(session, visit_id)
    scores, settled = responses.scores_of(session, found), responses.settled(found)
    people = queries.names(session, User, {one.given_by for one in found})
    return [
        Filled(
            response=one,
            title=title(known, one),
            how=how(one, people.get(one.given_by)),
            said=outcome_words.RESPONSES[one.state],
            lines=lines(known, one, scores[one.id]),
            answered=one.instrument in settled,
        )
        for one in reversed(found)
    ]


def title(known: Versions, response: Response) -> str:
    """Of its instrument."""
    instrument = known.get((response.instrument, response.instrument_version))
    return instrument.title if instrument else response.instrument


def to_ask(session: Session) -> tuple[list[Known], list[Known]]:
    """(newest versions whose questions may be asked today, versions of which only an outside score is taken)."""
    every = catalogue.instruments(session, clinics.today(session))
    askable = [one for one in every if one.newest and one.obstacle is None]
    keys = {one.instrument.key for one in askable}
    return askable, [one for one in every if one.obstacle and one.instrument.key not in keys]


def takes_answers(visit: Visit) -> bool:
    """Whether something can be recorded at it."""
    return visit.kind == VisitKind.VISIT and visit.state != VisitState.CANCELLED
