"""Who stands behind a row: people who share a tablet, a tablet whose person-token ran out, a tablet that was revoked."""

from dataclasses import replace

import pytest

from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, Tablet, anna, issues, pulled, row, statuses


@pytest.fixture
def alone(nora: Tablet) -> Tablet:
    """Nóra's tablet after her token ran out: it has only its own."""
    return replace(nora, person=None)


def test_an_entry_keeps_the_name_of_who_recorded_it(vera: Api, clinic: make.Clinic, other: Tablet) -> None:
    case = stages.begun(vera, clinic)
    hers = other.entry("note", case.id, text="calm", recorded_by=str(clinic.nurse.user_id))
    mine = other.entry("note", case.id, text="swab counted")
    assert statuses(other.push("entries", hers, mine)) == ["accepted", "accepted"]
    assert [one["recorded_by"] for one in case.read()["entries"]] == [str(clinic.nurse.user_id), str(clinic.surgeon.user_id)]


def test_facts_under_the_tablets_own_token_name_the_person_and_are_listed(vera: Api, clinic: make.Clinic, alone: Tablet) -> None:
    case = stages.begun(vera, clinic)
    named = {"recorded_by": str(clinic.nurse.user_id)}
    rows = [alone.entry("note", case.id, text=f"Step {number}", **named) for number in range(3)]
    assert statuses(alone.push("entries", *rows)) == ["accepted"] * 3
    assert {one["recorded_by"] for one in case.read()["entries"]} == {str(clinic.nurse.user_id)}
    (issue,) = issues(vera)
    assert (issue["kind"], issue["user_id"], issue["procedure_id"]) == ("unverified", str(clinic.nurse.user_id), case.id)
    assert "tablet_unverified" in stages.codes(case.read())
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "confirm"}, 200)
    assert issues(vera) == []
    assert statuses(alone.push("patients", row(anna(**named)))) == ["accepted"]
    assert [one["kind"] for one in issues(vera)] == ["unverified"]


def test_what_was_stored_already_is_nobodys_new_act(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> None:
    case = stages.begun(vera, clinic)
    nora.push("entries", nora.entry("note", case.id, text="calm"))
    given_back = [{"newDocumentState": one} for one in pulled(vera, "entries")]
    assert statuses(other.push("entries", *given_back)) == ["accepted"]
    assert issues(vera) == []
    assert len(case.read()["entries"]) == 1


@pytest.mark.parametrize("named", [{}, {"recorded_by": None}, {"recorded_by": str(uuid7())}, {"recorded_by": "Nóra"}])
def test_facts_of_nobody_or_a_stranger_are_kept_apart(vera: Api, clinic: make.Clinic, alone: Tablet, named: Json) -> None:
    case = stages.begun(vera, clinic)
    assert statuses(alone.push("entries", alone.entry("note", case.id, text="calm", **named))) == ["quarantined"]
    assert issues(vera)[0]["reasons"][0]["pointer"] == "/recorded_by"


def test_another_clinics_person_is_a_stranger(vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, alone: Tablet) -> None:
    case = stages.begun(vera, clinic)
    note = alone.entry("note", case.id, text="calm", recorded_by=str(other_clinic.nurse.user_id))
    assert statuses(alone.push("entries", note)) == ["quarantined"]


def test_the_person_named_needs_the_permission_too(vera: Api, clinic: make.Clinic, alone: Tablet) -> None:
    case = stages.begun(vera, clinic)
    note = alone.entry("note", case.id, text="calm", recorded_by=str(clinic.coordinator.user_id))
    assert statuses(alone.push("entries", note)) == ["quarantined"]
    assert issues(vera)[0]["user_id"] == str(clinic.coordinator.user_id)


def test_a_revoked_tablets_rows_are_kept_for_a_person_to_release(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    nora.revoked = True
    note = nora.entry("note", case.id, text="calm")
    for _ in range(2):
        assert statuses(nora.push("entries", note)) == ["quarantined"]
    (issue,) = issues(vera)
    assert "revoked" in issue["reasons"][0]["message"]
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "release"}, 200)
    (entry,) = case.read()["entries"]
    assert (entry["recorded_by"], entry["device_id"]) == (str(clinic.nurse.user_id), str(nora.device_id))
    assert statuses(nora.push("entries", note)) == ["accepted"]


def test_one_number_of_a_tablet_is_given_once(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    rows = [nora.entry("note", case.id, text="calm") for _ in range(3)]
    rows[2]["newDocumentState"]["device_seq"] = 2
    assert statuses(nora.push("entries", *rows)) == ["accepted", "accepted", "quarantined"]
    assert "device_seq" in issues(vera)[0]["reasons"][0]["message"]
