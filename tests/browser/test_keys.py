"""The list and the log by single keys: through the list, to the signature, and the help that says so."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from schemas.vocabulary import ProcedureState, Role
from tests.browser.chromium import Desk, stumbles

pytestmark = pytest.mark.timeout(300)
LIST = "/procedures?whose=all&state=signed"


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    """Vera's window, with nothing kept in it but that she is signed in."""
    fresh = desk.fresh(Role.SURGEON)
    yield fresh
    fresh.context.close()


def focused(page: Page) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def in_view(page: Page) -> bool:
    """Whether what has the focus can be seen, below the banner that stays on top."""
    return bool(
        page.evaluate(
            """() => {
                const {left, top, width, height} = document.activeElement.getBoundingClientRect();
                const there = document.elementFromPoint(left + width / 2, top + height / 2);
                return document.activeElement.contains(there);
            }"""
        )
    )


def rows(page: Page) -> list[str]:
    """Where the list's rows lead."""
    return [str(one.get_attribute("href")) for one in page.locator("main a.whole").all()]


def test_from_the_list_through_the_logs_and_back(page: Page) -> None:
    page.goto(LIST)
    listed = rows(page)
    page.keyboard.press("j")
    for key, row in (("Enter", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0)):
        page.keyboard.press(key)
        page.wait_for_url(f"**{listed[row]}")
    page.keyboard.press("k")
    assert page.url.endswith(listed[0])
    page.keyboard.press("u")
    page.wait_for_url(f"**{LIST}")
    page.goto(listed[1])
    page.keyboard.press("Escape")
    page.wait_for_url(f"**{LIST}")


def test_s_goes_to_the_signature_of_what_can_be_signed(page: Page, desk: Desk) -> None:
    page.set_viewport_size({"width": 900, "height": 600})
    page.goto(f"/procedures/{desk.at.procedures[ProcedureState.COMPLETED]}")
    page.keyboard.press("s")
    assert focused(page) == "meaning-author"
    assert in_view(page)


@pytest.mark.parametrize("state", [ProcedureState.SIGNED, ProcedureState.PLANNED, ProcedureState.IN_PROGRESS])
def test_s_goes_to_what_needs_an_eye_where_nothing_can_be_signed(page: Page, desk: Desk, state: ProcedureState) -> None:
    page.set_viewport_size({"width": 900, "height": 600})
    page.goto(f"/procedures/{desk.at.procedures[state]}")
    page.keyboard.press("s")
    assert focused(page) == "eye-title"
    assert in_view(page)


def test_nobody_is_taken_away_while_typing_or_with_ctrl_held(page: Page, desk: Desk) -> None:
    address = f"/procedures/{desk.at.procedures[ProcedureState.COMPLETED]}?whose=all"
    page.goto(address)
    page.locator("#password").focus()
    page.keyboard.type("jkus?")
    page.keyboard.press("Escape")
    assert page.locator("#password").input_value() == "jkus?"
    page.evaluate("document.activeElement.blur()")
    for held in ("Control+j", "Alt+u", "Meta+k", "Shift+Escape", "Shift+J"):
        page.keyboard.press(held)
    assert not page.locator("dialog").is_visible()
    assert page.url.endswith(address)


def test_an_addendum_that_is_not_sent_is_gone_to_instead_of_lost(page: Page, desk: Desk) -> None:
    page.goto(f"/procedures/{desk.at.procedures[ProcedureState.SIGNED]}?whose=all")
    page.locator("#text").fill("No pain.")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    assert focused(page) == "text"
    assert page.locator("#text").input_value() == "No pain."


@pytest.mark.parametrize("path", [LIST, "/patients", "/procedures/{}"])
def test_the_help_opens_and_closes_by_key_and_by_mouse(page: Page, desk: Desk, path: str) -> None:
    page.goto(path.format(desk.at.procedures[ProcedureState.SIGNED]))
    dialog, address = page.get_by_role("dialog", name="Keys"), page.url
    page.keyboard.press("?")
    assert dialog.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Close"
    assert stumbles(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()
    assert page.url == address


def test_whom_the_keys_trouble_turns_them_off_in_her_browser(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("?")
    page.get_by_label("Use these keys in this browser").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("j")
    assert not page.get_by_role("dialog").is_visible()
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys in this browser").check()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.matches('a.whole')")


def test_without_script_the_way_is_there_and_no_help_is_offered(desk: Desk) -> None:
    page = desk.fresh(Role.SURGEON, java_script_enabled=False)
    page.goto(LIST)
    listed = rows(page)
    page.locator("main a.whole").first.click()
    page.get_by_role("link", name="Next").click()
    page.wait_for_url(f"**{listed[1]}")
    page.get_by_role("link", name="Previous").click()
    page.wait_for_url(f"**{listed[0]}")
    assert page.locator(".keys-open:visible, dialog:visible").count() == 0
    page.context.close()


def test_neither_the_way_nor_the_help_is_printed(page: Page, desk: Desk) -> None:
    page.goto(f"/procedures/{desk.at.procedures[ProcedureState.SIGNED]}")
    page.keyboard.press("?")
    page.emulate_media(media="print")
    assert page.locator(".way:visible, dialog:visible").count() == 0
