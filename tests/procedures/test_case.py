"""The whole case, from plan to signature, with every number."""

import pytest

from server.db import Database
from server.journal.reading import verify
from tests import make
from tests.procedures import case as stages
from tests.procedures.case import Case


def test_the_totals_follow_from_the_entries(complete_case: Case) -> None:
    linear, upper, lower = complete_case.scar_ids
    assert complete_case.read()["totals"] == {
        "lipoaspirate_ml": 60,
        "fat_ml": 32,
        "nanofat_ml": 12,
        "additives_ml": None,
        "injected_ml": 3.8,
        "discarded_ml": 8.2,
        "residual_ml": 0,
        "yield_ratio": 0.375,
        "harvest_yield": 0.2,
        "passes": 60,
        "stages": 2,
        "lidocaine_mg": 80,
        "lidocaine_mg_per_kg": 1.29,
        "blood_loss_ml": None,
        "minutes": {"harvest": 10.0, "processing": 17.0, "injection": 5.0, "total": 53.0},
        "emulsify_to_injection_min": 8.0,
        "scars": [
            {"scar_id": linear, "planned_ml": 2.5, "injected_ml": 2.4, "difference_ml": -0.1, "ml_per_cm2": None, "injections": 1},
            {"scar_id": upper, "planned_ml": 0.8, "injected_ml": 0.8, "difference_ml": 0, "ml_per_cm2": 1.0, "injections": 1},
            {"scar_id": lower, "planned_ml": 0.7, "injected_ml": 0.6, "difference_ml": -0.1, "ml_per_cm2": 2.0, "injections": 1},
        ],
    }


def test_the_one_remark_is_the_lower_scars_volume_for_its_size(complete_case: Case) -> None:
    (remark,) = complete_case.read()["warnings"]
    assert remark["code"] == "volume_per_area"
    assert remark["value"] == 2.0
    assert remark["usual"] == "0.05 to 1 mL/cm²"
    assert remark["message"].startswith("Lower boxcar got 2 mL/cm²")


def test_recording_answers_with_the_same_totals_and_warnings(case: Case) -> None:
    answer = case.record(*stages.entries(case))
    whole = case.read()
    assert answer["totals"] == whole["totals"]
    assert answer["warnings"] == whole["warnings"]
    assert answer["entries"] == whole["entries"]


def test_one_entry_may_be_sent_alone(case: Case) -> None:
    (harvest,) = [one for one in stages.entries(case) if one["kind"] == "harvest"]
    answer = case.tablet.post(f"{case.path}/entries", harvest)
    assert answer["totals"]["lipoaspirate_ml"] == 60
    assert answer["totals"]["fat_ml"] is None


def test_before_anything_is_recorded_nothing_is_claimed(case: Case) -> None:
    totals = case.read()["totals"]
    assert totals["injected_ml"] is None
    assert totals["residual_ml"] is None
    assert totals["minutes"] == {"harvest": None, "processing": None, "injection": None, "total": None}


def test_the_list_shows_the_case_with_what_was_injected(complete_case: Case, clinic: make.Clinic) -> None:
    (row,) = complete_case.tablet.get("/procedures")["items"]
    assert (row["injected_ml"], row["scars"], row["state"]) == (3.8, 3, "completed")
    assert row["patient"] == {"id": complete_case.patient_id, "mrn": "RPS-00017", "name": "Petrauskienė, Anna"}
    assert row["surgeon"] == {"id": str(clinic.surgeon.user_id), "name": "Dr Vera Kovács"}


def test_the_history_tells_the_case_in_order(signed_case: Case) -> None:
    rows = signed_case.tablet.get(f"{signed_case.path}/history")["items"]
    told = [(row["collection"], row["action"]) for row in rows]
    assert told[:2] == [("procedures", "create"), ("procedures", "start")]
    assert told[2:13] == [("entries", "create")] * 11
    assert told[13:] == [("procedures", "complete"), ("signatures", "create"), ("procedures", "sign")]
    assert rows[-1]["body"]["state"] == "signed"


def test_the_history_has_pages(signed_case: Case) -> None:
    first = signed_case.tablet.get(f"{signed_case.path}/history?limit=10")
    rest = signed_case.tablet.get(f"{signed_case.path}/history?limit=10&cursor={first['next_cursor']}")
    seqs = [row["seq"] for row in (*first["items"], *rest["items"])]
    assert len(seqs) == 16
    assert seqs == sorted(set(seqs))
    assert rest["next_cursor"] is None


def known_as(case: Case, etag: str) -> int:
    """What a tablet that has seen that version gets."""
    return case.tablet.call("GET", case.path, headers={"If-None-Match": etag}).status_code


def test_a_new_entry_makes_a_new_version_of_the_whole(case: Case) -> None:
    etag = case.tablet.call("GET", case.path).headers["ETag"]
    assert known_as(case, etag) == 304
    case.record(make.entry("note", text="calm"))
    assert known_as(case, etag) == 200


def test_so_does_a_scar_whose_size_changes_the_totals(complete_case: Case) -> None:
    etag = complete_case.tablet.call("GET", complete_case.path).headers["ETag"]
    scar = complete_case.tablet.get(f"/scars/{complete_case.scar_ids[0]}")
    complete_case.tablet.patch(f"/scars/{scar['id']}", {"area_cm2": 1}, scar["write_id"])
    assert known_as(complete_case, etag) == 200


def test_the_tag_of_the_whole_is_good_for_a_change_though_entries_came_meanwhile(case: Case) -> None:
    etag = case.tablet.call("GET", case.path).headers["ETag"].strip('"')
    case.record(make.entry("note", text="calm"))
    case.tablet.patch(case.path, {"weight_kg": 61}, etag)
    case.tablet.patch(case.path, {"weight_kg": 60}, etag, 412)


@pytest.mark.usefixtures("signed_case")
def test_the_whole_case_is_one_unbroken_chain(db: Database, clinic: make.Clinic) -> None:
    with db.transaction(clinic.id, write=False) as session:
        rows, fault = verify(session, clinic.id)
    assert rows > 16
    assert fault is None
