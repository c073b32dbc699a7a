"""Rule 3: two people change the same document. What can be merged is; what cannot stays as it was, and the other value is kept."""

from typing import Any

import pytest

from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, Tablet, anna, issues, row, scar_of, statuses


@pytest.fixture
def seen(vera: Api, nora: Tablet) -> Json:
    """Anna as both tablets have pulled her, before either went offline."""
    state = row(anna(weight_kg=61, notes="likes tea", allergies="none known"))["newDocumentState"]
    nora.push("patients", {"newDocumentState": state})
    return dict(vera.get(f"/patients/{state['id']}"))


def test_rule_3_an_equal_base_is_a_plain_change(vera: Api, nora: Tablet, seen: Json) -> None:
    changed = row({**seen, "weight_kg": 62, "allergies": "latex"}, base=seen)
    answer = nora.push("patients", changed)
    assert (statuses(answer), answer["conflicts"]) == (["accepted"], [])
    stored = vera.get(f"/patients/{seen['id']}")
    assert (stored["weight_kg"], stored["allergies"]) == (62, "latex")
    assert stored["write_id"] == changed["newDocumentState"]["write_id"]


def test_rule_3_changes_of_different_fields_are_merged(vera: Api, nora: Tablet, other: Tablet, seen: Json) -> None:
    other.push("patients", row({**seen, "notes": "prefers coffee"}, base=seen))
    answer = nora.push("patients", row({**seen, "weight_kg": 62}, base=seen))
    assert statuses(answer) == ["merged"]
    stored = vera.get(f"/patients/{seen['id']}")
    assert (stored["weight_kg"], stored["notes"]) == (62, "prefers coffee")
    assert answer["conflicts"] == [{**stored, "_deleted": False}]
    assert issues(vera) == []


def test_rule_3_the_same_field_keeps_the_servers_value_and_the_other_is_stored(
    vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet, seen: Json
) -> None:
    other.push("patients", row({**seen, "weight_kg": 64}, base=seen))
    late = row({**seen, "weight_kg": 59, "height_cm": 170}, base=seen)
    for _ in range(2):
        answer = nora.push("patients", late)
        assert statuses(answer) == ["conflict"]
        stored = vera.get(f"/patients/{seen['id']}")
        assert answer["conflicts"] == [{**stored, "_deleted": False}]
    assert (stored["weight_kg"], stored["height_cm"]) == (64, 170)
    (issue,) = issues(vera, kind="conflict")
    assert issue["differences"] == [{"field": "weight_kg", "sent": 59, "kept": 64}]
    assert (issue["user_id"], issue["device_id"]) == (str(clinic.nurse.user_id), str(nora.device_id))


def test_rule_3_both_wrote_the_same_value_so_nobody_lost(vera: Api, nora: Tablet, other: Tablet, seen: Json) -> None:
    other.push("patients", row({**seen, "weight_kg": 64.5}, base=seen))
    assert statuses(nora.push("patients", row({**seen, "weight_kg": 64.50}, base=seen))) == ["accepted"]
    assert issues(vera) == []


def test_rule_3_without_a_base_every_difference_is_a_conflict(vera: Api, nora: Tablet, seen: Json) -> None:
    assert statuses(nora.push("patients", row({**seen, "weight_kg": 64, "write_id": str(uuid7())}))) == ["conflict"]
    assert statuses(nora.push("patients", row({"id": seen["id"], "weight_kg": 61}))) == ["accepted"]
    assert vera.get(f"/patients/{seen['id']}") == seen


CAREFUL: dict[str, tuple[str, Json, Json]] = {
    "allergies": ("patients", {"allergies": "latex"}, {"notes": "prefers coffee"}),
    "side": ("scars", {"side": "right"}, {"label": "Cheek"}),
    "plan": ("procedures", {"plan": {"harvest_site": "flank", "injections": []}}, {"title": "Second session"}),
    "patient_id": ("scars", {"patient_id": None}, {"label": "Cheek"}),
}


@pytest.mark.parametrize("field", CAREFUL)
def test_rule_3_what_could_harm_is_never_merged_by_itself(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet, field: str) -> None:
    collection, mine, theirs = CAREFUL[field]
    case = stages.planned(vera, clinic)
    stranger = vera.post("/patients", {"mrn": "9", "family_name": "Kiss", "given_name": "Bence"})["id"]
    mine = {name: value or stranger for name, value in mine.items()}
    ids = {"patients": case.patient_id, "scars": case.scar_ids[0], "procedures": case.id}
    address = f"/{collection}/{ids[collection]}"
    before = vera.get(address)
    other.push(collection, row({**before, **theirs}, base=before))
    assert statuses(nora.push(collection, row({**before, **mine}, base=before))) == ["conflict"]
    after = vera.get(address)
    assert after[field] == before[field]
    assert all(after[name] == value for name, value in theirs.items())
    (issue,) = issues(vera, kind="conflict")
    assert issue["differences"] == [{"field": field, "sent": mine[field], "kept": before[field]}]


def test_rule_3_a_scar_moves_to_no_other_patient_even_on_an_equal_base(vera: Api, nora: Tablet, seen: Json) -> None:
    scar = scar_of(seen["id"])
    nora.push("scars", row(scar))
    bence = row(anna(given_name="Bence"))
    nora.push("patients", bence)
    stored = vera.get(f"/scars/{scar['id']}")
    moved = row({**stored, "patient_id": bence["newDocumentState"]["id"]}, base=stored)
    assert statuses(nora.push("scars", moved)) == ["conflict"]
    assert vera.get(f"/scars/{scar['id']}")["patient_id"] == seen["id"]


def test_a_value_that_could_never_be_stored_is_quarantined_not_a_conflict(vera: Api, nora: Tablet, other: Tablet, seen: Json) -> None:
    other.push("patients", row({**seen, "weight_kg": 64}, base=seen))
    assert statuses(nora.push("patients", row({**seen, "weight_kg": "\ud800\x00"}, base=seen))) == ["quarantined"]
    assert [one["kind"] for one in issues(vera)] == ["quarantined"]


def procedure_row(case: stages.Case, **fields: Any) -> Json:
    """The procedure as the tablet has it: from the day before, changed offline."""
    before = {name: value for name, value in case.read().items() if name not in {"entries", "totals", "warnings"}}
    return row({**before, **fields}, base=before)


def test_a_tablet_begins_and_completes_a_procedure_by_its_state(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.planned(vera, clinic)
    sent = procedure_row(case, state="completed", started_at=stages.at(30), ended_at=stages.at(90), weight_kg=61)
    assert statuses(nora.push("procedures", sent)) == ["accepted"]
    stored = case.read()
    assert (stored["state"], stored["weight_kg"], stored["write_id"]) == ("completed", 61, sent["newDocumentState"]["write_id"])
    assert (stored["started_at"], stored["ended_at"]) == ("2025-11-24T08:30:00Z", "2025-11-24T09:30:00Z")
    assert vera.get(f"{case.path}/visits")["items"]


def test_entries_that_came_first_do_not_make_the_tablets_own_course_a_conflict(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.planned(vera, clinic)
    begun = procedure_row(case, state="in_progress", started_at=stages.at(30))
    done = procedure_row(case, state="completed", started_at=stages.at(30), ended_at=stages.at(90))
    nora.push("entries", nora.entry("note", case.id, text="calm", recorded_at=stages.at(35)))
    assert case.read()["started_at"] == "2025-11-24T08:35:00Z"
    assert statuses(nora.push("procedures", begun)) == ["accepted"]
    assert case.read()["started_at"] == "2025-11-24T08:30:00Z"
    assert statuses(nora.push("procedures", done)) == ["accepted"]
    assert case.read()["state"] == "completed"
    assert issues(vera) == []


def test_a_new_procedure_may_be_over_before_the_server_hears_of_it(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.planned(vera, clinic)
    document = procedure_row(case)["newDocumentState"] | {"id": make.entry("note")["id"]}
    abandoned = document | {"state": "abandoned", "started_at": stages.at(30), "ended_at": stages.at(40), "closed_reason": "bleeding"}
    assert statuses(nora.push("procedures", row(abandoned))) == ["accepted"]
    assert vera.get(f"/procedures/{document['id']}")["closed_reason"] == "bleeding"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"state": "abandoned"}, "/closed_reason"),
        ({"state": "finished"}, "/state"),
        ({"state": "signed"}, ""),
        ({"state": "completed", "ended_at": "2999-01-01T00:00:00Z"}, "/ended_at"),
        ({"state": "completed", "ended_at": "noon"}, "/ended_at"),
    ],
)
def test_a_course_that_cannot_be_is_quarantined(vera: Api, clinic: make.Clinic, nora: Tablet, fields: Json, pointer: str) -> None:
    case = stages.begun(vera, clinic)
    status = statuses(nora.push("procedures", procedure_row(case, **fields)))
    found = issues(vera)
    if pointer == "":
        assert (status, found[0]["differences"]) == (["conflict"], [{"field": "state", "sent": "signed", "kept": "in_progress"}])
    else:
        assert status == ["quarantined"]
    assert case.read()["state"] == "in_progress"


def test_a_plan_that_comes_after_the_beginning_is_kept_and_the_rest_is_taken(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.planned(vera, clinic)
    sent = procedure_row(case, state="completed", started_at=stages.at(30), ended_at=stages.at(90), plan={"passes": 40, "injections": []})
    nora.push("entries", nora.entry("note", case.id, text="calm", recorded_at=stages.at(35)))
    assert statuses(nora.push("procedures", sent)) == ["conflict"]
    assert case.read()["state"] == "completed"
    assert [one["field"] for one in issues(vera)[0]["differences"]] == ["plan"]


def test_visits_are_marked_from_a_tablet_and_never_made_there(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    case = stages.completed(vera, clinic)
    visit = next(one for one in vera.get(f"{case.path}/visits")["items"] if one["kind"] == "visit")
    assert statuses(nora.push("visits", row({**visit, "state": "attended"}, base=visit))) == ["accepted"]
    assert vera.get("/visits?state=attended")["items"][0]["id"] == visit["id"]
    assert statuses(nora.push("visits", row({**visit, "id": make.entry("note")["id"]}))) == ["quarantined"]
