"""The signs that cannot wait on the patient's page: one list, behind the question of a check-in and behind every link at any time."""

from typing import Any

from flask import Response, request

from schemas.questions import QUESTIONS, Given, Question
from schemas.red_flags import RedFlag
from schemas.reports_of_flags import FlagsReply
from server.followup.service import link_answers
from server.followup.service.link_answers import Opened
from server.http import session
from server.ids import uuid7
from server.problems import Problem
from server.web.forms import form
from server.web.link_page import behind, link, on, page

AT_ANY_TIME = 0
"""In place of the number of a question."""


def show(opened: Opened, number: int, status: int = 200) -> Response:
    """The list; nothing is ticked, and what was ticked earlier is never shown."""
    wrong = status != 200  # noqa: PLR2004  reason: a status is known by its number
    facts = {"number": number, "count": len(QUESTIONS), "flags": tuple(RedFlag), "answer_id": uuid7()}
    return page("flags", opened, status, **facts, wrong=wrong, ticked=request.form.getlist("flags") if wrong else ())


def take(opened: Opened, number: int, further: Response) -> Response:
    """Store what was said; what cannot wait leads to the telephone before anything `further`."""
    try:
        said = form(FlagsReply())
    except Problem:
        said = _readable()
    flags, none = said.get("flags", []), said.get("none")
    if not flags and not said.get("worse") and none is None:
        return show(opened, number, 422)
    given = Given.YES if flags else Given(none or Given.NO)
    urgent = link_answers.answer(session(), opened, Question.RED_FLAGS, given, said.get("id"), flags)
    if said.get("worse"):
        urgent = link_answers.worse(session(), opened) or urgent
    elif number == AT_ANY_TIME and given == Given.NO:
        link_answers.worries(session(), opened)
    return on("urgent", number=number) if urgent else further


def _readable() -> dict[str, Any]:
    """As much of a broken form as can be read: a sign that was ticked is never lost for what stands beside it."""
    flags = [one for one in request.form.getlist("flags") if one in set(RedFlag)]
    return {"flags": flags, "worse": request.form.get("worse") == "yes"}


@link.get("/<token>/something-wrong")
@behind(settled_too=True)
def something_wrong(opened: Opened) -> Response:
    """At any time, whatever the link is about."""
    return show(opened, AT_ANY_TIME)


@link.post("/<token>/something-wrong")
@behind(settled_too=True)
def tell(opened: Opened) -> Response:
    """Told at once."""
    return take(opened, AT_ANY_TIME, on("told"))


@link.get("/<token>/told")
@behind(settled_too=True)
def told(opened: Opened) -> Response:
    """A person calls."""
    return page("told", opened)
