"""A procedure that goes on past midnight has one day zero, from which check-ins, assessments, questionnaires, pairs and reports count."""

import csv
import uuid
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from schemas.outcome_words import RedSource
from schemas.questions import Given, Question
from schemas.vocabulary import ProcedureState
from server import clock
from server.dates import local_day
from server.db import Database, find, table_of
from server.followup.models import Redness, Visit
from server.followup.service import answers
from server.outcomes.service import pairs
from server.procedures import days
from server.procedures.models import Procedure
from tests import make
from tests.api import Api
from tests.outcomes.result import finding, look

BEGAN, ENDED = datetime(2026, 3, 2, 21, 30, tzinfo=UTC), datetime(2026, 3, 2, 23, 20, tzinfo=UTC)
"""Half past ten in the evening of Monday, and twenty past midnight, at Riverside."""
A_WEEK_LATER = datetime(2026, 3, 10, 8, tzinfo=UTC)


@pytest.fixture
def late(db: Database, clinic: make.Clinic) -> dict[str, Any]:
    """Anna's."""
    with clock.at(ENDED):
        return make.procedure(db, clinic, state=ProcedureState.COMPLETED, started_at=BEGAN, ended_at=ENDED)


def visits(db: Database, clinic: make.Clinic, late: dict[str, Any]) -> dict[str, Visit]:
    """By step."""
    with db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(Visit).where(Visit.procedure_id == uuid.UUID(late["id"]))).all()
        session.expunge_all()
    return {one.step: one for one in rows}


def test_redness_is_of_the_same_day_whoever_saw_it(db: Database, clinic: make.Clinic, vera: Api, late: dict[str, Any]) -> None:
    of_step = visits(db, clinic, late)
    assert of_step["d7"].target_date == date(2026, 3, 10)
    with clock.at(A_WEEK_LATER), db.transaction(clinic.id) as session:
        check_in = find(session, Visit, of_step["d7"].id, lock=True)
        assert check_in is not None
        answers.record(session, check_in, Question.REDNESS, Given.YES, via=answers.BY_LINK)
    vera.post(f"/procedures/{late['id']}/assessments", look("2026-03-10", erythema=2))
    asked = {"instrument": "erythema", "answers": {"red": True}, "answered_on": "2026-03-10", "complete": True}
    vera.post(f"/visits/{of_step['2w'].id}/responses", asked)
    with db.transaction(clinic.id, write=False) as session:
        seen = session.scalars(sa.select(Redness).where(Redness.procedure_id == uuid.UUID(late["id"]))).all()
    assert {(one.source, one.day) for one in seen} == {
        (RedSource.CHECK_IN, 7),
        (RedSource.ASSESSMENT, 7),
        (RedSource.QUESTIONNAIRE, 7),
    }
    archive = zipfile.ZipFile(BytesIO(vera.call("GET", "/reports/cohort.zip").data))

    def column(table: str, name: str) -> list[str]:
        return [row[name] for row in csv.DictReader(StringIO(archive.read(f"{table}.csv").decode()))]

    assert column("procedures", "performed_on") == ["2026-03-03"]
    assert column("redness", "day") == ["7"] * 3
    assert column("responses", "day") == ["7"]


def test_what_happened_before_midnight_happened_in_the_procedure(vera: Api, late: dict[str, Any]) -> None:
    bled = finding("haematoma", onset_on="2026-03-02")
    path = f"/procedures/{late['id']}/assessments"
    assert vera.post(path, look("2026-03-03", bled))["findings"][0]["onset_on"] == "2026-03-02"
    (event,) = vera.get(f"/procedures/{late['id']}/adverse-events")["items"]
    assert [one["day"] for one in event["observations"]] == [0]
    earlier = finding("pain", onset_on="2026-03-01")
    assert "before the procedure of 2 Mar 2026" in vera.post(path, look("2026-03-03", earlier), 422)["detail"]
    assert "before the procedure of 3 Mar 2026" in vera.post(path, look("2026-03-02", finding("pain")), 422)["detail"]


def test_pairs_are_looked_for_from_the_same_day(db: Database, clinic: make.Clinic, late: dict[str, Any]) -> None:
    with db.transaction(clinic.id, write=False) as session:
        (operation,) = pairs._operations(session, [uuid.UUID(late["patient_id"])])
    assert operation.day == date(2026, 3, 3)


def test_the_end_counts_else_the_beginning_else_the_plan_and_the_database_says_the_same(db: Database, clinic: make.Clinic) -> None:
    planned = datetime(2026, 2, 27, 23, 30, tzinfo=UTC)
    make.procedure(db, clinic, planned_for=planned)
    make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS, planned_for=planned, started_at=BEGAN)
    make.procedure(db, clinic, state=ProcedureState.COMPLETED, planned_for=planned, started_at=BEGAN, ended_at=ENDED)
    zone = sa.literal("Europe/Budapest")
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(Procedure, local_day(days.performed(table_of(Procedure)).element, zone)).order_by(Procedure.id)
        found = [(days.day_zero(one, ZoneInfo("Europe/Budapest")), day) for one, day in session.execute(query)]
    assert found == [(day, day) for day in (date(2026, 2, 28), date(2026, 3, 2), date(2026, 3, 3))]
