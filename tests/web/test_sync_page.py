"""The page about tablets' rows."""

from collections.abc import Callable
from uuid import UUID

import pytest

from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Tablet, anna, issues, paired, row, scar_of
from tests.web.browser import Browser, Page, faults


@pytest.fixture
def nora(db: Database, clinic: make.Clinic) -> Tablet:
    """The tablet at which Nóra Szabó, nurse, is signed in."""
    return paired(db, clinic, clinic.nurse)


def test_a_page_with_nothing_to_do_says_what_will_stand_here(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/sync")
    assert "Everything that tablets sent is in the record" in page.text
    assert "nothing is ever thrown away" in page.text
    assert faults(page) == []


def test_a_conflict_shows_both_values_and_who_sent_the_other(vera: Api, vera_at_desk: Browser, nora: Tablet, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    before = vera.get(f"/patients/{case.patient_id}")
    vera.patch(f"/patients/{case.patient_id}", {"weight_kg": 64}, before["write_id"])
    nora.push("patients", row({**before, "weight_kg": 59}, base=before))
    page = vera_at_desk.open("/sync")
    assert "Two people changed the same Patient, Petrauskienė, Anna Nóra Szabó. Theatre 1" in page.text
    assert "In the record From the tablet Weight (kg) 64 59" in page.text
    assert faults(page) == []
    (action,) = [one for one in page.forms if one.startswith("/sync/")]
    done = vera_at_desk.open(vera_at_desk.send(page, action, choice="take_other").location)
    assert "The tablet's value is in the record now." in done.text
    assert vera.get(f"/patients/{case.patient_id}")["weight_kg"] == 59
    again = Page(vera_at_desk.send(page, action, 409, choice="keep_server"))
    assert "Somebody has resolved this already" in again.text
    assert faults(done) == faults(again) == []


def test_a_rejection_without_a_reason_points_to_the_note(vera: Api, vera_at_desk: Browser, nora: Tablet) -> None:
    nora.push("patients", row(anna(birth_date="2999-01-01", notes="\ud800 <b>")))
    page = vera_at_desk.open("/sync")
    assert "Notes: Contains a control character or half of a character; remove it." in page.text
    assert "Birth date 2999-01-01" in page.text
    (action,) = [one for one in page.forms if one.startswith("/sync/")]
    refused = Page(vera_at_desk.send(page, action, 422, choice="reject"))
    assert "Say why it is rejected" in refused.text
    assert f"#note-{action.rpartition('/')[2]}" in refused.hrefs
    assert faults(page) == faults(refused) == []
    vera_at_desk.send(refused, action, choice="reject", note="A test row.")
    assert issues(vera) == []


def test_every_kind_has_its_words(vera: Api, vera_at_desk: Browser, db: Database, clinic: make.Clinic, nora: Tablet) -> None:
    other, alone = paired(db, clinic, clinic.surgeon, "Theatre 2"), paired(db, clinic, None, "Theatre 3")
    case, signed = stages.begun(vera, clinic), stages.signed(make_second(vera), clinic)
    facts = {"site": "flank", "lipoaspirate_ml": 20}
    nora.push("entries", nora.entry("harvest", case.id, recorded_at=stages.at(40), **facts))
    other.push("entries", other.entry("harvest", case.id, recorded_at=stages.at(40.5), **facts), offset_ms=10**9)
    alone.push("entries", alone.entry("note", case.id, text="calm", recorded_by=str(clinic.nurse.user_id)))
    nora.push("entries", nora.entry("note", signed.id, text="Second swab"), counts={UUID(case.id): (3, 9)})
    nora.push("scars", row(scar_of(str(uuid7()))))
    page = vera_at_desk.open("/sync")
    assert {one["kind"] for one in issues(vera)} == {"possible_duplicate", "clock", "unverified", "late", "gap", "held"}
    for said in (
        "Perhaps recorded twice",
        "A clock is wrong",
        "Named, but not signed in",
        "Arrived after the signature",
        "recorded 3 entries",
    ):
        assert said in page.text
    assert faults(page) == []
    only = vera_at_desk.open("/sync?kind=held&limit=1")
    assert "Perhaps recorded twice" not in only.part("main").partition("Waits for something else")[2]
    assert "Nothing of this kind" in vera_at_desk.open("/sync?kind=quarantined").text


def make_second(vera: Api) -> Api:
    """The first case has taken the patient's number."""
    first = vera.get("/patients")["items"][0]
    vera.patch(f"/patients/{first['id']}", {"mrn": "RPS-00018"}, first["write_id"])
    return vera


def test_the_signing_page_names_what_a_tablet_has_not_brought(vera: Api, vera_at_desk: Browser, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.completed(vera, clinic)
    rows = [nora.entry("note", case.id, text=f"Step {number}", recorded_at=stages.at(60)) for number in range(41)]
    nora.push("entries", *rows[:16], *rows[17:], counts={UUID(case.id): (41, 41)})
    page = vera_at_desk.open(f"/procedures/{case.id}")
    assert "recorded 41 entries, 40 arrived, number 17 is missing." in page.part("eye")
    assert faults(page) == []


def test_only_who_records_sees_the_page(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    assert "/sync" in at_desk(clinic.nurse).open("/sync").hrefs
    for person in (clinic.coordinator, clinic.admin):
        browser = at_desk(person)
        assert "/sync" not in browser.open("/procedures").hrefs
        browser.open("/sync", 403)


def test_another_clinics_issue_is_as_unknown_as_none(
    vera: Api, vera_at_desk: Browser, other_clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    theirs = paired(db, other_clinic, other_clinic.nurse)
    theirs.push("scars", row(scar_of(str(uuid7()))))
    page = at_desk(other_clinic.nurse).open("/sync")
    (action,) = [one for one in page.forms if one.startswith("/sync/")]
    mine = vera_at_desk.open("/sync")
    assert "Waits for something else" not in mine.text
    known = vera_at_desk.client.post(action, data={"csrf": page_csrf(mine), "choice": "release"})
    unknown = vera_at_desk.client.post(f"/sync/{uuid7()}", data={"csrf": page_csrf(mine), "choice": "release"})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data) == (404, known.data)
    assert vera.token


def page_csrf(page: Page) -> str:
    """The proof that any form of the page carries."""
    return next(iter(page.forms.values()))["csrf"]
