"""The list of procedures."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from schemas.vocabulary import ProcedureState, Role
from server.clinics import service as clinics
from server.db import Database
from tests import make
from tests.web.browser import Browser, faults
from tests.web.case import completed


def test_before_the_first_procedure_the_list_says_how_one_gets_there(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/procedures")
    assert "No procedure is recorded yet" in page.text
    assert "/api/docs" in page.hrefs
    assert faults(page) == []


def test_a_row_says_who_when_how_much_and_that_it_is_a_draft(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    completed(db, clinic, mrn="RPS-77")
    page = vera_at_desk.open("/procedures")
    assert "Petrauskienė, Anna RPS-77 1 of 1 0.8 mL Draft, not signed Dr Vera Kovács" in page.text
    assert "Times are those of the clinic, Europe/Budapest." in page.text
    assert faults(page) == []


def test_a_day_is_the_clinics_day(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    make.procedure(db, clinic, planned_for=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert "Mon 23 Nov 2026 00:30" in vera_at_desk.open("/procedures").text


def test_what_is_planned_is_called_planned(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic)
    scar = make.scar(db, clinic, anna["id"])
    make.procedure(db, clinic, patient_id=anna["id"], plan={"injections": [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 1500}]})
    assert "1 planned 1.5 mL planned Planned" in vera_at_desk.open("/procedures").text


def test_filters_stand_in_the_address(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    make.procedure(db, clinic, patient_id=make.patient(db, clinic, family_name="Balogh", given_name="Eszter")["id"])
    completed(db, clinic, family_name="Novák", given_name="Hana")
    assert "Balogh" not in vera_at_desk.open("/procedures?state=completed&q=").text
    assert "Novák" in vera_at_desk.open("/procedures?state=completed").text
    page = vera_at_desk.open("/procedures?q=eszt+BAL")
    assert "Balogh" in page.text
    assert "Novák" not in page.text
    assert 'value="eszt BAL"' in page.html


def test_mine_are_those_i_operate(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    with db.transaction(clinic.id) as session:
        gabor = clinics.create_user(
            session, email=f"{uuid.uuid4()}@clinic.example", name="Dr Gábor Molnár", roles=[Role.SURGEON], password=make.PASSWORD
        )
    make.procedure(db, clinic, surgeon_id=gabor.id)
    assert "Dr Gábor Molnár" in vera_at_desk.open("/procedures").text
    assert "Dr Gábor Molnár" not in vera_at_desk.open("/procedures?mine=1").text


def test_when_nothing_matches_the_way_back_is_shown(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    make.procedure(db, clinic)
    page = vera_at_desk.open("/procedures?q=nobody+of+this+name")
    assert "No procedure matches" in page.text
    assert "/procedures" in page.hrefs


def test_a_filter_that_does_not_exist_is_a_page_that_says_so(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/procedures?state=lost", 422)
    assert "Must be one of: planned" in page.text
    assert vera_at_desk.open("/procedures?cursor=bm90aGluZw", 422)


def test_pages_follow_each_other_and_keep_the_filter(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    for day in range(1, 6):
        family = f"Family{day}"
        when = datetime(2026, 5, day, 9, tzinfo=UTC)
        make.procedure(db, clinic, patient_id=make.patient(db, clinic, family_name=family)["id"], planned_for=when)
    seen, address, pages = [], "/procedures?limit=2&state=planned", 0
    while address:
        page = vera_at_desk.open(address)
        seen += [word for word in page.text.replace(",", "").split() if word.startswith("Family")]
        following = [href for href in page.hrefs if "cursor=" in href]
        address, pages = (following[0], pages + 1) if following else ("", pages + 1)
        assert all("state=planned" in href for href in following)
    assert seen == ["Family5", "Family4", "Family3", "Family2", "Family1"]
    assert pages == 3


def test_hillside_sees_nothing_of_riverside(
    clinic: make.Clinic, other_clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)
    assert "No procedure is recorded yet" in at_desk(other_clinic.surgeon).open("/procedures").text
