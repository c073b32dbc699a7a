"""RxDB, unmodified from npm, as the app of two and three tablets: what the guide for clients promises."""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.db import Database
from server.ids import uuid7
from server.procedures.models import Entry
from tests import make
from tests.api import Api
from tests.node import installed
from tests.offline.proxy import PATIENCE_S, Gate
from tests.offline.rx import CLIENT, RxTablet
from tests.offline.theatre import Theatre, theatre

MORNING = "2026-11-23T08:30:{:02d}+01:00"
Open = Callable[..., RxTablet]


@pytest.fixture(scope="module")
def here(db: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One server for these stories."""
    installed(CLIENT, "RxDB")
    with theatre(db, tmp_path_factory.mktemp("theatre")) as running:
        yield running


@pytest.fixture
def opened(here: Theatre, clinic: make.Clinic) -> Iterator[Open]:
    """`opened()` is a paired tablet in Vera's hands, its app open; all of them are closed at the end."""
    made: list[RxTablet] = []

    def one(file: Path | None = None) -> RxTablet:
        paired = make.tablet(here.db, clinic, name=f"Theatre {len(made) + 1}")
        token = make.token(here.db, replace(clinic.surgeon, device_id=paired.device_id))
        made.append(RxTablet(here.outside, token, file))
        return made[-1]

    yield one
    here.network.share = 0
    for tablet in made:
        tablet.kill()


def a_case(clinic: make.Clinic, notes: int) -> dict[str, list[dict[str, Any]]]:
    """Anna, her procedure and so many notes, as a tablet writes them down without a network."""
    patient, procedure = str(uuid7()), str(uuid7())
    return {
        "patients": [{"id": patient, "mrn": f"RX-{uuid.uuid4().hex[:8]}", "family_name": "Petrauskienė", "given_name": "Anna"}],
        "procedures": [
            {"id": procedure, "patient_id": patient, "surgeon_id": str(clinic.surgeon.user_id), "planned_for": MORNING.format(0)}
        ],
        "entries": [
            {
                "id": str(uuid7()),
                "procedure_id": procedure,
                "kind": "note",
                "text": f"Step {number}",
                "recorded_at": MORNING.format(number % 60),
                "device_seq": number + 1,
            }
            for number in range(notes)
        ],
    }


def write(tablet: RxTablet, case: dict[str, list[dict[str, Any]]]) -> None:
    """Record a case offline."""
    for collection, documents in case.items():
        tablet.ask("insert", collection=collection, documents=documents)


def stored(db: Database, clinic: make.Clinic) -> list[str]:
    """Texts of all entries that the server has."""
    with db.transaction(clinic.id, write=False) as session:
        return sorted(str(details["text"]) for details in session.scalars(sa.select(Entry.details)))


def test_a_whole_case_recorded_offline_arrives_once_and_is_seen_on_the_other_tablet(
    here: Theatre, clinic: make.Clinic, opened: Open
) -> None:
    first, second = opened(), opened()
    case = a_case(clinic, 120)
    write(first, case)
    first.ask("begin")
    assert first.ask("settle")["receipts"] == 122
    second.ask("begin")
    second.ask("settle")
    assert second.shows("entries").keys() == first.shows("entries").keys() == {one["id"] for one in case["entries"]}
    assert stored(here.db, clinic) == sorted(f"Step {number}" for number in range(120))


@pytest.mark.timeout(200)
def test_on_a_bad_network_everything_arrives_once_all_the_same(here: Theatre, clinic: make.Clinic, opened: Open) -> None:
    """Answers are lost, bodies cut, requests doubled, and the process that serves is killed."""
    tablets = [opened() for _ in range(3)]
    for tablet in tablets:
        write(tablet, a_case(clinic, 40))
        tablet.ask("begin")
    here.network.dice, here.network.share = random.Random(11), 0.4
    for tablet in tablets:
        tablet.tell("settle")
    here.kill()
    here.network.share = 0.2
    for tablet in tablets:
        assert tablet.process.stdout is not None
        assert "error" not in tablet.process.stdout.readline()
    here.network.share = 0
    for tablet in (*tablets, *tablets):
        tablet.ask("settle")
    assert stored(here.db, clinic) == sorted(f"Step {number}" for number in range(40) for _ in tablets)
    views = [tablet.shows("entries").keys() for tablet in tablets]
    assert views[0] == views[1] == views[2]
    assert len(views[0]) == 120


def test_killed_before_it_was_sent_it_is_sent_afterwards(here: Theatre, clinic: make.Clinic, opened: Open, tmp_path: Path) -> None:
    """Kill -9 after the case was recorded; the app is opened again and knows it all."""
    tablet = opened(tmp_path / "tablet.jsonl")
    write(tablet, a_case(clinic, 30))
    tablet.kill()
    tablet.start()
    assert len(tablet.shows("entries")) == 30
    tablet.ask("begin")
    tablet.ask("settle")
    assert len(stored(here.db, clinic)) == 30


@pytest.mark.parametrize("half_sent", [True, False], ids=["half of it sent", "stored and not answered"])
def test_killed_in_the_middle_of_a_push_it_sends_all_and_nothing_twice(
    here: Theatre, clinic: make.Clinic, opened: Open, tmp_path: Path, half_sent: bool
) -> None:
    """Kill -9 while 130 entries are on their way, in two batches; the app is opened again, and a colleague's tablet sees each once."""
    tablet = opened(tmp_path / "tablet.jsonl")
    case = a_case(clinic, 130)
    entries = case.pop("entries")
    write(tablet, case)
    for step in ("begin", "settle", "end"):  # the procedure is there: no entry has to wait for it, in whatever order collections are sent
        tablet.ask(step)
    write(tablet, {"entries": entries})
    gate = here.network.gate = Gate(b"/sync/entries/push", half_sent)
    tablet.ask("begin")
    assert gate.reached.wait(PATIENCE_S)
    tablet.kill()
    gate.left.set()
    assert len(stored(here.db, clinic)) == (0 if half_sent else 100)
    tablet.start()
    tablet.ask("begin")
    tablet.ask("settle")
    assert stored(here.db, clinic) == sorted(f"Step {number}" for number in range(130))
    colleague = opened()
    colleague.ask("begin")
    colleague.ask("settle")
    assert colleague.shows("entries").keys() == tablet.shows("entries").keys()


def test_two_people_change_one_patient(clinic: make.Clinic, opened: Open) -> None:
    """Different fields are merged; of the same field the server's value stays, and the other one is kept for a person to see."""
    first, second = opened(), opened()
    write(first, case := a_case(clinic, 1))
    anna = case["patients"][0]["id"]
    for tablet in (first, second):
        tablet.ask("begin")
        tablet.ask("settle")
        tablet.ask("end")
    first.ask("change", collection="patients", id=anna, fields={"notes": "Keloid on the shoulder", "phone": "+36 30 123 4567"})
    second.ask("change", collection="patients", id=anna, fields={"notes": "None", "given_name": "Anna Rūta"})
    for tablet in (first, second, first):
        tablet.ask("begin")
        tablet.ask("settle")
    for tablet in (first, second):
        seen = tablet.shows("patients")[anna]
        assert (seen["notes"], seen["phone"], seen["given_name"]) == ("Keloid on the shoulder", "+36 30 123 4567", "Anna Rūta")
    assert first.shows("patients")[anna]["write_id"] == second.shows("patients")[anna]["write_id"]


def test_a_form_that_is_wrong_is_kept_and_holds_up_nothing(
    clinic: make.Clinic, opened: Open, here: Theatre, as_: Callable[[make.Person], Api]
) -> None:
    """Five micrometres of aperture: the entry waits for a person, the others are in the record."""
    tablet = opened()
    case = a_case(clinic, 5)
    wrong = {"kind": "filtration", "filtered": True, "aperture_um": 5, "filter_passes": 1, "nanofat_ml": 12.0}
    case["entries"].append(case["entries"][0] | wrong | {"id": str(uuid7()), "device_seq": 6})
    write(tablet, case)
    tablet.ask("begin")
    assert tablet.ask("settle")["receipts"] == 8
    assert len(stored(here.db, clinic)) == 5
    (issue,) = as_(clinic.surgeon).get("/sync/issues")["items"]
    assert (issue["kind"], issue["reasons"][0]["pointer"]) == ("quarantined", "/aperture_um")
