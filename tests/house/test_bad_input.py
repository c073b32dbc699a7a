"""Whatever a client sends, the answer is a 4xx that names the field, and nothing is stored."""

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from schemas.accounts import (
    FactorConfirm,
    FactorStart,
    PasswordChange,
    PersonChange,
    PersonCreate,
    PolicyChange,
    ResetLinkCreate,
    ResetLinkUse,
)
from schemas.answers import AnswerCreate, LinkCreate
from schemas.assessments import AssessmentCreate
from schemas.devices import DeviceChange, DeviceCreate, PairingRequest, PinChange, PinSignIn
from schemas.emergency import EmergencyOpen, EmergencyReview
from schemas.endpoints import PushSubscriptionCreate, WebhookCreate
from schemas.entries import SHAPES
from schemas.fields import Shape
from schemas.followup import VisitChange
from schemas.patients import PatientChange, PatientCreate, ScarChange, ScarCreate
from schemas.photos import PhotoConsentCreate, PhotoCreate, PhotoGradeCreate
from schemas.procedures import AddendumRequest, ProcedureChange, ProcedureCreate, Reasoned, ReasonedChange, SignRequest, StateChange
from schemas.protocol import ProtocolChange
from schemas.reports_of_flags import RedFlagCreate
from schemas.sending import Nothing, PauseChange, Settlement
from schemas.session import SignInRequest
from schemas.sync import Resolution
from schemas.templates import PreviewRequest, TemplateChange
from schemas.worklist import CallCreate, Closing
from server.db import Database
from server.journal.models import JournalHead
from tests import make
from tests.api import PROBLEM, Api
from tests.house.bad_values import bad_for
from tests.house.calls import CALLS
from tests.house.instrument_calls import RESPONSE_BODIES
from tests.house.photo_calls import BY_TUS
from tests.house.rating_calls import RATING_BODIES
from tests.procedures import case as stages
from tests.procedures.test_kinds import FULL

BODY_OF: dict[str, type[Shape]] = {
    "POST /users": PersonCreate,
    "PATCH /users/{user_id}": PersonChange,
    "POST /users/{user_id}/reset-link": ResetLinkCreate,
    "POST /password-reset": ResetLinkUse,
    "PUT /users/me/password": PasswordChange,
    "POST /users/me/second-factor": FactorStart,
    "PUT /users/me/second-factor": FactorConfirm,
    "PUT /clinic/signing-policy": PolicyChange,
    "POST /emergency-access": EmergencyOpen,
    "POST /emergency-access/{emergency_id}/review": EmergencyReview,
    "POST /session": SignInRequest,
    "POST /devices": DeviceCreate,
    "POST /devices/pairing": PairingRequest,
    "PATCH /devices/{device_id}": DeviceChange,
    "POST /devices/session": PinSignIn,
    "PUT /users/me/pin": PinChange,
    "POST /patients": PatientCreate,
    "PATCH /patients/{patient_id}": PatientChange,
    "POST /patients/{patient_id}/scars": ScarCreate,
    "PATCH /scars/{scar_id}": ScarChange,
    "POST /procedures": ProcedureCreate,
    "PATCH /procedures/{procedure_id}": ProcedureChange,
    "POST /procedures/{procedure_id}/start": StateChange,
    "POST /procedures/{procedure_id}/completion": StateChange,
    "POST /procedures/{procedure_id}/cancellation": Reasoned,
    "POST /procedures/{procedure_id}/abandonment": ReasonedChange,
    "POST /procedures/{procedure_id}/withdrawal": Reasoned,
    "POST /procedures/{procedure_id}/signature": SignRequest,
    "POST /procedures/{procedure_id}/addenda": AddendumRequest,
    "PATCH /visits/{visit_id}": VisitChange,
    "POST /visits/{visit_id}/calls": CallCreate,
    "POST /visits/{visit_id}/answers": AnswerCreate,
    "POST /visits/{visit_id}/link": LinkCreate,
    "POST /alerts/{alert_id}/closing": Closing,
    "POST /alerts/{alert_id}/acknowledgement": Nothing,
    "POST /patients/{patient_id}/red-flags": RedFlagCreate,
    "PUT /follow-up/protocol": ProtocolChange,
    "PUT /follow-up/templates/{purpose}/{channel}/{language}": TemplateChange,
    "POST /follow-up/templates/preview": PreviewRequest,
    "PUT /follow-up/pause": PauseChange,
    "POST /reminders/{reminder_id}/replay": Nothing,
    "POST /reminders/{reminder_id}/settlement": Settlement,
    "POST /follow-up/push-subscriptions": PushSubscriptionCreate,
    "POST /follow-up/webhooks": WebhookCreate,
    "POST /sync/issues/{issue_id}/resolution": Resolution,
    "POST /photos": PhotoCreate,
    "POST /patients/{patient_id}/photo-consents": PhotoConsentCreate,
    "POST /photos/{photo_id}/grades": PhotoGradeCreate,
    "POST /visits/{visit_id}/assessment": AssessmentCreate,
    "POST /procedures/{procedure_id}/assessments": AssessmentCreate,
    **RATING_BODIES,
    **RESPONSE_BODIES,
}
WITH_ENTRIES = "POST /procedures/{procedure_id}/entries"
NEVER_REFUSED = "POST /sync/{collection}/push"
"""What its rows say is stored in any case; its own stories tell what of the whole is refused."""


def test_every_route_that_takes_a_body_is_tried_here() -> None:
    assert set(BODY_OF) | {WITH_ENTRIES, NEVER_REFUSED} | BY_TUS == {name for name in CALLS if not name.startswith("DELETE ")}


def seq(db: Database, clinic: make.Clinic) -> int:
    """Rows in the clinic's journal."""
    with db.transaction(clinic.id, write=False) as session:
        return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == clinic.id)).one()


def with_value(body: dict[str, Any], name: str, raw: str) -> str:
    """The body as JSON, one field replaced by raw text."""
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items() if key != name]
    return "{" + ", ".join([*parts, f"{json.dumps(name)}: {raw}"]) + "}"


def send(tablet: Api, method: str, path: str, text: str | bytes, version: str | None) -> TestResponse:
    """The call with a body as it stands."""
    headers = {"If-Match": f'"{version}"'} if version else {}
    return tablet.call(method, path, data=text, content_type="application/json", headers=headers)


def misjudged(answer: TestResponse, name: str) -> str | None:
    """How an answer fails to be a 422 that names the field."""
    if answer.status_code != 422 or answer.mimetype != PROBLEM:
        return f"{answer.status_code} {answer.text[:200]}"
    problem = answer.get_json(force=True)
    pointers = [one["pointer"] for one in problem["errors"]]
    if not any(pointer == f"/{name}" or pointer.startswith(f"/{name}/") for pointer in pointers):
        return f"names {pointers}"
    return None if all(one["message"] for one in problem["errors"]) and problem["detail"] else "says nothing"


def tried(tablet: Api, call: tuple[str, str, dict[str, object], str | None], shape: Shape) -> list[str]:
    """Each field with each bad value; what was misjudged."""
    method, path, body, version = call
    found = []
    slips = {name: bad_for(field) for name, field in shape.fields.items()} | {"surplus": {"an unknown field": "1"}}
    for name, values in slips.items():
        for what, raw in values.items():
            wrong = misjudged(send(tablet, method, path, with_value(body, name, raw), version), name)
            found += [f"{name} = {what}: {wrong}"] if wrong else []
    return found


@pytest.mark.parametrize("name", BODY_OF)
def test_each_field_of_each_body_refuses_what_it_cannot_mean(name: str, vera: Api, clinic: make.Clinic, db: Database) -> None:
    call = CALLS[name](vera, clinic)
    before = seq(db, clinic)
    assert tried(vera, call, BODY_OF[name]()) == []
    assert seq(db, clinic) == before


@pytest.mark.parametrize("kind", SHAPES)
def test_each_field_of_each_entry_refuses_what_it_cannot_mean(kind: str, vera: Api, clinic: make.Clinic, db: Database) -> None:
    case = stages.begun(vera, clinic)
    links = {"injection": {"scar_id": case.scar_ids[0]}, "retraction": {"retracts": case.scar_ids[0], "reason": "x"}}
    body = make.entry(kind, **FULL[kind], **links.get(kind, {}))
    before = seq(db, clinic)
    assert tried(vera, ("POST", f"{case.path}/entries", body, None), SHAPES[kind]()) == []
    assert seq(db, clinic) == before


@pytest.mark.parametrize("field", ["volume_ml", "scar_id", "plane", "needle_gauge"])
def test_inside_the_plan_the_pointer_says_where(field: str, vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    injections = [{"scar_id": scar, "volume_ml": 1} | ({field: []} if place == 2 else {}) for place, scar in enumerate(case.scar_ids)]
    refusal = vera.patch(case.path, {"plan": {"injections": injections}}, case.read()["write_id"], 422)
    assert [one["pointer"] for one in refusal["errors"]] == [f"/plan/injections/2/{field}"]


BROKEN: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "half": (b'{"mrn": "1"', 400),
    "NaN": (b'{"mrn": "1", "weight_kg": NaN}', 400),
    "Infinity": (b'{"mrn": "1", "weight_kg": -Infinity}', 400),
    "a name twice": (b'{"mrn": "1", "mrn": "2"}', 400),
    "a name twice inside": (b'{"mrn": "1", "x": [{"a": 1, "a": 1}]}', 400),
    "deep lists": (b'{"notes": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 422),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422),
    "not so deep": (b'{"notes": ' + b"[" * 40 + b"]" * 40 + b"}", 422),
    "not UTF-8": (b'{"mrn": "\xff"}', 400),
    "UTF-16": ('{"mrn": "1"}'.encode("utf-16"), 400),
    "a byte order mark": (b'\xef\xbb\xbf{"mrn": "1"}', 400),
    "half a character in bytes": (b'{"mrn": "\xed\xa0\x80"}', 400),
    "half a character as a name": (rb'{"\ud800": 1}', 400),
    "five thousand digits": (b'{"weight_kg": ' + b"9" * 5000 + b"}", 400),
    "a list": (b"[]", 422),
    "a number": (b"7", 422),
    "null": (b"null", 422),
    "text": (b'"mrn"', 422),
    "a name with NUL": (rb'{"\u0000": 1}', 422),
    "an empty name": (b'{"": 1}', 422),
    "a name with a slash": (b'{"a/b~c": 1}', 422),
    "too large": (b'{"notes": "' + b"x" * 2_000_000 + b'"}', 413),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("path", ["/patients", "/procedures/01931c1e-7a52-7c2b-9f0e-0123456789ab/entries"])
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(what: str, path: str, vera: Api, clinic: make.Clinic, db: Database) -> None:
    body, status = BROKEN[what]
    before = seq(db, clinic)
    answer = send(vera, "POST", path, body, None)
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    problem = answer.get_json(force=True)
    assert problem["detail"]
    assert bool(problem.get("errors")) is (status == 422)
    assert seq(db, clinic) == before


def test_a_strange_name_is_pointed_to_as_rfc_6901_says(vera: Api) -> None:
    errors = vera.post("/patients", {"a/b~c": 1}, 422)["errors"]
    assert "/a~1b~0c" in [one["pointer"] for one in errors]


def test_a_refusal_is_never_larger_than_anybody_would_read(vera: Api) -> None:
    many = vera.post("/patients", {f"field{number}": 1 for number in range(20_000)}, 422)
    assert len(many["errors"]) == 100
    (long,) = [one for one in vera.post("/patients", {"x" * 500_000: 1}, 422)["errors"] if one["pointer"].startswith("/x")]
    assert len(long["pointer"]) == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "json", "multipart/form-data"]
)
def test_only_json_is_taken_and_the_answer_says_so(content_type: str, vera: Api) -> None:
    answer = vera.call("POST", "/patients", data=b'{"mrn": "1"}', content_type=content_type)
    assert (answer.status_code, answer.mimetype) == (415, PROBLEM)
    assert "application/json" in answer.get_json(force=True)["detail"]


def test_a_charset_beside_json_does_not_matter(vera: Api) -> None:
    body = json.dumps({"mrn": "1", "family_name": "Szűcs", "given_name": "Áron"}, ensure_ascii=False).encode()
    assert vera.call("POST", "/patients", data=body, content_type="Application/JSON; charset=utf-8").status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_a_method_that_is_not_taken_lists_those_that_are(method: str, vera: Api) -> None:
    answer = vera.call(method, "/patients")
    assert (answer.status_code, answer.mimetype) == (405, PROBLEM)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/nothing", "/patients/7", "/patients/7/scars", "//api/v2/patients", "/patients/%00", "/scars/..%2f"])
def test_an_address_that_is_none_is_not_found(path: str, vera: Api) -> None:
    assert vera.get(path, 404)["code"] == "not_found"


PAGED = ("/follow-up/work-list", "/follow-up/forecast", "/follow-up/protocol/versions", "/devices")
TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "2026-11-23T09:30:00", "noon", "\x00", "\ud800", "")


@pytest.mark.parametrize(
    "path",
    [
        "/patients",
        "/procedures",
        "/photos",
        "/rating-pairs",
        "/visits",
        "/reminders",
        "/alerts",
        "/sync/issues",
        *PAGED,
        "/procedures/{id}/history",
        "//outbox",
    ],
)
def test_no_cursor_that_anyone_could_make_breaks_a_list(path: str, vera: Api, clinic: make.Clinic) -> None:
    address = path.format(id=stages.begun(vera, clinic).id)
    parts: list[Any] = [[when, "01931c1e-7a52-7c2b-9f0e-0123456789ab"] for when in TIMES]
    parts += [[when, "x", "01931c1e-7a52-7c2b-9f0e-0123456789ab"] for when in TIMES]
    parts += [[], {}, 7, None, [7], [None, None], ["1e3"], ["9" * 30], ["-1"], [[]] * 3, ["2026-11-23T09:30:00Z", "x"]]
    for part in parts:
        cursor = base64.urlsafe_b64encode(json.dumps(part).encode()).decode()
        answer = vera.call("GET", f"{address}?cursor={cursor}")
        assert answer.status_code in {200, 422}, part


def test_a_note_in_no_format_we_have_is_406(vera: Api, clinic: make.Clinic) -> None:
    answer = vera.call("GET", f"{stages.begun(vera, clinic).path}/note", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.mimetype) == (406, PROBLEM)


@pytest.mark.parametrize("header", ["Authorization", "If-None-Match", "Accept", "Idempotency-Key", "Cookie"])
def test_no_header_breaks_a_call(header: str, vera: Api) -> None:
    for value in ("", " ", "\x7f", "é\xff", '"' * 50, "Bearer", "W/", ",,,", "a=b;" * 100, "x" * 4000):
        answer = vera.call("GET", "/catalogue", headers={header: value})
        assert answer.status_code < 500
        assert vera.call("POST", "/patients", json={}, headers={header: value}).status_code in {401, 422}
