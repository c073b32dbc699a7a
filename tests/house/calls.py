"""One minimal successful call for each route of the API that changes something. A new route needs a row here."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import make
from tests.api import Api
from tests.house.account_calls import ACCOUNT_CALLS
from tests.house.assessment_calls import ASSESSMENT_CALLS
from tests.house.follow_up_calls import FOLLOW_UP_CALLS
from tests.house.instrument_calls import INSTRUMENT_CALLS
from tests.house.photo_calls import PHOTO_CALLS, Raw
from tests.house.rating_calls import RATING_CALLS
from tests.house.red_flag_calls import RED_FLAG_CALLS
from tests.house.tablet_calls import TABLET_CALLS
from tests.procedures import case as stages
from tests.procedures.case import Case
from tests.sync.tablet import anna, row

PREFIX = "/api/v1"
ARGUMENT = re.compile("<(?:[a-z]+:)?([a-z_]+)>")
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
Call = Callable[[Api, make.Clinic], tuple[str, str, dict[str, object], str | None]]
"""Makes what must be there before, then says: method, path, body, version for If-Match."""


def api_rules(app: Flask) -> Iterator[tuple[str, Rule]]:
    """(method, rule) of every route below /api/v1."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule


def name_of(method: str, rule: Rule) -> str:
    """`PATCH /patients/{patient_id}`."""
    template = ARGUMENT.sub(r"{\1}", rule.rule.removeprefix(PREFIX))
    return f"{method} {template}"


def _patient(tablet: Api) -> dict[str, str]:
    return dict(tablet.post("/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"}))


def _new_patient(_tablet: Api, _clinic: make.Clinic) -> tuple[str, str, dict[str, object], None]:
    return "POST", "/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"}, None


def _changed_patient(tablet: Api, _clinic: make.Clinic) -> tuple[str, str, dict[str, object], str]:
    anna = _patient(tablet)
    return "PATCH", f"/patients/{anna['id']}", {"weight_kg": 62}, anna["write_id"]


def _new_scar(tablet: Api, _clinic: make.Clinic) -> tuple[str, str, dict[str, object], None]:
    return "POST", f"/patients/{_patient(tablet)['id']}/scars", dict(stages.LINEAR), None


def _changed_scar(tablet: Api, _clinic: make.Clinic) -> tuple[str, str, dict[str, object], str]:
    scar = tablet.post(f"/patients/{_patient(tablet)['id']}/scars", stages.LINEAR)
    return "PATCH", f"/scars/{scar['id']}", {"depth_mm": 1}, scar["write_id"]


def _new_procedure(tablet: Api, clinic: make.Clinic) -> tuple[str, str, dict[str, object], None]:
    body = {"patient_id": _patient(tablet)["id"], "surgeon_id": str(clinic.surgeon.user_id), "planned_for": stages.at(30)}
    return "POST", "/procedures", dict(body), None


def _changed_procedure(tablet: Api, clinic: make.Clinic) -> tuple[str, str, dict[str, object], str]:
    case = stages.planned(tablet, clinic)
    return "PATCH", case.path, {"weight_kg": 62}, case.read()["write_id"]


def _pushed(_tablet: Api, _clinic: make.Clinic) -> tuple[str, str, Any, None]:
    return "POST", "/sync/patients/push", [row(anna())], None


def issue_of(tablet: Api) -> str:
    """Id of a row that was kept for a person."""
    tablet.post("/sync/patients/push", [row(anna(birth_date="2999-01-01"))], 200)
    return str(tablet.get("/sync/issues?kind=quarantined")["items"][0]["id"])


def _resolved(tablet: Api, _clinic: make.Clinic) -> tuple[str, str, dict[str, object], None]:
    return "POST", f"/sync/issues/{issue_of(tablet)}/resolution", {"choice": "reject", "note": "A test row."}, None


def _after(stage: Callable[[Api, make.Clinic], Case], part: str, *, proved: int | None = None, **body: object) -> Call:
    """A POST below the procedure that stands at `stage`; `proved`: with password and a code, so many after the present one."""

    def call(tablet: Api, clinic: make.Clinic) -> tuple[str, str, dict[str, object], None]:
        path = f"{stage(tablet, clinic).path}/{part}"
        return "POST", path, body if proved is None else body | make.proof(proved), None

    return call


CALLS: dict[str, Call] = {
    "POST /session": lambda _, clinic: ("POST", "/session", {"email": clinic.surgeon.email, **make.proof()}, None),
    "DELETE /session": lambda _tablet, _clinic: ("DELETE", "/session", {}, None),
    "POST /patients": _new_patient,
    "PATCH /patients/{patient_id}": _changed_patient,
    "POST /patients/{patient_id}/scars": _new_scar,
    "PATCH /scars/{scar_id}": _changed_scar,
    "POST /procedures": _new_procedure,
    "PATCH /procedures/{procedure_id}": _changed_procedure,
    "POST /procedures/{procedure_id}/start": _after(stages.planned, "start"),
    "POST /procedures/{procedure_id}/entries": _after(stages.begun, "entries", **make.entry("note", text="calm")),
    "POST /procedures/{procedure_id}/completion": _after(stages.begun, "completion"),
    "POST /procedures/{procedure_id}/cancellation": _after(stages.planned, "cancellation", reason="a cold"),
    "POST /procedures/{procedure_id}/abandonment": _after(stages.begun, "abandonment", reason="bleeding"),
    "POST /procedures/{procedure_id}/withdrawal": _after(stages.planned, "withdrawal", reason="wrong patient"),
    "POST /procedures/{procedure_id}/signature": _after(stages.completed, "signature", proved=0),
    "POST /procedures/{procedure_id}/addenda": _after(stages.signed, "addenda", proved=1, text="Redness."),
    **TABLET_CALLS,
    **ACCOUNT_CALLS,
    "POST /sync/{collection}/push": _pushed,
    "POST /sync/issues/{issue_id}/resolution": _resolved,
    **FOLLOW_UP_CALLS,
    **PHOTO_CALLS,
    **ASSESSMENT_CALLS,
    **INSTRUMENT_CALLS,
    **RATING_CALLS,
    **RED_FLAG_CALLS,
}
UNJOURNALED = {
    "POST /session": "a sign-in is no part of the clinical record",
    "DELETE /session": "neither is its end",
    "DELETE /users/me/sessions/{sign_in_id}": "nor the end of another one",
    "DELETE /users/{user_id}/sessions": "nor of somebody's",
    "POST /users/me/second-factor": "an app counts once a code of it was typed, and is journaled then",
    "POST /devices/session": "nor is one on a tablet, unless a PIN was wrong before",
    "POST /follow-up/templates/preview": "nothing is stored",
    "POST /uploads": "bytes on their way are no part of the record; the photo that they become is",
    "DELETE /uploads/{upload_id}": "nor are bytes given up",
}


def send(tablet: Api, method: str, path: str, body: object, version: str | None) -> TestResponse:
    """The call as the tablet sends it."""
    if isinstance(body, Raw):
        return tablet.call(method, path, **cast("dict[str, Any]", body))
    return tablet.call(method, path, json=body, headers={"If-Match": f'"{version}"'} if version else {})
