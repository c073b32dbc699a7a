"""What seldom happens in an invented life, played on purpose against the same calculation."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, VisitState
from server import clock
from server.config import Config
from server.db import Database
from server.followup.engine import chores
from server.followup.models import Visit
from tests import make
from tests.simulation import compare, naive
from tests.simulation.invariants import faults
from tests.simulation.play import Player
from tests.simulation.protocols import PROTOCOLS
from tests.simulation.script import Happening, Script, What

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)


def on(day: int, hour: int = 11) -> datetime:
    """Never when a message is due."""
    return BEGINS + timedelta(days=day, hours=hour, seconds=7)


@dataclass(frozen=True)
class Of:
    """One patient's events."""

    who: str

    def registered(self) -> Happening:
        """On the first morning."""
        return Happening(on(0, 8), What.REGISTERED, self.who, facts={"email": "anna@example.org", "time_zone": "Europe/Budapest"})

    def completed(self, day: int, number: int = 1) -> Happening:
        """At nine, recorded an hour later."""
        return Happening(on(day, 10), What.COMPLETED, self.who, f"{self.who}/{number}", moment=on(day, 9).replace(second=0))

    def withdrawn(self, day: int, number: int = 1) -> Happening:
        """It was another patient's."""
        return Happening(on(day), What.WITHDRAWN, self.who, f"{self.who}/{number}")

    def marked(self, day: int, step: str, state: str, booked_day: int | None = None) -> Happening:
        """A visit of the first procedure; booked for eleven o'clock of a day."""
        booked_for = on(booked_day).replace(second=0) if booked_day else None
        return Happening(on(day), What.MARKED, self.who, f"{self.who}/1", step, state, booked_for)

    def died(self, day: int) -> Happening:
        """So it is written down."""
        return Happening(on(day), What.CHANGED, self.who, facts={"died_on": on(day).date()})

    def lives(self, day: int) -> Happening:
        """It was another patient."""
        return Happening(on(day), What.CHANGED, self.who, facts={"died_on": None})


def check(db: Database, config: Config, days: int, *happenings: Happening) -> None:
    """Engine and calculation agree, and the nightly proof finds nothing."""
    script = Script(tuple(sorted(happenings, key=lambda one: one.at)), (), PROTOCOLS, BEGINS, BEGINS + timedelta(days=days))
    played = Player(db, config, script).play(days // 5)
    people, stories = compare.differences(script, played.lines, naive.log_of(script))
    assert people == 0, stories
    assert faults(db, config, script, played) == []


def test_nobody_is_chased_after_death_or_withdrawal(lonely_db: Database, config: Config) -> None:
    """A person had marked the visit missed; its chases are cancelled at once, not only when they are due."""
    anna, bela = Of("Anna 1"), Of("Béla 2")
    lives = [event for one in (anna, bela) for event in (one.registered(), one.completed(0), one.marked(13, "2w", "missed"))]
    check(lonely_db, config, 20, *lives, anna.died(15), bela.withdrawn(16))


def test_what_comes_back_is_as_it_was(lonely_db: Database, config: Config) -> None:
    """After mistakes are undone: under the protocol that it was planned under, although another is in force; and booked if it was."""
    anna, bela, csilla = Of("Anna 1"), Of("Béla 2"), Of("Csilla 3")
    lives = [event for one in (anna, bela, csilla) for event in (one.registered(), one.completed(0))]
    lives += [anna.died(1), anna.lives(70)]
    lives += [bela.completed(1, 2), bela.withdrawn(70, 2)]
    lives += [csilla.marked(50, "3m", "booked", 100), csilla.completed(60, 2), csilla.withdrawn(62, 2)]
    check(lonely_db, config, 130, *lives, Happening(on(65, 7), What.PROTOCOL, value="six_weeks"))


def test_a_booked_visit_is_chased_only_once_it_is_missed(lonely_db: Database, config: Config) -> None:
    """Booked without a time, and nobody says more; or booked, missed, booked again after the window, and missed again."""
    anna, bela = Of("Anna 1"), Of("Béla 2")
    lives = [event for one in (anna, bela) for event in (one.registered(), one.completed(0))]
    lives += [anna.marked(80, "3m", "booked")]
    lives += [bela.marked(80, "3m", "booked", 95), bela.marked(96, "3m", "missed")]
    lives += [bela.marked(103, "3m", "booked", 118), bela.marked(119, "3m", "missed")]
    check(lonely_db, config, 140, *lives)


def test_whoever_is_lost_is_found_behind_many_missed_visits(
    db: Database, clinic: make.Clinic, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two patients never come. Visits that another follows are never lost, and must not take every place of the batch."""
    monkeypatch.setattr(chores, "MOST_VISITS", 3)
    for day in (0, 1):
        with clock.at(on(day)):
            make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=on(day))
    for day in (40, 120, 400, 430):
        with clock.at(on(day)):
            chores.turn_visits(db, clinic.id, config)
    with db.transaction(clinic.id, write=False) as session:
        states = session.execute(sa.select(Visit.step, Visit.state).where(Visit.kind == "visit").order_by(Visit.step, Visit.id)).all()
    missed, lost = VisitState.MISSED, VisitState.LOST_TO_FOLLOW_UP
    assert [tuple(one) for one in states] == [("1y", lost), ("1y", lost), ("2w", missed), ("2w", missed), ("3m", missed), ("3m", missed)]
