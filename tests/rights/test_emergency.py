"""Emergency access: one patient, one hour, a reason; everything read is logged with it, and a colleague reviews."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.vocabulary import Role
from server import clock
from server.app import App
from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures.case import Case
from tests.web.browser import Browser, Page, faults

WHY = "Called at night; no surgeon answers."


@pytest.fixture
def adam(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Api:
    """Ádám, who administers and reads no records."""
    return as_(clinic.admin)


def opened(adam: Api, vera: Api, case: Case) -> str:
    """Ádám opens Anna's record; the id of the access."""
    mrn = vera.get(f"/patients/{case.patient_id}")["mrn"]
    return str(adam.post("/emergency-access", {"mrn": mrn, "reason": WHY})["id"])


def test_one_patients_record_is_open_and_no_others(signed_case: Case, adam: Api, vera: Api, clinic: make.Clinic, db: Database) -> None:
    eva = make.patient(db, clinic, family_name="Kiss")["id"]
    adam.get(signed_case.path, 403)
    opened(adam, vera, signed_case)
    for path in (f"/patients/{signed_case.patient_id}", signed_case.path, f"{signed_case.path}/note"):
        adam.get(path)
    adam.get(f"/patients/{eva}", 403)
    adam.get("/patients", 403)
    adam.get("/procedures", 403)


def test_it_is_for_reading(signed_case: Case, adam: Api, vera: Api) -> None:
    opened(adam, vera, signed_case)
    version = vera.get(f"/patients/{signed_case.patient_id}")["write_id"]
    adam.patch(f"/patients/{signed_case.patient_id}", {"weight_kg": 62}, version, 403)


def test_it_ends_after_an_hour(signed_case: Case, adam: Api, vera: Api) -> None:
    opened(adam, vera, signed_case)
    with clock.at(clock.now() + timedelta(minutes=50)):
        adam.get(signed_case.path)
    with clock.at(clock.now() + timedelta(minutes=61)):
        adam.get(signed_case.path, 403)


def test_the_patients_report_says_by_which_access(signed_case: Case, adam: Api, vera: Api) -> None:
    access = opened(adam, vera, signed_case)
    adam.get(signed_case.path)
    newest = vera.get(f"/patients/{signed_case.patient_id}/access")["items"][0]
    assert (newest["person"], newest["emergency_id"]) == ("Ádám Varga", access)


def test_a_colleague_reviews_it_and_not_he_himself(signed_case: Case, adam: Api, vera: Api) -> None:
    access = opened(adam, vera, signed_case)
    adam.post(f"/emergency-access/{access}/review", {"note": "All right."}, 403)
    done = vera.post(f"/emergency-access/{access}/review", {"note": "I was in theatre."}, 200)
    assert done["review_note"] == "I was in theatre."
    assert vera.post(f"/emergency-access/{access}/review", {"note": "Again."}, 409)["code"] == "conflict"


def test_a_number_that_nobody_has_is_named(adam: Api) -> None:
    refused = adam.post("/emergency-access", {"mrn": "nobody's", "reason": WHY}, 422)
    assert refused["errors"][0]["pointer"] == "/mrn"


def test_the_journal_keeps_the_reason(signed_case: Case, adam: Api, vera: Api, clinic: make.Clinic, db: Database) -> None:
    opened(adam, vera, signed_case)
    row = next(one for one in make.journal(db, clinic) if one.collection == "emergency_accesses")
    assert row.action == "open"
    assert WHY in (row.body or "")


@pytest.mark.parametrize("role", [Role.RATER, Role.NURSE, Role.SURGEON])
def test_nobody_else_opens_records_this_way(role: Role, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    as_(clinic.people[role]).post("/emergency-access", {"mrn": "1", "reason": WHY}, 403)


def test_on_the_page_it_is_opened_read_and_reviewed(signed_case: Case, vera: Api, clinic: make.Clinic, app: App) -> None:
    adam, vera_at_desk = Browser(app.test_client()).sign_in(clinic.admin), Browser(app.test_client()).sign_in(clinic.surgeon)
    mrn = vera.get(f"/patients/{signed_case.patient_id}")["mrn"]
    page = adam.open("/emergency-access")
    assert "Say why" in Page(adam.send(page, "/emergency-access", 422, mrn=mrn)).text
    adam.send(page, "/emergency-access", mrn=mrn, reason=WHY)
    shown = adam.open("/emergency-access")
    assert faults(shown) == []
    assert signed_case.path in shown.hrefs
    adam.open(signed_case.path)
    assert "1 to review" in vera_at_desk.open("/people").text
    to_review = vera_at_desk.open("/emergency-access")
    assert faults(to_review) == []
    (action,) = [one for one in to_review.forms if one.endswith("/review")]
    vera_at_desk.send(to_review, action, note="I was in theatre.")
    assert "Reviewed by Dr Vera Kovács" in vera_at_desk.open("/emergency-access").text
