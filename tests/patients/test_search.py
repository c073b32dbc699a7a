"""Finding patients by what people type."""

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from server.patients import service
from tests import make
from tests.api import Api


@pytest.fixture
def patients(db: Any, clinic: make.Clinic) -> None:
    """Anna Petrauskienė, Áron Szűcs and Δήμητρα Παπαδοπούλου."""
    make.patient(db, clinic, mrn="2026-0017", phone="+36 30 123 4567")
    make.patient(db, clinic, mrn="RPS/18", family_name="Szűcs", given_name="Áron", phone="06 (1) 555-0199")
    make.patient(db, clinic, mrn="100%_a", family_name="Παπαδοπούλου", given_name="Δήμητρα")


def found(tablet: Api, q: str) -> list[str]:
    """Given names of whom the list shows."""
    return [one["given_name"] for one in tablet.get(f"/patients?q={quote(q)}")["items"]]


@pytest.mark.usefixtures("patients")
@pytest.mark.parametrize(
    "q",
    [
        "petrauskienė",
        "PETRAUSKIENĖ",
        unicodedata.normalize("NFD", "Petrauskienė"),
        "petrauskiene",
        "ausk",
        "anna petr",
        "Petrauskienė, Anna".replace(",", ""),
        "2026-0017",
        "+36 30 123 4567",
        "+36301234567",
        "36/30/123.4567",
        "30 123",
        "1234567",
    ],
)
def test_anna_is_found_as_people_type(vera: Api, q: str) -> None:
    assert found(vera, q) == ["Anna"]


@pytest.mark.usefixtures("patients")
@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("szucs", ["Áron"]),
        ("ŐSZŰCS", []),
        ("(1) 555-0199", ["Áron"]),
        ("rps/18", ["Áron"]),
        ("ΠΑΠΑΔΟΠΟΥΛΟΥ", ["Δήμητρα"]),
        ("100%_", ["Δήμητρα"]),
        ("%", ["Δήμητρα"]),
        ("0%7", []),
        ("anna szűcs", []),
        ("nobody", []),
    ],
)
@pytest.mark.parametrize("few", [0, 500])
def test_others_are_found_and_told_apart(vera: Api, monkeypatch: pytest.MonkeyPatch, q: str, who: list[str], few: int) -> None:
    """However many there are before they are called few."""
    monkeypatch.setattr(service, "FEW", few)
    assert found(vera, q) == who


def test_a_new_name_is_found_and_the_old_is_not(vera: Api, clinic: make.Clinic, db: Any) -> None:
    anna = make.patient(db, clinic)
    vera.patch(f"/patients/{anna['id']}", {"family_name": "Kazlauskaitė"}, anna["write_id"])
    assert found(vera, "kazlauskaite") == ["Anna"]
    assert found(vera, "petrauskienė") == []


def test_other_clinics_patients_are_not_found(vera: Api, other_clinic: make.Clinic, db: Any) -> None:
    make.patient(db, other_clinic)
    assert found(vera, "petrauskienė") == []


def all_pages(tablet: Api, limit: int) -> list[dict[str, Any]]:
    """Every patient, a page at a time."""
    items, cursor = [], ""
    while True:
        page = tablet.get(f"/patients?limit={limit}{cursor}")
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 3, 6, 7])
def test_paging_shows_each_patient_once_and_in_order(vera: Api, clinic: make.Clinic, db: Any, limit: int) -> None:
    names = [
        ("Kiss", "Éva"),
        ("Kiss", "Éva"),
        ("Kiss", "Eva"),
        ("kiss", "Éva"),
        ("Ács", "Lili"),
        ("Öz", "Can"),
        ("Z'ev-Ö\u00a0x", "\U0001f600"),
    ]
    made = [make.patient(db, clinic, family_name=family, given_name=given)["id"] for family, given in names]
    items = all_pages(vera, limit)
    assert sorted(one["id"] for one in items) == sorted(made)
    assert items == vera.get("/patients?limit=200")["items"]


def test_the_longest_names_still_have_a_next_page(vera: Api, clinic: make.Clinic, db: Any) -> None:
    for _ in range(2):
        make.patient(db, clinic, family_name="\U0001f9ec" * 120, given_name="Ж" * 120)
    assert len(all_pages(vera, 1)) == 2


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJhIiwiYiIsImMiXQ", "WyJcdTAwMDAiLCJiIiwiMDE5MzFjMWUtN2E1Mi03YzJiLTlmMGUtMDEyMzQ1Njc4OWFiIl0", "é"]
)
def test_an_invented_cursor_is_refused(vera: Api, cursor: str) -> None:
    assert vera.get(f"/patients?cursor={quote(cursor)}", 422)["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=ten", "limit=", "q=", "page=2", "limit=1&limit=2"])
def test_a_wrong_query_is_refused_by_name(vera: Api, query: str) -> None:
    assert vera.get(f"/patients?{query}", 422)["errors"][0]["pointer"] == "/" + query.partition("=")[0]
