"""Nóra takes Anna's answers down at her visit; what they come to is read there, on the work list and on the patient's timeline."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy
from schemas.vocabulary import AlertKind, ProcedureState, VisitState
from server import clock
from server.app import App
from server.db import find
from server.followup.models import Alert, Visit
from server.followup.service.visits import mark_visit
from server.outcomes.models import Response, Score
from server.outcomes.service import responses
from tests import make
from tests.days import days_ago
from tests.outcomes.result import Result, anna
from tests.web.browser import Browser, Page, faults

SIX = {f"a-{number}": "3" for number in range(6)}


@pytest.fixture
def result(app: App, clinic: make.Clinic) -> Result:
    """Anna's, a hundred days old."""
    return anna(app.db, clinic)


@pytest.fixture
def nora(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """Nóra Szabó, nurse, at her desk."""
    return at_desk(clinic.nurse)


@pytest.fixture
def base(result: Result) -> str:
    """Address of the questionnaires of her visit after three months."""
    return f"/visits/{result.visit().id}/questionnaires"


def stored(result: Result, model: type[Any] = Response) -> list[Any]:
    """What the clinic has about her."""
    with result.db.transaction(result.clinic.id, write=False) as session:
        found = list(session.scalars(sa.select(model).where(model.patient_id == uuid.UUID(result.patient_id)).order_by(model.id)))
        session.expunge_all()
        return found


def send(desk: Browser, base: str, part: str, typed: dict[str, str], expect: int = 303, page: Page | None = None) -> Page:
    """Send a form and see what comes."""
    address = base + part
    page = page or desk.open(base if part.endswith("/score") else address)
    answer = desk.send(page, address, expect, **cast("dict[str, Any]", typed))
    return desk.open(answer.headers["Location"]) if expect == 303 else Page(answer)


def test_answers_taken_down_are_scored_in_words(nora: Browser, base: str, result: Result) -> None:
    form = nora.open(f"{base}/satisfaction")
    assert "1. I like how the treated place looks today." in form.text
    assert "6 questions, answered by the patient." in form.text
    assert faults(form) == []
    page = send(nora, base, "/satisfaction", {"complete": "1", **SIX}, page=form)
    assert "Graftlog satisfaction Taken down by Nóra Szabó" in page.text
    assert "66.7 0 to 100, high is better" in page.text
    assert "Complete" in page.part("answered")
    assert faults(page) == []
    assert [(one.via, one.state) for one in stored(result)] == [("staff", "complete")]
    assert [one.value_e3 for one in stored(result, Score)] == [66_667]


def test_kept_for_later_it_is_gone_on_with(nora: Browser, base: str, result: Result) -> None:
    page = send(nora, base, "/satisfaction", {"later": "1", "a-0": "2", "a-1": "4"})
    assert "Begun, not complete" in page.text
    assert "No score until it is complete." in page.text
    again = nora.open(f"{base}/satisfaction")
    assert 'name="a-1" value="4" checked' in again.html
    send(nora, base, "/satisfaction", {"complete": "1", "a-0": "2", "a-1": "", "a-2": "2", "a-3": "2", "a-4": "2"}, page=again)
    assert [(one.state, one.answers["others"]) for one in stored(result)] == [("complete", None)]
    assert [(one.value_e3, one.answered) for one in stored(result, Score)] == [(33_333, 4)]


def test_the_same_form_sent_twice_is_stored_once(nora: Browser, base: str, result: Result) -> None:
    form = nora.open(f"{base}/gais")
    for _ in range(2):
        send(nora, base, "/gais", {"complete": "1", "a-0": "2"}, page=form)
    assert len(stored(result)) == len(stored(result, Score)) == 1
    refused = send(nora, base, "/gais", {"complete": "1", "a-0": "3"}, 409, page=form)
    assert "its answers stay as they are" in refused.text


def test_what_is_complete_is_not_asked_again_until_it_is_withdrawn(nora: Browser, base: str, result: Result) -> None:
    send(nora, base, "/gais", {"later": "1", "a-0": "2"})
    early, blank = stored(result)[0], nora.open(f"{base}/pain")
    with result.db.transaction(result.clinic.id, actor=result.clinic.nurse) as session:
        visit = find(session, Visit, result.visit().id, lock=True)
        assert visit is not None
        responses.begin(session, visit, {"instrument": "gais", "answers": {"change": 1}, "complete": True}, AnsweredBy.LINK)
    page = nora.open(base)
    assert "Cannot be completed: another one is. Withdraw one of the two." in page.part("answered")
    assert "To enter another, withdraw that one with a reason." in page.part("ask")
    assert f"{base}/gais" not in page.hrefs
    assert faults(page) == []
    closed = nora.open(f"{base}/gais")
    assert "Withdraw that response, with a reason" in closed.text
    assert f"{base}/gais" not in closed.forms
    assert faults(closed) == []
    send(nora, base, "/pain", {"complete": "1", "a-0": "1"})
    assert "answered at this visit already" in send(nora, base, "/pain", {"later": "1", "a-0": "3"}, 409, page=blank).text
    nora.send(page, f"{base}/{early.id}/withdrawal", **cast("dict[str, Any]", {f"reason-{early.id}": "Begun twice."}))
    assert "Cannot be completed" not in nora.open(base).text


def test_what_is_wrong_stands_at_its_question_and_the_rest_is_kept(nora: Browser, base: str, result: Result) -> None:
    page = send(nora, base, "/satisfaction", {"complete": "1", "a-0": "9", "a-1": "4"}, 422)
    assert "Question 1: answer with one of 1, 2, 3, 4." in page.text
    assert 'name="a-1" value="4" checked' in page.html
    assert faults(page) == []
    nothing = send(nora, base, "/satisfaction", {"complete": "1"}, 422)
    assert "Nothing is answered" in nothing.text
    required = send(nora, base, "/goodman_baron", {"complete": "1"}, 422)
    assert "Question 1 must be answered." in required.text
    assert "#a-0" in required.hrefs
    assert stored(result) == []


def test_a_broken_id_is_refused_and_one_of_other_answers_too(nora: Browser, base: str, result: Result) -> None:
    send(nora, base, "/gais", {"complete": "1", "id": "x", "a-0": "2"}, 422)
    send(nora, base, "/gais", {"complete": "1", "a-0": "2"})
    send(nora, base, "/pain", {"complete": "1", "id": str(stored(result)[0].id), "a-0": "2"}, 409)
    assert len(stored(result)) == 1


def test_a_clinicians_own_scale_is_in_english_and_the_patients_in_her_language(app: App, clinic: make.Clinic, nora: Browser) -> None:
    who = make.patient(app.db, clinic, language="hu")["id"]
    procedure = make.procedure(app.db, clinic, patient_id=who, state=ProcedureState.COMPLETED, ended_at=days_ago(100))
    with app.db.transaction(clinic.id, write=False) as session:
        query = sa.select(Visit.id).where(Visit.procedure_id == uuid.UUID(procedure["id"]), Visit.step == "3m")
        base = f"/visits/{session.scalars(query).one()}/questionnaires"
    form = nora.open(f"{base}/gais")
    assert '<span lang="hu">Milyen most a kezelt heg' in form.html
    assert "Rendkívül sokat javult Very much improved" in form.text
    assert 'lang="hu"' not in nora.open(f"{base}/goodman_baron").html


def test_a_licensed_instrument_takes_a_score_from_elsewhere_and_says_why(nora: Browser, base: str, result: Result) -> None:
    page = nora.open(base)
    assert "Its questions are not here: load the clinic’s own file of it." in page.text
    assert "Give it as 0 to 100: (raw - 6) ÷ 54 × 100. Low is better." in page.text
    place = next(one for one in page.fields if one.endswith("-appearance"))
    assert f"{base}/face_q" not in page.hrefs
    for typed in ("101", "-1", "x", "NaN", ""):
        refused = send(nora, base, "/scar_q/score", {place: typed}, 422)
        assert f"#{place}" in refused.hrefs
        assert faults(refused) == []
    form = nora.open(base)
    for _ in range(2):
        after = send(nora, base, "/scar_q/score", {place: "71,5"}, page=form)
    assert "SCAR-Q Scored elsewhere, entered by Nóra Szabó" in after.text
    assert "71.5 0 to 100, high is better" in after.text
    assert [(one.via, one.answers) for one in stored(result)] == [(AnsweredBy.SCORE, {})]


def test_a_day_to_come_is_refused_at_its_box(nora: Browser, base: str) -> None:
    page = nora.open(base)
    place = next(one for one in page.fields if one.endswith("-appearance"))
    box = f"on-{place.split('-')[1]}"
    refused = send(nora, base, "/scar_q/score", {place: "70", box: (clock.now() + timedelta(days=2)).date().isoformat()}, 422)
    assert "is in the future" in refused.text
    assert f"#{box}" in refused.hrefs
    assert 'value="70"' in refused.html


def test_without_a_licence_the_form_says_so_and_takes_nothing(nora: Browser, base: str) -> None:
    page = nora.open(f"{base}/face_q")
    assert "Its questions are not here" in page.text
    assert f"{base}/face_q" not in page.forms
    nora.open(f"{base}/nothing", 404)


def test_withdrawn_with_a_reason_it_stays_to_be_read(nora: Browser, base: str, result: Result) -> None:
    page = send(nora, base, "/erythema", {"complete": "1", "a-0": "yes"})
    assert result.redness()[-1][1] is True
    one = stored(result)[0]
    address, box = f"{base}/{one.id}/withdrawal", f"reason-{one.id}"
    refused = Page(nora.send(page, address, 422, **cast("dict[str, Any]", {box: " "})))
    assert "Say why it is withdrawn." in refused.text
    assert faults(refused) == []
    nora.send(page, address, **cast("dict[str, Any]", {box: "Asked the wrong patient."}))
    after = nora.open(base)
    assert "Withdrawn, does not count" in after.text
    assert "Asked the wrong patient." in after.text
    assert result.redness()[-1][1] is None


def test_a_concerning_answer_that_staff_takes_down_alerts_too(nora: Browser, base: str, result: Result) -> None:
    send(nora, base, "/pain", {"later": "1", "a-0": "9"})
    assert [one.kind for one in stored(result, Alert)] == [AlertKind.CONCERNING_ANSWER]


def test_the_timeline_tells_of_a_completed_one_with_its_score(nora: Browser, base: str, result: Result) -> None:
    send(nora, base, "/gais", {"later": "1", "a-0": "2"})
    assert "GAIS" not in nora.open(f"/patients/{result.patient_id}").text
    send(nora, base, "/gais", {"complete": "1", "a-0": "2"})
    page = nora.open(f"/patients/{result.patient_id}")
    assert (
        "Questionnaire GAIS, by the patient Taken down by Nóra Szabó. Global improvement: 2 (1 to 5, low is better). Complete" in page.text
    )
    assert base in page.hrefs


def test_it_is_reached_from_the_procedure_the_visit_and_the_assessment(
    vera_at_desk: Browser, base: str, result: Result, nora: Browser
) -> None:
    assert base in vera_at_desk.open(f"/procedures/{result.id}").hrefs
    assert base in vera_at_desk.open(f"/visits/{result.visit().id}/assessment").hrefs
    assert base in nora.open(f"/patients/{result.patient_id}").hrefs


def test_a_cancelled_visit_takes_nothing(nora: Browser, base: str, result: Result) -> None:
    form = nora.open(f"{base}/gais")
    with result.db.transaction(result.clinic.id, actor=result.clinic.nurse) as session:
        visit = find(session, Visit, result.visit().id, lock=True)
        assert visit is not None
        mark_visit(session, visit, VisitState.CANCELLED)
    assert "Nothing more can be recorded at this visit: it is cancelled." in nora.open(base).text
    send(nora, base, "/gais", {"complete": "1", "a-0": "2"}, 409, page=form)
    assert stored(result) == []


def test_a_rater_reads_and_writes_nothing(clinic: make.Clinic, base: str, nora: Browser, at_desk: Callable[[make.Person], Browser]) -> None:
    form = nora.open(f"{base}/pain").forms[f"{base}/pain"]
    rater = at_desk(clinic.rater)
    for part in ("", "/pain"):
        rater.open(base + part, 403)
    for part in ("/pain", "/scar_q/score", f"/{uuid.uuid4()}/withdrawal"):
        assert rater.client.post(base + part, data=form | {"a-0": "1"}).status_code == 403


def test_another_clinics_visit_is_not_there(base: str, other_clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    other = at_desk(other_clinic.nurse)
    other.open(base, 404)
    other.open(f"{base}/gais", 404)
