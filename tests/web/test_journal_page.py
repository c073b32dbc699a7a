"""The journal for people: every change in words, and its newest checkpoint."""

from collections.abc import Callable

import pytest

from server.app import App
from server.ids import uuid7
from server.journal import checkpoints
from server.journal.service import journaled_tables
from server.web.journal_words import COLLECTIONS
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.web.browser import Browser, faults


def test_every_collection_has_a_name() -> None:
    assert journaled_tables() <= set(COLLECTIONS)


def test_the_newest_change_stands_first_with_who_and_whom(vera: Api, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    case = stages.signed(vera, clinic)
    page = vera_at_desk.open("/journal")
    text = page.part("rows")
    assert "Petrauskienė, Anna Dr Vera Kovács" in text
    for said in ("Signature recorded", "Procedure signed", "Procedure completed", "Entry recorded"):
        assert said in text, said
    assert text.index("Procedure completed") < text.index("Entry recorded")
    assert f"/patients/{case.patient_id}" in page.hrefs
    assert faults(page) == []


def test_filters_stand_in_the_address(vera: Api, clinic: make.Clinic, as_: Callable[[make.Person], Api], vera_at_desk: Browser) -> None:
    case = stages.planned(vera, clinic)
    as_(clinic.nurse).post("/patients", {"mrn": "2", "family_name": "Kiss", "given_name": "Bence"})
    patients = vera_at_desk.open("/journal?collection=patients").part("rows")
    assert "Scar recorded" not in patients
    assert "Kiss, Bence Nóra Szabó" in patients
    noras = vera_at_desk.open(f"/journal?person={clinic.nurse.user_id}").part("rows")
    assert "Kiss, Bence" in noras
    assert "Petrauskienė" not in noras
    one = vera_at_desk.open(f"/journal?record={case.patient_id}").part("rows")
    assert "Of one record only." in one
    assert "Kiss" not in one
    assert "No change matches" in vera_at_desk.open(f"/journal?record={uuid7()}").text


def test_page_after_page_leaves_nothing_out(vera: Api, clinic: make.Clinic, vera_at_desk: Browser, app: App) -> None:
    stages.begun(vera, clinic)
    page, seen = vera_at_desk.open("/journal?limit=7"), []
    while True:
        seen += [int(cell.partition("<")[0]) for cell in page.html.split('<td role="cell" class="figure" data-label="No">')[1:]]
        following = next((href for href in page.hrefs if "cursor=" in href), None)
        if following is None:
            break
        assert "limit=7" in following
        page = vera_at_desk.open(following)
    assert seen == sorted((row.seq for row in make.journal(app.db, clinic)), reverse=True)


def test_the_checkpoint_says_what_it_covers_and_how_it_is_verified(vera: Api, clinic: make.Clinic, vera_at_desk: Browser, app: App) -> None:
    vera.post("/patients", {"mrn": "2", "family_name": "Kiss", "given_name": "Bence"})
    assert "None yet" in vera_at_desk.open("/journal").part("checkpoint")
    with app.db.transaction(clinic.id) as session:
        taken = checkpoints.take(session, app.settings.keys)
        assert taken is not None
    vera.post("/patients", {"mrn": "3", "family_name": "Kiss", "given_name": "Éva"})
    said = vera_at_desk.open("/journal").part("checkpoint")
    assert f"Rows it covers {taken.size} of {taken.size + 1}" in said
    assert f"Key {taken.key_id} Root {taken.root.hex()}" in said
    assert f"graftlog journal export FILE --clinic {clinic.id}" in said


def test_reading_it_is_logged_for_everybody_on_the_page(vera: Api, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    case = stages.begun(vera, clinic)
    vera_at_desk.open("/journal")
    assert vera.get(f"/patients/{case.patient_id}/access?limit=1")["items"][0]["reading"] == "history"


def test_another_clinic_has_another_journal(
    vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]
) -> None:
    case = stages.planned(vera, clinic)
    theirs = at_desk(other_clinic.surgeon)
    assert "Petrauskienė" not in theirs.open("/journal").text
    assert "No change matches" in theirs.open(f"/journal?record={case.patient_id}").text


@pytest.mark.parametrize("asked", ["collection=faces", "person=7", "record=x", "cursor=x", "cursor=WyJ4Il0", "cursor=Wy0xXQ", "limit=0"])
def test_a_bad_address_is_refused(vera_at_desk: Browser, asked: str) -> None:
    vera_at_desk.open(f"/journal?{asked}", 422)


def test_who_may_not_read_it_does_not(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    for person in (clinic.nurse, clinic.admin):
        browser = at_desk(person)
        browser.open("/journal", 403)
        assert "/journal" not in browser.open("/account").hrefs


def test_the_journal_leads_to_how_this_version_stood_its_drills(vera_at_desk: Browser) -> None:
    """All of them are named, with what must hold and how it ended; and where that was shown, which was not here."""
    assert "/drills" in vera_at_desk.open("/journal").hrefs
    page = vera_at_desk.open("/drills")
    assert "24 passed, 0 failed, 0 not shown" in page.text
    assert "not on your server" in page.text
    for said in ("F1 Kill -9 of all PostgreSQL processes", "F24 SQLite: kill -9 while writing", "Figures of F17"):
        assert said in page.text, said
    assert faults(page) == []
