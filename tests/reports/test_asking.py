"""Asking for a report: one computation for whoever asks, kept by its lock, taken over from a worker that is lost."""

import threading
import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.outcome_words import ReportState
from server import clock
from server.db import Database
from server.problems import Problem
from server.reports.digest import following
from server.reports.models import Report
from server.reports.rules import Filters
from server.reports.service import asking, running
from server.reports.service.cohort import frame_of
from server.reports.service.computing import compute
from server.reports.service.steps import GATHERING, STEPS
from server.snapshot import moment
from tests import make
from tests.reports.lives import Lives, noon


def asked(db: Database, clinic: make.Clinic, filters: Filters | None = None) -> Report:
    """Vera asks."""
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        return asking.ask(session, filters or Filters(), clinic.surgeon.user_id)


def numbers(db: Database, clinic: make.Clinic, report: Report) -> dict[str, Any]:
    """The report, without the time at which it was computed."""
    with db.transaction(clinic.id, write=False) as session:
        return {name: value for name, value in asking.cohort_of(session, report).items() if name != "computed_at"}


def test_two_who_ask_at_once_get_one_computation(db: Database, clinic: make.Clinic) -> None:
    make.procedure(db, clinic)
    found: list[uuid.UUID] = []
    both = threading.Barrier(2)

    def somebody() -> None:
        both.wait()
        found.append(asked(db, clinic).id)

    people = [threading.Thread(target=somebody) for _ in range(2)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert len(set(found)) == 1
    with db.transaction(clinic.id, write=False) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Report)) == 1


def test_the_same_lock_gives_the_same_numbers_and_a_new_write_a_new_lock(db: Database, clinic: make.Clinic) -> None:
    first = asked(db, clinic)
    running.run_waiting(db)
    assert asked(db, clinic).id == first.id
    with moment(db, clinic.id) as session:
        again = dict(compute(frame_of(session, Filters())))
    again.pop("computed_at")
    assert numbers(db, clinic, first) == again
    make.patient(db, clinic)
    second = asked(db, clinic)
    assert second.id != first.id
    assert second.state == ReportState.QUEUED
    with db.transaction(clinic.id, write=False) as session:
        kept = asking.newest_kept(session, Filters())
        assert kept is not None
        assert (kept.id, asking.changes_since(session, kept)) == (first.id, 1)


def test_a_lock_that_was_never_computed_is_told_with_the_nearest(db: Database, clinic: make.Clinic) -> None:
    asked(db, clinic)
    running.run_waiting(db)
    with db.transaction(clinic.id, write=False) as session:
        kept = asking.newest_kept(session, Filters())
        assert kept is not None
        assert asking.at_lock(session, Filters(), kept.seq).id == kept.id
        with pytest.raises(Problem, match=f"ever computed at lock 999.*nearest lock that was is {kept.seq}"):
            asking.at_lock(session, Filters(), 999)
        with pytest.raises(Problem, match="Nothing was yet"):
            asking.at_lock(session, Filters(protocol="2"), kept.seq)


def test_everything_of_one_report_is_of_one_moment(db: Database, clinic: make.Clinic) -> None:
    """Somebody writes while it is counted; nothing of it is in the numbers, nor in the lock."""
    lives = Lives(clinic)
    lives.procedure(lives.patient(), noon(date(2025, 3, 1)))
    lives.store(db)
    with moment(db, clinic.id) as session:
        frame = frame_of(session, Filters())

        def meanwhile(done: int, _step: str) -> None:
            if done == 0:
                make.patient(db, clinic)
                late = Lives(clinic)
                late.procedure(late.patient(), noon(date(2025, 3, 2)))
                late.store(db)

        said = compute(frame, meanwhile)
    assert (said["counts"]["patients"], said["counts"]["procedures"]) == (1, 1)
    asked(db, clinic)
    running.run_waiting(db)
    with db.transaction(clinic.id, write=False) as session:
        later = asking.newest_kept(session, Filters())
        assert later is not None
        assert later.seq > said["seq"]


def test_a_report_shows_how_far_it_is(db: Database, clinic: make.Clinic) -> None:
    report = asked(db, clinic)
    with db.transaction(clinic.id) as session:
        turn = running.claim(session)
    assert turn is not None
    assert turn.report_id == report.id
    assert (seen := asked(db, clinic)).state == ReportState.RUNNING
    assert (seen.done, seen.total, seen.step) == (0, len(STEPS), "patients")
    running.run(db, turn)
    assert (asked(db, clinic).done, asked(db, clinic).step) == (7, "places")


def test_a_clinics_first_report_says_how_many_procedures_are_gathered(
    db: Database, clinic: make.Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's time is up after the first of three; its next call goes on where it was, and nobody counts that as a lost worker."""
    lives = Lives(clinic)
    for day in (1, 2, 3):
        lives.procedure(lives.patient(), noon(date(2025, 3, day)))
    lives.store(db)
    report = asked(db, clinic)
    monkeypatch.setattr(following, "PART", 1)
    with db.transaction(clinic.id) as session:
        turn = running.claim(session)
    assert turn is not None
    once = iter((True,))
    assert not running.gather(db, turn, lambda: next(once, False))
    seen = asked(db, clinic)
    assert (seen.state, seen.step, seen.done, seen.total, seen.attempts) == (ReportState.QUEUED, GATHERING, 1, 3, 0)
    assert running.run_waiting(db) >= 1
    assert numbers(db, clinic, report)["counts"]["procedures"] == 3


def test_a_worker_loads_what_computes_as_it_starts_where_reports_are_asked_for(lonely_db: Database) -> None:
    clinic = make.clinic(lonely_db)
    assert running.warm_up(lonely_db) is None, "nobody has ever asked"
    asked(lonely_db, clinic)
    assert running.warm_up(lonely_db) is None, "nor has anybody had one"
    running.run_waiting(lonely_db)
    loading = running.warm_up(lonely_db)
    assert loading is not None
    loading.join()
    with clock.at(clock.now() + running.IN_USE + timedelta(days=1)):
        assert running.warm_up(lonely_db) is None, "and it was long ago"


def test_a_lost_workers_report_is_taken_over_and_the_lost_one_is_not_heard(db: Database, clinic: make.Clinic) -> None:
    asked(db, clinic)
    with db.transaction(clinic.id) as session:
        lost = running.claim(session)
    assert lost is not None
    with db.transaction(clinic.id) as session:
        assert running.claim(session) is None, "a second worker computes nothing twice"
    with clock.at(clock.now() + running.LEASE + timedelta(seconds=1)):
        with db.transaction(clinic.id) as session:
            heir = running.claim(session)
        assert heir == replace(lost, attempt=2)
        found = running.run(db, heir)
        with db.transaction(clinic.id) as session:
            running.fail(session, lost, "I am back")
            running.finish(session, heir, found)
        with db.transaction(clinic.id) as session:
            running.fail(session, lost, "I am back")
    assert asked(db, clinic).state == ReportState.DONE


def test_what_loses_every_worker_is_given_up_with_a_sentence(db: Database, clinic: make.Clinic) -> None:
    asked(db, clinic)
    for attempt in range(running.MOST_ATTEMPTS + 1):
        with clock.at(clock.now() + attempt * (running.LEASE + timedelta(seconds=1))), db.transaction(clinic.id) as session:
            turn = running.claim(session)
            assert (turn is None) == (attempt == running.MOST_ATTEMPTS)
    failed = asked(db, clinic)
    assert failed.state == ReportState.FAILED
    assert failed.problem is not None
    assert "3 workers were lost" in failed.problem


def test_a_failure_is_told_and_tried_again_after_a_minute(db: Database, clinic: make.Clinic) -> None:
    report = asked(db, clinic)
    with db.transaction(clinic.id) as session:
        session.get_one(Report, (clinic.id, report.id)).filters = {"from": "never"}
    running.run_waiting(db)
    failed = asked(db, clinic)
    assert (failed.id, failed.state) == (report.id, ReportState.FAILED)
    assert failed.problem == "It could not be computed (ValueError). Ask again in a minute; the worker's log says more."
    with clock.at(clock.now() + asking.AGAIN_AFTER):
        assert asked(db, clinic).state == ReportState.QUEUED


def test_nothing_is_shown_of_another_clinic(db: Database, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    make.procedure(db, other_clinic)
    report = asked(db, clinic)
    running.run_waiting(db)
    assert numbers(db, clinic, report)["counts"]["procedures"] == 0
    with db.transaction(other_clinic.id, write=False) as session:
        assert asking.newest_kept(session, Filters()) is None


def test_the_hash_is_of_one_written_form() -> None:
    surgeon = uuid.UUID("01931c1e-7a52-7c2b-9f0e-0123456789ab")
    assert Filters(surgeon_id=surgeon).hash() == Filters(surgeon_id=uuid.UUID(str(surgeon).upper())).hash()
    assert Filters(surgeon_id=surgeon).hash() != Filters().hash()
