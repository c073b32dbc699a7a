"""Two tablets of Riverside."""

import pytest

from server.db import Database
from tests import make
from tests.sync.tablet import Tablet


@pytest.fixture
def nora(db: Database, clinic: make.Clinic) -> Tablet:
    """The tablet at which Nóra Szabó, nurse, is signed in."""
    return Tablet(db, clinic, clinic.nurse, make.tablet(db, clinic, name="Theatre 1").device_id)


@pytest.fixture
def other(db: Database, clinic: make.Clinic) -> Tablet:
    """A second tablet, with Dr Vera Kovács signed in."""
    return Tablet(db, clinic, clinic.surgeon, make.tablet(db, clinic, name="Theatre 2").device_id)
