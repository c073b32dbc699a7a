"""Three ways to work a page: with the mouse, with the keyboard alone, and with the mouse where scripts are off."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

MOUSE, KEYBOARD, NO_SCRIPT = "mouse", "keyboard", "no script"
ALL = (MOUSE, KEYBOARD, NO_SCRIPT)
FAR = 220
"""Presses of Tab that go once around the longest page of the demo."""


@dataclass(frozen=True)
class Hand:
    """Somebody in front of a page, who does what she wants in her way."""

    page: Page
    way: str

    def press(self, what: Locator) -> None:
        """A link, a button, or the line that opens a fold."""
        self.go(what) if self.way == KEYBOARD else what.click()
        if self.way == KEYBOARD:
            self.page.keyboard.press("Enter")

    def type(self, what: Locator, text: str) -> None:
        """Into a field, in place of what stands there."""
        if self.way != KEYBOARD:
            what.fill(text)
            return
        self.go(what)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def choose(self, what: Locator, word: str) -> None:
        """Of a list; by keyboard its first letters find it."""
        if self.way != KEYBOARD:
            what.select_option(label=word)
            return
        self.go(what)
        self.page.keyboard.type(word)

    def tick(self, what: Locator) -> None:
        """A box, or the first of several circles."""
        if self.way != KEYBOARD:
            what.check()
            return
        self.go(what)
        self.page.keyboard.press("Space")

    def go(self, what: Locator) -> None:
        """By Tab alone."""
        what.wait_for()
        for _ in range(FAR):
            if what.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {what} on {re.sub('[0-9a-f-]{36}', '…', self.page.url)}")
