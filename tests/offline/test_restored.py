"""A server that comes back from an old backup: the tablets bring it forward again, and the chain goes on across the seam."""

from collections.abc import Callable
from pathlib import Path

import pytest

from server.db import Database
from tests.backup.ward import Ward, ward
from tests.offline.promises import broken
from tests.offline.theatre import Theatre, new_life, theatre


def strikes(riverside: Ward, db: Database, here: Theatre, folder: Path) -> Callable[[], None]:
    """The first time a backup is made, under load; from then on the server is brought back to it."""
    backup = folder / "night.zip"

    def strike() -> None:
        if not backup.exists():
            riverside.backup(backup)
            return
        here.stop()
        db.close()  # the story looks into the database itself
        riverside.restore(backup, replace=True)
        here.start()

    return strike


@pytest.mark.timeout(200)
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_the_tablets_bring_a_restored_server_forward(seed: int, worker_name: str, tmp_path: Path) -> None:
    """Every fact is there once again, all tablets see the same, and nothing has gone back behind what the backup held."""
    with ward(worker_name, tmp_path / "riverside") as riverside, riverside.open() as db, theatre(db, tmp_path) as here:
        life = new_life(here, seed, strike=strikes(riverside, db, here, tmp_path), strikes=3)
        epochs = {head[2] for head in riverside.heads().values()}
        life.live()
        assert list(broken(db, life.clinic, life.tablets, restored=True)) == []
        assert epochs.isdisjoint(head[2] for head in riverside.heads().values())
