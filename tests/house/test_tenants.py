"""Another clinic's record looks like one that never was: every route with an id, byte for byte."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import pytest
import sqlalchemy as sa

from schemas.vocabulary import Role
from server.app import App
from server.db import Database
from server.ids import uuid7
from server.journal.models import JournalHead
from tests import make
from tests.api import Api
from tests.house.assessment_calls import FULL
from tests.house.calls import WRITING, api_rules, issue_of, name_of
from tests.house.follow_up_calls import HOOK, PUSH, visit_of
from tests.house.instrument_calls import PAIN, TO_OTHERS
from tests.house.rating_calls import paired
from tests.house.tablet_calls import locked
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, announcement, begun, sent
from tests.procedures import case as stages
from tests.procedures.case import Case

BODIES: dict[str, dict[str, Any]] = {
    "PATCH /patients/{patient_id}": {"weight_kg": 62},
    "POST /patients/{patient_id}/scars": stages.LINEAR,
    "PATCH /scars/{scar_id}": {"depth_mm": 1},
    "PATCH /procedures/{procedure_id}": {"weight_kg": 62},
    "POST /procedures/{procedure_id}/entries": make.entry("note", text="calm"),
    "POST /patients/{patient_id}/photo-consents": {"purpose": "teaching", "given": True, "decided_on": "2026-03-02"},
    "POST /photos/{photo_id}/grades": {"quality": "good"},
    "POST /procedures/{procedure_id}/start": {},
    "POST /procedures/{procedure_id}/completion": {},
    "POST /procedures/{procedure_id}/cancellation": {"reason": "x"},
    "POST /procedures/{procedure_id}/abandonment": {"reason": "x"},
    "POST /procedures/{procedure_id}/withdrawal": {"reason": "x"},
    "POST /procedures/{procedure_id}/signature": {"password": make.PASSWORD},
    "POST /procedures/{procedure_id}/addenda": {"text": "x", "password": make.PASSWORD},
    "POST /visits/{visit_id}/assessment": FULL,
    "POST /procedures/{procedure_id}/assessments": FULL,
    **TO_OTHERS,
    "PATCH /visits/{visit_id}": {"state": "attended"},
    "POST /visits/{visit_id}/calls": {"outcome": "no_answer"},
    "POST /visits/{visit_id}/answers": {"id": str(uuid7()), "question": "worse", "answer": "yes"},
    "POST /visits/{visit_id}/link": {"send": False},
    "POST /alerts/{alert_id}/closing": {"note": "Called."},
    "POST /alerts/{alert_id}/acknowledgement": {},
    "POST /patients/{patient_id}/red-flags": {"id": str(uuid7()), "flags": ["infection"]},
    "POST /reminders/{reminder_id}/replay": {},
    "POST /reminders/{reminder_id}/settlement": {"outcome": "arrived"},
    "POST /sync/issues/{issue_id}/resolution": {"choice": "reject", "note": "x"},
    "DELETE /follow-up/push-subscriptions/{subscription_id}": {},
    "DELETE /follow-up/webhooks/{webhook_id}": {},
    "POST /emergency-access/{emergency_id}/review": {"note": "x"},
    "PATCH /users/{user_id}": {"active": False},
    "POST /users/{user_id}/reset-link": {},
    "DELETE /users/{user_id}/sessions": {},
    "DELETE /users/me/sessions/{sign_in_id}": {},
    "PATCH /devices/{device_id}": {"name": "Theatre 1"},
    "DELETE /devices/{device_id}": {},
    "DELETE /devices/pin-locks/{lock_id}": {},
    "PATCH /uploads/{upload_id}": {},
    "POST /uploads/{upload_id}": {},
    "DELETE /uploads/{upload_id}": {},
}


@pytest.fixture
def vera(clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]) -> Api:
    """Vera, who here also administers: nothing of another clinic is open to any role."""
    return as_(make.also(db, clinic.surgeon, Role.ADMIN))


@pytest.fixture
def theirs(other_clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> Case:
    """A signed case at Hillside."""
    return stages.signed(as_(other_clinic.surgeon), other_clinic)


def ids_of(case: Case, clinic: make.Clinic) -> dict[str, str]:
    """An id of theirs for each kind of path."""
    tablet = case.tablet
    lock_id = locked(tablet, clinic)
    check_in, visit = visit_of(tablet, case, "check_in"), visit_of(tablet, case)
    tablet.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": "yes"})
    photo = sent(tablet, case.patient_id, cheek())
    return {
        "report_id": tablet.get("/reports/cohort", 202)["id"],
        "patient_id": case.patient_id,
        "scar_id": case.scar_ids[0],
        "procedure_id": case.id,
        "visit_id": visit["id"],
        "alert_id": tablet.get("/alerts")["items"][0]["id"],
        "reminder_id": tablet.get(f"/reminders?visit_id={visit['id']}")["items"][0]["id"],
        "subscription_id": tablet.post("/follow-up/push-subscriptions", PUSH, (200, 201))["id"],
        "webhook_id": _hook(tablet),
        "lock_id": lock_id,
        "device_id": tablet.get("/devices")["items"][0]["id"],
        "issue_id": issue_of(tablet),
        "user_id": str(clinic.nurse.user_id),
        "emergency_id": make.emergency(cast("App", tablet.client.application).db, clinic, case.patient_id),
        "sign_in_id": tablet.get("/users/me/sessions")["items"][0]["id"],
        "pair_id": paired(cast("App", tablet.client.application), clinic, photo, case.id),
        "photo_id": photo["id"],
        "response_id": tablet.post(f"/visits/{visit['id']}/responses", PAIN)["id"],
        "upload_id": begun(tablet, announced(tablet, case.patient_id, cheek())).rpartition("/")[2],
    }


def _hook(tablet: Api) -> str:
    """The one endpoint of their clinic."""
    known = tablet.get("/follow-up/webhooks")["items"]
    found: str = known[0]["id"] if known else tablet.post("/follow-up/webhooks", HOOK)["id"]
    return found


def routes_with_an_id(app: App) -> list[str]:
    """`GET /patients/{patient_id}` and so on."""
    return sorted(name_of(method, rule) for method, rule in api_rules(app) if any(name.endswith("_id") for name in rule.arguments))


def test_every_route_with_an_id_that_writes_has_a_body_here(app: App) -> None:
    assert {name for name in routes_with_an_id(app) if name.split()[0] in WRITING} == set(BODIES)


def answers(tablet: Api, name: str, ids: dict[str, str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Everything of the answer that the caller sees."""
    method, template = name.split()
    path = template.format(**ids)
    got = tablet.call(method, path, json=BODIES.get(name), headers={"If-Match": f'"{uuid7()}"'} if method == "PATCH" else {})
    return got.status_code, got.data, sorted(got.headers)


def told_apart(app: App, tablet: Api, known: dict[str, str]) -> list[str]:
    """Routes that answer the ids of others in another way than ids that never were."""
    unknown = dict.fromkeys(known, str(uuid7()))
    got = {name: (answers(tablet, name, known), answers(tablet, name, unknown)) for name in routes_with_an_id(app)}
    return [name for name, (theirs, nobodys) in got.items() if theirs[0] != HTTPStatus.NOT_FOUND or theirs != nobodys]


def test_their_ids_answer_like_ids_that_never_were(app: App, vera: Api, theirs: Case, other_clinic: make.Clinic) -> None:
    assert told_apart(app, vera, ids_of(theirs, other_clinic)) == []


def journal_head(db: Database, clinic: make.Clinic) -> tuple[int, bytes]:
    """Where the clinic's chain stands."""
    with db.transaction(clinic.id, write=False) as session:
        return tuple(session.execute(sa.select(JournalHead.seq, JournalHead.hash).where(JournalHead.clinic_id == clinic.id)).one())  # type: ignore[return-value]  # reason: a Row of two


def test_trying_changes_nothing_of_theirs(app: App, vera: Api, theirs: Case, db: Database, other_clinic: make.Clinic) -> None:
    known = ids_of(theirs, other_clinic)
    before = journal_head(db, other_clinic)
    for name in routes_with_an_id(app):
        answers(vera, name, known)
    assert journal_head(db, other_clinic) == before


def in_bodies(case: Case, clinic: make.Clinic, ids: dict[str, str]) -> list[tuple[str, Any]]:
    """Calls of our own that name an id inside the body."""
    injection = make.entry("injection", scar_id=ids["scar_id"], volume_ml=1, plane="subdermal")
    mine = {"surgeon_id": str(clinic.surgeon.user_id), "planned_for": stages.at(0)}
    return [
        ("/procedures", mine | {"patient_id": ids["patient_id"]}),
        ("/procedures", mine | {"patient_id": case.patient_id, "surgeon_id": ids["user_id"]}),
        ("/procedures", mine | {"patient_id": case.patient_id, "plan": {"injections": [{"scar_id": ids["scar_id"], "volume_ml": 1}]}}),
        (f"{case.path}/entries", injection),
        (f"{case.path}/entries", make.entry("incident", incident="bleeding", scar_id=ids["scar_id"])),
        (f"{case.path}/entries", make.entry("retraction", retracts=ids["entry_id"], reason="x")),
        ("/photos", announcement(ids["patient_id"], cheek())),
        ("/photos", announcement(case.patient_id, cheek(), procedure_id=ids["procedure_id"])),
        ("/photos", announcement(case.patient_id, cheek(), scar_id=ids["scar_id"])),
        ("/rating-pairs", {"procedure_id": ids["procedure_id"]}),
        ("/ratings", {"pair_id": ids["pair_id"], "verdict": "no_difference"}),
    ]


def test_their_ids_in_a_body_are_refused_like_unknown_ones(vera: Api, clinic: make.Clinic, other_clinic: make.Clinic, theirs: Case) -> None:
    mine = stages.begun(vera, clinic)
    known = ids_of(theirs, other_clinic) | {"user_id": str(other_clinic.surgeon.user_id), "entry_id": theirs.read()["entries"][0]["id"]}
    unknown = dict.fromkeys(known, str(uuid7()))
    for (path, body), (_, unknown_body) in zip(in_bodies(mine, clinic, known), in_bodies(mine, clinic, unknown), strict=True):
        got, expected = vera.call("POST", path, json=body), vera.call("POST", path, json=unknown_body)
        assert got.status_code == 422, path
        assert _without_ids(got.text) == _without_ids(expected.text)


def _without_ids(text: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", text)


def test_filters_with_their_ids_show_nothing(vera: Api, theirs: Case, other_clinic: make.Clinic) -> None:
    ids = ids_of(theirs, other_clinic)
    for query in (f"patient_id={ids['patient_id']}", f"surgeon_id={other_clinic.surgeon.user_id}", ""):
        assert vera.get(f"/procedures?{query}")["items"] == []
    assert vera.get(f"/reminders?visit_id={ids['visit_id']}")["items"] == []
    for query in (f"patient_id={ids['patient_id']}", f"procedure_id={theirs.id}", ""):
        assert vera.get(f"/photos?{query}")["items"] == []
    assert vera.get("/patients")["items"] == vera.get("/visits")["items"] == []


def test_lists_of_people_show_ones_own(vera: Api, clinic: make.Clinic) -> None:
    assert vera.get("/devices")["items"] == vera.get("/devices/pin-locks")["items"] == []
    assert {one["id"] for one in vera.get("/users")["items"]} == {str(person.user_id) for person in clinic.people.values()}
