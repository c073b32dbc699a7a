"""Questionnaires of a visit for staff: what was answered and its scores, forms to take answers down, scores from elsewhere, withdrawing."""

import uuid
from typing import Any

from flask import Response, render_template, request

from schemas.instrument_words import Audience
from schemas.outcome_words import AnsweredBy, ResponseState
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.http import found, session
from server.ids import uuid7
from server.outcomes.models import Response as Row
from server.outcomes.routes.responses import must_be_hers
from server.outcomes.rules.instrument import FALLBACK, said_in
from server.outcomes.service import catalogue, responses
from server.outcomes.service.catalogue import Known
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.reads import reads
from server.web import questionnaire_form, questionnaires_view
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, shown_again_by
from server.web.link_questions import language_of, text_of
from server.web.patient import banner


def _visit(visit_id: uuid.UUID, *, lock: bool = False) -> Visit:
    return found(find(session(), Visit, visit_id, lock=lock))


def _page(problem: Problem | None = None, *, visit_id: uuid.UUID, **_arguments: Any) -> str:
    visit = _visit(visit_id)
    askable, outside = questionnaires_view.to_ask(session())
    filled = questionnaires_view.filled(session(), visit.id)
    return render_template(
        "questionnaires.html",
        **banner(found(find(session(), Patient, visit.patient_id))),
        visit=visit,
        takes=questionnaires_view.takes_answers(visit),
        filled=filled,
        answered={one.response.instrument for one in filled if one.answered},
        askable=askable,
        outside=outside,
        audiences=questionnaires_view.AUDIENCES,
        today=clinics.today(session()),
        ids=[str(uuid7()) for _ in outside],
        typed=dict(request.form) if problem else {},
        errors=errors_of(problem),
    )


@pages.get("/visits/<uuid:visit_id>/questionnaires")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def questionnaires(visit_id: uuid.UUID) -> str:
    """What was answered at a visit, and what can be."""
    return _page(visit_id=visit_id)


def _known(key: str) -> Known:
    return found(catalogue.find_known(session(), clinics.today(session()), key))


def _begun(visit: Visit, known: Known) -> Row | None:
    """What staff began and has not completed."""
    own = [
        one
        for one in responses.of_visit(session(), visit.id)
        if (one.instrument, one.instrument_version) == (known.instrument.key, known.instrument.version)
        and one.via == AnsweredBy.STAFF
        and one.state == ResponseState.OPEN
    ]
    return own[-1] if own else None


def _form(problem: Problem | None = None, *, visit_id: uuid.UUID, key: str) -> str:
    visit, known = _visit(visit_id), _known(key)
    patient = found(find(session(), Patient, visit.patient_id))
    begun = _begun(visit, known)
    answered = known.instrument.key in responses.settled(responses.of_visit(session(), visit.id))
    language = FALLBACK if known.instrument.audience == Audience.CLINICIAN else patient.language
    typed = dict(request.form) if problem else questionnaire_form.typed_from(known.instrument, begun)
    return render_template(
        "questionnaire.html",
        **banner(patient) | {"language": language},
        visit=visit,
        known=known,
        items=list(enumerate(known.instrument.items)),
        takes=questionnaires_view.takes_answers(visit) and known.obstacle is None and (problem is not None or not answered),
        why_not=known.obstacle or (responses.ALREADY if answered else "Nothing can be recorded at this visit."),
        audience=questionnaires_view.AUDIENCES[known.instrument.audience],
        said_in=said_in,
        language_of=language_of,
        text_of=text_of,
        ends=questionnaire_form.ends(known.instrument, language),
        typed={"id": str(begun.id if begun else uuid7())} | typed,
        errors=errors_of(problem),
    )


@pages.get("/visits/<uuid:visit_id>/questionnaires/<key>")
@allow(Permission.FOLLOW_UP)
@reads(Reading.RECORD)
def questionnaire(visit_id: uuid.UUID, key: str) -> str:
    """The whole instrument on one page, to be read out or filled in together."""
    return _form(visit_id=visit_id, key=key)


@pages.post("/visits/<uuid:visit_id>/questionnaires/<key>")
@allow(Permission.FOLLOW_UP)
@shown_again_by(_form)
def take_answers_down(visit_id: uuid.UUID, key: str) -> Response:
    """Keep the answers, complete or to go on with later. The page chose the id, so a form sent twice is stored once."""
    visit, known = _visit(visit_id, lock=True), _known(key)
    must_be_hers(known)
    answers = questionnaire_form.read(request.form, known.instrument)
    complete = "complete" in request.form
    response_id = questionnaire_form.new_id(request.form)
    stored = find(session(), Row, response_id, lock=True) if response_id else None
    if stored is not None and (stored.visit_id, stored.instrument, stored.via) != (visit.id, key, AnsweredBy.STAFF):
        raise Problem("id_taken", "Open the form again; this one belongs to other answers.")
    if stored is None:
        given = answers if complete else {name: value for name, value in answers.items() if value is not None}
        fields = {"instrument": key, "instrument_version": known.instrument.version, "answers": given, "complete": complete}
        fields |= {"id": response_id} if response_id else {}
    try:
        if stored is None:
            responses.begin(session(), visit, fields, AnsweredBy.STAFF)
        elif not questionnaire_form.same(stored, answers):
            kept = {name: value for name, value in answers.items() if complete or value is not None or name in stored.answers}
            responses.save(session(), stored, {"answers": kept, "complete": complete})
    except Problem as problem:
        raise questionnaire_form.in_boxes(problem, known.instrument) from None
    return go_to("questionnaires", visit_id=visit.id)


@pages.post("/visits/<uuid:visit_id>/questionnaires/<key>/score")
@allow(Permission.FOLLOW_UP)
@shown_again_by(_page)
def take_score(visit_id: uuid.UUID, key: str) -> Response:
    """A score of 0 to 100 that was computed elsewhere."""
    visit = _visit(visit_id, lock=True)
    _, outside = questionnaires_view.to_ask(session())
    places = {(one.instrument.key, one.instrument.version): place for place, one in enumerate(outside)}
    named = (key, request.form.get("version", ""))
    if named not in places:
        raise invalid("", "Its questions can be asked by now; take the answers down instead.")
    place = places[named]
    fields: dict[str, Any] = {
        "instrument": key,
        "instrument_version": named[1],
        "scores": questionnaire_form.scores(request.form, outside[place].instrument, place),
    }
    if response_id := questionnaire_form.new_id(request.form):
        fields["id"] = response_id
    box = f"on-{place}"
    if on := questionnaire_form.day(request.form, box):
        fields["answered_on"] = on
    try:
        responses.begin(session(), visit, fields, AnsweredBy.SCORE)
    except Problem as problem:
        rows = [one | {"pointer": f"/{box}" if one["pointer"] == "/answered_on" else one["pointer"]} for one in problem.errors or ()]
        raise Problem(problem.code, problem.detail, errors=rows) from None
    return go_to("questionnaires", visit_id=visit.id)


@pages.post("/visits/<uuid:visit_id>/questionnaires/<uuid:response_id>/withdrawal")
@allow(Permission.FOLLOW_UP)
@shown_again_by(_page)
def withdraw_answers(visit_id: uuid.UUID, response_id: uuid.UUID) -> Response:
    """They count no more, and stay to be read."""
    response = found(find(session(), Row, response_id, lock=True))
    if response.visit_id != visit_id:
        found(None)
    responses.withdraw(session(), response, questionnaire_form.reason(request.form, f"reason-{response_id}"))
    return go_to("questionnaires", visit_id=visit_id)
