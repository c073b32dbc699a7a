"""Tablets over HTTP with tokens of their own: in a person's hands, alone, and revoked."""

from collections.abc import Callable

import pytest

from server.app import App
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.sync.tablet import issues, row, statuses

As = Callable[[make.Person], Api]


@pytest.fixture
def paired(db: Database, clinic: make.Clinic) -> make.Tablet:
    """The tablet of theatre 1."""
    return make.tablet(db, clinic)


@pytest.fixture
def alone(app: App, paired: make.Tablet) -> Api:
    """It calls under its own token: Nóra's has run out."""
    return Api(app.test_client(), paired.token)


def note(clinic: make.Clinic, case: Case, **fields: object) -> dict[str, object]:
    """What Nóra wrote down, as a row."""
    return row(make.entry("note", procedure_id=case.id, text="calm", recorded_by=str(clinic.nurse.user_id), **fields))


def test_alone_it_delivers_and_its_facts_are_marked(vera: Api, clinic: make.Clinic, paired: make.Tablet, alone: Api) -> None:
    case = stages.begun(vera, clinic)
    assert statuses(alone.post("/sync/entries/push", [note(clinic, case)], 200)) == ["accepted"]
    (entry,) = case.read()["entries"]
    assert (entry["recorded_by"], entry["device_id"]) == (str(clinic.nurse.user_id), str(paired.device_id))
    assert [one["kind"] for one in issues(vera)] == ["unverified"]


@pytest.mark.parametrize("path", ["/sync/patients/pull", "/sync/stream", "/patients"])
def test_alone_it_is_shown_no_patient(path: str, alone: Api) -> None:
    assert "PIN" in alone.get(path, 401)["detail"]


def test_revoked_it_hands_in_what_it_has_and_a_person_decides(
    vera: Api, as_: As, clinic: make.Clinic, paired: make.Tablet, alone: Api
) -> None:
    """From the next call on; nothing that it recorded before is lost, and nothing is taken unseen."""
    case = stages.begun(vera, clinic)
    as_(clinic.admin).delete(f"/devices/{paired.device_id}")
    for path in ("/sync/entries/pull", "/devices/people", "/patients"):
        alone.get(path, 401)
    kept = note(clinic, case)
    for _ in range(2):
        assert statuses(alone.post("/sync/entries/push", [kept], 200)) == ["quarantined"]
    assert case.read()["entries"] == []
    (issue,) = issues(vera)
    assert "revoked" in issue["reasons"][0]["message"]
    vera.post(f"/sync/issues/{issue['id']}/resolution", {"choice": "release"}, 200)
    assert [one["text"] for one in case.read()["entries"]] == ["calm"]


def test_entries_of_a_tablet_that_a_restored_server_does_not_know_are_taken(vera: Api, clinic: make.Clinic, alone: Api) -> None:
    """It was paired after the backup; another tablet that has seen its entries gives them back."""
    case = stages.begun(vera, clinic)
    lost = note(clinic, case, device_id="01a21496-0a6e-760f-87f2-d1af20d415ef", device_seq=3)
    assert statuses(alone.post("/sync/entries/push", [lost], 200)) == ["accepted"]
    assert case.read()["entries"][0].get("device_id") is None


def test_photos_are_announced_by_push_too(vera: Api, db: Database, clinic: make.Clinic) -> None:
    """Before the patient has come it waits; announced once, it is never changed."""
    anna = make.patient(db, clinic)
    photo = {"id": str(uuid7()), "patient_id": anna["id"], "view": "front", "kind": "baseline", "sha256": "a" * 64, "size_bytes": 1000}
    assert statuses(vera.post("/sync/photos/push", [row(photo)], 200)) == ["accepted"]
    assert vera.get(f"/photos/{photo['id']}")["state"] == "announced"
    stored = vera.get("/sync/photos/pull")["documents"][0]
    assert statuses(vera.post("/sync/photos/push", [row(stored | {"view": "left"}, base=stored)], 200)) == ["quarantined"]
    assert vera.get(f"/photos/{photo['id']}")["view"] == "front"
