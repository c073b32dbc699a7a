"""The form of one questionnaire: its boxes are numbered like the items, and what stands in them is read strictly."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError

from schemas.fields import Day, Id, Text
from schemas.outcome_words import ResponseState
from server.outcomes.models import Response
from server.outcomes.rules.instrument import Instrument, wire
from server.problems import Problem, invalid
from server.web.link_questions import UNUSABLE, text_of, value_of
from server.web.plan_form import number_in

MOST = 100
Fault = dict[str, str]


def box(number: int) -> str:
    """Name of an item's boxes, and id of the first of them."""
    return f"a-{number}"


def typed_from(instrument: Instrument, response: Response | None) -> dict[str, str]:
    """What was answered so far."""
    answers = response.answers if response else {}
    return {box(n): text_of(answers[one.id]) for n, one in enumerate(instrument.items) if answers.get(one.id) is not None}


def read(sent: Mapping[str, str], instrument: Instrument) -> dict[str, Any]:
    """Item → answer, None where it was left out. Raises 422 `invalid`, whose pointers are the boxes."""
    answers, wrong = {}, []
    for place, item in enumerate(instrument.items):
        text = sent.get(box(place), "").strip()
        value = value_of(item, text) if text else None
        if value is UNUSABLE:
            wrong.append({"pointer": f"/{box(place)}", "message": f"Question {place + 1}: answer with {item.range_in_words}."})
        answers[item.id] = value
    if wrong:
        raise _refused(wrong)
    return answers


def in_boxes(problem: Problem, instrument: Instrument) -> Problem:
    """The same refusal with the boxes of the form in place of the service's pointers."""
    names = {one.id: (box(place), place + 1) for place, one in enumerate(instrument.items)}
    return _refused([_in_box(row, names) for row in problem.errors]) if problem.errors else problem


def _in_box(row: Fault, names: Mapping[str, tuple[str, int]]) -> Fault:
    item = row["pointer"].rpartition("/")[2]
    if item not in names:
        return {"pointer": f"/{box(0)}" if row["pointer"] == "/answers" else row["pointer"], "message": row["message"]}
    name, place = names[item]
    return {"pointer": f"/{name}", "message": f"Question {place} must be answered."}


def scores(sent: Mapping[str, str], instrument: Instrument, place: int) -> dict[str, int | float]:
    """Scale → outside score of 0 to 100. Raises 422 `invalid`."""
    found: dict[str, int | float] = {}
    wrong: list[Fault] = []
    for scale in instrument.scales:
        name = f"s-{place}-{scale.id}"
        faults: list[Fault] = []
        value = number_in({name: sent.get(name, "").strip()}, name, faults)
        if faults or (value is not None and not 0 <= value <= MOST):
            wrong.append({"pointer": f"/{name}", "message": f"{scale.title}: enter a number from 0 to {MOST}."})
        elif value is not None:
            found[scale.id] = value
    if wrong:
        raise _refused(wrong)
    if not found:
        raise invalid(f"/s-{place}-{instrument.scales[0].id}", "Enter at least one score.")
    return found


def day(sent: Mapping[str, str], name: str) -> date | None:
    """The day in a box. Raises 422 `invalid`."""
    found: date | None = _field(Day(), sent, name, "Enter a day, or leave it empty for today.")
    return found


def reason(sent: Mapping[str, str], name: str) -> str:
    """Why something is withdrawn. Raises 422 `invalid`."""
    text: str | None = _field(Text(longest=500), sent, name, "Say why in at most 500 ordinary characters.")
    if text is None:
        raise invalid(f"/{name}", "Say why it is withdrawn.")
    return text


def new_id(sent: Mapping[str, str]) -> uuid.UUID | None:
    """The id that the page chose. Raises 422 `invalid`."""
    found: uuid.UUID | None = _field(Id(), sent, "id", "Open the page again.")
    return found


def _field(field: Any, sent: Mapping[str, str], name: str, said: str) -> Any:
    text = sent.get(name, "").strip()
    if not text:
        return None
    try:
        return field.deserialize(text)
    except ValidationError:
        raise invalid(f"/{name}", said) from None


def same(response: Response, answers: Mapping[str, Any]) -> bool:
    """Whether that is what was completed already: a form sent twice."""
    return response.state == ResponseState.COMPLETE and response.answers == dict(answers)


def ends(instrument: Instrument, language: str) -> dict[str, str]:
    """Item → `0 No pain, 10 The worst pain imaginable`."""
    said = {}
    for one in instrument.items:
        words = one.end_words(language)
        if words:
            said[one.id] = f"{wire(one.low)}: {words[0]}. {wire(one.high)}: {words[1]}."
    return said


def _refused(rows: list[Fault]) -> Problem:
    return Problem("invalid", " ".join(dict.fromkeys(one["message"] for one in rows)), errors=rows)
