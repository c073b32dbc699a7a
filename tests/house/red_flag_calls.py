"""One minimal successful call for each route about red flags that changes something."""

from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.house.follow_up_calls import Made, alert_of

FEVER: dict[str, object] = {"flags": ["infection"]}


def _reported(tablet: Api, _clinic: make.Clinic) -> Made:
    patient = tablet.post("/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"})
    return "POST", f"/patients/{patient['id']}/red-flags", {"id": str(uuid7()), **FEVER}, None


def _acknowledged(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/alerts/{alert_of(tablet, clinic)['id']}/acknowledgement", {}, None


RED_FLAG_CALLS = {
    "POST /patients/{patient_id}/red-flags": _reported,
    "POST /alerts/{alert_id}/acknowledgement": _acknowledged,
}
