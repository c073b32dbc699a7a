"""Many new documents in one push are taken in few statements, and no story of a single one changes by it."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from server.db import Database
from server.ids import uuid7
from server.journal.reading import verify
from tests import make
from tests.api import Api
from tests.sync.tablet import Tablet, anna, issues, pulled, row, scar_of, statuses


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """Statements that the database is asked meanwhile."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)


def test_a_hundred_patients_cost_hardly_more_statements_than_two(nora: Tablet, db: Database, clinic: make.Clinic) -> None:
    with counted(db) as few:
        nora.push("patients", *(row(anna()) for _ in range(2)))
    with counted(db) as many:
        answer = nora.push("patients", *(row(anna()) for _ in range(100)))
    assert set(statuses(answer)) == {"accepted"}
    assert len(many) < len(few) + 10
    with db.transaction(clinic.id, write=False) as session:
        assert verify(session, clinic.id)[1] is None


def test_each_keeps_its_version_and_has_its_number(nora: Tablet, vera: Api) -> None:
    rows = [row(anna()) for _ in range(3)]
    receipts = nora.push("patients", *rows)["receipts"]
    documents = {one["id"]: one for one in pulled(vera, "patients")}
    for sent, receipt in zip(rows, receipts, strict=True):
        state = sent["newDocumentState"]
        assert documents[state["id"]]["write_id"] == state["write_id"] == receipt["write_id"]
    assert sorted(one["seq"] for one in receipts) == list(range(receipts[0]["seq"], receipts[0]["seq"] + 3))


def test_one_bad_patient_keeps_out_only_herself(nora: Tablet, vera: Api) -> None:
    """Bence has Anna's number, Csaba no name; the others are in the record."""
    first, bence = anna(), anna(given_name="Bence")
    rows = [row(first), row(bence | {"mrn": first["mrn"]}), row(anna(given_name="Csaba") | {"family_name": 7}), row(anna())]
    answer = nora.push("patients", *rows)
    assert statuses(answer) == ["accepted", "quarantined", "quarantined", "accepted"]
    assert sorted(one["reasons"][0]["pointer"] for one in issues(vera)) == ["/family_name", "/mrn"]
    assert len(pulled(vera, "patients")) == 2


def test_the_same_patient_twice_in_one_push_is_a_story_in_order(nora: Tablet, vera: Api) -> None:
    """Written down, and changed before the tablet came back to the network."""
    before = anna()
    created, changed = row(before), row(before | {"notes": "Keloid on the shoulder"})
    changed["assumedMasterState"] = created["newDocumentState"]
    answer = nora.push("patients", created, row(anna()), changed)
    assert statuses(answer) == ["accepted"] * 3
    assert vera.get(f"/patients/{before['id']}")["notes"] == "Keloid on the shoulder"


def test_scars_of_a_patient_who_has_not_arrived_wait_and_the_others_do_not(nora: Tablet, vera: Api) -> None:
    here, away = anna(), anna()
    nora.push("patients", row(here))
    scars = [scar_of(here["id"]), scar_of(away["id"]), scar_of(here["id"]), scar_of("nobody")]
    answer = nora.push("scars", *map(row, scars))
    assert statuses(answer) == ["accepted", "held", "accepted", "quarantined"]
    assert len(vera.get(f"/patients/{here['id']}/scars")["items"]) == 2
    nora.push("patients", row(away))
    assert len(vera.get(f"/patients/{away['id']}/scars")["items"]) == 1


def test_a_patient_whom_a_colleague_has_meanwhile_is_not_made_again(nora: Tablet, other: Tablet, vera: Api) -> None:
    """Both tablets know Anna from before a restore; each brings her with somebody new."""
    known = row(anna())
    nora.push("patients", known, row(anna()))
    answer = other.push("patients", row(known["newDocumentState"] | {"write_id": str(uuid7())}), row(anna()), row(anna()))
    assert statuses(answer) == ["accepted"] * 3
    assert len(pulled(vera, "patients")) == 4
