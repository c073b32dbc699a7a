"""The machine's own Chromium, driven by Playwright: one browser, a context for each person, signed in once."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright

from schemas.vocabulary import Role
from server.clinics import demo
from tests.browser.riverside import Riverside

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
MISSING = "BROWSER NOT TESTED: no Chromium is installed (Debian: apt install chromium); GRAFTLOG_BROWSER=required makes this a failure"
WANTED = os.environ.get("GRAFTLOG_BROWSER", "")
"""`required`: fail where there is no browser; `no`: do not look for one."""

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def found() -> str | None:
    """Where Chromium is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def missing() -> str | None:
    """Why these stories are not told here; None where they are."""
    if WANTED == "no":
        return "BROWSER NOT TESTED: GRAFTLOG_BROWSER=no"
    return MISSING if found() is None else None


@dataclass
class Desk:
    """Windows on Riverside's pages, one for each person and kind of screen."""

    browser: Browser
    at: Riverside
    _states: dict[Role, Any] = field(default_factory=dict)
    _pages: dict[tuple[Any, ...], Page] = field(default_factory=dict)

    def page(self, who: Role | None, **settings: Any) -> Page:
        """Her window; opened once for each kind of screen."""
        key = (who, *sorted((name, str(value)) for name, value in settings.items()))
        if key not in self._pages:
            self._pages[key] = self.fresh(who, **settings)
        return self._pages[key]

    def fresh(self, who: Role | None, **settings: Any) -> Page:
        """A window of its own."""
        if who and who not in self._states:
            self._states[who] = self._signed_in(who)
        context = self.browser.new_context(
            base_url=self.at.address, storage_state=self._states[who] if who else None, reduced_motion="reduce", **settings
        )
        return context.new_page()

    def _signed_in(self, who: Role) -> Any:
        """Through the form; what the browser has kept afterwards."""
        page = self.fresh(None)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(self.at.clinic.people[who].email)
        page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
        page.locator("#code").fill(self.at.code(who))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/(procedures|ratings)$"))
        kept = page.context.storage_state()
        page.context.close()
        return kept


@contextmanager
def desk(at: Riverside) -> Iterator[Desk]:
    """One browser, closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=list(ARGUMENTS))
        try:
            yield Desk(browser, at)
        finally:
            browser.close()


def stumbles(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds wrong on the page, and any aria that it cannot judge: an attribute that is not understood is as good as none."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _RULES}
    told = page.evaluate("options => axe.run(document, options)", {"runOnly": only, "resultTypes": ["violations", "incomplete"]})
    wrong = [*told["violations"], *(one for one in told["incomplete"] if one["id"].startswith("aria-"))]
    return [f"{one['id']}: {node['target'][0]} {node['html'][:160]}" for one in wrong for node in one["nodes"]]


def sideways(page: Page) -> list[str]:
    """What makes the page wider than its window; what scrolls in a frame of its own does not."""
    return page.evaluate(  # type: ignore[no-any-return]  # reason: what the script gives
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const framed = one => one && (/auto|scroll|hidden/.test(getComputedStyle(one).overflowX) || framed(one.parentElement));
            const end = one => Math.round(one.getBoundingClientRect().right);
            const wide = [...document.body.querySelectorAll('*')].filter(one => end(one) > width + 1 && !framed(one));
            const named = wide.map(one => `${one.tagName}.${one.getAttribute('class') || ''} ends at ${end(one)} px`);
            return [`the page is ${document.documentElement.scrollWidth} px wide`, ...named.slice(0, 4)];
        }"""
    )


def shortened(page: Page) -> None:
    """The documentation of the API without all but two groups of calls: two hundred calls from one macro take axe a minute."""
    page.evaluate("[...document.querySelectorAll('.docs-text > section')].slice(3).forEach(one => one.remove())")
