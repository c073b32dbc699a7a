"""Without a mouse, and without script: from the door to a procedure."""

import re
from io import BytesIO
from unicodedata import normalize

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from schemas.vocabulary import ProcedureState, Role
from server.clinics import demo
from tests import make
from tests.api import Api
from tests.browser.chromium import Desk
from tests.procedures.test_note_print import squeezed, texts

pytestmark = pytest.mark.timeout(300)
FAR = 60
"""So many presses of Tab lead past anything on a page that a person would still wait for."""


def tabbed(page: Page, until: str) -> None:
    """Press Tab until the element has the focus; each one on the way must show that it has it."""
    for _ in range(FAR):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """until => {
                const here = document.activeElement, style = getComputedStyle(here), after = getComputedStyle(here, '::after');
                return {
                    there: here.matches(until),
                    shown: [style, after].some(one => one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 2),
                    what: here.outerHTML.slice(0, 120),
                };
            }""",
            until,
        )
        assert where["shown"], f"no ring around {where['what']}"
        if where["there"]:
            return
    pytest.fail(f"{until} was not reached on {page.url}")


def test_from_the_door_to_a_procedure_by_keyboard(desk: Desk) -> None:
    page = desk.fresh(None)
    page.goto("/procedures")
    for field, typed in (
        ("#email", desk.at.clinic.surgeon.email),
        ("#password", demo.PASSWORD),
        ("#code", desk.at.code(Role.SURGEON)),
    ):
        tabbed(page, field)
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Mine, not signed").wait_for()
    tabbed(page, "main a.whole")
    name = page.evaluate("document.activeElement.textContent.trim()")
    page.keyboard.press("Enter")
    page.wait_for_url("**/procedures/*")
    assert page.get_by_role("heading", level=1).inner_text() == name
    page.context.close()


def test_the_first_press_of_tab_offers_to_skip_the_bar(desk: Desk) -> None:
    page = desk.page(Role.SURGEON)
    page.goto("/procedures")
    tabbed(page, "a.skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_refused_form_puts_the_reader_on_what_is_wrong(desk: Desk) -> None:
    page = desk.fresh(None)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("vera")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "errors"
    assert page.title().startswith("Error: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") in {"email", "password"}
    page.context.close()


def test_from_the_door_to_a_signed_note_by_mouse_without_script(desk: Desk) -> None:
    page = desk.fresh(None, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("E-mail address").fill(desk.at.clinic.nurse.email)
    page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("State").select_option("signed")
    page.get_by_role("button", name="Show").click()
    page.locator("a.whole").first.click()
    assert page.locator("#signature").get_by_text("Signed").first.is_visible()
    page.get_by_role("link", name="Work list").click()
    page.locator("summary").first.click()
    assert page.locator("details[open]").count() == 1
    page.context.close()


def test_a_patient_answers_on_her_telephone_without_script(desk: Desk) -> None:
    page = desk.fresh(None, java_script_enabled=False, viewport={"width": 360, "height": 640}, has_touch=True)
    page.goto(f"{desk.at.links['visit']}/another-time")
    page.locator("label[for]").first.tap()
    page.locator("button").last.tap()
    page.wait_for_url("**/done?what=asked*")
    page.context.close()


def test_the_slider_lays_one_photo_over_the_other_by_keyboard(desk: Desk) -> None:
    page = desk.page(Role.SURGEON)
    page.goto(f"/patients/{desk.at.filled['patient_id']}/photos")
    upper = page.locator(".laid-over")
    assert upper.evaluate("one => getComputedStyle(one).opacity") == "0.5"
    page.locator("#share").press("End")
    assert upper.evaluate("one => getComputedStyle(one).opacity") == "1"
    assert page.locator("#share-said").inner_text() == "100 %"
    broken = "[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src)"
    assert page.evaluate(broken) == []


def test_without_script_both_photos_stand_side_by_side(desk: Desk) -> None:
    page = desk.page(Role.SURGEON, java_script_enabled=False)
    page.goto(f"/patients/{desk.at.filled['patient_id']}/photos")
    assert page.locator(".pair img:visible").count() == 2
    assert page.locator(".over:visible").count() == 0


def test_on_paper_a_procedure_is_its_note_as_the_api_has_it(desk: Desk) -> None:
    procedure_id = desk.at.procedures[ProcedureState.COMPLETED]
    page = desk.page(Role.SURGEON)
    page.goto(f"/procedures/{procedure_id}")
    sheets = PdfReader(BytesIO(page.pdf(format="A4"))).pages
    printed = squeezed(normalize("NFKC", "".join(sheet.extract_text() for sheet in sheets)))  # a browser joins f and i into one letter
    vera = Api(desk.at.app.test_client(), make.token(desk.at.app.db, desk.at.clinic.surgeon))
    said = [text for text in texts(vera.get(f"/procedures/{procedure_id}/note")) if not re.fullmatch("[0-9a-f-]{36}", text)]
    missing = [text for text in said if squeezed(normalize("NFKC", text)) not in printed]
    assert len(said) > 100
    assert missing == [], missing
    for elsewhere in ("Every entry", "Needs your eye", "Sign the procedure", "Asks how it is going"):
        assert squeezed(elsewhere) not in printed
