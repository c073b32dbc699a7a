"""Fixtures of the pages' stories."""

from collections.abc import Callable, Iterator

import pytest

from server import clock
from server.app import App, create_app
from server.config import Config
from server.db import Database
from tests import make
from tests.web.browser import Browser
from tests.web.link_case import IN_MAY


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


@pytest.fixture(scope="module")
def linked(config: Config, db: Database) -> App:
    """The application with the patient's page."""
    return create_app(config, db)


@pytest.fixture
def in_may() -> Iterator[None]:
    """A week before the visit after three months."""
    with clock.at(IN_MAY):
        yield
