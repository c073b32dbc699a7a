"""Two years of a clinic, short: what the engine sent, and why it did not, equals a calculation that knows none of its code."""

import pytest

from server.config import Config
from server.db import Database
from tests.simulation import compare, life, naive
from tests.simulation.invariants import faults
from tests.simulation.play import Player

PROCEDURES, SEED, PROOFS = 40, 1, 2


@pytest.mark.timeout(300)
def test_two_years_go_as_calculated(lonely_db: Database, config: Config) -> None:
    """Bookings, mistakes, deaths, moves, holidays, clock changes, outages and two new protocols; 500 by `python -m tests.simulation`."""
    script = life.invent(PROCEDURES, SEED)
    played = Player(lonely_db, config, script).play(PROOFS)
    expected = naive.log_of(script)
    people, stories = compare.differences(script, played.lines, expected)
    assert people == 0, stories
    assert faults(lonely_db, config, script, played) == []
    assert compare.counts(played.lines)["sent by email"] > 5 * PROCEDURES
