"""Vera says which photograph shows a complication: she chooses it by its picture in the form, and sees it beside the event."""

import uuid
from typing import Any, cast

import pytest
import sqlalchemy as sa

from schemas.vocabulary import PhotoState
from server.app import App
from server.photos.models import Photo
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.days import camera
from tests.outcomes.result import Result, anna, finding, look
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.web.browser import Browser, Page, faults

NODULE = "c-nodule-photo_id"


@pytest.fixture
def result(app: App, clinic: make.Clinic) -> Result:
    """Anna's, a hundred days old."""
    return anna(app.db, clinic)


@pytest.fixture
def pictures(app: App, result: Result, vera: Api) -> dict[str, str]:
    """What → id of the photograph: before, in theatre, three weeks and a week ago, one on its way, and somebody else's."""
    patient = result.patient_id
    made = {
        "before": sent(vera, patient, cheek(200, 100), kind="baseline", procedure_id=result.id, taken_at=camera(101)),
        "earlier": sent(vera, patient, cheek(201, 100), kind="follow_up", taken_at=camera(200)),
        "theatre": sent(vera, patient, cheek(202, 100), kind="intraoperative", procedure_id=result.id, taken_at=camera(100)),
        "weeks": sent(vera, patient, cheek(203, 100), kind="follow_up", taken_at=camera(21)),
        "week": sent(vera, patient, cheek(204, 100), kind="follow_up", view="left_oblique", taken_at=camera(7)),
        "announced": announced(vera, patient, cheek(205, 100), kind="follow_up"),
        "bela": sent(vera, make.patient(app.db, result.clinic)["id"], cheek(206, 100), kind="follow_up", taken_at=camera(7)),
    }
    make_waiting(app.db, app.settings)
    return {name: str(photo["id"]) for name, photo in made.items()}


def offered(page: Page, name: str = NODULE) -> list[str]:
    """Ids that can be chosen for the nodule, in their order."""
    values = [part.partition('"')[0] for part in page.html.split(f'name="{name}" value="')[1:]]
    return [one for one in values if one]


def new(result: Result) -> str:
    """Address of the form without a visit."""
    return f"{result.path}/new"


def send(desk: Browser, page: Page, address: str, typed: dict[str, str], expect: int = 303) -> Page:
    """Send the form; what came back."""
    answer = desk.send(page, address, expect, **cast("dict[str, Any]", typed))
    return desk.open(answer.headers["Location"].partition("#")[0]) if expect == 303 else Page(answer)


def test_what_was_taken_since_can_be_chosen_by_its_picture(result: Result, pictures: dict[str, str], vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(new(result))
    assert offered(page) == [pictures[name] for name in ("theatre", "weeks", "week")]
    for name in ("theatre", "weeks", "week"):
        assert f'src="/api/v1/photos/{pictures[name]}/thumbnail' in page.html
    assert f'value="{pictures["week"]}"> <img' in page.html
    assert "Photograph that shows it : Nodule None Front, " in page.text
    assert page.text.count("at follow-up") == 2 * page.text.count("Photograph that shows it")
    assert "Left oblique" in page.text
    assert faults(page) == []


def test_what_she_chose_is_stored_and_stands_beside_the_event(
    result: Result, pictures: dict[str, str], vera: Api, vera_at_desk: Browser
) -> None:
    before = faults(vera_at_desk.open(f"/procedures/{result.id}"))
    page = vera_at_desk.open(new(result))
    typed = {"assessed_on": result.day(95), "c-nodule": "yes", NODULE: pictures["week"], "c-pain": "no"}
    shown = send(vera_at_desk, page, new(result), typed)
    (made,) = vera.get(result.path)["items"]
    assert {one["complication"]: one["photo_id"] for one in made["findings"]} == {"nodule": pictures["week"], "pain": None}
    (event,) = vera.get(result.events)["items"]
    assert [one["photo_id"] for one in event["observations"]] == [pictures["week"]]
    there = next(one for one in shown.hrefs if f"right={pictures['week']}" in one)
    assert f"/photos/{pictures['week']}/thumbnail" in shown.html
    assert faults(shown) == before
    assert "Left oblique" in vera_at_desk.open(there).text
    again = vera_at_desk.open(f"{new(result)}?replaces={made['id']}")
    assert f'value="{pictures["week"]}" checked' in again.html


def test_a_photograph_that_was_erased_since_is_still_named(
    app: App, result: Result, pictures: dict[str, str], vera: Api, vera_at_desk: Browser
) -> None:
    told = finding("nodule", photo_id=pictures["weeks"])
    made = vera.post(result.path, look(result.day(95), told))
    with app.db.transaction(result.clinic.id) as session:
        photo = session.scalars(sa.select(Photo).where(Photo.id == uuid.UUID(pictures["weeks"]))).one()
        photo.state = PhotoState.ERASED
    page = vera_at_desk.open(f"{new(result)}?replaces={made['id']}")
    assert f'value="{pictures["weeks"]}" checked' in page.html
    assert "Erased on the patient’s request." in page.text
    assert pictures["weeks"] not in offered(vera_at_desk.open(new(result)))
    shown = vera_at_desk.open(f"/procedures/{result.id}")
    assert f"/photos/{pictures['weeks']}/thumbnail" not in shown.html


def test_another_patients_photograph_is_refused_where_it_was_chosen(
    result: Result, pictures: dict[str, str], vera: Api, vera_at_desk: Browser
) -> None:
    page = vera_at_desk.open(new(result))
    for wrong in (pictures["bela"], str(uuid.uuid4()), "x"):
        typed = {"assessed_on": result.day(95), "c-nodule": "yes", NODULE: wrong, "c-pain": "yes", "c-pain-photo_id": pictures["week"]}
        again = send(vera_at_desk, page, new(result), typed, 422)
        assert f"#{NODULE}" in again.hrefs
        assert f'id="{NODULE}-error"' in again.html
        assert pictures["bela"] not in offered(again)
        assert f'name="c-pain-photo_id" value="{pictures["week"]}" checked' in again.html
        assert faults(again) == []
    assert vera.get(result.path)["items"] == []


def test_without_photographs_nothing_is_offered(result: Result, vera_at_desk: Browser) -> None:
    assert "Photograph that shows it" not in vera_at_desk.open(new(result)).text
