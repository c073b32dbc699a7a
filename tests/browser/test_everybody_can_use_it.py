"""All pages, three widths, light and dark: axe finds nothing, and nothing is wider than the screen, down to 320 px."""

from io import BytesIO

import pytest
from PIL import Image

from tests.browser.chromium import Desk, shortened, sideways, stumbles
from tests.browser.riverside import Riverside
from tests.browser.tour import EXCUSED, LINKS, endpoints, stops

pytestmark = pytest.mark.timeout(300)
PARTS, SMALLEST = 3, 320
COLOUR = ["color-contrast", "link-in-text-block"]
"""What a scheme can change; everything else of a page is the same in both."""


def test_every_page_is_visited_or_excused(open_clinic: Riverside) -> None:
    known = set(endpoints(open_clinic))
    visited = {stop.endpoint for stop in stops(open_clinic)}
    assert visited | set(EXCUSED) == known
    assert not visited & set(EXCUSED)
    assert set(LINKS) <= visited
    assert len(visited) > 25


@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_is_kept_out(desk: Desk, part: int) -> None:
    """Each page is opened once, and looked at in all widths and both schemes."""
    found = []
    for stop in list(stops(desk.at))[part::PARTS]:
        page = desk.page(stop.who)
        answer = page.goto(stop.path)
        assert answer is not None
        assert answer.status == stop.status, stop
        if stop.endpoint == "web.api_docs":
            shortened(page)
        for width in (1280, 820, 360, SMALLEST):
            page.set_viewport_size({"width": width, "height": 900})
            seen = sideways(page)
            if width != SMALLEST:
                seen += stumbles(page)
                page.emulate_media(color_scheme="dark")
                seen += [f"in the dark, {one}" for one in stumbles(page, COLOUR)]
                page.emulate_media(color_scheme="light")
            found += [f"{stop.path} at {width} px: {one}" for one in seen]
    assert not found, "\n".join(found)


def test_shapes_are_told_apart_by_the_eye(desk: Desk) -> None:
    """Their ink, as the browser draws it: a ring is hollow, a half is between, a disc is full."""
    page = desk.page(None)
    page.goto("/styleguide")
    ink = {}
    for name in ("ring", "half", "disc"):
        drawn = page.locator(f'main svg.shape:has(use[href="#shape-{name}"])').first
        with Image.open(BytesIO(drawn.screenshot())) as image:
            grey = image.convert("L")
            ink[name] = sum(grey.histogram()[:128]) / (grey.width * grey.height)
    assert ink["ring"] + 0.05 < ink["half"] < ink["disc"] - 0.05, ink
