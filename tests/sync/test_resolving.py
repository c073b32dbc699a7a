"""What a person decides about an issue, and what becomes of the record."""

from collections.abc import Callable
from typing import Any

import pytest

from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import Json, Tablet, anna, issues, row, scar_of, statuses


def decide(api: Api, choice: str, expect: int = 200, **more: str) -> Json:
    """Resolve the oldest open issue."""
    issue = issues(api)[0]
    return dict(api.post(f"/sync/issues/{issue['id']}/resolution", {"choice": choice, **more}, expect))


@pytest.fixture
def seen(vera: Api, nora: Tablet, other: Tablet) -> Json:
    """Anna, whose weight both tablets have changed; Nóra's value has lost."""
    state = row(anna(weight_kg=61))["newDocumentState"]
    nora.push("patients", {"newDocumentState": state})
    base = dict(vera.get(f"/patients/{state['id']}"))
    other.push("patients", row({**base, "weight_kg": 64}, base=base))
    nora.push("patients", row({**base, "weight_kg": 59, "notes": "likes tea"}, base=base))
    return base


def test_the_servers_value_is_kept(vera: Api, clinic: make.Clinic, seen: Json) -> None:
    done = decide(vera, "keep_server", note="Weighed again.")
    assert (done["state"], done["choice"], done["note"], done["resolved_by"]) == (
        "resolved",
        "keep_server",
        "Weighed again.",
        str(clinic.surgeon.user_id),
    )
    assert vera.get(f"/patients/{seen['id']}")["weight_kg"] == 64
    assert issues(vera) == []
    assert issues(vera, state="resolved") == [done]


def test_the_other_value_is_taken_and_nothing_else_with_it(vera: Api, seen: Json) -> None:
    current = vera.get(f"/patients/{seen['id']}")
    vera.patch(f"/patients/{seen['id']}", {"notes": "prefers coffee"}, current["write_id"])
    decide(vera, "take_other")
    stored = vera.get(f"/patients/{seen['id']}")
    assert (stored["weight_kg"], stored["notes"]) == (59, "prefers coffee")
    assert stored["write_id"] not in {seen["write_id"], current["write_id"]}


def test_what_cannot_be_taken_over_says_so_and_stays_open(vera: Api, nora: Tablet, seen: Json) -> None:
    decide(vera, "keep_server")
    scar = scar_of(seen["id"])
    nora.push("scars", row(scar))
    stored = vera.get(f"/scars/{scar['id']}")
    bence = vera.post("/patients", {"mrn": "9", "family_name": "Kiss", "given_name": "Bence"})
    nora.push("scars", row({**stored, "patient_id": bence["id"]}, base=stored))
    assert "change the record itself" in decide(vera, "take_other", 409)["detail"]
    assert len(issues(vera)) == 1


def test_a_released_row_is_taken_by_the_rules_of_that_moment(vera: Api, clinic: make.Clinic, nora: Tablet) -> None:
    vera.post("/patients", {"mrn": "7", "family_name": "Kiss", "given_name": "Bence"})
    twin = anna(mrn="7")
    nora.push("patients", row(twin))
    assert "number 7" in decide(vera, "release", 409)["detail"]
    bence = vera.get("/patients?q=bence")["items"][0]
    vera.patch(f"/patients/{bence['id']}", {"mrn": "8"}, bence["write_id"])
    decide(vera, "release")
    assert vera.get(f"/patients/{twin['id']}")["mrn"] == "7"
    assert clinic.surgeon.user_id
    assert issues(vera) == []


def test_a_rejected_row_says_why_and_stays_in_the_history(vera: Api, nora: Tablet) -> None:
    bad = row(anna(birth_date="2999-01-01"))
    nora.push("patients", bad)
    assert decide(vera, "reject", 422)["errors"][0]["pointer"] == "/note"
    done = decide(vera, "reject", note="A test row.")
    assert '"2999-01-01"' in done["sent"]
    assert statuses(nora.push("patients", bad)) == ["quarantined"]
    assert issues(vera) == []


def test_a_held_row_cannot_be_released_before_its_parent_comes(vera: Api, nora: Tablet) -> None:
    nora.push("scars", row(scar_of(str(uuid7()))))
    assert "still not arrived" in decide(vera, "release", 409)["detail"]
    decide(vera, "reject", note="Nobody knows this patient.")


def test_two_acts_that_look_alike_may_both_be_real(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> None:
    case = twice(vera, clinic, nora, other)
    decide(vera, "both_are_real")
    assert case.read()["totals"]["lipoaspirate_ml"] == 40


def test_an_act_written_down_twice_is_retracted_once(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> None:
    case = twice(vera, clinic, nora, other)
    decide(vera, "retract")
    whole = case.read()
    assert whole["totals"]["lipoaspirate_ml"] == 20
    assert [one.get("retracted", {}).get("reason") for one in whole["entries"]] == [None, "The same act was recorded on two tablets.", None]
    assert issues(vera) == []


def twice(vera: Api, clinic: make.Clinic, nora: Tablet, other: Tablet) -> stages.Case:
    """One harvest that two tablets have recorded."""
    case = stages.begun(vera, clinic)
    facts: dict[str, Any] = {"site": "flank", "lipoaspirate_ml": 20}
    nora.push("entries", nora.entry("harvest", case.id, recorded_at=stages.at(40), **facts))
    other.push("entries", other.entry("harvest", case.id, recorded_at=stages.at(40.5), **facts))
    return case


def test_a_choice_of_another_kind_is_refused(vera: Api, seen: Json) -> None:
    assert seen
    assert "keep_server or take_other" in decide(vera, "lost", 422)["errors"][0]["message"]


def test_an_issue_is_resolved_once(vera: Api, seen: Json) -> None:
    assert seen
    issue = issues(vera)[0]
    decide(vera, "keep_server")
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "take_other"}, 409)


def test_who_may_not_record_decides_nothing(vera: Api, clinic: make.Clinic, seen: Json, as_: Callable[[make.Person], Api]) -> None:
    assert seen
    csaba = as_(clinic.coordinator)
    assert len(issues(csaba)) == 1
    csaba.post(f"/sync/issues/{issues(vera)[0]['id']}/resolution", {"choice": "keep_server"}, 403)


def test_issues_come_page_by_page_and_by_kind(vera: Api, nora: Tablet) -> None:
    for number in range(5):
        nora.push("patients", row(anna(birth_date=f"299{number}-01-01")))
    nora.push("scars", row(scar_of(str(uuid7()))))
    found, cursor = [], ""
    for _ in range(3):
        page = vera.get(f"/sync/issues?limit=2{cursor}")
        found += page["items"]
        cursor = f"&cursor={page['next_cursor']}"
    assert [one["kind"] for one in found] == ["quarantined"] * 5 + ["held"]
    assert page["next_cursor"] is None
    assert len(issues(vera, kind="held")) == 1
