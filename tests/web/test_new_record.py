"""From an unknown patient to a printed plan, in the browser and without script: Vera registers Bence Kiss."""

import uuid
from pathlib import Path

from schemas.vocabulary import FaceView
from server.db import Database
from server.web.drawings.face import alone
from tests import make
from tests.api import Api
from tests.web.browser import Browser, Page, faults

STATIC = Path(__file__).parents[2] / "server" / "web" / "static"
SCAR = {"label": "Left cheek", "subunit": "cheek_medial", "side": "left", "morphology": "rolling", "aetiology": "acne"}


def test_a_case_is_planned_from_nothing(vera_at_desk: Browser, clinic: make.Clinic, vera: Api) -> None:
    page = vera_at_desk.open("/patients/new")
    assert faults(page) == []
    to = vera_at_desk.send(
        page, "/patients/new", mrn=f"D-{uuid.uuid4()}", family_name="Kiss", given_name="Bence", weight_kg="74,5"
    ).location
    page = vera_at_desk.open(to)
    assert faults(page) == []
    assert "New procedure of" in page.text
    day = {"planned_for": "2026-12-03T08:30", "surgeon_id": str(clinic.surgeon.user_id)}
    plan = vera_at_desk.send(page, to, 303, **day).location
    assert "No scar of this patient is recorded yet." in vera_at_desk.open(plan).text
    form = plan.removesuffix("/plan") + "/scars/new"
    page = vera_at_desk.open(form)
    assert faults(page) == []
    clicked = Page(vera_at_desk.send(page, form, 200, **SCAR, **{"map-front.x": "120", "map-front.y": "130"}))
    assert faults(clicked) == []
    assert "Chosen, not stored yet:" in clicked.text
    assert 'name="x" type="number" value="0.6"' in clicked.html
    assert 'value="Left cheek"' in clicked.html
    vera_at_desk.send(clicked, form, 303, **SCAR, view="front", x="0.6", y="0.5", length_mm="20", width_mm="10")
    page = vera_at_desk.open(plan)
    scar = next(one.removeprefix("in-") for one in page.ids if one.startswith("in-"))
    vera_at_desk.send(page, plan, 303, do="save", title="Nanofat", **day, **{f"in-{scar}": "1", f"volume_ml-{scar}": "1.2"})
    stored = vera.get(plan.removesuffix("/plan"))["plan"]
    assert stored["injections"] == [{"scar_id": scar, "volume_ml": 1.2}]
    assert 'aria-label="Front: 1 marked"' in vera_at_desk.open(plan).html


def test_a_patient_without_a_number_is_asked_for_one(vera_at_desk: Browser) -> None:
    page = Page(vera_at_desk.send(vera_at_desk.open("/patients/new"), "/patients/new", 422, family_name="Kiss", weight_kg="heavy"))
    assert "#weight_kg" in page.hrefs
    assert 'value="Kiss"' in page.html
    page = Page(vera_at_desk.send(page, "/patients/new", 422, family_name="Kiss"))
    assert {"#mrn", "#given_name"} <= set(page.hrefs)
    assert faults(page) == []


def test_a_form_sent_twice_registers_once(vera_at_desk: Browser) -> None:
    page, number = vera_at_desk.open("/patients/new"), f"D-{uuid.uuid4()}"
    sent = {"mrn": number, "family_name": "Kiss", "given_name": "Bence"}
    first, second = (vera_at_desk.send(page, "/patients/new", 303, **sent).location for _ in range(2))
    assert first == second


def test_a_procedure_without_a_day_or_a_surgeon_is_refused(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    address = f"/patients/{make.patient(db, clinic)['id']}/procedures/new"
    page = Page(vera_at_desk.send(vera_at_desk.open(address), address, 422, planned_for="soon"))
    assert "#planned_for" in page.hrefs
    page = Page(vera_at_desk.send(page, address, 422, planned_for="2026-12-03T08:30"))
    assert "#surgeon_id" in page.hrefs
    assert 'value="2026-12-03T08:30"' in page.html


def test_enter_on_a_drawing_chooses_the_drawing_and_no_point(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    form = f"/procedures/{make.procedure(db, clinic)['id']}/scars/new"
    page = Page(vera_at_desk.send(vera_at_desk.open(form), form, 200, **{"map-left.x": "0", "map-left.y": "0"}))
    assert '<option value="left" selected>' in page.html
    assert "Chosen, not stored yet" not in page.text


def test_a_scar_outside_the_drawing_is_refused(vera_at_desk: Browser, db: Database, clinic: make.Clinic) -> None:
    form = f"/procedures/{make.procedure(db, clinic)['id']}/scars/new"
    page = Page(vera_at_desk.send(vera_at_desk.open(form), form, 422, **SCAR, view="front", x="nan", y="3"))
    assert {"#x", "#y"} & set(page.hrefs)
    page = Page(vera_at_desk.send(page, form, 422, view="front"))
    assert "#label" in page.hrefs


def test_the_drawings_to_click_are_those_of_the_note() -> None:
    for view in FaceView:
        assert (STATIC / f"face-{view}.svg").read_text() == alone(view)
        assert 'xmlns="http://www.w3.org/2000/svg" width="200" height="260"' in alone(view)
