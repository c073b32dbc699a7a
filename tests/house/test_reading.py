"""Every route that shows patients has a rule for the access log, and keeps it."""

import pytest
import sqlalchemy as sa

from server.app import App
from server.db import Database
from server.ids import uuid7
from server.journal.access import AccessRow
from server.reads import rule_of
from tests import make
from tests.api import Api
from tests.house.follow_up_calls import visit_of
from tests.house.rating_calls import paired
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.procedures import case as stages
from tests.sync.tablet import anna, row
from tests.web.browser import Browser

SHOWS_NO_PATIENT = {
    "catalogue": ("/api/v1/catalogue", "/api/v1/instruments", "/api/v1/openapi.json", "/api/docs", "/drills", "/styleguide"),
    "oneself, colleagues and tablets": (
        "/account",
        "/account/authenticator",
        "/account/password",
        "/api/v1/devices",
        "/api/v1/devices/<uuid:device_id>",
        "/api/v1/devices/people",
        "/api/v1/devices/pin-locks",
        "/api/v1/session",
        "/api/v1/users",
        "/api/v1/users/<uuid:user_id>/sessions",
        "/api/v1/users/me/sessions",
        "/people",
        "/people/<uuid:user_id>",
        "/people/pin",
        "/people/tablets/<uuid:device_id>",
    ),
    "an empty form": ("/patients/new",),
    "how the clinic follows up, in numbers at most": (
        "/api/v1/follow-up/forecast",
        "/api/v1/follow-up/protocol",
        "/api/v1/follow-up/protocol/versions",
        "/api/v1/follow-up/push-key",
        "/api/v1/follow-up/sending",
        "/api/v1/follow-up/templates",
        "/api/v1/follow-up/templates/<purpose>/<channel>/<language>",
        "/api/v1/follow-up/webhooks",
        "/follow-up/forecast",
        "/follow-up/messages",
        "/follow-up/messages/<purpose>/<channel>/<language>",
        "/follow-up/protocol",
        "/follow-up/protocol/edit",
    ),
    "hashes, keys and pings": ("/api/v1/journal/checkpoint", "/api/v1/journal/keys", "/api/v1/sync/stream"),
    "reasons of colleagues": ("/api/v1/emergency-access", "/emergency-access"),
    "how FHIR is spoken here": ("/fhir/metadata", "/fhir/CodeSystem/<name>", "/fhir/OperationDefinition/procedure-everything"),
    "the door": ("/", "/sign-in", "/new-password", "/sw.js", "/static/<path:filename>"),
    "a panel in numbers": ("/api/v1/reports/panel",),
    "the machine's own": ("/healthz", "/readyz", "/metrics"),
}


def test_every_route_that_reads_has_a_rule(app: App) -> None:
    """The patient's own link is hers: what she sees there, nobody else has read."""
    unruled = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule_of(app.view_functions[rule.endpoint]) is None
        and not rule.endpoint.startswith(("link.", "tus."))
    }
    assert unruled == {one for group in SHOWS_NO_PATIENT.values() for one in group}


def logged(db: Database, clinic: make.Clinic) -> list[str | None]:
    """Patients named in the log so far, oldest row first."""
    with db.transaction(clinic.id, write=False) as reading:
        return [str(one) if one else None for one in reading.scalars(sa.select(AccessRow.patient_id).order_by(AccessRow.id))]


def _a_reading(db: Database, clinic: make.Clinic) -> str:
    """Id of one row of the log, which FHIR shows as an AuditEvent."""
    with db.transaction(clinic.id, write=False) as reading:
        return str(reading.scalars(sa.select(AccessRow.id).where(AccessRow.patient_id.is_not(None))).first())


@pytest.mark.timeout(120)
def test_every_reading_names_its_patient(app: App, db: Database, vera: Api, clinic: make.Clinic) -> None:
    """Each marked route, called as Vera, leaves a row about Anna; the pull of a tablet one about nobody in particular."""
    case = stages.signed(vera, clinic)
    visit = visit_of(vera, case)
    ids = {
        "patient_id": case.patient_id,
        "procedure_id": case.id,
        "scar_id": case.scar_ids[0],
        "visit_id": visit["id"],
        "reminder_id": vera.get(f"/reminders?visit_id={visit['id']}")["items"][0]["id"],
        "photo_id": (photo := sent(vera, case.patient_id, cheek()))["id"],
        "pair_id": paired(app, clinic, photo, case.id),
        "collection": "patients",
        "kind": "Procedure",
        "key": "gais",
        "resource_id": case.id,
        "reading_id": _a_reading(db, clinic),
    }
    vera.post("/sync/patients/push", [row(anna(id=case.patient_id, birth_date="2999-01-01"))], 200)
    check_in = visit_of(vera, case, "check_in")
    vera.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": "yes"})
    desk = Browser(app.test_client()).sign_in(clinic.surgeon)
    silent = []
    for rule in app.url_map.iter_rules():
        reading = rule_of(app.view_functions[rule.endpoint])
        if reading is None or "GET" not in (rule.methods or ()) or rule.rule in EMPTY_HERE:
            continue
        path = rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}").format(**ids)
        path = WITH_FILTER.get(path, path).format(**ids)
        before = len(logged(db, clinic))
        answer = vera.call("GET", path.removeprefix("/api/v1")) if path.startswith("/api/") else desk.client.get(path)
        named = logged(db, clinic)[before:]
        if answer.status_code != 200 or set(named) != ({None} if reading == "sync" else {case.patient_id}):
            silent.append((path, answer.status_code, named))
    assert silent == []


WITH_FILTER = {
    "/procedures": "/procedures?whose=all",
    "/fhir/Procedure": "/fhir/Procedure?patient={patient_id}",
    "/fhir/AuditEvent": "/fhir/AuditEvent?patient={patient_id}",
}
"""Where the bare address shows something else than this story's signed procedure."""
_REPORTS = ("cohort", "cohort/<uuid:report_id>", "cohort.csv", "cohort.xlsx", "cohort.zip")
_REPORTS = ("cohort", "cohort/<uuid:report_id>", "cohort.csv", "cohort.xlsx", "cohort.zip")
_PAGES = ("cohort", "cohort.csv", "cohort.xlsx", "cohort.zip", "cohort/<figure>.csv", "cohort/<figure>.svg")
EMPTY_HERE = frozenset(
    {
        "/api/v1/photos/<uuid:photo_id>/thumbnail",
        "/api/v1/ratings/next",
        "/api/v1/ratings/pairs/<uuid:pair_id>/left",
        "/api/v1/ratings/pairs/<uuid:pair_id>/right",
        "/ratings",
        *(f"/api/v1/reports/{one}" for one in _REPORTS),
        *(f"/{one}" for one in _PAGES),
    }
)
"""The worker makes thumbnails and reports, and there is none in this story; nor does Vera rate whom she operated on (tests/outcomes)."""
