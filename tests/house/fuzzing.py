"""What the fuzzer needs to get past the door: ids that exist, versions that match, and which refusals no document can foresee."""

import itertools
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from server.app import App
from server.clinics.credentials import CredentialTries
from server.db import Database
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.procedures import case as stages
from tests.sync.tablet import anna, row

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY_TEXT = re.compile(r"[!-~]([ -~]*[!-~])?")
LONGEST_MRN = 64
BEGUN, COMPLETED, SIGNED = 1, 2, 3
UNFORESEEABLE = {
    "what is stored": r"No such|No surgeon of this clinic|already retracted|restored an entry|Not a cursor|cannot be booked; log the call"
    r"|No patient has this number|A check-in is answered from home",
    "a question and its flags": r"Say which of the red flags are there|Only with question red_flags",
    "decisions of before": r"A newer decision on this purpose",
    "the clock": r"future|older than the patient|Lies before the procedure began|Lies in the past|Must be tomorrow or later"
    r"|when the visit may take place",
    "two fields at once": r"larger than length|date of birth|needs view, x and y|Ends before it starts|wider than its cannula|planned twice"
    r"|Lies before the first day|Twice in one list|Only with state booked|Only with outcome|Only for a pause|Say why nothing"
    r"|Say from which day",
    "an assessment's own sense": r"Nothing is said|Nothing is measured|Only what (is|was) present|suffix d belongs|Is answered twice"
    r"|Is measured twice|Is used twice|Only with replaces|Name in replaces|corrected or withdrawn|A withdrawal says|No such assessment"
    r"|Another answer says|grade of erythema|This event is of|Lies after the assessment|Lies before (the procedure|its onset)"
    r"|Must be later than|Not before \d|Width is larger",
    "an instrument's own sense": r"has no item of this name|Not a name; letters|No such instrument|No scale |The answers come to"
    r"|is licensed by|^Of this scale|questions can be asked here"
    r"|has no scale|Nothing is answered|Send answers, or scores|Only with complete|Ends before it begins|Is missing; write it|Unknown name"
    r"|is before the procedure|in the future|must be answered|Give at least one of|is outside|is no answer|lies between two steps"
    r"|answer (with|true)|Must be a FHIR R4 Questionnaire",
    "a grade and its flaws": r"good photograph has no flaw|Say what is wrong with it",
    "two places of a protocol": r"exactly one of days|would open before|would go out|not chased|in order|of a (visit|check-in) has"
    r"|book before|has this name|not after “|overlap by|Must be after|within the sending hours|in the list twice|Each once|days in a row"
    r"|no such day",
    "a barcode's date": r"It expired on",
    "what a text says": r"^A text message has no subject|^An e-mail needs a subject|^A subject is one line|^Line \d+: |between the braces"
    r"|STOP ends the messages|put \{\{ link \}\} into it|Take out: |nothing would be left|segments; at most|^Filled in, it is longer",
    "the world's numbering plan": r"telephone can have this number|cannot be read as a telephone number",
    "the zones there are": r"Not a known time zone",
    "what an installation takes": r"takes photos of at most",
    "a procedure's times": r"only the times of a completed one|lies before the procedure began",
    "what everybody would try first": r"easily guessed",
    "which choices an issue has": r"^For [a-z_]+: |Say why it is rejected",
    "an address elsewhere": r"https://|point of P-256|Not a key that a browser made",
}
"""Valid by the document and refused all the same, because of …"""


@dataclass(frozen=True)
class Known:
    """A clinic with a procedure in each state, and the ids of all of it by the name of the parameter."""

    token: str
    ids: dict[str, list[str]]
    db: Database
    caller: str = ""
    turns: defaultdict[str, Iterator[int]] = field(default_factory=lambda: defaultdict(itertools.count))

    def pick(self, name: str, drawn: str) -> str:
        """An id that exists in place of a drawn one, for half of those: each known one in its turn."""
        known = self.ids.get(name)
        return known[next(self.turns[name]) % len(known)] if known and uuid.UUID(drawn).int % 2 else drawn


def known(db: Database, tablet: Api, clinic: make.Clinic) -> Known:
    """Riverside on a busy day: twenty patients, each with a procedure planned, one begun, one completed, one signed."""
    patients = [make.patient(db, clinic)["id"] for _ in range(20)]
    scars = {anna: make.scar(db, clinic, anna)["id"] for anna in patients}
    procedures, facts = [], []
    for patient, scar in scars.items():
        time_out = make.entry("checklist", phase="time_out", item="team_introduced", answer="yes", recorded_at=stages.at(32))
        injection = make.entry("injection", scar_id=scar, volume_ml=1, plane="subdermal", recorded_at=stages.at(33))
        for stage in range(4):
            path = f"/procedures/{make.procedure(db, clinic, patient_id=patient)['id']}"
            procedures.append(path.rpartition("/")[2])
            if stage >= BEGUN:
                sent = [one | {"id": str(uuid.uuid4())} for one in (time_out, injection)]
                facts += tablet.post(f"{path}/entries", sent)["entries"]
            if stage >= COMPLETED:
                tablet.post(f"{path}/completion", {}, 200)
            if stage >= SIGNED:
                make.half_a_minute_later(db)
                tablet.post(f"{path}/signature", make.proof())
    ids = {
        "patient_id": patients,
        "scar_id": [*scars.values()],
        "procedure_id": procedures,
        "visit_id": [one["id"] for one in tablet.get("/visits?state=planned&limit=200")["items"]],
        "surgeon_id": [str(clinic.surgeon.user_id)],
        "retracts": [one["id"] for one in facts],
        "user_id": [str(clinic.rater.user_id)],
        "emergency_id": [make.emergency(db, clinic, one) for one in patients[:5]],
        "issue_id": [one["id"] for one in _issues(tablet)],
        "photo_id": _photos(db, tablet, patients[:3]),
    }
    return Known(tablet.token or "", ids, db, caller=str(clinic.surgeon.user_id))


def _issues(tablet: Api) -> list[dict[str, Any]]:
    """Rows of a tablet that wait for a person."""
    tablet.post("/sync/patients/push", [row(anna(birth_date="2999-01-01")) for _ in range(100)], 200)
    return list(tablet.get("/sync/issues?limit=200")["items"])


def _photos(db: Database, tablet: Api, patients: list[str]) -> list[str]:
    """One of each, with its thumbnails."""
    made: list[str] = [sent(tablet, patient, cheek())["id"] for patient in patients]
    make_waiting(db, cast("App", tablet.client.application).settings)
    return made


def at_home(case: Any, here: Known) -> None:
    """Let a drawn case speak of what exists. What was drawn to be wrong stays wrong."""
    for name, value in dict(case.path_parameters or {}).items():
        if isinstance(value, str) and UUID_TEXT.fullmatch(value):
            case.path_parameters[name] = here.pick(name, value)
            if case.path_parameters[name] == here.caller:  # learned from an answer; she would take her own roles and end the fuzz
                case.path_parameters[name] = here.ids[name][0]
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and len(key) <= 200 and KEY_TEXT.fullmatch(key):
        headers["Idempotency-Key"] = f"{key}{uuid.uuid4()}"  # else the second body under one key is only a conflict
    if headers.get("If-Match"):
        headers["If-Match"] = "*"
    if isinstance(case.body, dict) and isinstance(case.body.get("password"), str):
        _prove(case.operation.path.rpartition("/")[2], case.body, here)
    _name_what_exists(case.body, here)


def _prove(what: str, body: dict[str, Any], here: Known) -> None:
    """Vera's own password where she is asked for it, and a code where she signs. What would change either stays a stranger's."""
    with here.db.transaction() as session:  # strangers' tries at other calls of hers do not make these wait
        session.execute(sa.delete(CredentialTries))
    if what == "pin":
        body["password"] = make.PASSWORD
    elif what in {"signature", "addenda"}:
        make.half_a_minute_later(here.db)
        body.pop("pin", None)
        body |= make.proof()


def _name_what_exists(body: Any, here: Known) -> None:
    for name, value in list(body.items()) if isinstance(body, dict) else ():
        if isinstance(value, str) and UUID_TEXT.fullmatch(value):
            body[name] = str(uuid.uuid4()) if name == "id" else here.pick(name, value)
        elif name == "mrn" and isinstance(value, str) and value.isalnum() and len(value) < LONGEST_MRN // 2:
            body[name] = f"{value}{uuid.uuid4().hex}"[:LONGEST_MRN]
        else:
            _name_what_exists(value, here)
    for inner in body if isinstance(body, list) else ():
        _name_what_exists(inner, here)


def unexplained(response: Any) -> list[str]:
    """Messages of a 422 that the document should have foreseen."""
    said = [one["message"] for one in response.json().get("errors", [{"message": "no errors[]"}])]
    return [text for text in said if not any(re.search(reason, text) for reason in UNFORESEEABLE.values())]
