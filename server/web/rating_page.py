"""A rater's queue: two photographs, one question, and nothing that says which came first."""

from typing import Any

from flask import Response, render_template, request

from schemas.fields import Choice, Id, QueryWhole, Shape
from schemas.rating_words import Verdict
from schemas.ratings import QueueCreate
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import person, session
from server.ids import uuid7
from server.outcomes.service import queue
from server.problems import Problem
from server.reads import reads, saw
from server.web import patient_words
from server.web import rating_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, form, shown_again_by


class Rated(Shape):
    """The form of a pair."""

    id = Id(required=True)
    pair_id = Id(required=True)
    verdict = Choice(Verdict, required=True)
    milliseconds = QueryWhole("milliseconds")


def _page(problem: Problem | None = None) -> str:
    mine = queue.of_rater(session(), person().user_id)
    stands = queue.look(session(), mine) if mine else None
    pair = stands.pair if stands else None
    saw([pair.patient_id] if pair else [])
    same = pair is not None and request.form.get("pair_id") == str(pair.id)
    return render_template(
        "rating.html",
        begun=mine is not None,
        stands=stands,
        pair=pair,
        view=patient_words.VIEWS[pair.view] if pair else "",
        grades=words.GRADES,
        cannot=words.CANNOT,
        chosen=request.form.get("verdict") if same else None,
        fresh_id=uuid7,
        errors=errors_of(problem),
    )


@pages.get("/ratings")
@allow(Permission.RATE)
@reads(Reading.PHOTO)
def ratings() -> str:
    """The next pair; before the first one what will be asked, after the last one thanks."""
    return _page()


@pages.post("/ratings/begin")
@allow(Permission.RATE)
def begin_ratings() -> Response:
    """Draw this rater's order."""
    queue.begin(session(), form(QueueCreate()))
    return go_to("ratings")


@pages.post("/ratings")
@allow(Permission.RATE)
@shown_again_by(_page)
def rate_pair() -> Response:
    """Store what she says of the pair, and go on. The page chose the id, so a form sent twice is stored once."""
    asked: dict[str, Any] = form(Rated())
    queue.rate(session(), asked)
    return go_to("ratings")
