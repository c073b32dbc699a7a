"""The form in which Vera writes down what she found, and what the procedure's page makes of it."""

import re
from datetime import date
from typing import Any, cast

import pytest

from schemas.outcome_words import REGION_OF, Complication, Region
from schemas.vocabulary import VisitState
from server.app import App
from server.procedures.note.words import short_day
from tests import make
from tests.api import Api
from tests.outcomes.result import Result, anna, finding, look
from tests.web.browser import Browser, Page, faults


@pytest.fixture
def result(app: App, clinic: make.Clinic) -> Result:
    """Anna's, a hundred days old."""
    return anna(app.db, clinic)


def send(desk: Browser, page: Page, address: str, typed: dict[str, str], expect: int = 303) -> str:
    """Send the form; what came back."""
    return desk.send(page, address, expect, **cast("dict[str, Any]", typed)).get_data(as_text=True)


def day(written: str) -> str:
    """As the pages say it."""
    return short_day(date.fromisoformat(written))


def new(result: Result) -> str:
    """Address of the form without a visit."""
    return f"{result.path}/new"


def test_at_a_visit_only_what_was_answered_is_stored(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    address = f"/visits/{result.visit().id}/assessment"
    page = vera_at_desk.open(address)
    assert "Assessment at the visit “3 months”" in page.text
    assert faults(page) == []
    typed = {
        "assessed_on": result.day(95),
        "erythema": "1",
        "c-oil_cyst": "yes",
        "c-oil_cyst-scar_id": result.scar_id,
        "c-oil_cyst-onset_on": result.day(60),
        "c-oil_cyst-clavien_dindo": "IIIa",
        "c-oil_cyst-ctcae": "2",
        "c-nodule": "no",
        f"m-{result.scar_id}-depth_mm": "0,6",
    }
    send(vera_at_desk, page, address, typed)
    send(vera_at_desk, page, address, typed)
    (made,) = vera.get(result.path)["items"]
    assert {(one["complication"], one["present"], one["clavien_dindo"], one["ctcae"]) for one in made["findings"]} == {
        ("oil_cyst", "yes", "IIIa", 2),
        ("nodule", "no", None, None),
    }
    assert made["measurements"][0]["depth_mm"] == 0.6
    assert result.visit().state == VisitState.ATTENDED
    outcome = vera_at_desk.open(f"/procedures/{result.id}").part("outcome")
    assert "Oil cyst (Left cheek) Ongoing" in outcome
    assert "1 adverse event: 1 ongoing and 0 over; worst CTCAE grade 2." in outcome
    assert "0.6 mm deep" in outcome
    assert "1.5 mm 0.6 mm \N{MINUS SIGN}0.9 mm" in outcome
    assert "Erythema 1, almost clear. Of the checklist 1 present, 1 absent, 0 not sure; 43 not asked." in outcome


def test_the_patients_page_shows_the_newest_size_that_stands_beside_the_first(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    def scars() -> str:
        page = vera_at_desk.open(f"/patients/{result.patient_id}")
        assert faults(page) == []
        return page.part("scars")

    assert "Before treatment" not in scars()
    vera.post(result.path, look(result.day(95), measurements=[{"scar_id": result.scar_id, "depth_mm": 0.6}]))
    vera.post(
        result.path, look(result.day(60), measurements=[{"scar_id": result.scar_id, "length_mm": 29, "width_mm": 2.5, "depth_mm": 0.9}])
    )
    wrong = vera.post(result.path, look(result.day(98), measurements=[{"scar_id": result.scar_id, "depth_mm": 4}]))
    assert "Measured again: 4 mm deep" in scars()
    vera.post(result.path, {"assessed_on": result.day(98), "replaces": wrong["id"], "withdrawn": True, "reason": "Another patient's."})
    shown = scars()
    assert re.search(rf"Before treatment: .*1\.5 mm deep.* as of .* Measured again: 0\.6 mm deep on {day(result.day(95))}", shown), shown
    assert (vera.get(f"/patients/{result.patient_id}/scars")["items"][0]["depth_mm"]) == 1.5, "the scar itself stays as it was"


def test_redness_is_asked_once_and_counted_as_a_complication_beside_its_grade(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(new(result))
    assert page.html.count("<legend>Erythema") == 2, "the grade, and folded below it the complication"
    assert page.html.index('name="c-erythema"') < page.html.index('id="recipient"')
    assert "<legend>Erythema" not in page.html[page.html.index('id="recipient"') :]
    typed = {"assessed_on": result.day(95), "erythema": "0", "c-erythema": "yes"}
    assert re.search(r"<details[^>]* open>\s*<summary>Count it", send(vera_at_desk, page, new(result), typed, 422))
    send(vera_at_desk, page, new(result), typed | {"erythema": "2", "c-erythema-ctcae": "1"})
    (made,) = vera.get(result.path)["items"]
    assert (made["erythema"], [(one["complication"], one["ctcae"]) for one in made["findings"]]) == (2, [("erythema", 1)])


def test_none_present_is_her_own_word_for_one_part(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(new(result))
    typed = {"assessed_on": result.day(95), "none-donor": "1", "c-donor_numbness": "unknown"}
    send(vera_at_desk, page, new(result), typed)
    (made,) = vera.get(result.path)["items"]
    assert {one["complication"] for one in made["findings"]} == {str(one) for one in Complication if REGION_OF[one] == Region.DONOR}
    assert {one["complication"] for one in made["findings"] if one["present"] != "no"} == {"donor_numbness"}


def test_none_present_leaves_a_graded_redness_and_an_ongoing_event_alone(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    vera.post(result.path, look(result.day(40), finding("nodule", subunit="chin", ctcae=1)))
    page = vera_at_desk.open(new(result))
    assert "Nodule, Chin seen since" in page.part("ongoing")
    send(vera_at_desk, page, new(result), {"assessed_on": result.day(95), "none-recipient": "1", "erythema": "2"})
    assert [one["ongoing"] for one in vera.get(result.events)["items"]] == [True]
    assert {one["complication"] for one in vera.get(result.path)["items"][-1]["findings"]}.isdisjoint({"nodule", "erythema"})


def test_an_event_is_gone_since_a_day(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    event = vera.post(result.path, look(result.day(40), finding("nodule", ctcae=1)))["findings"][0]["event_id"]
    page = vera_at_desk.open(new(result))
    typed = {f"e-{event}": "no", f"e-{event}-first_absent": result.day(80)}
    send(vera_at_desk, page, new(result), typed | {"assessed_on": result.day(95)})
    (seen,) = vera.get(result.events)["items"]
    assert (seen["event_id"], seen["ongoing"], seen["first_absent"]) == (event, False, result.day(80))
    assert 'id="ongoing"' not in vera_at_desk.open(new(result)).html
    assert "<title>" in vera_at_desk.open(f"/procedures/{result.id}").html


def test_what_is_wrong_is_said_at_its_box_and_what_was_typed_is_kept(result: Result, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(new(result))
    typed = {
        "assessed_on": result.day(95),
        "c-pain": "no",
        "c-pain-ctcae": "2",
        "c-nodule": "yes",
        "c-nodule-note": "Firm, left.",
        "c-nodule-onset_on": result.day(99),
        f"m-{result.scar_id}-depth_mm": "600",
    }
    again = send(vera_at_desk, page, new(result), typed, 422)
    assert f'href="#m-{result.scar_id}-depth_mm"' in again
    del typed[f"m-{result.scar_id}-depth_mm"]
    again = send(vera_at_desk, page, new(result), typed, 422)
    for box in ("c-pain-ctcae", "c-nodule-onset_on"):
        assert f'href="#{box}"' in again
        assert f'id="{box}-error"' in again
    assert 'value="Firm, left."' in again
    assert "Nodule: Lies after the assessment" in again
    assert len(re.findall("<details[^>]* open", again)) == 2


def test_a_number_that_is_none_and_an_empty_form_are_refused(result: Result, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(new(result))
    again = send(vera_at_desk, page, new(result), {"assessed_on": result.day(9), f"m-{result.scar_id}-depth_mm": "deep"}, 422)
    assert "Not a number" in again
    assert "Nothing is said" in send(vera_at_desk, page, new(result), {"assessed_on": result.day(9)}, 422)
    assert "Enter the day." in send(vera_at_desk, page, new(result), {"assessed_on": "", "erythema": "1"}, 422)


def test_a_correction_begins_with_what_was_said_and_a_withdrawal_takes_it_back(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    measured = [{"scar_id": result.scar_id, "depth_mm": 0.7}]
    first = vera.post(result.path, look(result.day(40), finding("nodule", ctcae=3, subunit="chin"), erythema=2, measurements=measured))
    address = f"{new(result)}?replaces={first['id']}"
    page = vera_at_desk.open(address)
    assert faults(page) == []
    assert 'id="erythema-2" name="erythema" value="2" checked' in page.html
    assert 'value="0.7"' in page.html
    typed = {"assessed_on": result.day(40), "erythema": "0", "c-nodule": "no", "reason": "Typed for another patient."}
    send(vera_at_desk, page, address, typed)
    second = vera.get(result.path)["items"][1]
    assert (second["replaces"], second["erythema"]) == (first["id"], 0)
    shown = vera_at_desk.open(f"/procedures/{result.id}").part("outcome")
    assert "Corrected by a later one" in shown
    assert "No adverse event was found." in shown
    address = f"{new(result)}?replaces={second['id']}"
    page = vera_at_desk.open(address)
    vera_at_desk.send(page, address, assessed_on=result.day(40), reason="Wrong patient.", withdraw="1")
    assert "Withdraws an earlier one" in vera_at_desk.open(f"/procedures/{result.id}").part("outcome")
    assert result.redness()[-1] == (40, None, True)


def test_the_patients_timeline_tells_what_was_found(vera: Api, result: Result, vera_at_desk: Browser) -> None:
    vera.post(result.path, look(result.day(95), finding("donor_seroma", ctcae=1), erythema=2))
    text = vera_at_desk.open(f"/patients/{result.patient_id}").text
    assert "Result assessed By Dr Vera Kovács" in text
    assert "Erythema 2, mild. Present: Seroma, donor site." in text


def test_a_procedure_that_is_not_done_and_a_strange_correction_are_told_apart(app: App, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    planned = make.procedure(app.db, clinic)
    assert "no result to assess" in vera_at_desk.open(f"/procedures/{planned['id']}/assessments/new").text
    assert "outcome" not in vera_at_desk.open(f"/procedures/{planned['id']}").ids
    done = anna(app.db, clinic)
    vera_at_desk.open(f"{new(done)}?replaces={planned['id']}", 422)
    vera_at_desk.open(f"{new(done)}?replaces=x", 422)


def test_the_form_is_reached_from_the_visit_of_the_procedure(result: Result, vera_at_desk: Browser) -> None:
    hrefs = vera_at_desk.open(f"/procedures/{result.id}").hrefs
    assert f"/visits/{result.visit().id}/assessment" in hrefs
    assert f"/visits/{result.visit('1y').id}/assessment" not in hrefs
    assert new(result) in hrefs
