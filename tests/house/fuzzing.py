"""What the fuzzer needs to get past the door: ids that exist, versions that match, and which refusals no document can foresee."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

import schemathesis

from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures import case as stages

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY_TEXT = re.compile(r"[!-~]([ -~]*[!-~])?")
UNFORESEEABLE = {
    "what is stored": r"No such|No surgeon of this clinic|already retracted|restored an entry|Not a cursor",
    "the clock": r"future|older than the patient|Lies before the procedure began",
    "two fields at once": r"larger than length|needs view, x and y|Ends before it starts|wider than its cannula|planned twice|Twice in one list",
    "a barcode's date": r"It expired on",
}
"""Valid by the document and refused all the same, because of …"""


@dataclass(frozen=True)
class Known:
    """A clinic with a procedure in each state, and the ids of all of it by the name of the parameter."""

    token: str
    ids: dict[str, list[str]]

    def pick(self, name: str, drawn: str) -> str:
        """An id that exists in place of a drawn one, for half of those; the drawn one itself says which."""
        number = uuid.UUID(drawn).int
        known = self.ids.get(name)
        return known[number // 2 % len(known)] if known and number % 2 else drawn


def known(db: Database, tablet: Api, clinic: make.Clinic) -> Known:
    """Riverside on a busy day."""
    anna = make.patient(db, clinic)["id"]
    scars = [make.scar(db, clinic, anna)["id"] for _ in range(2)]
    procedures = [make.procedure(db, clinic, patient_id=anna)["id"] for _ in range(20)]
    for path in [f"/procedures/{one}" for one in procedures[5:]]:
        tablet.post(f"{path}/entries", make.entry("note", text="calm", recorded_at=stages.at(31)))
    note = tablet.get(f"/procedures/{procedures[5]}/entries")["items"][0]["id"]
    time_out = make.entry("checklist", phase="time_out", item="team_introduced", answer="yes", recorded_at=stages.at(32))
    for path in [f"/procedures/{one}" for one in procedures[10:]]:
        injection = make.entry("injection", scar_id=scars[0], volume_ml=1, plane="subdermal", recorded_at=stages.at(33))
        tablet.post(f"{path}/entries", [time_out | {"id": str(uuid.uuid4())}, injection])
        tablet.post(f"{path}/completion", {}, 200)
    for path in [f"/procedures/{one}" for one in procedures[15:]]:
        tablet.post(f"{path}/signature", {"password": make.PASSWORD})
    ids = {
        "patient_id": [anna],
        "scar_id": scars,
        "procedure_id": procedures,
        "visit_id": [one["id"] for one in tablet.get("/visits")["items"]],
        "surgeon_id": [str(clinic.surgeon.user_id)],
        "retracts": [note],
    }
    return Known(tablet.token or "", ids)


def at_home(case: schemathesis.Case, here: Known) -> None:
    """Let a drawn case speak of what exists. What was drawn to be wrong stays wrong."""
    for name, value in dict(case.path_parameters or {}).items():
        if isinstance(value, str) and UUID_TEXT.fullmatch(value):
            case.path_parameters[name] = here.pick(name, value)
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and len(key) <= 200 and KEY_TEXT.fullmatch(key):
        headers["Idempotency-Key"] = f"{key}{uuid.uuid4()}"  # else the second body under one key is only a conflict
    if headers.get("If-Match"):
        headers["If-Match"] = "*"
    _name_what_exists(case.body, here)


def _name_what_exists(body: Any, here: Known) -> None:
    for name, value in body.items() if isinstance(body, dict) else ():
        if isinstance(value, str) and UUID_TEXT.fullmatch(value):
            body[name] = here.pick(name, value)
        else:
            _name_what_exists(value, here)
    for inner in body if isinstance(body, list) else ():
        _name_what_exists(inner, here)


def unexplained(response: Any) -> list[str]:
    """Messages of a 422 that the document should have foreseen."""
    said = [one["message"] for one in response.json().get("errors", [{"message": "no errors[]"}])]
    return [text for text in said if not any(re.search(reason, text) for reason in UNFORESEEABLE.values())]
