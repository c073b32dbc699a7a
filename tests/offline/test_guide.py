"""The guide for writing a client shows tested files, word for word, and its plain client works."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.config import from_environment
from server.db import Database
from server.journal import checkpoints
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


@pytest.mark.parametrize("name", ["graftlog-rxdb.mjs", "plain.mjs", "witness.mjs"])
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


def test_a_tablet_witnesses_the_journal(here: Theatre, clinic: make.Clinic, tmp_path: Path) -> None:
    """It takes each checkpoint that continues the last one, and refuses a history that does not."""
    keys = from_environment({"GRAFTLOG_DATA": str(tmp_path)}).keys
    settings = {"server": f"http://127.0.0.1:{here.port}", "token": make.token(here.db, clinic.surgeon)}
    command = ["node", str(folder_of(CLIENT) / "witness-run.mjs"), json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tablet:

        def sync(line: str = "") -> dict[str, object]:
            assert tablet.stdin is not None
            assert tablet.stdout is not None
            tablet.stdin.write(f"{line}\n")
            tablet.stdin.flush()
            return dict(json.loads(tablet.stdout.readline()))

        def checkpoint() -> int:
            with here.db.transaction(clinic.id) as session:
                taken = checkpoints.take(session, keys)
                assert taken is not None
                return taken.size

        sizes = [checkpoint()]
        assert sync() == {"kept": sizes[0]}
        for number in range(9):
            make.patient(here.db, clinic, given_name=f"Anna {number}")
            assert sync() == {"kept": sizes[-1]}
            sizes.append(checkpoint())
            assert sync() == {"kept": sizes[-1]}
        make.patient(here.db, clinic)
        checkpoint()
        assert "does not continue" in str(sync("forged")["refused"])
