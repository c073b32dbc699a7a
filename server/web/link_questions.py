"""The questions of a visit in person on the patient's page: one a page, kept at once, checked and sent at the end."""

from typing import Any

from flask import Response, request
from marshmallow import ValidationError

from schemas.fields import Id
from schemas.instrument_words import ItemKind
from server.followup.service.link_answers import Opened
from server.http import session
from server.ids import uuid7
from server.outcomes.rules.instrument import FALLBACK, Item, Texts, Value, said_in, wire
from server.outcomes.service import asking
from server.outcomes.service.asking import Asked, Sitting
from server.web.link_page import behind, link, on, page

UNUSABLE = object()
"""What was sent is no answer to the question."""


def sitting(opened: Opened) -> Sitting:
    """What this link's visit asks."""
    return asking.sitting(session(), opened.visit)


def number_in(text: str) -> Value:
    """`7`, `7.5` or `7,5`. ValueError for what is no number."""
    number = float(text.strip().replace(",", "."))
    return int(number) if number.is_integer() else number


def value_of(item: Item, text: str) -> Any:
    """The answer that a form's text means; UNUSABLE for what is none."""
    if item.kind == ItemKind.BOOLEAN:
        return {"yes": True, "no": False}.get(text, UNUSABLE)
    try:
        value = number_in(text)
    except (ValueError, OverflowError):
        return UNUSABLE
    return UNUSABLE if item.fault(value) else value


def text_of(value: Value) -> str:
    """The same the other way round."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def language_of(texts: Texts, language: str) -> str:
    """In which language `said_in` says it."""
    return language if language in texts else FALLBACK if FALLBACK in texts else next(iter(texts), language)


def _facts(asked: Asked) -> dict[str, Any]:
    item = asked.item
    return {
        "item": item,
        "said_in": said_in,
        "language_of": language_of,
        "text_of": text_of,
        "low": wire(item.low),
        "high": wire(item.high),
        "figures": item.kind == ItemKind.SCALE,
    }


@link.get("/<token>/questions")
@behind()
def questions(opened: Opened) -> Response:
    """To where she stopped."""
    return _further(sitting(opened))


def _further(now: Sitting) -> Response:
    if not now.questions:
        return on("start")
    return on("asked", number=now.next) if now.next else on("check")


@link.get("/<token>/questions/<int:number>")
@behind()
def asked(opened: Opened, number: int) -> Response:
    """One question; an answer that it has already is not shown."""
    now = sitting(opened)
    one = now.at(number)
    return _question(opened, now, number, one) if one else on("questions")


def _question(opened: Opened, now: Sitting, number: int, one: Asked, status: int = 200) -> Response:
    facts = _facts(one) | {"asked": one, "number": number, "count": len(now.questions), "answer_id": uuid7()}
    return page("ask", opened, status, **facts, wrong=status != 200)  # noqa: PLR2004  reason: a status is known by its number


@link.post("/<token>/questions/<int:number>")
@behind()
def reply(opened: Opened, number: int) -> Response:
    """Kept at once; one that concerns leads to the telephone first. A page of a question that stands elsewhere by now is shown anew."""
    now = sitting(opened)
    one = now.at(number)
    if one is None or request.form.get("question") != one.name:
        return on("questions")
    if "skip" in request.form and not one.item.required:
        value = None
    else:
        text = request.form.get("answer", "").strip()
        if not text and one.given:
            return _further(now)
        value = value_of(one.item, text)
        if value is UNUSABLE:
            return _question(opened, now, number, one, 422)
    concerns = asking.answer(session(), opened.visit, one, value, _id())
    return on("ask_urgent") if concerns else _further(sitting(opened))


def _id() -> Any:
    """The id that the page chose for what this begins; a broken one costs nobody her answer."""
    try:
        return Id().deserialize(request.form.get("id", ""))
    except ValidationError:
        return None


@link.get("/<token>/questions/urgent")
@behind(settled_too=True)
def ask_urgent(opened: Opened) -> Response:
    """Whom to call now, before the next question."""
    return page("urgent", opened, further=on("questions").location)


@link.get("/<token>/questions/check")
@behind()
def check(opened: Opened) -> Response:
    """All answers of what is not sent yet, each to be changed."""
    now = sitting(opened)
    if not now.questions or now.next:
        return _further(now)
    return page("ask_check", opened, rows=[(one, _facts(one)) for one in now.questions])


@link.post("/<token>/questions/check")
@behind()
def send_answers(opened: Opened) -> Response:
    """All at once, and once."""
    now = sitting(opened)
    if now.over:
        return on("sent")
    return on("sent") if now.questions and asking.send(session(), opened.visit) else _further(now)


@link.get("/<token>/questions/sent")
@behind()
def sent(opened: Opened) -> Response:
    """What happens next."""
    return page("ask_sent", opened) if sitting(opened).over else on("start")
