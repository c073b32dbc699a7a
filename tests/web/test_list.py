"""The list of procedures."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.vocabulary import ProcedureState, Role, VisitState
from server.clinics import service as clinics
from server.db import Database
from server.followup.models import Visit
from server.patients import service as patients
from server.web.procedure_grid import visit
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.procedures import case as stages
from tests.sync.test_together import counted
from tests.web.browser import Browser, faults
from tests.web.case import completed


def test_before_the_first_procedure_the_list_says_how_one_gets_there(
    vera_at_desk: Browser, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    assert "No procedure is recorded yet" in at_desk(clinic.nurse).open("/procedures").text
    page = vera_at_desk.open("/procedures")
    assert "Nothing of yours waits for a signature" in page.text
    assert "/api/docs" in page.hrefs
    assert faults(page) == []


def test_a_row_says_who_when_how_much_and_that_it_is_a_draft(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    completed(db, clinic, mrn="RPS-77")
    page = vera_at_desk.open("/procedures")
    assert "Petrauskienė, Anna RPS-77 0.8 mL 1 of 1 scar Draft None" in page.text
    assert "Times are those of the clinic, Europe/Budapest." in page.text
    assert faults(page) == []


def test_a_day_is_the_clinics_day(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    make.procedure(db, clinic, planned_for=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert "Mon 23 Nov 2026 00:30" in vera_at_desk.open("/procedures").text


def test_what_is_planned_is_called_planned(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic)
    scar = make.scar(db, clinic, anna["id"])
    make.procedure(db, clinic, patient_id=anna["id"], plan={"injections": [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 1500}]})
    assert "1.5 mL planned 1 scar Planned None" in vera_at_desk.open("/procedures").text


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
    make.procedure(db, clinic, surgeon_id=gabor.id, patient_id=make.patient(db, clinic, given_name="Eszter")["id"])
    assert "Dr Gábor Molnár" in vera_at_desk.open("/procedures?whose=all").text
    assert "Eszter" not in vera_at_desk.open("/procedures").text
    assert "Eszter" in vera_at_desk.open(f"/procedures?whose={gabor.id}").text


def test_when_nothing_matches_the_way_back_is_shown(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    make.procedure(db, clinic)
    page = vera_at_desk.open("/procedures?q=nobody+of+this+name")
    assert "No procedure matches" in page.text
    assert "/procedures" in page.hrefs


def test_a_filter_that_does_not_exist_is_a_page_that_says_so(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/procedures?state=lost", 422)
    assert "Must be one of: any, unsigned, planned" in page.text
    assert "Choose from the list: mine" in vera_at_desk.open(f"/procedures?whose={uuid.uuid4()}", 422).text
    assert "Must be a date" in vera_at_desk.open("/procedures?planned_from=yesterday", 422).text
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
        following = [href for href in page.hrefs if href.startswith("/procedures?") and "cursor=" in href]
        address, pages = (following[0], pages + 1) if following else ("", pages + 1)
        assert all("state=planned" in href for href in following)
    assert seen == ["Family5", "Family4", "Family3", "Family2", "Family1"]
    assert pages == 3


def test_hillside_sees_nothing_of_riverside(
    clinic: make.Clinic, other_clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)
    assert "No procedure is recorded yet" in at_desk(other_clinic.nurse).open("/procedures").text


def test_vera_first_sees_what_is_hers_and_not_signed(vera: Api, vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    completed(db, clinic, family_name="Novák")
    stages.signed(vera, clinic)
    page = vera_at_desk.open("/procedures")
    assert "Mine, not signed" in page.text
    assert "Novák" in page.text
    assert "Petrauskienė" not in page.text
    assert "Petrauskienė" in vera_at_desk.open("/procedures?whose=all").text


def test_nora_who_signs_nothing_first_sees_everything(clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]) -> None:
    make.procedure(db, clinic, patient_id=make.patient(db, clinic, family_name="Balogh")["id"])
    page = at_desk(clinic.nurse).open("/procedures")
    assert "Balogh" in page.text
    assert "Mine" not in page.text


def test_a_day_from_and_a_day_to_are_both_included(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    for day in (3, 4, 5):
        who = make.patient(db, clinic, family_name=f"Family{day}")
        make.procedure(db, clinic, patient_id=who["id"], planned_for=datetime(2026, 5, day, 9, tzinfo=UTC))
    page = vera_at_desk.open("/procedures?planned_from=2026-05-04&planned_to=2026-05-05")
    assert ("Family3" in page.text, "Family4" in page.text, "Family5" in page.text) == (False, True, True)


def test_each_photo_and_each_visit_is_said(vera: Api, vera_at_desk: Browser, clinic: make.Clinic) -> None:
    """Signed, then one photo whole and one on its way."""
    case = stages.signed(vera, clinic)
    assert "scars Signed None " in vera_at_desk.open("/procedures?whose=all").text
    sent(vera, case.patient_id, cheek(), procedure_id=case.id)
    assert "scars Signed 1 stored " in vera_at_desk.open("/procedures?whose=all").text
    announced(vera, case.patient_id, cheek(410), procedure_id=case.id)
    assert "scars Signed 1 of 2 to come " in vera_at_desk.open("/procedures?whose=all").text
    assert "No procedure matches" in vera_at_desk.open("/procedures?whose=all&photos=missing").text
    vera.post(f"{case.path}/addenda", {"text": "Redness.", **make.proof(1)})
    assert "Signed, 1 added" in vera_at_desk.open("/procedures?whose=all").text


@pytest.mark.parametrize(
    ("state", "days", "told", "word"),
    [
        (VisitState.PLANNED, -20, False, "Not due"),
        (VisitState.PLANNED, -20, True, "Reminded"),
        (VisitState.DUE, 0, False, "Due"),
        (VisitState.DUE, 0, True, "Due, reminded"),
        (VisitState.DUE, 19, True, "12 d late"),
        (VisitState.BOOKED, 0, True, "Booked"),
        (VisitState.ATTENDED, 0, True, "Seen"),
        (VisitState.LOST_TO_FOLLOW_UP, 400, True, "Lost"),
    ],
)
def test_a_visit_in_two_words(state: VisitState, days: int, told: bool, word: str) -> None:
    """`days` after its day, in a window of a week on both sides."""
    day = date(2026, 5, 20)
    one = Visit(id=uuid.uuid4(), state=state, target_date=day, opens_on=day - timedelta(7), closes_on=day + timedelta(7))
    assert visit(one, day + timedelta(days), frozenset({one.id} if told else ())).word == word


def test_a_long_list_asks_no_more_questions_than_a_short_one(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    """However many rows a page has, the database is asked as often: 100 000 procedures page as fast as five."""
    asked = []
    for many in (5, 30):
        for _ in range(many):
            completed(db, clinic)
        with counted(db) as statements:
            vera_at_desk.open("/procedures?whose=all")
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_all_words_of_a_search_are_sought_in_one_reading_of_the_patients(
    vera_at_desk: Browser, clinic: make.Clinic, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That reading is the dearest there is, and a first and a last name are often typed together, both of which many have."""
    completed(db, clinic, family_name="Balogh", given_name="Eszter")
    monkeypatch.setattr(patients, "FEW", 0)
    with counted(db) as statements:
        page = vera_at_desk.open("/procedures?whose=all&q=balogh+eszter+nanofat")
    assert "Balogh, Eszter" in page.text
    assert len([one for one in statements if one.startswith("SELECT patients.id") and "patients.search" in one]) == 1


def test_where_nothing_matches_nothing_more_is_asked(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    """PostgreSQL starts workers even for the plans, visits and photographs of no procedure at all."""
    completed(db, clinic)
    with counted(db) as statements:
        vera_at_desk.open("/procedures?whose=all&q=nobody")
    assert not [one for one in statements if any(f"FROM {table}" in one for table in ("visits", "photos", "planned_injections", "addenda"))]
