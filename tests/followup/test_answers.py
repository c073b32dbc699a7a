"""Answers to check-ins written down by staff, and new links for patients, over the API."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState
from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from server.followup.models import Alert, Link, Visit
from server.ids import uuid7
from tests import make
from tests.api import Api

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
A_WEEK_LATER = MONDAY + timedelta(days=7)


@pytest.fixture(scope="module")
def linked(config: Config, db: Database) -> App:
    """The application with the answers."""
    return create_app(config, db)


@pytest.fixture
def csaba(linked: App, clinic: make.Clinic, db: Database) -> Api:
    """Csaba, coordinator of Riverside, on the telephone."""
    return Api(linked.test_client(), make.token(db, clinic.coordinator))


@pytest.fixture
def visit_of(db: Database, clinic: make.Clinic) -> Callable[..., str]:
    """The id of one of Anna's visits: `visit_of("d7")`."""

    def make_and_find(step: str, of: make.Clinic = clinic, **patient: Any) -> str:
        with clock.at(MONDAY):
            who = make.patient(db, of, **patient)
            make.procedure(db, of, state=ProcedureState.COMPLETED, patient_id=who["id"], ended_at=MONDAY)
        with db.transaction(of.id, write=False) as session:
            return str(session.scalars(sa.select(Visit.id).where(Visit.patient_id == uuid.UUID(who["id"]), Visit.step == step)).one())

    return make_and_find


def an_answer(answer: str = "no", **fields: Any) -> dict[str, Any]:
    """As the tablet sends it."""
    return {"id": str(uuid7()), "question": "worse", "answer": answer} | fields


def rows(db: Database, clinic: make.Clinic, query: sa.Select[Any]) -> list[Any]:
    """What the clinic has stored."""
    with db.transaction(clinic.id, write=False) as session:
        return list(session.scalars(query))


def test_an_answer_by_telephone_settles_the_check_in(csaba: Api, visit_of: Callable[..., str], clinic: make.Clinic) -> None:
    visit = visit_of("d7")
    stored = csaba.post(f"/visits/{visit}/answers", an_answer())
    assert (stored["via"], stored["given_by"], stored["concerning"]) == ("phone", str(clinic.coordinator.user_id), False)
    assert csaba.get(f"/visits/{visit}/answers")["items"] == [stored]
    assert csaba.get(f"/reminders?visit_id={visit}&state=pending")["items"] == []
    assert next(one for one in csaba.get("/visits")["items"] if one["id"] == visit)["state"] == "answered"


def test_the_same_call_again_stores_nothing(csaba: Api, visit_of: Callable[..., str]) -> None:
    visit, body = visit_of("d7"), an_answer("yes")
    stored = csaba.post(f"/visits/{visit}/answers", body)
    assert csaba.post(f"/visits/{visit}/answers", body, 200) == stored
    assert csaba.get(f"/visits/{visit}/answers")["items"] == [stored]


def test_the_same_id_with_another_answer_is_refused(csaba: Api, visit_of: Callable[..., str]) -> None:
    visit, body = visit_of("d7"), an_answer("yes")
    csaba.post(f"/visits/{visit}/answers", body)
    assert csaba.post(f"/visits/{visit}/answers", body | {"answer": "no"}, 409)["code"] == "id_taken"
    assert csaba.post(f"/visits/{visit_of('d14')}/answers", body, 409)["code"] == "id_taken"


def test_a_concerning_answer_by_telephone_raises_the_alert(
    csaba: Api, visit_of: Callable[..., str], db: Database, clinic: make.Clinic
) -> None:
    visit = visit_of("d7")
    assert csaba.post(f"/visits/{visit}/answers", an_answer("yes"))["concerning"] is True
    csaba.post(f"/visits/{visit}/answers", an_answer("yes"))
    assert [alert.kind for alert in rows(db, clinic, sa.select(Alert).where(Alert.visit_id == uuid.UUID(visit)))] == ["concerning_answer"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"answer": "perhaps"}, "/answer"), ({"question": "itching"}, "/question"), ({"id": "x"}, "/id"), ({"via": "link"}, "/via")],
)
def test_a_wrong_answer_names_the_field(csaba: Api, visit_of: Callable[..., str], wrong: dict[str, Any], pointer: str) -> None:
    visit = visit_of("d7")
    assert csaba.post(f"/visits/{visit}/answers", an_answer() | wrong, 422)["errors"][0]["pointer"] == pointer
    assert csaba.get(f"/visits/{visit}/answers")["items"] == []


def test_a_visit_in_person_asks_nothing(csaba: Api, visit_of: Callable[..., str]) -> None:
    assert csaba.post(f"/visits/{visit_of('3m')}/answers", an_answer(), 409)["code"] == "conflict"


def test_another_clinics_check_in_is_none(csaba: Api, visit_of: Callable[..., str], other_clinic: make.Clinic) -> None:
    theirs = visit_of("d7", other_clinic)
    csaba.post(f"/visits/{theirs}/answers", an_answer(), 404)
    csaba.get(f"/visits/{theirs}/answers", 404)
    csaba.post(f"/visits/{theirs}/link", {"send": False}, 404)


@pytest.mark.parametrize("role", ["rater", "admin"])
def test_raters_and_administrators_read_no_answers(
    linked: App, clinic: make.Clinic, db: Database, visit_of: Callable[..., str], role: str
) -> None:
    api, visit = Api(linked.test_client(), make.token(db, getattr(clinic, role))), visit_of("d7")
    api.get(f"/visits/{visit}/answers", 403)
    api.post(f"/visits/{visit}/answers", an_answer(), 403)
    api.post(f"/visits/{visit}/link", {"send": True}, 403)


def test_a_new_link_ends_the_earlier_ones(csaba: Api, visit_of: Callable[..., str], db: Database, clinic: make.Clinic) -> None:
    visit = visit_of("3m")
    with clock.at(A_WEEK_LATER):
        token = make.token(db, clinic.coordinator)
        csaba.token = token
        first, second = (csaba.post(f"/visits/{visit}/link", {"send": False}) for _ in range(2))
    assert first["address"] != second["address"]
    stored = rows(db, clinic, sa.select(Link).where(Link.visit_id == uuid.UUID(visit)).order_by(Link.serial))
    assert [(one.serial, one.revoked_at is None) for one in stored] == [(1, False), (2, True)]


def test_a_new_link_is_sent_when_asked(csaba: Api, visit_of: Callable[..., str], db: Database, clinic: make.Clinic) -> None:
    visit = visit_of("3m")
    with clock.at(A_WEEK_LATER):
        csaba.token = make.token(db, clinic.coordinator)
        assert csaba.post(f"/visits/{visit}/link", {"send": True})["sent_by"] == "email"
        waiting = csaba.get(f"/reminders?visit_id={visit}")["items"]
    link = next(one for one in waiting if one["purpose"] == "link")
    assert (link["state"], link["due_at"]) == ("pending", "2026-03-09T11:40:00Z")


@pytest.mark.parametrize("patient", [{"email": None}, {"reminder_consent": False}])
def test_what_cannot_be_sent_is_refused_and_the_old_link_stays(
    csaba: Api, visit_of: Callable[..., str], db: Database, clinic: make.Clinic, patient: dict[str, Any]
) -> None:
    visit = visit_of("3m", **patient)
    csaba.post(f"/visits/{visit}/link", {"send": False})
    assert csaba.post(f"/visits/{visit}/link", {"send": True}, 409)["code"] == "conflict"
    stored = rows(db, clinic, sa.select(Link).where(Link.visit_id == uuid.UUID(visit)))
    assert [one.revoked_at for one in stored] == [None]


def test_a_settled_visit_needs_no_link(csaba: Api, visit_of: Callable[..., str]) -> None:
    visit = visit_of("2w")
    written = next(one for one in csaba.get("/visits")["items"] if one["id"] == visit)["write_id"]
    csaba.patch(f"/visits/{visit}", {"state": "attended"}, written)
    assert "attended" in csaba.post(f"/visits/{visit}/link", {"send": False}, 409)["detail"]
