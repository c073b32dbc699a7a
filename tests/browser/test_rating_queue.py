"""A rater's queue by keyboard alone, left and taken up again; and with the mouse where scripts are off."""

import secrets

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from schemas.vocabulary import Role
from server.clinics import demo
from server.clinics import service as clinics
from server.outcomes.models import Rating, RatingPair
from tests.browser.chromium import Desk, stumbles

pytestmark = pytest.mark.timeout(300)


def new_rater(desk: Desk, **settings: bool) -> Page:
    """The window of a rater who has signed in for the first time."""
    email = f"rater.{secrets.token_hex(4)}@demo.example"
    with desk.at.app.db.transaction(desk.at.clinic.id) as session:
        clinics.create_user(session, email=email, name="Dr Ilona Bodnár", roles=[Role.RATER], password=demo.PASSWORD)
    page = desk.fresh(None, **settings)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/ratings")
    return page


def ratings(desk: Desk) -> dict[str, Rating]:
    """All ratings of the clinic so far, by id."""
    with desk.at.app.db.transaction(desk.at.clinic.id, write=False) as session:
        return {str(one.id): one for one in session.scalars(sa.select(Rating))}


def waiting(desk: Desk) -> int:
    """Pairs of the demo, none of which a new rater has seen."""
    with desk.at.app.db.transaction(desk.at.clinic.id, write=False) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(RatingPair)) or 0


def rated(page: Page, done: int, of: int) -> None:
    """The progress says so, and both pictures are there."""
    expect(page.locator("#rated-said")).to_have_text(f"{done} of {of} rated")
    expect(page.locator(".lightbox img")).to_have_count(2)
    page.evaluate("Promise.all([...document.querySelectorAll('.lightbox img')].map(one => one.decode()))")  # refused where one is broken


def test_the_whole_queue_by_keyboard_alone(desk: Desk) -> None:
    page, of, before = new_rater(desk), waiting(desk), ratings(desk)
    assert of >= 4, "the demo offers pairs"
    page.get_by_role("button", name="Begin").focus()
    page.keyboard.press("Enter")
    rated(page, 0, of)
    page.keyboard.press("3")
    page.keyboard.press("6")  # she thinks again
    expect(page.get_by_label("Right, better")).to_be_checked()
    page.keyboard.press("Enter")
    rated(page, 1, of)
    page.keyboard.press("u")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Not sharp enough")).to_be_checked()
    page.keyboard.press("Enter")
    rated(page, 2, of)
    page.goto("/account")
    page.goto("/")  # another day
    rated(page, 2, of)
    for done in range(2, of):
        rated(page, done, of)
        page.keyboard.press("4")
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("All rated, thank you")
    mine = sorted((one for key, one in ratings(desk).items() if key not in before), key=lambda one: one.place)
    assert [one.place for one in mine] == list(range(1, of + 1))
    assert mine[0].grade == (-2 if mine[0].swapped else 2)
    assert (mine[1].grade, mine[1].reason) == (None, "not_sharp")
    assert {one.grade for one in mine[2:]} == {0}
    assert all(one.milliseconds is not None and one.milliseconds > 0 for one in mine)
    page.context.close()


def test_enter_alone_rates_nothing_and_the_keys_can_be_turned_off(desk: Desk) -> None:
    page, of = new_rater(desk), waiting(desk)
    page.get_by_role("button", name="Begin").click()
    rated(page, 0, of)
    page.keyboard.press("Enter")
    rated(page, 0, of)
    page.keyboard.press("?")
    page.get_by_label("Use these keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("3")
    assert page.locator("input[type=radio]:checked").count() == 0
    page.context.close()


def test_by_mouse_without_script(desk: Desk) -> None:
    page, of, before = new_rater(desk, java_script_enabled=False), waiting(desk), ratings(desk)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#rated-said")).to_have_text(f"0 of {of} rated")
    page.get_by_label("Left, slightly better").check()
    page.get_by_role("button", name="Rate and go on").click()
    expect(page.locator("#rated-said")).to_have_text(f"1 of {of} rated")
    (mine,) = [one for key, one in ratings(desk).items() if key not in before]
    assert (mine.grade, mine.milliseconds) == (1 if mine.swapped else -1, None)
    page.context.close()


def test_a_pair_and_the_scale_fit_into_a_laptops_window(desk: Desk) -> None:
    page, of = new_rater(desk), waiting(desk)
    page.get_by_role("button", name="Begin").click()
    rated(page, 0, of)
    page.set_viewport_size({"width": 1366, "height": 768})
    for one in (page.locator(".lightbox"), page.get_by_role("button", name="Rate and go on")):
        box = one.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 768
    sizes = [one.bounding_box() for one in page.locator(".lightbox img").all()]
    assert sizes[0]
    assert sizes[1]
    assert (sizes[0]["width"], sizes[0]["height"]) == (sizes[1]["width"], sizes[1]["height"])
    assert stumbles(page) == []
    page.context.close()
