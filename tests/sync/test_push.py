"""What tablets push: rows go through the same services as the API, each is acknowledged, and nothing happens twice."""

import threading
from collections.abc import Callable
from hashlib import sha256

import pytest
import rfc8785
import sqlalchemy as sa

from server.db import Database
from server.ids import uuid7
from server.sync.models import Write
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, Tablet, anna, issues, pulled, row, scar_of, statuses


def push(api: Api, collection: str, *rows: Json, **headers: str) -> Json:
    """Over HTTP."""
    return dict(api.post(f"/sync/{collection}/push", list(rows), 200, headers=headers))


def test_rule_1_a_pushed_document_keeps_the_write_id_and_its_receipt_says_what_was_stored(vera: Api) -> None:
    sent = row(anna(weight_kg=62))
    answer = push(vera, "patients", sent)
    state = sent["newDocumentState"]
    assert answer["conflicts"] == []
    (receipt,) = answer["receipts"]
    assert receipt == {
        "id": state["id"],
        "write_id": state["write_id"],
        "sha256": sha256(rfc8785.dumps(state)).hexdigest(),
        "seq": receipt["seq"],
        "status": "accepted",
    }
    stored = vera.get(f"/patients/{state['id']}")
    assert stored["write_id"] == state["write_id"]
    page = vera.get("/sync/patients/pull")
    assert page["checkpoint"] == {"epoch": answer["epoch"], "seq": receipt["seq"]}
    assert page["documents"] == [{"_deleted": False, **stored}]


def test_rule_1_a_replayed_push_changes_nothing_and_is_acknowledged_again(vera: Api, clinic: make.Clinic) -> None:
    case = stages.begun(vera, clinic)
    sent = {
        "patients": row(anna()),
        "scars": row(scar_of(case.patient_id)),
        "entries": row(make.entry("note", text="calm", procedure_id=case.id)),
    }
    first = {name: push(vera, name, one) for name, one in sent.items()}
    for _ in range(3):
        again = {name: push(vera, name, one) for name, one in sent.items()}
        assert {name: one["receipts"] for name, one in again.items()} == {name: one["receipts"] for name, one in first.items()}
    assert len(case.read()["entries"]) == 1
    assert len(pulled(vera, "patients")) == 2


def test_rule_1_a_stale_replay_does_not_overwrite_a_colleague(vera: Api, nora: Tablet, other: Tablet) -> None:
    created = row(anna(weight_kg=61))
    nora.push("patients", created)
    seen = created["newDocumentState"]
    other.push("patients", row({**seen, "weight_kg": 64}, base=seen))
    answer = nora.push("patients", created)
    assert statuses(answer) == ["accepted"]
    assert [one["weight_kg"] for one in answer["conflicts"]] == [64], "as it is now"
    assert vera.get(f"/patients/{seen['id']}")["weight_kg"] == 64
    assert issues(vera) == []


def test_rule_1_a_write_id_used_for_other_content_is_quarantined_once(vera: Api, nora: Tablet) -> None:
    state = row(anna(weight_kg=61))["newDocumentState"]
    nora.push("patients", {"newDocumentState": state})
    forged = {"newDocumentState": {**state, "weight_kg": 16}}
    for _ in range(2):
        assert statuses(nora.push("patients", forged)) == ["quarantined"]
    (issue,) = issues(vera)
    assert (issue["kind"], issue["reasons"][0]["pointer"]) == ("quarantined", "/write_id")
    assert vera.get(f"/patients/{state['id']}")["weight_kg"] == 61


def test_rule_1_two_sockets_with_the_same_batch_store_it_once(as_: Callable[[make.Person], Api], clinic: make.Clinic, vera: Api) -> None:
    case = stages.begun(vera, clinic)
    rows = [row(make.entry("note", text=f"Step {number}", procedure_id=case.id)) for number in range(20)]
    people = [row(anna(mrn=f"T{number}")) for number in range(5)] + [row({"id": str(uuid7()), "mrn": 5})]
    start, answers = threading.Barrier(4), list[Json]()

    def send() -> None:
        api = as_(clinic.surgeon)
        start.wait()
        answers.append({"entries": push(api, "entries", *rows), "patients": push(api, "patients", *people)})

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [statuses(one["entries"]) for one in answers] == [["accepted"] * 20] * 4
    assert [statuses(one["patients"]) for one in answers] == [["accepted"] * 5 + ["quarantined"]] * 4
    assert len(case.read()["entries"]) == 20
    assert len(pulled(vera, "patients")) == 6
    assert len(issues(vera)) == 1


def test_rule_2_entries_of_two_tablets_never_conflict(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> None:
    case = stages.begun(vera, clinic)
    first = nora.push("entries", nora.entry("harvest", case.id, site="flank", lipoaspirate_ml=20))
    second = other.push("entries", other.entry("harvest", case.id, site="lower_abdomen", lipoaspirate_ml=30))
    assert statuses(first) == statuses(second) == ["accepted"]
    stored = case.read()["entries"]
    assert [one["recorded_by"] for one in stored] == [str(clinic.nurse.user_id), str(clinic.surgeon.user_id)]
    assert [one["device_id"] for one in stored] == [str(nora.device_id), str(other.device_id)]


def test_rule_2_look_alikes_of_two_tablets_are_flagged_and_both_kept(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> None:
    case = stages.begun(vera, clinic)
    facts = {"site": "flank", "lipoaspirate_ml": 20}
    nora.push("entries", nora.entry("harvest", case.id, recorded_at=stages.at(40), **facts))
    assert statuses(other.push("entries", other.entry("harvest", case.id, recorded_at=stages.at(40.5), **facts))) == ["possible_duplicate"]
    assert statuses(other.push("entries", other.entry("harvest", case.id, recorded_at=stages.at(45), **facts))) == ["accepted"]
    assert statuses(nora.push("entries", nora.entry("harvest", case.id, recorded_at=stages.at(40.2), **facts))) == ["possible_duplicate"]
    whole = case.read()
    assert whole["totals"]["lipoaspirate_ml"] == 80
    assert stages.codes(whole).count("tablet_possible_duplicate") == 2
    issue = issues(vera, kind="possible_duplicate")[0]
    assert issue["other_id"] == whole["entries"][0]["id"]


def test_rule_4_one_bad_row_blocks_no_other(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    rows = [nora.entry("harvest", case.id, site="flank", lipoaspirate_ml=value) for value in (20, "a lot", 10, -3)]
    answer = nora.push("entries", *rows)
    assert statuses(answer) == ["accepted", "quarantined", "accepted", "quarantined"]
    assert [one["seq"] is None for one in answer["receipts"]] == [False, True, False, True]
    assert [one["reasons"][0]["pointer"] for one in issues(vera)] == ["/lipoaspirate_ml"] * 2
    people = [row(anna(mrn="7")), row(anna(mrn="7")), row(anna(birth_date="2999-01-01")), row(anna(mrn="8"))]
    assert statuses(nora.push("patients", *people)) == ["accepted", "quarantined", "quarantined", "accepted"]
    assert [one["mrn"] for one in pulled(vera, "patients")] == ["RPS-00017", "7", "8"]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/id"),
        ({"id": 7, "write_id": "x"}, "/id"),
        ({"id": str(uuid7())}, "/write_id"),
        ({"id": str(uuid7()), "write_id": str(uuid7())}, "/mrn"),
        ({"id": str(uuid7()), "write_id": str(uuid7()), "mrn": "\ud800\x00", "family_name": "x", "given_name": "y"}, "/mrn"),
        ({"id": str(uuid7()), "write_id": str(uuid7()), "_deleted": True}, "/_deleted"),
        ({"id": str(uuid7()), "write_id": str(uuid7()), "_deleted": {}}, "/_deleted"),
        ({"id": "\ud800", "write_id": ["\x00"], "deep": {"a": [[[1e308]]]}}, "/id"),
    ],
)
def test_rule_4_whatever_a_row_says_it_is_stored_and_acknowledged(vera: Api, document: Json, pointer: str) -> None:
    for _ in range(2):
        answer = push(vera, "patients", {"newDocumentState": document})
        assert statuses(answer) == ["quarantined"]
    (issue,) = issues(vera)
    assert pointer in [one["pointer"] for one in issue["reasons"]]


def test_rule_4_ids_of_another_clinic_are_as_unknown_as_none(
    vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, nora: Tablet, as_: Callable[[make.Person], Api]
) -> None:
    theirs = stages.signed(as_(other_clinic.surgeon), other_clinic)
    mine = stages.begun(vera, clinic)
    answers = []
    for scar_id, procedure_id, patient_id in ((theirs.scar_ids[0], theirs.id, theirs.patient_id), tuple(str(uuid7()) for _ in range(3))):
        injection = nora.entry("injection", mine.id, scar_id=scar_id, volume_ml=1, plane="subdermal")
        note = nora.entry("note", procedure_id, text="calm")
        answers.append([statuses(nora.push("entries", injection, note)), statuses(nora.push("scars", row(scar_of(patient_id))))])
    assert answers == [[["held", "held"], ["held"]]] * 2
    own = row(anna(id=theirs.patient_id))
    assert statuses(nora.push("patients", own)) == ["accepted"]
    assert vera.get(f"/patients/{theirs.patient_id}")["mrn"] == own["newDocumentState"]["mrn"]


def test_rule_6_a_missing_field_stays_and_null_clears(vera: Api, nora: Tablet) -> None:
    state = row(anna(weight_kg=61, notes="likes tea", email="anna@example.org"))["newDocumentState"]
    nora.push("patients", {"newDocumentState": state})
    change = {"id": state["id"], "notes": None, "weight_kg": 62}
    assert statuses(nora.push("patients", row(change, base=state))) == ["accepted"]
    stored = vera.get(f"/patients/{state['id']}")
    assert (stored["notes"], stored["weight_kg"], stored["email"], stored["given_name"]) == (None, 62, "anna@example.org", "Anna")


def test_rule_6_unknown_fields_are_kept_aside(vera: Api, nora: Tablet, db: Database, clinic: make.Clinic) -> None:
    state = row(anna(blood_group="A+"))["newDocumentState"]
    assert statuses(nora.push("patients", {"newDocumentState": state})) == ["accepted"]
    assert "blood_group" not in vera.get(f"/patients/{state['id']}")
    case = stages.planned(vera, clinic)
    assert statuses(nora.push("entries", nora.entry("note", case.id, text="calm", mood="good"))) == ["accepted"]
    assert kept_aside(db, clinic) == ['{"blood_group":"A+"}', '{"mood":"good"}']


def kept_aside(db: Database, clinic: make.Clinic) -> list[str]:
    """What the ledger keeps of fields that nobody knows."""
    with db.transaction(clinic.id, write=False) as session:
        query = sa.select(Write.extra).where(Write.clinic_id == clinic.id, Write.extra.is_not(None)).order_by(Write.received_at)
        return [str(extra) for extra in session.scalars(query)]


def test_two_tablets_that_change_the_same_patients_in_opposite_order_never_block_each_other(
    vera: Api, as_: Callable[[make.Person], Api], clinic: make.Clinic, db: Database
) -> None:
    known = [make.patient(db, clinic, mrn=f"X{number}") for number in range(20)]
    cases = [make.procedure(db, clinic, patient_id=one["id"])["id"] for one in known[:5]]
    start, answers = threading.Barrier(2), list[Json]()

    def send(field: str, step: int) -> None:
        api = as_(clinic.surgeon)
        changes = [row({**one, field: 60}, base=one) for one in known[::step]]
        notes = [row(make.entry("note", text="calm", procedure_id=case_id)) for case_id in cases[::step]]
        start.wait()
        answers.append({"patients": push(api, "patients", *changes), "entries": push(api, "entries", *notes)})

    threads = [threading.Thread(target=send, args=one) for one in (("weight_kg", 1), ("height_cm", -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for one in answers for status in statuses(one["patients"])} <= {"accepted", "merged"}
    assert {status for one in answers for status in statuses(one["entries"])} == {"accepted"}
    assert [(one["weight_kg"], one["height_cm"]) for one in pulled(vera, "patients")] == [(60, 60)] * 20
    assert issues(vera) == []
