"""What of a push is refused as a whole: its size, its form, its sender. Nothing that a row says."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from server.db import Database
from server.ids import uuid7
from server.journal.models import JournalHead
from server.sync.models import Write
from tests import make
from tests.api import PROBLEM, Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, anna, issues, pulled, row, statuses


def post(api: Api, body: bytes, collection: str = "patients", **headers: str) -> tuple[int, Json]:
    """A push whose body is as it is."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.call("POST", f"/sync/{collection}/push", data=body, content_type="application/json", headers=sent)
    return answer.status_code, dict(answer.get_json(force=True))


def stored(db: Database, clinic: make.Clinic) -> tuple[int, int]:
    """Rows of the journal and of the ledger."""
    with db.transaction(clinic.id, write=False) as session:
        head = session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == clinic.id)).one()
        return head, session.scalars(sa.select(sa.func.count()).select_from(Write).where(Write.clinic_id == clinic.id)).one()


WHOLE = json.dumps([row(anna())]).encode()
REFUSED: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "an object": (b'{"newDocumentState": {}}', {}, 400, "list"),
    "a row that is none": (b"[7]", {}, 400, "Row 0"),
    "a row without a document": (b'[{"assumedMasterState": {}}]', {}, 400, "newDocumentState"),
    "a base that is none": (b'[{"newDocumentState": {}, "assumedMasterState": 7}]', {}, 400, "assumedMasterState"),
    "NaN": (b'[{"newDocumentState": {"weight_kg": NaN}}]', {}, 400, "NaN"),
    "half of it": (WHOLE[:-5], {}, 400, "not valid JSON"),
    "501 rows": (json.dumps([{"newDocumentState": {}}] * 501).encode(), {}, 413, "at most 500"),
    "20 MB": (b'[{"newDocumentState": {"notes": "' + b"x" * 20_000_000 + b'"}}]', {}, 413, "MAX_BODY_KB"),
    "20 MB in 20 kB": (gzip.compress(b'[{"notes": "' + b"x" * 20_000_000 + b'"}]'), {"Content_Encoding": "gzip"}, 413, "fewer rows"),
    "half a gzip": (gzip.compress(WHOLE)[:-9], {"Content_Encoding": "gzip"}, 400, "cut off"),
    "two gzips": (gzip.compress(WHOLE) * 2, {"Content_Encoding": "gzip"}, 400, "behind it"),
    "no gzip": (WHOLE, {"Content_Encoding": "gzip"}, 400, "not gzip"),
    "another packing": (WHOLE, {"Content_Encoding": "br"}, 415, "gzip"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_push_that_cannot_be_read_is_refused_and_nothing_is_stored(vera: Api, db: Database, clinic: make.Clinic, what: str) -> None:
    body, headers, status, said = REFUSED[what]
    before = stored(db, clinic)
    got, problem = post(vera, body, **headers)
    assert (got, said in problem["detail"]) == (status, True), problem
    assert stored(db, clinic) == before


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 6000], ids=["1e999", "-1e999", "6000 digits"])
def test_a_number_that_nothing_can_hold_keeps_out_only_its_row(vera: Api, number: str) -> None:
    """Were the whole push refused, the tablet would send it for ever, and Anna would never arrive."""
    wrong = json.dumps([row(anna(weight_kg=4711)), row(anna())]).replace("4711", number).encode()
    for _ in range(2):
        status, answer = post(vera, wrong)
        assert (status, statuses(answer)) == (200, ["quarantined", "accepted"])
    assert len(pulled(vera, "patients")) == 1
    (issue,) = vera.get("/sync/issues")["items"]
    assert issue["reasons"][0]["pointer"] == "/weight_kg"


def test_a_field_of_tomorrow_may_be_called_anything(vera: Api) -> None:
    """Its name has a null byte, which PostgreSQL cannot hold as it is."""
    status, answer = post(vera, json.dumps([row(anna(**{"skin\0type": "x"}))]).encode())
    assert (status, statuses(answer)) == (200, ["accepted"])


@pytest.mark.parametrize("number", ["1e999", "9" * 6000], ids=["1e999", "6000 digits"])
def test_over_the_api_such_a_number_is_refused_by_name_or_by_size(vera: Api, number: str) -> None:
    body = json.dumps({"mrn": "7", "family_name": "Kiss", "given_name": "Bence", "weight_kg": 4711}).replace("4711", number)
    answer = vera.call("POST", "/patients", data=body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert "sys." not in answer.get_data(as_text=True)


def test_a_packed_push_is_taken_like_a_plain_one(vera: Api) -> None:
    status, answer = post(vera, gzip.compress(json.dumps([row(anna()), row(anna())]).encode()), Content_Encoding="gzip")
    assert (status, statuses(answer)) == (200, ["accepted"] * 2)
    assert len(pulled(vera, "patients")) == 2


def test_five_hundred_entries_are_one_push(vera: Api, clinic: make.Clinic) -> None:
    case = stages.begun(vera, clinic)
    rows = [row(make.entry("note", text=f"Step {number}", procedure_id=case.id)) for number in range(500)]
    assert statuses(vera.post("/sync/entries/push", rows, 200)) == ["accepted"] * 500
    assert len(pulled(vera, "entries", 1000)) == 500


def test_an_empty_push_is_answered(vera: Api) -> None:
    answer = vera.post("/sync/patients/push", [], 200)
    assert (answer["conflicts"], answer["receipts"]) == ([], [])
    assert answer["server_time"].endswith("Z")


@pytest.mark.parametrize("collection", ["catalogue", "users", "signatures", "sync_issues", "journal", "%00"])
def test_what_is_not_pushed_is_not_found(vera: Api, collection: str) -> None:
    vera.post(f"/sync/{collection}/push", [], 404)


def test_photos_without_a_place_for_them_are_kept(vera: Api) -> None:
    assert statuses(vera.post("/sync/photos/push", [row({"id": str(uuid7())})], 200)) == ["quarantined"]


@pytest.mark.parametrize("headers", [
    {"X_Schema_Version": "0"},
    {"X_Device_Time": "yesterday", "X_Device_Seq": "x=1/2,,é"},
    {"X_Device_Time": "2029-11-24T09:30:00+01:00", "X_Device_Seq": f"{uuid7()}=4/4, {'-' * 36}=1/1", "X_App_Version": "0.1"},
])  # fmt: skip
def test_no_header_keeps_a_fact_out(vera: Api, headers: dict[str, str]) -> None:
    status, answer = post(vera, WHOLE.replace(b"RPS-", b"X-"), **headers)
    assert (status, statuses(answer)) == (200, ["accepted"])


def test_the_tablets_time_is_kept_with_each_write(vera: Api, db: Database, clinic: make.Clinic) -> None:
    post(vera, json.dumps([row(anna())]).encode(), X_Device_Time="2199-01-01T00:00:00Z")
    with db.transaction(clinic.id, write=False) as session:
        write = session.scalars(sa.select(Write).where(Write.clinic_id == clinic.id)).one()
    assert write.device_time is not None
    assert write.device_time.year == 2199
    assert (write.offset_ms or 0) > 100 * 365 * 24 * 3_600_000
    assert [one["kind"] for one in issues(vera)] == ["clock"]


def test_who_may_not_record_has_her_rows_kept_for_somebody_who_may(
    vera: Api, clinic: make.Clinic, as_: Callable[[make.Person], Api]
) -> None:
    case = stages.begun(vera, clinic)
    note = row(make.entry("note", text="calm", procedure_id=case.id))
    csaba = as_(clinic.coordinator)
    assert statuses(csaba.post("/sync/entries/push", [note], 200)) == ["quarantined"]
    assert "record" in issues(vera)[0]["reasons"][0]["message"]
    assert statuses(csaba.post("/sync/patients/push", [row(anna())], 200)) == ["accepted"]
    for person in (clinic.rater, clinic.admin):
        refused: Any = as_(person).call("POST", "/sync/patients/push", json=[row(anna())])
        assert (refused.status_code, refused.mimetype) == (403, PROBLEM)
