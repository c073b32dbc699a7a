"""Anna's result, and the nurse who looks at it too."""

from collections.abc import Callable

import pytest

from server.db import Database
from tests import make
from tests.api import Api
from tests.outcomes.result import Result, anna


@pytest.fixture
def result(db: Database, clinic: make.Clinic) -> Result:
    """Anna's, a hundred days old."""
    return anna(db, clinic)


@pytest.fixture
def nora(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Api:
    """Nóra Szabó, nurse of Riverside."""
    return as_(clinic.nurse)
