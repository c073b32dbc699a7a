"""A signature covers the photographs that were there to see; what comes later is said to have come later."""

import uuid
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from server.app import App
from server.photos.models import Photo
from server.procedures.service import record, signing
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, patch, sent
from tests.procedures import case as stages
from tests.procedures.case import Case


@pytest.fixture
def operated(vera: Api, clinic: make.Clinic) -> Case:
    """Anna's procedure, recorded and completed."""
    return stages.completed(vera, clinic)


def taken(case: Case, width: int, view: str = "front") -> dict[str, Any]:
    """A photograph at the procedure, whole."""
    return sent(case.tablet, case.patient_id, cheek(width), procedure_id=case.id, kind="intraoperative", view=view)


def standing(case: Case) -> dict[str, str]:
    """What the note says of each photograph."""
    return {one["id"]: one["standing"] for one in case.tablet.get(f"{case.path}/note")["photos"]["rows"]}


def faults(app: App, clinic: make.Clinic, case: Case) -> list[str]:
    """What does not agree with the signature."""
    with app.db.transaction(clinic.id, write=False) as session:
        return signing.faults(session, record.load(session, record.get(session, uuid.UUID(case.id))))


def test_vera_signs_exactly_the_photos_that_are_stored(operated: Case) -> None:
    """By id, with the hash of what is shown; Anna's photo of another day and one without bytes are not in it."""
    photos = [taken(operated, 400), taken(operated, 410, "close_up")]
    sent(operated.tablet, operated.patient_id, cheek(420))
    announced(operated.tablet, operated.patient_id, cheek(430), procedure_id=operated.id)
    signed = operated.sign()["manifest"]["photos"]
    assert [one["id"] for one in signed] == sorted(one["id"] for one in photos)
    assert {one["id"]: (one["sha256"], one["sent_sha256"], one["view"]) for one in signed} == {
        one["id"]: (one["stored_sha256"], one["sha256"], one["view"]) for one in photos
    }


def test_a_photo_that_comes_after_signing_is_said_to_be_added(operated: Case, app: App, clinic: make.Clinic) -> None:
    """Announced in theatre, whole only after Vera signed: on the note, and not in what she signed."""
    first = taken(operated, 400)
    data = cheek(410)
    late = announced(operated.tablet, operated.patient_id, data, procedure_id=operated.id)
    operated.sign()
    assert operated.tablet.get(f"{operated.path}/note")["photos"]["announced"] == 1
    assert patch(operated.tablet, begun(operated.tablet, late), 0, data).status_code == 204
    assert standing(operated) == {
        first["id"]: "Covered by the signature.",
        late["id"]: "Added after signing; not covered by the signature.",
    }
    assert faults(app, clinic, operated) == []


def test_page_and_pdf_and_json_name_the_same_photos(operated: Case) -> None:
    photo = taken(operated, 400)
    short = photo["stored_sha256"][:12]
    read = operated.tablet.get(f"{operated.path}/note")["photos"]
    assert (read["stored"], read["announced"], read["text"]) == (1, 0, "1 photograph of this procedure.")
    assert read["rows"][0]["hash"] == f"{short}…"
    page = operated.tablet.call("GET", f"{operated.path}/note", headers={"Accept": "text/html"}).text
    pdf = operated.tablet.call("GET", f"{operated.path}/note", headers={"Accept": "application/pdf"}).data
    printed = " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)
    for shown in (page, printed):
        assert short in shown
        assert "1 photograph of this procedure." in shown


def test_a_photo_changed_in_the_database_no_longer_fits_the_signature(operated: Case, app: App, clinic: make.Clinic) -> None:
    photo = taken(operated, 400)
    operated.sign()
    assert faults(app, clinic, operated) == []
    with app.db.transaction(clinic.id) as session:
        session.connection().execute(sa.update(Photo).values(stored_sha256="0" * 64))
    assert faults(app, clinic, operated) == [f"Photo {photo['id']} differs from what was signed."]
