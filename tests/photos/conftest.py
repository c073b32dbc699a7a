"""Fixtures of the stories about photographs: Anna, who is photographed at Riverside, and a worker's turn at the thumbnails."""

from collections.abc import Callable

import pytest

from server.app import App
from server.photos.service.thumbnails import make_waiting
from tests import make


@pytest.fixture
def anna(app: App, clinic: make.Clinic) -> str:
    """Id of Anna Petrauskienė, patient of Riverside."""
    return str(make.patient(app.db, clinic)["id"])


@pytest.fixture
def worker(app: App) -> Callable[[], int]:
    """What the worker's task does: thumbnails of how many photographs it made."""
    return lambda: make_waiting(app.db, app.settings)
