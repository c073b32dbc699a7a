"""What Anna lets her photographs be shown for, and how well they can be compared."""

from datetime import timedelta

import pytest

from server import clock
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent


@pytest.fixture
def anna(db: Database, clinic: make.Clinic) -> str:
    """Anna."""
    return str(make.patient(db, clinic)["id"])


def consents(anna: str) -> str:
    """Where hers are."""
    return f"/patients/{anna}/photo-consents"


def test_each_purpose_is_given_and_taken_back_by_itself(vera: Api, anna: str) -> None:
    for purpose, given, day in (("teaching", True, "2026-03-02"), ("rating", True, "2026-03-02"), ("teaching", False, "2026-06-01")):
        vera.post(consents(anna), {"purpose": purpose, "given": given, "decided_on": day})
    known = vera.get(consents(anna))["items"]
    assert [(one["purpose"], one["given"]) for one in known] == [("teaching", False), ("rating", True), ("teaching", True)]


def test_a_consent_sent_twice_is_recorded_once(vera: Api, anna: str) -> None:
    body = {"id": str(uuid7()), "purpose": "publication", "given": True, "decided_on": "2026-03-02"}
    assert vera.post(consents(anna), body) == vera.post(consents(anna), body, 200)
    refused = vera.post(consents(anna), body | {"given": False}, 409)
    assert refused["code"] == "id_taken"
    assert len(vera.get(consents(anna))["items"]) == 1


def test_an_older_paper_does_not_undo_a_newer_one(vera: Api, anna: str) -> None:
    vera.post(consents(anna), {"purpose": "teaching", "given": False, "decided_on": "2026-06-01"})
    refused = vera.post(consents(anna), {"purpose": "teaching", "given": True, "decided_on": "2026-03-02"}, 422)
    assert refused["errors"][0]["pointer"] == "/decided_on"
    assert "of 2026-06-01" in refused["detail"]
    vera.post(consents(anna), {"purpose": "rating", "given": True, "decided_on": "2026-03-02"})


def test_nobody_consents_tomorrow(vera: Api, anna: str) -> None:
    later = (clock.now() + timedelta(days=2)).date().isoformat()
    refused = vera.post(consents(anna), {"purpose": "teaching", "given": True, "decided_on": later}, 422)
    assert refused["errors"][0]["pointer"] == "/decided_on"
    assert vera.get(consents(anna))["items"] == []


def test_the_newest_grade_holds_and_the_others_stay(vera: Api, anna: str) -> None:
    photo = sent(vera, anna, cheek())["id"]
    vera.post(f"/photos/{photo}/grades", {"quality": "poor", "flaws": ["pose", "light", "pose"]})
    vera.post(f"/photos/{photo}/grades", {"quality": "good"})
    grades = vera.get(f"/photos/{photo}/grades")["items"]
    assert [(one["quality"], one["flaws"]) for one in grades] == [("good", []), ("poor", ["light", "pose"])]


@pytest.mark.parametrize(("quality", "flaws"), [("good", ["light"]), ("poor", []), ("usable", [])])
def test_grade_and_flaws_do_not_contradict_each_other(vera: Api, anna: str, quality: str, flaws: list[str]) -> None:
    photo = sent(vera, anna, cheek())["id"]
    refused = vera.post(f"/photos/{photo}/grades", {"quality": quality, "flaws": flaws}, 422)
    assert refused["errors"][0]["pointer"] == "/flaws"
    assert vera.get(f"/photos/{photo}/grades")["items"] == []


def test_what_is_not_here_cannot_be_judged(vera: Api, anna: str, db: Database, clinic: make.Clinic) -> None:
    coming = announced(vera, anna, cheek(310))
    assert vera.post(f"/photos/{coming['id']}/grades", {"quality": "good"}, 409)["code"] == "not_whole"
    photo = sent(vera, anna, cheek())["id"]
    make.erasure(db, clinic, anna)
    assert vera.post(f"/photos/{photo}/grades", {"quality": "good"}, 410)["code"] == "gone"
