"""A list of entries is stored whole or not at all, and may be sent again."""

import json
from typing import Any

import pytest

from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case


def stored(case: Case) -> int:
    """How many entries there are."""
    return len(case.tablet.get(f"{case.path}/entries")["items"])


@pytest.mark.parametrize("place", [0, 5, 10])
def test_one_wrong_entry_keeps_all_out(case: Case, place: int) -> None:
    batch = stages.entries(case)
    batch[place] = batch[place] | {"recorded_at": "yesterday"}
    assert case.record(*batch, expect=422)["errors"][0]["pointer"] == f"/{place}/recorded_at"
    assert stored(case) == 0


def test_a_refusal_by_what_is_stored_keeps_all_out_too(case: Case) -> None:
    unknown = make.entry("retraction", retracts=str(uuid7()), reason="wrong")
    case.record(*stages.entries(case), unknown, expect=422)
    assert stored(case) == 0


def test_the_same_list_again_is_acknowledged(case: Case) -> None:
    batch = stages.entries(case)
    first = case.record(*batch)
    assert case.record(*batch, expect=200) == first
    assert stored(case) == len(batch)


def test_a_longer_list_adds_what_is_new(case: Case) -> None:
    batch = stages.entries(case)
    case.record(*batch[:4])
    answer = case.record(*batch)
    assert [one["id"] for one in answer["entries"]] == [one["id"] for one in batch]
    assert stored(case) == len(batch)


def test_the_same_list_is_acknowledged_even_after_signing(signed_case: Case) -> None:
    entry = signed_case.read()["entries"][0]
    same = {name: entry[name] for name in ("id", "kind", "recorded_at", "phase", "item", "answer")}
    signed_case.record(same, expect=200)


def test_the_same_id_with_other_content_is_a_conflict(case: Case) -> None:
    note = make.entry("note", text="calm")
    case.record(note)
    refusal = case.record(make.entry("note", text="new"), note | {"text": "not calm"}, expect=409)
    assert refusal["code"] == "id_taken"
    assert "retract" in refusal["detail"]
    assert stored(case) == 1


def test_the_same_moment_written_otherwise_is_the_same_content(case: Case) -> None:
    note = make.entry("note", text="calm", recorded_at="2025-11-24T09:30:00+01:00")
    case.record(note)
    case.record(note | {"recorded_at": "2025-11-24t08:30:00.000Z"}, expect=200)


def test_an_id_twice_in_one_list_is_refused(case: Case) -> None:
    note = make.entry("note", text="calm")
    assert case.record(note, note, expect=422)["errors"] == [{"pointer": "/1/id", "message": "Twice in one list; send it once."}]


def test_an_id_of_another_procedure_is_a_conflict(case: Case, db: Database, clinic: make.Clinic) -> None:
    note = make.entry("note", text="calm")
    case.record(note)
    other = make.procedure(db, clinic, state="in_progress")  # type: ignore[arg-type]  # reason: a StrEnum's word
    assert case.tablet.post(f"/procedures/{other['id']}/entries", note, 409)["code"] == "id_taken"


def test_another_clinic_may_use_the_same_entry_id(case: Case, other_clinic: make.Clinic, as_: Any) -> None:
    note = make.entry("note", text="calm")
    case.record(note)
    theirs = stages.begun(as_(other_clinic.surgeon), other_clinic)
    theirs.record(note | {"text": "ours"})


def test_an_entry_without_id_gets_one(case: Case) -> None:
    note = make.entry("note", text="calm")
    del note["id"]
    assert case.record(note)["entries"][0]["id"] != case.record(note)["entries"][0]["id"]


@pytest.mark.parametrize("body", [[], "note", 7, None, [[]], [None], {}])
def test_what_is_no_list_of_entries_is_refused(case: Case, body: Any) -> None:
    answer = case.tablet.call("POST", f"{case.path}/entries", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert stored(case) == 0


def test_two_hundred_entries_fit_and_one_more_does_not(case: Case) -> None:
    many = [make.entry("note", text="calm") for _ in range(201)]
    assert "1 to 200" in case.record(*many, expect=422)["errors"][0]["message"]
    case.record(*many[:200])
    assert stored(case) == 200


def test_nora_records_under_her_own_name(case: Case, clinic: make.Clinic, as_: Any) -> None:
    nora: Api = as_(clinic.nurse)
    (entry,) = nora.post(f"{case.path}/entries", make.entry("note", text="calm"))["entries"]
    assert entry["recorded_by"] == str(clinic.nurse.user_id)
