"""Two installations: one that is backed up, and an empty one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backup.ward import Ward, ward


@pytest.fixture
def riverside(worker_name: str, tmp_path: Path) -> Iterator[Ward]:
    """Where people work."""
    with ward(worker_name, tmp_path / "riverside") as made:
        yield made


@pytest.fixture
def new_place(worker_name: str, tmp_path: Path) -> Iterator[Ward]:
    """A machine on which nothing has happened yet."""
    with ward(worker_name, tmp_path / "new place", migrated=False) as made:
        yield made
