"""Dr Vera Kovács plans at her desk: answers while she edits, saving, a tablet that was faster, undoing, her usual settings."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState
from server.db import Database
from tests import make
from tests.api import Api
from tests.web.browser import Browser, Page, faults


class Desk:
    """Anna's planned procedure with one scar in, and the page's boxes as they stand for it."""

    def __init__(self, db: Database, clinic: make.Clinic) -> None:
        """0.8 mL, intradermal, for the first of two scars."""
        anna = make.patient(db, clinic)
        place = {"view": "front", "x_e4": 6000, "y_e4": 5000}
        self.cheek = make.scar(db, clinic, anna["id"], label="Left cheek", **place)["id"]
        self.temple = make.scar(db, clinic, anna["id"], label="Temple", subunit="temple", morphology="boxcar_deep")["id"]
        plan = {"harvest_site": "flank", "injections": [{"scar_id": uuid.UUID(self.cheek), "volume_ul": 800, "plane": "intradermal"}]}
        self.done = make.procedure(db, clinic, patient_id=anna["id"], plan=plan)
        self.path = f"/procedures/{self.done['id']}/plan"

    def typed(self, **more: str) -> dict[str, str]:
        """As the browser sends the form; `temple` puts the second scar in."""
        boxes = {"planned_for": "2026-12-01T08:30", "title": "Nanofat", "harvest_site": "flank"}
        boxes |= {f"in-{self.cheek}": "1", f"volume_ml-{self.cheek}": "0.8", f"plane-{self.cheek}": "intradermal"}
        if temple := more.pop("temple", ""):
            boxes |= {f"in-{self.temple}": "1", f"volume_ml-{self.temple}": temple}
        return boxes | more


@pytest.fixture
def desk(db: Database, clinic: make.Clinic) -> Desk:
    """Anna's plan."""
    return Desk(db, clinic)


def _plan(vera: Api, desk: Desk) -> dict[str, Any]:
    return dict(vera.get(f"/procedures/{desk.done['id']}")["plan"])


def test_the_page_says_what_is_planned_and_what_it_needs(vera_at_desk: Browser, desk: Desk) -> None:
    page = vera_at_desk.open(desk.path)
    assert faults(page) == []
    assert "As stored" in page.text
    assert 'aria-label="Front: 1 marked"' in page.html
    assert "0.9 mL" in page.part("plan")
    assert "Undo" not in page.text


def test_the_answers_are_worked_out_without_storing(vera_at_desk: Browser, desk: Desk, vera: Api) -> None:
    page = vera_at_desk.open(desk.path)
    answers = Page(vera_at_desk.send(page, desk.path, 200, do="answers", **desk.typed(temple="1.5")))
    assert faults(answers) == []
    assert "Draft, not saved" in answers.text
    assert "2.5 mL" in answers.part("plan")  # 0.8 + 1.5 mL and 0.1 mL in each syringe
    assert "Temple (temple)" in answers.part("plan")
    fragment = vera_at_desk.client.post(f"{desk.path}/answers", data=page.forms[desk.path] | desk.typed(temple="1.5"))
    assert "2.5" in fragment.text
    assert "<html" not in fragment.text
    assert len(_plan(vera, desk)["injections"]) == 1


def test_saving_stores_what_the_api_shows_and_undo_puts_it_back(vera_at_desk: Browser, desk: Desk, vera: Api) -> None:
    before = _plan(vera, desk)
    saved = vera_at_desk.send(vera_at_desk.open(desk.path), desk.path, 303, do="save", **desk.typed(temple="1.5", passes="30"))
    plan = _plan(vera, desk)
    assert [one["volume_ml"] for one in plan["injections"]] == [0.8, 1.5]
    assert plan["passes"] == 30
    page = vera_at_desk.open(saved.location)
    assert "The plan is saved." in page.text
    vera_at_desk.send(page, f"{desk.path}/undo")
    assert _plan(vera, desk) == before


def test_a_slip_is_named_and_nothing_typed_is_lost(vera_at_desk: Browser, desk: Desk, vera: Api) -> None:
    slip = desk.typed(aperture_um="0.5", temple="a lot", assistant="Nóra Szabó")
    page = Page(vera_at_desk.send(vera_at_desk.open(desk.path), desk.path, 422, do="save", **slip))
    assert page.title.startswith("Error: ")
    assert f"#volume_ml-{desk.temple}" in page.hrefs
    assert 'value="a lot"' in page.html
    assert 'value="Nóra Szabó"' in page.html
    slip = desk.typed(aperture_um="0.5")
    page = Page(vera_at_desk.send(vera_at_desk.open(desk.path), desk.path, 422, do="save", **slip))
    assert "#aperture_um" in page.hrefs
    assert faults(page) == []
    assert "passes" not in _plan(vera, desk)


@pytest.mark.parametrize(
    ("box", "value"),
    [
        ("passes", "inf"),
        ("passes", "nan"),
        ("passes", "1e300"),
        ("weight_kg", "1.7e308"),
        ("planned_for", "0001-01-01T00:00"),
        ("planned_for", ""),
        ("title", ""),
        ("harvest_site", "elbow"),
        ("consent_on", "yesterday"),
        ("assistant", "a\x00b"),
    ],
)
def test_every_odd_value_leads_to_its_box(vera_at_desk: Browser, desk: Desk, box: str, value: str) -> None:
    page = Page(vera_at_desk.send(vera_at_desk.open(desk.path), desk.path, 422, do="save", **desk.typed(**{box: value})))
    assert f"#{box}" in page.hrefs
    assert faults(page) == []


def test_a_tablet_that_was_faster_is_shown_beside_what_she_typed(vera_at_desk: Browser, desk: Desk, vera: Api) -> None:
    page = vera_at_desk.open(desk.path)
    read = vera.get(f"/procedures/{desk.done['id']}")
    faster = {"plan": {"harvest_site": "hip", "injections": []}}
    vera.call("PATCH", f"/procedures/{desk.done['id']}", json=faster, headers={"If-Match": f'"{read["write_id"]}"'})
    both = Page(vera_at_desk.send(page, desk.path, 412, do="save", **desk.typed(temple="1.5")))
    assert "Harvest site hip flank" in both.part("theirs")
    assert faults(both) == []
    assert _plan(vera, desk)["harvest_site"] == "hip"
    vera_at_desk.send(both, desk.path, 303, do="save", **desk.typed(temple="1.5"))
    assert _plan(vera, desk)["harvest_site"] == "flank"


def test_undoing_what_somebody_changed_since_is_refused(vera_at_desk: Browser, desk: Desk, vera: Api) -> None:
    saved = vera_at_desk.send(vera_at_desk.open(desk.path), desk.path, 303, do="save", **desk.typed(passes="30"))
    page = vera_at_desk.open(saved.location)
    vera_at_desk.send(page, desk.path, 303, do="save", **desk.typed(passes="40"))
    vera_at_desk.send(page, f"{desk.path}/undo", 412)
    assert _plan(vera, desk)["passes"] == 40


def test_her_last_settings_fill_the_form_only_when_she_asks(vera_at_desk: Browser, desk: Desk, db: Database, clinic: make.Clinic) -> None:
    assert "Use my last" not in vera_at_desk.open(desk.path).text
    earlier = make.patient(db, clinic, family_name="Kiss")
    scar = make.scar(db, clinic, earlier["id"], morphology="rolling", length_um=20000, width_um=10000)  # 2 cm²
    injections = [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 1000}]
    make.procedure(
        db, clinic, patient_id=earlier["id"], plan={"harvest_site": "hip", "passes": 25, "aperture_um": 400, "injections": injections}
    )
    page = vera_at_desk.open(desk.path)
    assert 'name="passes" type="number" value=""' in page.html
    filled = Page(vera_at_desk.send(page, desk.path, 200, do="usual", **desk.typed(temple="5")))
    assert 'name="passes" type="number" value="25"' in filled.html
    assert 'value="hip" selected' in filled.html
    assert f'name="volume_ml-{desk.temple}" type="number" value="0.5"' in filled.html  # 0.5 mL/cm² × 0.96 cm²
    assert f'name="volume_ml-{desk.cheek}" type="number" value="0.8"' in filled.html  # a line has no area
    assert faults(filled) == []


@pytest.mark.parametrize("state", [ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED])
def test_a_procedure_that_has_begun_says_why_and_leads_to_its_log(
    vera_at_desk: Browser, db: Database, clinic: make.Clinic, state: ProcedureState
) -> None:
    done = make.procedure(db, clinic, state=state)
    page = vera_at_desk.open(f"/procedures/{done['id']}/plan")
    assert "This plan no longer changes" in page.text
    assert f"/procedures/{done['id']}" in page.hrefs


def test_who_may_not_plan_is_told(at_desk: Callable[[make.Person], Browser], clinic: make.Clinic, desk: Desk) -> None:
    at_desk(clinic.coordinator).open(desk.path, 403)
