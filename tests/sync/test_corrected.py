"""A row that waits for a person, and the same document sent again: put right on the tablet itself."""

from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, Tablet, anna, issues, row, statuses


def wrong_birth_date(patient: Json) -> Json:
    """Anna as Nóra first wrote her down, born in the future."""
    return row({**patient, "birth_date": "2999-01-01"})


def test_a_corrected_row_closes_what_was_open_about_the_wrong_one(vera: Api, nora: Tablet) -> None:
    patient = anna()
    wrong = wrong_birth_date(patient)
    assert statuses(nora.push("patients", wrong)) == ["quarantined"]
    assert statuses(nora.push("patients", row(patient))) == ["accepted"]
    assert issues(vera) == []
    (closed,) = issues(vera, state="resolved")
    assert (closed["choice"], closed["note"], closed["resolved_by"]) == ("arrived", "Corrected by a later push.", None)
    assert '"2999-01-01"' in closed["sent"]
    assert statuses(nora.push("patients", wrong)) == ["quarantined"], "the wrong row itself was never taken"
    assert vera.get(f"/patients/{patient['id']}")["birth_date"] is None


def test_both_in_one_batch(vera: Api, nora: Tablet) -> None:
    patient = anna()
    assert statuses(nora.push("patients", wrong_birth_date(patient), row(patient))) == ["quarantined", "accepted"]
    assert issues(vera) == []


def test_an_entry_written_anew_under_its_own_id(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.begun(vera, clinic)
    fact = nora.entry("harvest", case.id, recorded_at=stages.at(40), site="flank", lipoaspirate_ml=-20)["newDocumentState"]
    del fact["write_id"]  # each time it is saved under another one
    assert statuses(nora.push("entries", row(fact))) == ["quarantined"]
    assert statuses(nora.push("entries", row({**fact, "lipoaspirate_ml": 20}))) == ["accepted"]
    assert issues(vera) == []
    assert case.read()["totals"]["lipoaspirate_ml"] == 20


def test_one_that_is_wrong_again_leaves_both_open(vera: Api, nora: Tablet) -> None:
    patient = anna()
    nora.push("patients", wrong_birth_date(patient))
    nora.push("patients", wrong_birth_date(patient))
    assert len(issues(vera)) == 2
    nora.push("patients", row(patient))
    assert issues(vera) == []


def test_a_colleagues_push_decides_nothing_about_it(vera: Api, nora: Tablet, other: Tablet) -> None:
    """What Nóra wanted to write is not in what the other tablet holds."""
    patient = row(anna())["newDocumentState"]
    nora.push("patients", {"newDocumentState": patient})
    nora.push("patients", row({**patient, "notes": "allergic to latex", "birth_date": "2999-01-01"}, base=patient))
    other.push("patients", row({**patient, "notes": "likes tea"}, base=patient))
    assert [one["kind"] for one in issues(vera)] == ["quarantined"]


def test_an_older_state_that_comes_late_decides_nothing_either(vera: Api, nora: Tablet) -> None:
    patient = anna()
    older = row({**patient, "write_id": str(uuid7())})
    nora.push("patients", wrong_birth_date(patient))
    assert statuses(nora.push("patients", older)) == ["accepted"]
    assert [one["kind"] for one in issues(vera)] == ["quarantined"]
