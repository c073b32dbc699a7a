"""The guide for writing a client shows tested files, word for word, and its plain client works."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db import Database
from tests import make
from tests.node import folder_of, installed
from tests.offline.rx import CLIENT
from tests.offline.theatre import Theatre, theatre
from tests.sync.tablet import anna

GUIDE = Path(__file__).parents[2] / "docs" / "tablet-client.md"


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Iterator[Theatre]:
    """A running server."""
    installed(CLIENT, "the plain client")
    with theatre(db, tmp_path) as running:
        yield running


@pytest.mark.parametrize("name", ["graftlog-rxdb.mjs", "plain.mjs"])
def test_the_guide_shows_the_tested_file(name: str) -> None:
    assert (CLIENT / name).read_text() in GUIDE.read_text()


def test_two_plain_tablets_see_the_same(here: Theatre, clinic: make.Clinic) -> None:
    settings = {"server": f"http://127.0.0.1:{here.port}", "token": make.token(here.db, clinic.surgeon), "patient": anna()}
    command = ["node", str(folder_of(CLIENT) / "plain-run.mjs"), json.dumps(settings)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    first, second = json.loads(ran.stdout)
    assert first[0]["notes"] == "Keloid on the shoulder"
    assert first[0]["write_id"] == second[0]["write_id"]
    assert (first[1], second[1]) == (0, 0)
