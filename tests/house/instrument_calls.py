"""One minimal successful call for each route of instruments and responses that changes something."""

from typing import Any

from schemas.instruments import InstrumentCreate, LicenceCreate
from schemas.procedures import Reasoned
from schemas.responses import ResponseChange, ResponseCreate
from tests import make
from tests.api import Api
from tests.house.follow_up_calls import visit_of
from tests.procedures import case as stages
from tests.procedures.case import Case

Made = tuple[str, str, dict[str, object], str | None]
OWN: dict[str, Any] = {
    "key": "mirror",
    "version": "1",
    "title": "Mirror",
    "licence": "none",
    "audience": "patient",
    "items": [{"id": "look", "kind": "scale", "min": 0, "max": 4, "text": {"en": "How often do you look?"}}],
    "scales": [{"id": "often", "title": "Often", "best": "low", "items": ["look"]}],
}
PAIN: dict[str, Any] = {"instrument": "pain", "answers": {"pain": 3}, "complete": True}
LICENCE = {"holder": "Somebody", "reference": "A-1", "valid_from": "2026-01-01"}
RESPONSE_BODIES: dict[str, Any] = {
    "POST /visits/{visit_id}/responses": ResponseCreate,
    "PATCH /responses/{response_id}": ResponseChange,
    "POST /responses/{response_id}/withdrawal": Reasoned,
    "POST /instruments": InstrumentCreate,
    "POST /instruments/{key}/licences": LicenceCreate,
}
TO_OTHERS: dict[str, dict[str, Any]] = {
    "POST /visits/{visit_id}/responses": PAIN,
    "PATCH /responses/{response_id}": {"answers": {"pain": 2}},
    "POST /responses/{response_id}/withdrawal": {"reason": "x"},
}
"""What somebody of another clinic would send."""


def told(tablet: Api, case: Case) -> dict[str, Any]:
    """An instrument of the clinic's own with its licence, and pain at the first visit."""
    tablet.post("/instruments", {"definition": OWN})
    tablet.post("/instruments/mirror/licences", LICENCE)
    return dict(tablet.post(f"/visits/{visit_of(tablet, case)['id']}/responses", PAIN))


def _open(tablet: Api, clinic: make.Clinic) -> dict[str, Any]:
    visit = visit_of(tablet, stages.completed(tablet, clinic))
    return dict(tablet.post(f"/visits/{visit['id']}/responses", {"instrument": "satisfaction", "answers": {"looks": 3}}))


def _response(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/visits/{visit_of(tablet, stages.completed(tablet, clinic))['id']}/responses", dict(PAIN), None


def _further(tablet: Api, clinic: make.Clinic) -> Made:
    begun = _open(tablet, clinic)
    body: dict[str, object] = {"answers": {"hope": 2}, "complete": True}
    return "PATCH", f"/responses/{begun['id']}", body, begun["write_id"]


def _withdrawal(tablet: Api, clinic: make.Clinic) -> Made:
    return "POST", f"/responses/{_open(tablet, clinic)['id']}/withdrawal", {"reason": "Of another patient."}, None


def _instrument(_tablet: Api, _clinic: make.Clinic) -> Made:
    return "POST", "/instruments", {"definition": OWN}, None


def _licence(_tablet: Api, _clinic: make.Clinic) -> Made:
    return "POST", "/instruments/face_q/licences", dict(LICENCE), None


INSTRUMENT_CALLS = {
    "POST /visits/{visit_id}/responses": _response,
    "PATCH /responses/{response_id}": _further,
    "POST /responses/{response_id}/withdrawal": _withdrawal,
    "POST /instruments": _instrument,
    "POST /instruments/{key}/licences": _licence,
}
