"""Fixtures of the pages' stories."""

from collections.abc import Callable

import pytest

from server.app import App
from tests import make
from tests.web.browser import Browser


@pytest.fixture
def visitor(app: App) -> Browser:
    """Somebody who has not signed in."""
    return Browser(app.test_client())


@pytest.fixture
def at_desk(app: App) -> Callable[[make.Person], Browser]:
    """A browser in which a person has signed in: `at_desk(clinic.nurse).open("/procedures")`."""
    return lambda person: Browser(app.test_client()).sign_in(person)


@pytest.fixture
def vera_at_desk(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """Dr Vera Kovács, surgeon of Riverside, at her desk."""
    return at_desk(clinic.surgeon)
