"""Everything about one patient in one file, and nothing about another."""

import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.app import App
from server.db import Database
from server.patients.models import Patient
from server.rights.export import export
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.procedures.case import Case


def exported(app: App, clinic: make.Clinic, patient_id: str, path: Path) -> dict[str, bytes]:
    """The files of the export."""
    with app.db.transaction(clinic.id, actor=clinic.surgeon) as session:
        patient = session.scalars(sa.select(Patient).where(Patient.mrn == _mrn(session, patient_id))).one()
        assert export(session, patient, app.settings, path) == []
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _mrn(session: sa.orm.Session, patient_id: str) -> str:
    return next(one.mrn for one in session.scalars(sa.select(Patient)) if str(one.id) == patient_id)


def test_it_holds_record_history_readings_note_and_photo(
    signed_case: Case, vera: Api, app: App, clinic: make.Clinic, db: Database, tmp_path: Path
) -> None:
    other = make.patient(db, clinic, family_name="Kiss", given_name="Éva")
    photo = sent(vera, signed_case.patient_id, cheek())
    files = exported(app, clinic, signed_case.patient_id, tmp_path / "anna.zip")
    record = json.loads(files["record.json"])
    assert record["patient"]["id"] == signed_case.patient_id
    assert [one["id"] for one in record["procedures"]] == [signed_case.id]
    assert len(record["signatures"]) == 1
    assert record["visits"]
    assert files[f"notes/{signed_case.id}.pdf"].startswith(b"%PDF")
    assert files[f"photos/{photo['id']}.jpg"] == vera.call("GET", f"/photos/{photo['id']}/content").data
    assert {row["action"] for row in json.loads(files["history.json"])} >= {"create", "sign"}
    everything = b"".join(content for name, content in files.items() if name.endswith(".json"))
    assert other["id"].encode() not in everything
    assert "Éva".encode() not in everything


def test_its_sums_are_those_of_the_files(signed_case: Case, app: App, clinic: make.Clinic, tmp_path: Path) -> None:
    files = exported(app, clinic, signed_case.patient_id, tmp_path / "anna.zip")
    lines = (line.split("  ") for line in files.pop("SHA256SUMS").decode().splitlines())
    sums = {name: hashed for hashed, name in lines}
    assert sums == {name: sha256(content).hexdigest() for name, content in files.items()}


def test_it_is_a_disclosure(signed_case: Case, vera: Api, app: App, clinic: make.Clinic, tmp_path: Path) -> None:
    exported(app, clinic, signed_case.patient_id, tmp_path / "anna.zip")
    (one,) = vera.get(f"/patients/{signed_case.patient_id}/disclosures")["items"]
    assert (one["kind"], one["person"]) == ("export", "Dr Vera Kovács")


def test_a_file_that_is_there_already_is_kept(signed_case: Case, app: App, clinic: make.Clinic, tmp_path: Path) -> None:
    path = tmp_path / "anna.zip"
    path.write_text("something else")
    with pytest.raises(FileExistsError):
        exported(app, clinic, signed_case.patient_id, path)
    assert path.read_text() == "something else"
