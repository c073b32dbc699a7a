"""Seeded lives of tablets on a bad network. A failing seed is run alone with `python -m tests.offline SEED`."""

import os
from collections.abc import Iterator

import pytest

from server.db import Database
from tests.offline.promises import broken
from tests.offline.proxy import Fault
from tests.offline.theatre import Theatre, new_life, theatre

SEEDS = int(os.environ.get("GRAFTLOG_LIVES", "20"))
"""How many lives: few by default, 200 in CI, any number by `python -m tests.offline`."""
KILLED_EVERY = 10
AT_ONCE = 10
"""Lives of one test: enough that the process that serves is killed once."""


@pytest.fixture(scope="module")
def here(db: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One server for all lives of this module; each life has its own clinic."""
    with theatre(db, tmp_path_factory.mktemp("theatre")) as running:
        yield running


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_no_life_breaks_a_promise(here: Theatre, first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, SEEDS)):
        life = new_life(here, seed, strike=here.kill, strikes=int(seed % KILLED_EVERY == 0))
        life.live()
        assert list(broken(here.db, life.clinic, life.tablets, restored=False)) == [], f"seed {seed}"


def test_the_network_really_fails(here: Theatre) -> None:
    """Else the lives above would prove nothing."""
    life = new_life(here, 7)
    here.network.happened.clear()
    life.live()
    life.network.share = 0.5
    for _ in range(60):
        life.network.draw()
    assert set(here.network.happened) == set(Fault)
