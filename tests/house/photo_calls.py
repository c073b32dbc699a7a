"""One minimal successful call for each route of photographs that changes something."""

from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import BYTES, TUS, announced, announcement, begun, creation, sent

Made = tuple[str, str, dict[str, object], str | None]


class Raw(dict[str, object]):
    """A body that is no JSON: `data` and `headers`, as the client passes them on."""


def _patient(tablet: Api) -> str:
    return str(tablet.post("/patients", {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"})["id"])


def _upload(tablet: Api) -> str:
    return begun(tablet, announced(tablet, _patient(tablet), cheek()))


def _announced(tablet: Api, _clinic: make.Clinic) -> Made:
    return "POST", "/photos", announcement(_patient(tablet), cheek()), None


def _begun(tablet: Api, _clinic: make.Clinic) -> Made:
    return "POST", "/uploads", Raw(headers=creation(announced(tablet, _patient(tablet), cheek()))), None


def _consented(tablet: Api, _clinic: make.Clinic) -> Made:
    body: dict[str, object] = {"purpose": "teaching", "given": True, "decided_on": "2026-03-02"}
    return "POST", f"/patients/{_patient(tablet)}/photo-consents", body, None


def _graded(tablet: Api, _clinic: make.Clinic) -> Made:
    photo = sent(tablet, _patient(tablet), cheek())
    return "POST", f"/photos/{photo['id']}/grades", {"quality": "usable", "flaws": ["light"]}, None


def _whole(**headers: str) -> Raw:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(data=cheek(), content_type=BYTES, headers=TUS | {"Upload-Offset": "0"} | more)


PHOTO_CALLS = {
    "POST /photos": _announced,
    "POST /patients/{patient_id}/photo-consents": _consented,
    "POST /photos/{photo_id}/grades": _graded,
    "POST /uploads": _begun,
    "PATCH /uploads/{upload_id}": lambda tablet, _clinic: ("PATCH", _upload(tablet), _whole(), None),
    "POST /uploads/{upload_id}": lambda tablet, _clinic: ("POST", _upload(tablet), _whole(X_HTTP_Method_Override="PATCH"), None),
    "DELETE /uploads/{upload_id}": lambda tablet, _clinic: ("DELETE", _upload(tablet), Raw(headers=TUS), None),
}
BY_TUS = frozenset({"POST /uploads", "PATCH /uploads/{upload_id}", "POST /uploads/{upload_id}"})
"""Their bodies are bytes or nothing."""
