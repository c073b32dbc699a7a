"""Seeded lives of tablets on a bad network. A failing seed is run alone with `python -m tests.offline SEED`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas.sync_words import IssueKind
from server.db import Database
from server.sync.models import Issue
from tests.databases import as_owner
from tests.offline.promises import broken
from tests.offline.proxy import Fault
from tests.offline.theatre import Theatre, new_life, theatre

SEEDS = int(os.environ.get("GRAFTLOG_LIVES", "20"))
"""How many lives: few by default, 200 in CI, any number by `python -m tests.offline`."""
KILLED_EVERY = 10
SLOW_SEEDS = 8
AT_ONCE = 10
SLOW_COMMITS = (
    "CREATE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03 * random()); RETURN NULL; END'",
    """
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (mod(NEW.seq, 3) = 0) EXECUTE FUNCTION wait_a_little()
    """,
)
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


@pytest.mark.timeout(300)
def test_no_life_breaks_a_promise_where_commits_are_slow(lonely_db: Database, tmp_path: Path) -> None:
    """Between the numbering of a change and the moment when others see it, tablets pull: none may skip it.

    On SQLite nobody reads between a write and its commit, however slow the disk is: one writer, and readers who see whole commits.
    """
    if lonely_db.is_sqlite:
        return
    with as_owner(lonely_db) as owned, owned.engine.begin() as connection:
        for statement in SLOW_COMMITS:
            connection.exec_driver_sql(statement)
    with theatre(lonely_db, tmp_path) as here:
        for seed in range(SLOW_SEEDS):
            life = new_life(here, seed)
            life.live()
            assert list(broken(lonely_db, life.clinic, life.tablets, restored=False)) == [], f"seed {seed}"


def test_the_network_really_fails(here: Theatre) -> None:
    """Else the lives above would prove nothing."""
    life = new_life(here, 7)
    here.network.happened.clear()
    life.live()
    with here.db.transaction(life.clinic.id, write=False) as session:
        assert IssueKind.GAP in set(session.scalars(sa.select(Issue.kind))), "no entry was ever missed"
    life.network.share = 0.5
    for _ in range(60):
        life.network.draw()
    assert set(here.network.happened) == set(Fault)
