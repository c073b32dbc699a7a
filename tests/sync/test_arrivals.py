"""Rules 5, 7, 9 and 10: what comes too early, too late, not at all, or with a clock that is wrong."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.vocabulary import ProcedureState
from server.db import Database
from server.ids import uuid7
from server.journal import service as journal
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Tablet, anna, issues, paired, pulled, row, scar_of, statuses

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_rule_5_children_that_come_first_are_taken_when_their_parents_come(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    patient = anna()
    scar, case_id = scar_of(patient["id"]), str(uuid7())
    planned = {
        "id": case_id,
        "patient_id": patient["id"],
        "surgeon_id": str(clinic.surgeon.user_id),
        "planned_for": stages.at(30),
        "plan": {"injections": [{"scar_id": scar["id"], "volume_ml": 1}]},
    }
    injection = nora.entry("injection", case_id, scar_id=scar["id"], volume_ml=1, plane="subdermal", recorded_at=stages.at(40))
    for collection, one in (("entries", injection), ("procedures", row(planned)), ("scars", row(scar))):
        assert statuses(nora.push(collection, one)) == ["held"]
    waiting = issues(vera, kind="held")
    assert [one["waits_for"] for one in waiting] == [case_id, patient["id"], patient["id"]]
    assert pulled(vera, "entries") == []

    first = row(patient)
    assert statuses(nora.push("patients", first)) == ["accepted"]
    assert issues(vera) == []
    whole = vera.get(f"/procedures/{case_id}")
    assert [one["volume_ml"] for one in whole["entries"]] == [1]
    assert whole["entries"][0]["recorded_by"] == str(clinic.nurse.user_id)
    assert [one["choice"] for one in issues(vera, state="resolved")] == ["arrived"] * 3
    assert statuses(nora.push("entries", injection)) == ["accepted"]


def test_rule_5_a_parent_from_the_office_sets_held_rows_free_as_well(vera: Api, nora: Tablet) -> None:
    patient = anna()
    nora.push("scars", row(scar_of(patient["id"])))
    vera.post("/patients", patient)
    assert [one["label"] for one in vera.get(f"/patients/{patient['id']}/scars")["items"]] == ["Left cheek"]
    assert issues(vera) == []


def test_rule_5_a_row_that_was_held_while_its_parent_was_being_committed_is_taken_by_the_next_push(vera: Api, nora: Tablet) -> None:
    patient = anna()
    nora.push("scars", row(scar_of(patient["id"])))
    heard, journal.arrivals[:] = list(journal.arrivals), []
    try:
        vera.post("/patients", patient)  # as if neither transaction had seen the other
    finally:
        journal.arrivals[:] = heard
    assert len(issues(vera, kind="held")) == 1
    nora.push("entries")
    assert issues(vera) == []
    assert len(vera.get(f"/patients/{patient['id']}/scars")["items"]) == 1


def test_rule_5_a_retraction_in_the_same_batch_finds_what_it_retracts(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    slip = nora.entry("harvest", case.id, site="flank", lipoaspirate_ml=200)
    undone = nora.entry("retraction", case.id, retracts=slip["newDocumentState"]["id"], reason="a slip")
    assert statuses(nora.push("entries", undone, slip)) == ["accepted", "accepted"]
    lost = nora.entry("retraction", case.id, retracts=str(uuid7()), reason="a slip")
    assert statuses(nora.push("entries", lost)) == ["held"]


def test_rule_5_what_is_refused_when_its_parent_comes_goes_to_quarantine(vera: Api, nora: Tablet) -> None:
    patient = anna(birth_date="2020-01-01")
    nora.push("scars", row(scar_of(patient["id"], age_months=600)))
    nora.push("patients", row(patient))
    (issue,) = issues(vera)
    assert (issue["kind"], issue["waits_for"], issue["reasons"][0]["pointer"]) == ("quarantined", None, "/age_months")


def test_rule_7_late_entries_stay_outside_what_was_signed_and_ask_for_an_addendum(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.signed(vera, clinic)
    late = nora.entry("note", case.id, text="Second swab counted", recorded_at=stages.at(88))
    assert statuses(nora.push("entries", late)) == ["late"]
    assert statuses(nora.push("entries", late)) == ["late"]
    whole = case.read()
    entry = next(one for one in whole["entries"] if one["id"] == late["newDocumentState"]["id"])
    assert entry["late"] is True
    assert whole["state"] == "signed"
    manifest = vera.get(f"{case.path}/signature")["manifest"]
    assert entry["id"] not in dict(manifest["entries"])
    assert "tablet_late" in stages.codes(whole)
    (issue,) = issues(vera, kind="late")
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "addendum_written"}, 409)
    vera.post(f"{case.path}/addenda", {"text": "A second swab was counted.", **make.proof(1)})
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "addendum_written"}, 200)
    assert issues(vera) == []


def test_rule_7_a_signed_entry_is_not_retracted_from_a_tablet(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.signed(vera, clinic)
    signed = case.read()["entries"][0]["id"]
    assert statuses(nora.push("entries", nora.entry("retraction", case.id, retracts=signed, reason="x"))) == ["quarantined"]
    assert "addendum" in issues(vera)[0]["reasons"][0]["message"]


def test_rule_8_what_a_restored_server_lost_is_brought_back_and_what_it_has_is_left_alone(
    vera: Api, clinic: make.Clinic, nora: Tablet, db: Database
) -> None:
    case = stages.signed(vera, clinic)
    tablet_holds = {name: pulled(vera, name) for name in ("patients", "scars", "procedures", "entries")}
    before = {name: pulled(vera, name) for name in tablet_holds}
    for name, documents in tablet_holds.items():
        assert set(statuses(nora.push(name, *({"newDocumentState": one} for one in documents)))) == {"accepted"}
    assert {name: pulled(vera, name) for name in tablet_holds} == before

    restored = make.clinic(db, name="Riverside, restored")
    people = {str(old.user_id): str(restored.people[role].user_id) for role, old in clinic.people.items()}
    again = paired(db, restored, restored.surgeon)
    found = {}
    for name, documents in tablet_holds.items():
        rows = [{"newDocumentState": {key: people.get(str(value), value) for key, value in one.items()}} for one in documents]
        found[name] = statuses(again.push(name, *rows))
    assert found["patients"] == found["scars"][:1] == ["accepted"]
    assert found["procedures"] == ["conflict"]
    assert set(found["entries"]) == {"accepted"}
    assert len(found["entries"]) == len(case.read()["entries"])


def test_rule_9_a_tablets_gap_is_named_before_signing(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.completed(vera, clinic)
    case_id = case.read()["id"]
    rows = [nora.entry("note", case_id, text=f"Step {number}", recorded_at=stages.at(60)) for number in range(1, 42)]
    told = {UUID(case_id): (41, 41)}
    nora.push("entries", *rows[:16], *rows[17:], counts=told)
    (gap,) = [one for one in case.read()["warnings"] if one["code"] == "tablet_gap"]
    assert gap["message"].endswith("recorded 41 entries, 40 arrived, number 17 is missing.")
    (issue,) = issues(vera, kind="gap")
    assert (issue["procedure_id"], issue["device_id"]) == (case_id, str(nora.device_id))
    nora.push("entries", rows[16], counts=told)
    assert issues(vera) == []
    assert "tablet_gap" not in stages.codes(case.read())


def test_rule_9_entries_that_waited_for_their_procedure_are_missing_no_more(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    """Anna comes last: her procedure waited for her, the entries for it. They are taken in the last moment of her push."""
    patient = anna()
    surgeon = str(clinic.surgeon.user_id)
    procedure = {"id": str(uuid7()), "patient_id": patient["id"], "surgeon_id": surgeon, "planned_for": stages.at(0)}
    notes = [nora.entry("note", procedure["id"], text=f"Step {number}", recorded_at=stages.at(1)) for number in range(3)]
    told = {UUID(procedure["id"]): (3, 3)}
    assert statuses(nora.push("entries", *notes, counts=told)) == ["held"] * 3
    assert statuses(nora.push("procedures", row(procedure), counts=told)) == ["held"]
    nora.push("patients", row(patient), counts=told)
    assert len(vera.get(f"/procedures/{procedure['id']}")["entries"]) == 3
    assert issues(vera) == []


def test_rule_9_numbers_of_another_case_are_no_gap(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    second = make.procedure(nora.db, clinic)["id"]
    mine = [nora.entry("note", case.id, text="calm") for _ in range(3)]
    between = nora.entry("note", second, text="calm")
    last = nora.entry("note", case.id, text="calm")
    nora.push("entries", *mine, last, counts={UUID(case.id): (4, 5)})
    assert issues(vera) == []
    nora.push("entries", between, counts={UUID(second): (2, 6)})
    (gap,) = issues(vera, kind="gap")
    assert gap["reasons"][0]["message"].endswith("recorded 2 entries, 1 arrived, number 6 is missing.")


def test_rule_9_a_lost_tablets_gap_is_settled_by_a_person(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.completed(vera, clinic)
    nora.push("entries", nora.entry("note", case.id, text="calm"), counts={UUID(case.id): (2, 2)})
    (gap,) = issues(vera, kind="gap")
    vera.post(f"/sync/issues/{gap['id']}/resolution", {"choice": "lost", "note": "The tablet fell."}, 200)
    nora.push("entries", counts={UUID(case.id): (2, 2)})
    assert issues(vera) == []
    case.sign()


def test_rule_10_order_within_a_tablet_is_its_counter_never_its_clock(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    times = (stages.at(40), "2029-11-24T09:41:00+01:00", stages.at(42), stages.at(30))
    nora.push("entries", *(nora.entry("note", case.id, text=f"Step {place}", recorded_at=when) for place, when in enumerate(times)))
    assert [one["text"] for one in case.read()["entries"]] == [f"Step {place}" for place in range(4)]
    assert [one["recorded_at"] for one in case.read()["entries"]] == [*times]


def test_rule_10_a_clock_three_years_off_is_stored_and_flagged_once(vera: Api, clinic: make.Clinic, nora: Tablet, db: Database) -> None:
    case = stages.begun(vera, clinic)
    ahead = {"device_time": NOW + timedelta(days=3 * 365), "offset_ms": 3 * 365 * 24 * 3_600_000}
    for _ in range(2):
        assert statuses(nora.push("entries", nora.entry("note", case.id, text="calm", recorded_at="2029-03-01T10:00:00Z"), **ahead)) == [
            "accepted"
        ]
    (issue,) = issues(vera)
    assert (issue["kind"], issue["offset_ms"], issue["device_id"]) == ("clock", ahead["offset_ms"], str(nora.device_id))
    assert "1095 days" in issue["reasons"][0]["message"]
    assert len(case.read()["entries"]) == 2
    (remark,) = [one for one in case.read()["warnings"] if one["code"] == "tablet_clock"]
    assert "1095 days" in remark["message"], "whoever signs the times should know"
    other = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)
    assert vera.get(f"/procedures/{other['id']}")["warnings"] == [], "it recorded nothing there"
