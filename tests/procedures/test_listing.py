"""The list of procedures: filtered, newest first, a page at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from schemas.vocabulary import ProcedureState, Role
from server.clinics.models import User
from server.db import Database
from server.patients import service
from tests import make
from tests.api import Api
from tests.procedures import case as stages

NOON = datetime(2025, 11, 24, 11, tzinfo=UTC)


def titles(tablet: Api, query: str) -> list[str]:
    """Titles of what the list shows."""
    return [one["title"] for one in tablet.get(f"/procedures?{query}")["items"]]


def all_pages(tablet: Api, limit: int) -> list[str]:
    """Ids of every procedure, a page at a time."""
    ids, cursor = [], ""
    while True:
        page = tablet.get(f"/procedures?limit={limit}{cursor}")
        ids += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_paging_shows_each_procedure_once_newest_first(vera: Api, db: Database, clinic: make.Clinic, limit: int) -> None:
    anna = make.patient(db, clinic)["id"]
    days = [0, 3, 1, 1, 1, 2]
    made = [make.procedure(db, clinic, patient_id=anna, planned_for=NOON + timedelta(days=day)) for day in days]
    expected = sorted(made, key=lambda one: (one["planned_for"], one["id"]), reverse=True)
    assert all_pages(vera, limit) == [one["id"] for one in expected]


@pytest.fixture
def three(db: Database, clinic: make.Clinic) -> dict[str, Any]:
    """Anna's planned procedure, Áron's completed one, and one of Dr Second for Anna."""
    with db.transaction(clinic.id) as session:
        second = User(email=f"second.{clinic.id}@clinic.example", name="Dr Second", roles=[str(Role.SURGEON)], password_hash="x")
        session.add(second)
    anna, aron = make.patient(db, clinic, mrn="A-1")["id"], make.patient(db, clinic, family_name="Szűcs", given_name="Áron")["id"]
    scar = make.scar(db, clinic, anna, subunit="temple")["id"]
    plan = {"injections": [{"scar_id": UUID(scar), "volume_ul": 1000}]}
    done = ProcedureState.COMPLETED
    make.procedure(db, clinic, patient_id=anna, planned_for=NOON, title="Anna's", plan=plan)
    make.procedure(db, clinic, patient_id=aron, state=done, started_at=NOON, ended_at=NOON + timedelta(hours=1), title="ÁRON'S ĖLĖ")
    make.procedure(db, clinic, patient_id=anna, planned_for=NOON + timedelta(days=1), title="Second's", surgeon_id=second.id)
    return {"anna": anna, "second": str(second.id)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Second's", "ÁRON'S ĖLĖ", "Anna's"]),
        ("state=planned", ["Second's", "Anna's"]),
        ("state=completed", ["ÁRON'S ĖLĖ"]),
        ("state=signed", []),
        ("patient_id={anna}", ["Second's", "Anna's"]),
        ("surgeon_id={second}", ["Second's"]),
        ("subunit=temple", ["Anna's"]),
        ("subunit=chin", []),
        ("q=petrauskiene", ["Second's", "Anna's"]),
        ("q=szűcs", ["ÁRON'S ĖLĖ"]),
        ("q=áron's ėlė", ["ÁRON'S ĖLĖ"]),
        ("q=a-1 second", ["Second's"]),
        ("q=%25", []),
        ("planned_from=2025-11-25", ["Second's"]),
        ("planned_to=2025-11-24", ["ÁRON'S ĖLĖ", "Anna's"]),
        ("planned_from=2025-11-24&planned_to=2025-11-24&state=planned", ["Anna's"]),
    ],
)
def test_each_filter_shows_what_it_says(vera: Api, three: dict[str, Any], query: str, expected: list[str]) -> None:
    assert sorted(titles(vera, quote(query.format(**three), safe="=&%"))) == sorted(expected)


@pytest.mark.parametrize("few", [0, 1, 500])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("petrauskiene anna", ["Nanofat injection of depressed facial scars", "Second's", "Anna's"]),
        ("anna second", ["Second's"]),
        ("nanofat anna", ["Nanofat injection of depressed facial scars"]),
        ("nanofat", ["Nanofat injection of depressed facial scars"]),
        ("second's second's", ["Second's"]),
        ("na second", ["Second's"]),
        ("fac petrauskiene", ["Nanofat injection of depressed facial scars"]),
        ("anna nobody", []),
    ],
)
def test_words_find_the_same_however_many_have_the_name(
    vera: Api,
    three: dict[str, Any],
    db: Database,
    clinic: make.Clinic,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    query: str,
    expected: list[str],
) -> None:
    """Few patients are looked up, many are met on the way through the list: two ways to one answer."""
    make.procedure(db, clinic, patient_id=three["anna"], planned_for=NOON + timedelta(days=2))
    monkeypatch.setattr(service, "FEW", few)
    assert titles(vera, f"q={quote(query)}") == expected


def test_days_are_those_of_the_clinic(vera: Api, db: Database, clinic: make.Clinic) -> None:
    just_after_midnight = datetime(2025, 11, 23, 23, 30, tzinfo=UTC)
    make.procedure(db, clinic, planned_for=just_after_midnight, title="24th in Budapest")
    assert titles(vera, "planned_from=2025-11-24&planned_to=2025-11-24") == ["24th in Budapest"]
    assert titles(vera, "planned_to=2025-11-23") == []


def test_an_injected_scar_is_found_though_it_was_not_planned(vera: Api, clinic: make.Clinic, db: Database) -> None:
    case = stages.begun(vera, clinic)
    chin = make.scar(db, clinic, case.patient_id, subunit="chin")["id"]
    assert titles(vera, "subunit=chin") == []
    case.record(make.entry("injection", scar_id=chin, volume_ml=1, plane="subdermal"))
    assert len(titles(vera, "subunit=chin")) == 1


def test_other_clinics_procedures_are_not_listed(vera: Api, db: Database, other_clinic: make.Clinic) -> None:
    make.procedure(db, other_clinic)
    assert titles(vera, "") == []


@pytest.mark.parametrize(
    "cursor",
    ["x", "WyJhIiwiYiJd", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDE5MzFjMWUtN2E1Mi03YzJiLTlmMGUtMDEyMzQ1Njc4OWFiIl0"],
)
def test_an_invented_cursor_is_refused(vera: Api, cursor: str) -> None:
    assert vera.get(f"/procedures?cursor={cursor}", 422)["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize("query", ["state=done", "planned_from=2025-13-01", "surgeon_id=7", "order=asc", "planned_to=1899-01-01"])
def test_a_wrong_filter_is_refused_by_name(vera: Api, query: str) -> None:
    assert vera.get(f"/procedures?{query}", 422)["errors"][0]["pointer"] == "/" + query.partition("=")[0]


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
def test_the_first_and_last_days_there_are_can_be_asked_for(vera: Api, day: str) -> None:
    assert titles(vera, f"planned_from={day}&planned_to={day}") == []
