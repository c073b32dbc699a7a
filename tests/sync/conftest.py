"""Two tablets of Riverside."""

import pytest

from server.db import Database
from tests import make
from tests.sync.tablet import Tablet, paired


@pytest.fixture
def nora(db: Database, clinic: make.Clinic) -> Tablet:
    """The tablet at which Nóra Szabó, nurse, is signed in."""
    return paired(db, clinic, clinic.nurse)


@pytest.fixture
def other(db: Database, clinic: make.Clinic) -> Tablet:
    """A second tablet, with Dr Vera Kovács signed in."""
    return paired(db, clinic, clinic.surgeon, "Theatre 2")
