"""Many open follow-ups change to a new version in batches: seen from outside, killed, doubled, overtaken."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server import clock
from server.config import Config
from server.db import Database
from server.followup.engine import moves, pump
from server.followup.engine.tick import Engine
from server.followup.service import protocol_changes, protocol_moves, schedule
from server.journal.models import JournalRow
from tests import make
from tests.api import Api
from tests.followup.editing import PATH, activate, put
from tests.followup.moving import NEXT_DAY, PEOPLE, Ward, months, open_move, step, treated, under, visits

As = Callable[[make.Person], Api]
pytestmark = pytest.mark.usefixtures("small_batches")


class Killed(BaseException):
    """A worker's end, which nothing in it catches."""


@pytest.fixture
def adam(clinic: make.Clinic, as_: As) -> Api:
    """Ádám Varga, administrator of Riverside: he sets up the clinic and reads no patient."""
    return as_(clinic.admin)


@pytest.mark.usefixtures("ward")
def test_many_are_moved_in_batches_and_everybody_sees_how_far_it_is(db: Database, clinic: make.Clinic, adam: Api) -> None:
    answer = open_move(adam)
    assert answer["difference"]["sentence"].startswith("moves 5 visits, moves")
    assert answer["move"] == {"version": "2", "total": 5, "done": 0, "finished_at": None}
    seen = []
    while step(db, clinic):
        said = adam.get(PATH)
        seen.append((said["move"]["done"], said["move"]["total"], said["move"]["finished_at"], said["in_force_for"]))
    old, new = ({"version": version, "procedures": 0} for version in ("default-2", "2"))
    assert seen == [
        (2, 5, None, [new | {"procedures": 2}, old | {"procedures": 3}]),
        (4, 5, None, [new | {"procedures": 4}, old | {"procedures": 1}]),
        (5, 5, "2026-03-03T11:40:00Z", [new | {"procedures": 5}]),
    ]
    assert under(db, clinic) == {("2",): 5}
    with clock.at(NEXT_DAY):
        assert activate(adam, months(4), "open")["difference"]["procedures"] == 0


@pytest.mark.usefixtures("ward")
def test_a_few_are_moved_at_once(db: Database, clinic: make.Clinic, adam: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_moves, "AT_ONCE", 5)
    assert open_move(adam)["move"] is None
    assert adam.get(PATH)["move"] is None
    assert under(db, clinic) == {("2",): 5}


@pytest.mark.usefixtures("ward")
def test_whoever_reads_the_progress_again_is_not_told_that_nothing_changed(db: Database, clinic: make.Clinic, adam: Api) -> None:
    open_move(adam)
    first = adam.call("GET", PATH).headers["ETag"]
    assert adam.call("GET", PATH, headers={"If-None-Match": first}).status_code == 304
    step(db, clinic)
    assert adam.call("GET", PATH, headers={"If-None-Match": first}).status_code == 200


@pytest.mark.usefixtures("ward")
def test_a_worker_that_is_killed_leaves_half_a_batch_undone_and_the_next_one_goes_on(
    db: Database, clinic: make.Clinic, adam: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_move(adam)
    step(db, clinic)
    planned, left = schedule.replan, iter((True, False))

    def replan(*given: Any) -> int:
        if not next(left):
            raise Killed
        return planned(*given)

    with monkeypatch.context() as worker:
        worker.setattr(schedule, "replan", replan)
        with pytest.raises(Killed):
            step(db, clinic)
    assert (adam.get(PATH)["move"]["done"], under(db, clinic)) == (2, {("2",): 2, ("default-2",): 3})
    assert step(db, clinic)
    assert (adam.get(PATH)["move"]["done"], under(db, clinic)) == (4, {("2",): 4, ("default-2",): 1})


@pytest.mark.usefixtures("ward")
def test_a_batch_that_fails_is_tried_again_after_a_minute(
    db: Database, clinic: make.Clinic, adam: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the error and no patient."""
    open_move(adam)

    def replan(*_: Any) -> int:
        raise LookupError("Petrauskienė")

    with monkeypatch.context() as worker:
        worker.setattr(schedule, "replan", replan)
        assert not step(db, clinic)
    assert "could not be moved: LookupError" in caplog.text
    assert "Petrauskienė" not in caplog.text
    for seconds, waits in ((59, None), (60, clinic.id)):
        with clock.at(NEXT_DAY + timedelta(seconds=seconds)), db.transaction(write=False, everywhere=True) as session:
            assert moves.due(session, clinic.id) == waits
    with clock.at(NEXT_DAY + timedelta(seconds=60)):
        moves.run(db, clinic.id)
    assert under(db, clinic) == {("2",): 5}


@pytest.mark.usefixtures("ward")
def test_workers_at_the_same_moment_move_each_follow_up_once(db: Database, clinic: make.Clinic, adam: Api) -> None:
    """The journal has each visit once under the new version, in the name of whoever asked for it."""
    open_move(adam)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        while adam_waits():
            step(db, clinic)

    def adam_waits() -> bool:
        with db.transaction(clinic.id, write=False) as session:
            move = protocol_moves.current(session)
            return move is not None and move.finished_at is None

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert adam.get(PATH)["move"]["done"] == 5
    with db.transaction(clinic.id, write=False) as session:
        of_visits = sa.and_(JournalRow.clinic_id == clinic.id, JournalRow.collection == "visits", JournalRow.action == "change")
        rows = session.scalars(sa.select(JournalRow).where(of_visits)).all()
    assert len(rows) == len({row.record_id for row in rows}) == 5 * 7
    assert {row.actor_id for row in rows} == {clinic.admin.user_id}


@pytest.mark.usefixtures("ward")
def test_a_newer_version_for_open_procedures_takes_over_from_an_unfinished_move(db: Database, clinic: make.Clinic, adam: Api) -> None:
    """Of five, two have been moved; all five go to the newer one, and what is said of it counts from where they stand."""
    open_move(adam, 4)
    step(db, clinic)
    answer = open_move(adam, 5)
    assert answer["difference"]["visits_moved"] == 5
    assert answer["move"] == {"version": "3", "total": 5, "done": 0, "finished_at": None}
    assert under(db, clinic) == {("2",): 2, ("default-2",): 3}
    with clock.at(NEXT_DAY):
        moves.run(db, clinic.id)
    assert (adam.get(PATH)["move"]["version"], under(db, clinic)) == ("3", {("3",): 5})


def test_a_newer_version_for_new_procedures_leaves_the_move_alone(ward: Ward, db: Database, clinic: make.Clinic, adam: Api) -> None:
    """Whoever is treated then begins under the newest one and stays there."""
    open_move(adam, 4)
    with clock.at(NEXT_DAY):
        assert activate(adam, months(5))["move"]["version"] == "2"
    fanni = treated(db, clinic, "Fanni", NEXT_DAY)
    with clock.at(NEXT_DAY):
        moves.run(db, clinic.id)
    assert visits(db, clinic, fanni)["3m"] == ("3", "2026-08-03")
    assert {visits(db, clinic, one)["3m"] for one in ward.values()} == {("2", "2026-07-02")}
    assert adam.get(PATH)["move"] is None  # it is finished, and speaks of a version that is no longer in force


@pytest.mark.usefixtures("ward")
def test_asking_again_while_it_goes_on_changes_nothing(db: Database, clinic: make.Clinic, adam: Api) -> None:
    open_move(adam)
    step(db, clinic)
    assert open_move(adam)["move"] == {"version": "2", "total": 5, "done": 2, "finished_at": None}


@pytest.mark.usefixtures("ward")
def test_a_tick_does_one_batch_and_whoever_has_no_worker_does_all(
    db: Database, clinic: make.Clinic, other_clinic: make.Clinic, adam: Api, config: Config
) -> None:
    """A round by hand moves this clinic's follow-ups and no other's."""
    open_move(adam)
    with clock.at(NEXT_DAY):
        pump.run_due(db, config, clinic_id=other_clinic.id)
        assert adam.get(PATH)["move"]["done"] == 0
        pump.run_due(db, config, clinic_id=clinic.id)
    assert under(db, clinic) == {("2",): 5}


def test_each_tick_moves_a_batch_of_the_clinic_that_has_waited_longest(lonely_db: Database, config: Config) -> None:
    """Riverside and Hillside change their protocols on the same morning."""
    both = [make.clinic(lonely_db), make.clinic(lonely_db, name="Hillside Clinic")]
    for clinic in both:
        for name in PEOPLE:
            treated(lonely_db, clinic, name)
        with clock.at(NEXT_DAY), lonely_db.transaction(clinic.id, actor=clinic.admin) as session:
            protocol_changes.activate(session, months(4), standing="default-2", note=None, open_too=True, by=clinic.admin.user_id)
    engine, done = Engine(lonely_db, config), []
    for second in range(1, 7):
        with clock.at(NEXT_DAY + timedelta(seconds=second)):
            engine.tick()
        done.append(tuple(under(lonely_db, clinic)[("2",)] for clinic in both))
    assert sorted(map(sum, done)) == [2, 4, 6, 8, 9, 10]
    assert all(abs(one - other) <= 2 for one, other in done)


@pytest.mark.usefixtures("ward")
def test_another_clinic_sees_nothing_of_it(db: Database, adam: Api, as_: As, other_clinic: make.Clinic) -> None:
    open_move(adam)
    assert as_(other_clinic.admin).get(PATH)["move"] is None
    assert not step(db, other_clinic)
    assert adam.get(PATH)["move"]["done"] == 0


@pytest.mark.usefixtures("ward")
def test_a_dry_run_begins_no_move(db: Database, clinic: make.Clinic, adam: Api) -> None:
    with clock.at(NEXT_DAY):
        assert put(adam, {"content": months(4), "applies_to": "open"}, "default-2", dry_run=True)["move"] is None
    assert not step(db, clinic)
