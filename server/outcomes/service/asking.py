"""What a patient is asked behind the link of a visit in person: which questions, which comes next, how answers are kept and sent."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from schemas.instrument_words import Audience, Origin
from schemas.outcome_words import AnsweredBy, ResponseState
from schemas.vocabulary import VisitKind
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.outcomes.models import Response
from server.outcomes.rules.asking import asked_after, asks_for_results
from server.outcomes.rules.instrument import Instrument, Item, Value, minutes_for
from server.outcomes.service import catalogue, responses
from server.outcomes.service.assessments import operated_on
from server.problems import Problem
from server.procedures.models import Procedure

ALL_SKIPPED = "The patient left out every question."


@dataclass(frozen=True)
class Asked:
    """One question. `given`: there is an answer, or it was left out on purpose (None)."""

    instrument: Instrument
    item: Item
    given: bool
    value: Value

    @property
    def name(self) -> str:
        """`gais.change`."""
        return f"{self.instrument.key}.{self.item.id}"


@dataclass(frozen=True)
class Sitting:
    """All questions of a visit that have not been sent yet, numbered from 1; `over`: something was asked, and all of it is settled."""

    questions: tuple[Asked, ...]
    over: bool

    @property
    def minutes(self) -> int:
        """About how long all of them take."""
        return minutes_for(len(self.questions))

    @property
    def begun(self) -> bool:
        """Whether one of them has been dealt with."""
        return any(one.given for one in self.questions)

    @property
    def next(self) -> int | None:
        """Number of the first one that has not; None where all have."""
        return next((number for number, one in enumerate(self.questions, start=1) if not one.given), None)

    def at(self, number: int) -> Asked | None:
        """The question of that number."""
        return self.questions[number - 1] if 1 <= number <= len(self.questions) else None


NOTHING = Sitting((), over=False)


def sitting(session: Session, visit: Visit) -> Sitting:
    """What this visit asks, in a fixed order: by the day for which the visit is planned, so that it is the same on every day of its window.

    Not before the window opens, since an early answer would be counted for a later time.
    """
    if visit.kind != VisitKind.VISIT or not _open(session, visit):
        return NOTHING
    found = responses.of_visit(session, visit.id)
    asked = _instruments(session, visit, found)
    waiting = [(one, _open_one(found, one.key)) for one in asked if not _settled(found, one.key)]
    questions = tuple(question for one, response in waiting for question in _questions(one, response))
    return Sitting(questions, over=bool(asked) and not questions)


def _open(session: Session, visit: Visit) -> bool:
    begins = visit.opens_on
    if visit.booked_for:
        begins = min(begins, visit.booked_for.astimezone(clinics.zone_of(session)).date())
    return clinics.today(session) >= begins


def _instruments(session: Session, visit: Visit, found: Sequence[Response]) -> list[Instrument]:
    """The free ones first, then what the clinic has licensed; of each the version that was begun, else the newest."""
    procedure = session.get_one(Procedure, (visit.clinic_id, visit.procedure_id))
    days = (visit.target_date - operated_on(session, procedure)).days
    known = [one for one in catalogue.instruments(session, clinics.today(session)) if one.obstacle is None]
    keys = list(asked_after(days))
    if asks_for_results(days):
        keys += [one.instrument.key for one in known if one.origin == Origin.LOADED and one.instrument.audience == Audience.PATIENT]
    chosen = []
    for key in dict.fromkeys(keys):
        begun = _open_one(found, key)
        usable = [one for one in known if one.instrument.key == key]
        version = [one for one in usable if begun and one.instrument.version == begun.instrument_version]
        chosen += [one.instrument for one in version or [one for one in usable if one.newest]]
    return chosen


def _open_one(found: Sequence[Response], key: str) -> Response | None:
    """The patient's own that is not sent yet; never what staff has begun."""
    own = [one for one in found if one.instrument == key and one.via == AnsweredBy.LINK and one.state == ResponseState.OPEN]
    return own[-1] if own else None


def _settled(found: Sequence[Response], key: str) -> bool:
    """Whether it was answered, on whatever way, or sent with every question left out."""
    return key in responses.settled(found) or any(one.instrument == key and one.reason == ALL_SKIPPED for one in found)


def _questions(instrument: Instrument, response: Response | None) -> Iterator[Asked]:
    answers: dict[str, Any] = response.answers if response else {}
    return (Asked(instrument, item, item.id in answers, answers.get(item.id)) for item in instrument.items)


def answer(session: Session, visit: Visit, asked: Asked, value: Value, response_id: uuid.UUID | None = None) -> bool:
    """Keep one answer of a locked visit, None where it was left out; whether it concerns, and somebody must call at once.

    The first one begins the response, under `response_id` if that is free. The same answer again is no change. Raises 422 `invalid`.
    """
    response = _open_one(responses.of_visit(session, visit.id), asked.instrument.key)
    said = {asked.item.id: value}
    if response is not None:
        response = find(session, Response, response.id, lock=True)
    if response is None:
        taken = response_id is None or find(session, Response, response_id) is not None
        fields: dict[str, Any] = {"instrument": asked.instrument.key, "instrument_version": asked.instrument.version, "answers": said}
        responses.begin(session, visit, fields if taken else fields | {"id": response_id}, AnsweredBy.LINK)
    elif not asked.given or asked.value != value:
        response.answered_on = clinics.today(session)
        responses.save(session, response, {"answers": said})
    return asked.item.concerns(value)


def send(session: Session, visit: Visit) -> bool:
    """Complete all that a locked visit has asked; False, and nothing is done, while a question has not been dealt with."""
    now = sitting(session, visit)
    if now.next is not None:
        return False
    found = responses.of_visit(session, visit.id)
    for key in dict.fromkeys(one.instrument.key for one in now.questions):
        response = _open_one(found, key)
        locked = find(session, Response, response.id, lock=True) if response else None
        if locked is None:
            raise Problem("conflict", "Somebody else has just changed these answers; open the page again.")
        if any(value is not None for value in locked.answers.values()):
            responses.save(session, locked, {"complete": True})
        else:
            responses.withdraw(session, locked, ALL_SKIPPED)
    return True
