"""One wire form per record: what the journal keeps is what the API shows, and both are what its schema says."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from schemas.accounts import ResetLinkOut
from schemas.answers import AnswerOut
from schemas.assessments import AssessmentOut, FindingOut, ScarMeasurementOut
from schemas.devices import DeviceOut, PinTriesOut
from schemas.emergency import EmergencyOut
from schemas.endpoints import PushSubscriptionOut, WebhookOut
from schemas.entries import SHAPES
from schemas.entry_loading import COMMON
from schemas.fields import Shape
from schemas.followup import ReminderOut, VisitOut
from schemas.instruments import InstrumentOut, LicenceOut
from schemas.patients import PatientOut, ScarOut
from schemas.photos import PhotoConsentOut, PhotoGradeOut, PhotoOut
from schemas.procedures import AddendumOut, ProcedureSummary, SignatureOut
from schemas.protocol import ProtocolVersionOut
from schemas.ratings import QueueKept, RatingOut, RatingPairOut
from schemas.redness import RednessOut
from schemas.responses import ResponseOut, ScoreOut
from schemas.rights import ErasureOut
from schemas.sending import PauseOut
from schemas.session import Person
from schemas.sync import IssueOut
from schemas.templates import OwnTemplateOut
from schemas.worklist import AlertOut, CallOut
from server.db import Database
from server.ids import uuid7
from server.journal.service import journaled_tables
from tests import make
from tests.api import Api
from tests.house import instrument_calls
from tests.house.assessment_calls import assessed
from tests.house.calls import issue_of, send
from tests.house.follow_up_calls import FOLLOW_UP_CALLS, visit_of
from tests.house.rating_calls import rated
from tests.house.red_flag_calls import FEVER
from tests.house.tablet_calls import locked
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.procedures.test_kinds import FULL

SHAPE_OF: dict[str, type[Shape]] = {
    "users": Person,
    "reset_links": ResetLinkOut,
    "emergency_accesses": EmergencyOut,
    "erasures": ErasureOut,
    "devices": DeviceOut,
    "pin_tries": PinTriesOut,
    "patients": PatientOut,
    "scars": ScarOut,
    "procedures": ProcedureSummary,
    "signatures": SignatureOut,
    "addenda": AddendumOut,
    "visits": VisitOut,
    "reminders": ReminderOut,
    "answers": AnswerOut,
    "alerts": AlertOut,
    "calls": CallOut,
    "redness": RednessOut,
    "protocols": ProtocolVersionOut,
    "message_templates": OwnTemplateOut,
    "pauses": PauseOut,
    "push_subscriptions": PushSubscriptionOut,
    "webhook_endpoints": WebhookOut,
    "sync_issues": IssueOut,
    "photos": PhotoOut,
    "photo_consents": PhotoConsentOut,
    "photo_grades": PhotoGradeOut,
    "assessments": AssessmentOut,
    "instruments": InstrumentOut,
    "licences": LicenceOut,
    "responses": ResponseOut,
    "scores": ScoreOut,
    "findings": FindingOut,
    "scar_measurements": ScarMeasurementOut,
    "rating_pairs": RatingPairOut,
    "rating_queues": QueueKept,
    "ratings": RatingOut,
}
FOLLOWED_UP = (
    "PUT /follow-up/protocol",
    "PUT /follow-up/templates/{purpose}/{channel}/{language}",
    "PUT /follow-up/pause",
    "POST /follow-up/push-subscriptions",
    "POST /follow-up/webhooks",
)
BY_THE_SERVER = {"procedure_id", "received_at", "recorded_by", "late", "warnings"}
READ_FROM_BARCODES = {"gtin", "udi_di", "serial", "expired", "barcode_problem"}


@pytest.fixture
def told(vera: Api, clinic: make.Clinic, db: Database) -> Case:
    """A signed case with one entry of every kind, a correction and an addendum."""
    case = stages.completed(vera, clinic)
    extra = [make.entry(kind, **fields) for kind, fields in FULL.items() if kind in {"device_use", "incident", "note"}]
    slip = make.entry("harvest", port_mm=1.0, **{name: value for name, value in FULL["harvest"].items() if name != "port_mm"})
    case.record(*extra, slip, make.entry("retraction", retracts=slip["id"], reason="counted twice"))
    case.sign()
    vera.post(f"{case.path}/addenda", {"text": "Redness.", **make.proof(1)})
    check_in, visit = visit_of(vera, case, "check_in"), visit_of(vera, case)
    vera.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": "yes"})
    vera.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "redness", "answer": "yes"})
    vera.post(f"/patients/{case.patient_id}/red-flags", {"id": str(uuid7()), **FEVER})
    vera.post(f"/visits/{visit['id']}/calls", {"outcome": "no_answer"})
    make.reset_link(db, clinic)
    make.emergency(db, clinic, case.patient_id)
    make.erasure(db, clinic, vera.post("/patients", {"mrn": "9", "family_name": "Kiss", "given_name": "Éva"})["id"])
    locked(vera, clinic)
    issue_of(vera)
    for name in FOLLOWED_UP:
        answer = send(vera, *FOLLOW_UP_CALLS[name](vera, clinic))
        assert answer.status_code in {200, 201}, answer.text
    photo = sent(vera, case.patient_id, cheek(), scar_id=case.scar_ids[0], procedure_id=case.id)
    vera.post(f"/photos/{photo['id']}/grades", {"quality": "good"})
    vera.post(f"/patients/{case.patient_id}/photo-consents", {"purpose": "rating", "given": True, "decided_on": "2026-03-02"})
    assessed(case)
    instrument_calls.told(vera, case)
    rated(vera, clinic)
    return case


def faults_of(collection: str, body: dict[str, Any]) -> Any:
    """What a document's schema says against it."""
    if collection in SHAPE_OF:
        return SHAPE_OF[collection]().validate(body)
    assert collection == "entries"
    sent = {name: value for name, value in body.items() if name not in BY_THE_SERVER | READ_FROM_BARCODES}
    assert BY_THE_SERVER - {"warnings"} <= set(body)
    return SHAPES[body["kind"]]().validate(sent)


@pytest.mark.usefixtures("told")
def test_every_document_in_the_journal_is_as_its_schema_says(db: Database, clinic: make.Clinic) -> None:
    rows = [row for row in make.journal(db, clinic) if row.body]
    assert [(row.collection, fault) for row in rows if (fault := faults_of(row.collection, json.loads(row.body or "{}")))] == []
    assert {row.collection for row in rows} == journaled_tables()


@pytest.mark.usefixtures("told")
def test_every_document_in_the_journal_is_canonical(db: Database, clinic: make.Clinic) -> None:
    rows = make.journal(db, clinic)
    erased = {one for row in rows if row.collection == "erasures" for one in json.loads(row.body or "{}")["records"]}
    for row in rows:
        if row.body is None:
            assert str(row.record_id) in erased
            continue
        assert rfc8785.dumps(json.loads(row.body)).decode() == row.body


def test_the_newest_journal_row_is_what_the_api_shows(told: Case, db: Database, clinic: make.Clinic) -> None:
    newest = {(row.collection, str(row.record_id)): json.loads(row.body or "{}") for row in make.journal(db, clinic)}
    tablet = told.tablet
    assert tablet.get(f"/patients/{told.patient_id}") == newest["patients", told.patient_id]
    assert tablet.get(f"{told.path}/signature") == newest["signatures", tablet.get(f"{told.path}/signature")["id"]]
    whole = tablet.get(told.path)
    for entry in whole.pop("entries"):
        entry.pop("retracted", None)
        assert entry == newest["entries", entry["id"]]
    assert {name: whole[name] for name in whole if name not in {"totals", "warnings"}} == newest["procedures", told.id]


def test_entries_take_no_name_that_the_server_gives() -> None:
    names: Callable[[type[Shape]], set[str]] = lambda shape: set(shape().fields)  # noqa: E731  reason: a name for one expression
    for shape in SHAPES.values():
        assert not names(shape) & (BY_THE_SERVER | READ_FROM_BARCODES)
        assert names(shape) >= COMMON - {"reason"}
