"""Fixtures of the tablets' stories."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from server.app import App
from server.db import Database
from tests import make
from tests.api import Api

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def adam(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Api:
    """Ádám Varga, administrator of Riverside, at his desk."""
    return as_(clinic.admin)


@pytest.fixture
def theatre(clinic: make.Clinic, db: Database) -> make.Tablet:
    """Riverside's tablet in the theatre."""
    return make.tablet(db, clinic)


@pytest.fixture
def on(app: App) -> Callable[[make.Tablet], Api]:
    """A client under the tablet's own token."""
    return lambda tablet: Api(app.test_client(), tablet.token)
