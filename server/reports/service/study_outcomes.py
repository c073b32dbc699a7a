"""The statistician's tables of what became of it: visits, questionnaires with their items and scores, redness, the panel."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy, RedSource, ResponseState
from schemas.vocabulary import PhotoView, VisitKind, VisitState
from server.dates import days_between
from server.db import table_of
from server.followup.models import Redness, Visit
from server.outcomes.models import Rating, RatingPair, Response, Score
from server.reports.service.cohort import Frame
from server.reports.service.study_columns import FLAG, Column, Table, day, days, number_of, of_procedure, word
from server.reports.shape import COMPUTED, ENTERED, SCORED

_V, _R, _SCORE = table_of(Visit), table_of(Response), table_of(Score)
_RED, _PAIR, _G = table_of(Redness), table_of(RatingPair), table_of(Rating)


def _visits(frame: Frame) -> sa.Select[Any]:
    return of_procedure(frame, _V, "step", "kind", "protocol_version", "target_date", "opens_on", "closes_on", "state")[0]


def _responses(frame: Frame) -> sa.Select[Any]:
    query, chosen = of_procedure(frame, _R, "id", "instrument", "instrument_version", "via", "state", "answered_on")
    after = days_between(_R.c.answered_on, frame.day(chosen.c.performed_at))
    step = sa.select(_V.c.step).where(frame.of_clinic(_V), _V.c.id == _R.c.visit_id).scalar_subquery()
    return query.add_columns(after, step)


def _answers(frame: Frame) -> sa.Select[Any]:
    return of_procedure(frame, _R, "id", "instrument", "answers")[0].where(_R.c.state == ResponseState.COMPLETE)


def _items(row: sa.Row[Any]) -> Iterator[tuple[Any, ...]]:
    """One row for each item. An answer is a number, yes or no; whatever else there might be leaves this clinic with nobody."""
    *whose, answers = tuple(row)
    for item, value in sorted(answers.items()):
        if value is None or isinstance(value, int | float):
            yield (*whose, item, value)


def _scores(frame: Frame) -> sa.Select[Any]:
    query, _ = of_procedure(frame, _SCORE, "response_id", "instrument", "scale", "value_e3", "answered", "items")
    complete = frame.responses().add_columns(_R.c.id, _R.c.via).subquery("complete")
    scored = sa.case((complete.c.via == AnsweredBy.SCORE, ENTERED), else_=COMPUTED)
    return query.join(complete, complete.c.id == _SCORE.c.response_id).add_columns(scored)


def _redness(frame: Frame) -> sa.Select[Any]:
    later = _RED.alias("later")
    replaced = sa.select(later.c.replaces).where(frame.of_clinic(later), later.c.replaces.is_not(None))
    return of_procedure(frame, _RED, "day", "red", "source")[0].where(_RED.c.id.not_in(replaced), _RED.c.red.is_not(None))


def _ratings(frame: Frame) -> sa.Select[Any]:
    query = of_procedure(frame, _PAIR, "scar_id", "step", "view")[0]
    query = query.join(_G, sa.and_(frame.of_clinic(_G), _G.c.pair_id == _PAIR.c.id))
    return query.add_columns(_G.c.rater_id, _G.c.grade, _G.c.swapped, _G.c.place)


VISITS = Table(
    "visits",
    (
        number_of("procedure"),
        Column("step", "text", "Step of the protocol"),
        word("kind", "In person, or a question from afar", VisitKind),
        Column("protocol_version", "text", "Version of the clinic's protocol"),
        day("target_on", "Day aimed at"),
        day("opens_on", "First day of the window"),
        day("closes_on", "Last day of the window"),
        word("state", "What became of it", VisitState),
    ),
    _visits,
)
RESPONSES = Table(
    "responses",
    (
        number_of("procedure"),
        number_of("response"),
        Column("instrument", "text", "Questionnaire"),
        Column("instrument_version", "text", "Its version"),
        word("via", "Who filled it in", AnsweredBy),
        word("state", "Only complete ones count", ResponseState),
        day("answered_on", "Day of the answer"),
        days("day", "The same"),
        Column("step", "text", "Step of the protocol whose visit it belongs to"),
    ),
    _responses,
)
ANSWERS = Table(
    "answers",
    (
        number_of("procedure"),
        number_of("response"),
        Column("instrument", "text", "Questionnaire"),
        Column("item", "text", "Its item, by the id in the questionnaire's own file; complete responses only"),
        Column("value", "decimal", "What was answered; empty: asked, and left out", allowed="the item's own values; 0 no, 1 yes"),
    ),
    _answers,
    _items,
)
SCORES = Table(
    "scores",
    (
        number_of("procedure"),
        number_of("response"),
        Column("instrument", "text", "Questionnaire"),
        Column("scale", "text", "Its scale"),
        Column("score", "decimal", "The scale's own, or 0 to 100; empty: too many items missing", "see column scored", steps=1000),
        Column("answered", "integer", "Items answered"),
        Column("items", "integer", "Items asked; 0 where it was entered"),
        word("scored", "From answers by the server, or entered as 0 to 100 from elsewhere; two measures", SCORED),
    ),
    _scores,
)
REDNESS = Table(
    "redness",
    (
        number_of("procedure"),
        days("day", "When somebody looked"),
        Column("red", "integer", "Whether the treated skin was red", allowed=FLAG),
        word("source", "Who looked", RedSource),
    ),
    _redness,
)
RATINGS = Table(
    "ratings",
    (
        number_of("procedure"),
        Column("scar_no", "integer", "Study number of the scar; empty: the whole face", allowed="1 and above", numbered="scar"),
        Column("step", "text", "Step of the protocol at which the later photograph was taken"),
        word("view", "View of both photographs", PhotoView),
        number_of("rater"),
        Column("grade", "integer", "The later against the earlier; empty: not to be judged", allowed="-3 much worse to 3 much better"),
        Column("swapped", "integer", "Whether the later one stood on the left", allowed=FLAG),
        Column("place", "integer", "How manieth in the rater's random order", allowed="1 and above"),
    ),
    _ratings,
)
