"""Facts change while many follow-ups are on their way to a new version: each ends up where it belongs."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState
from server import clock
from server.config import Config
from server.db import Database, find
from server.followup.engine import chores, moves
from server.followup.service import protocol_moves
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from tests import make
from tests.api import Api
from tests.followup.editing import PATH
from tests.followup.moving import ENDED, NEXT_DAY, Ward, open_move, step, treated, visits

As = Callable[[make.Person], Api]
pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.fixture
def adam(clinic: make.Clinic, as_: As) -> Api:
    """Ádám Varga, administrator of Riverside: he sets up the clinic and reads no patient."""
    return as_(clinic.admin)


def test_until_its_turn_a_follow_up_stays_under_its_version(
    ward: Ward, db: Database, clinic: make.Clinic, adam: Api, vera: Api, config: Config
) -> None:
    """Everybody gets another time zone before the first batch: planned again, under the old version."""
    open_move(adam)
    with clock.at(NEXT_DAY):
        for one in ward.values():
            patient = vera.get(f"/patients/{one['patient_id']}")
            vera.patch(f"/patients/{patient['id']}", {"time_zone": "America/New_York"}, patient["write_id"])
    assert {visits(db, clinic, one)["3m"] for one in ward.values()} == {("default-2", "2026-06-02")}
    with clock.at(NEXT_DAY):
        moves.run(db, clinic.id)
        assert chores.prove(db, clinic.id, config) == 0
    assert {visits(db, clinic, one)["3m"] for one in ward.values()} == {("2", "2026-07-02")}


def correct(db: Database, clinic: make.Clinic, procedure: dict[str, Any], ended_at: datetime) -> None:
    """The surgeon corrects when it was."""
    with clock.at(NEXT_DAY), db.transaction(clinic.id, actor=clinic.surgeon) as session:
        corrected(session, procedure, ended_at)


def corrected(session: Session, procedure: dict[str, Any], ended_at: datetime) -> None:
    """The same in a transaction that goes on."""
    times = {"started_at": ended_at - timedelta(hours=1), "ended_at": ended_at}
    lifecycle.change_procedure(session, locked(session, procedure), times)


def locked(session: Session, procedure: dict[str, Any]) -> Procedure:
    """As whoever changes it holds it."""
    found = find(session, Procedure, uuid.UUID(procedure["id"]), lock=True)
    assert found is not None
    return found


def test_a_procedure_that_is_corrected_before_or_after_its_turn(
    ward: Ward, db: Database, clinic: make.Clinic, adam: Api, config: Config
) -> None:
    """Treated on the Sunday before; whoever is moved later finds the right day, whoever was moved earlier keeps the version."""
    open_move(adam)
    step(db, clinic)
    for one in ward.values():
        correct(db, clinic, one, ENDED - timedelta(days=1))
    assert Counter(visits(db, clinic, one)["3m"] for one in ward.values()) == {("2", "2026-07-01"): 2, ("default-2", "2026-06-01"): 3}
    with clock.at(NEXT_DAY):
        moves.run(db, clinic.id)
        assert chores.prove(db, clinic.id, config) == 0
    assert {visits(db, clinic, one)["3m"] for one in ward.values()} == {("2", "2026-07-01")}


def meanwhile(first: Callable[[], object], db: Database, clinic: make.Clinic, then: Callable[[Session], object]) -> None:
    """`then` happens in a transaction that is not yet over when `first` begins, and that `first` therefore waits for."""
    other = threading.Thread(target=first)
    with clock.at(NEXT_DAY), db.transaction(clinic.id, actor=clinic.surgeon) as session:
        then(session)
        other.start()
        other.join(0.2)
    other.join()


def test_a_procedure_that_is_being_corrected_when_its_turn_comes(ward: Ward, db: Database, clinic: make.Clinic, adam: Api) -> None:
    """Its batch has seen the old day, waits for the surgeon, and plans by the new one."""
    open_move(adam)
    first = min(ward.values(), key=lambda one: uuid.UUID(one["patient_id"]))
    meanwhile(lambda: step(db, clinic), db, clinic, lambda session: corrected(session, first, ENDED - timedelta(days=1)))
    assert visits(db, clinic, first)["3m"] == ("2", "2026-07-01")
    assert adam.get(PATH)["move"]["done"] == 2


@pytest.mark.parametrize("at_once", [1, 0])
def test_a_procedure_that_is_being_completed_when_the_version_changes(
    at_once: int, db: Database, clinic: make.Clinic, adam: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is planned under the old version and not yet stored: the change waits for it, and takes it along, at once or in batches."""
    monkeypatch.setattr(protocol_moves, "AT_ONCE", at_once)
    begun = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS, started_at=ENDED - timedelta(hours=1))

    def complete(session: Session) -> None:
        lifecycle.complete(session, locked(session, begun), ENDED)

    meanwhile(lambda: open_move(adam), db, clinic, complete)
    assert (adam.get(PATH)["move"] is None) is bool(at_once)
    with clock.at(NEXT_DAY):
        moves.run(db, clinic.id)
    assert {version for version, _ in visits(db, clinic, begun).values()} == {"2"}


def test_follow_ups_that_end_or_begin_meanwhile_are_counted_as_they_are(
    ward: Ward, db: Database, clinic: make.Clinic, adam: Api, vera: Api
) -> None:
    """Two of those who wait are withdrawn; who is treated meanwhile begins under the new version and need not be moved."""
    open_move(adam)
    step(db, clinic)
    waiting = [one for one in ward.values() if visits(db, clinic, one)["3m"][0] == "default-2"]
    for one in waiting[:2]:
        vera.post(f"/procedures/{one['id']}/withdrawal", {"reason": "recorded for the wrong patient"}, 200)
    fanni = treated(db, clinic, "Fanni", NEXT_DAY)
    assert step(db, clinic)
    move = adam.get(PATH)["move"]
    assert (move["done"], move["total"], move["finished_at"] is None) == (3, 3, False)
    assert visits(db, clinic, fanni)["3m"][0] == "2"
