"""Everything about one patient in one file: what a patient may take along, and what a clinic gives to whom she has named."""

import json
import uuid
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.reading_words import Reading
from schemas.vocabulary import PhotoState
from server import clock
from server.canonical import instant
from server.clinics.service import current
from server.config import Config
from server.followup.models import Alert, Answer, Call, Reminder, Visit
from server.followup.models.redness import Redness
from server.journal.access import write
from server.journal.service import history
from server.outcomes.models import Assessment, Finding, Rating, RatingPair, Response, ScarMeasurement, Score
from server.patients.models import Patient, Scar
from server.photos.models import Photo, PhotoConsent, PhotoGrade
from server.photos.service.vault import CONTENT, of_photo
from server.photos.store import open_store
from server.problems import Problem
from server.procedures import note
from server.procedures.models import Addendum, Procedure, Signature
from server.procedures.service import record
from server.rights import erasure, readers

README = """Everything that {clinic} holds about this patient in Graftlog, as of {at}.

record.json     the record: patient, scars, procedures with their entries, signatures, addenda, visits, messages, calls, answers, alerts,
                assessments with their findings and measurements, redness, photographs with their grades, what they may be shown for,
                and what raters said of them
history.json    every change of it, in order
access.json     who has read it, and what of it has left the clinic
notes/          the operation notes, as PDF
photos/         the photographs, as they are kept
SHA256SUMS      the hash of each of these files: sha256sum -c SHA256SUMS

What could not be put in is named in missing.txt, where that is there.
"""
_MOST_READINGS = _MOST_ROWS = 100_000
_AT_A_TIME = 500
"""Ids in one question: far below what either database takes."""


def export(session: Session, patient: Patient, config: Config, path: Path) -> list[str]:
    """Write the file; what could not be put in, in sentences. It is logged as a disclosure. FileExistsError where there is such a file."""
    missing: list[str] = []
    sums = []
    with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(session, patient, config, missing):
            archive.writestr(name, content)
            sums.append(f"{sha256(content).hexdigest()}  {name}\n")
        archive.writestr("SHA256SUMS", "".join(sums))
    write(session, session.info.get("actor"), Reading.EXPORT, [patient.id])
    return missing


def _files(session: Session, patient: Patient, config: Config, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    about = README.format(clinic=current(session).name, at=instant(clock.now()))
    yield "README.txt", about.encode()
    procedures = _of(session, Procedure, patient)
    wholes = [record.load(session, one) for one in procedures]
    document = _record(session, patient, wholes)
    yield "record.json", _json(document)
    yield "history.json", _json(_history(session, document))
    readings = [one.document() for one in readers.readings(session, patient.id, after=None, limit=_MOST_READINGS)]
    yield "access.json", _json({"readings": readings, "disclosures": [one.document() for one in readers.disclosures(session, patient.id)]})
    for whole in wholes:
        yield f"notes/{whole.procedure.id}.pdf", note.pdf(note.build(whole))
    store = open_store(config)
    for photo in _of(session, Photo, patient):
        if photo.state != PhotoState.STORED:
            continue
        try:
            yield f"photos/{photo.id}.jpg", b"".join(of_photo(session, store, config.keys, photo).read(CONTENT))
        except (Problem, OSError) as problem:
            missing.append(f"Photo {photo.id}: {problem}")
    if missing:
        yield "missing.txt", "\n".join(missing).encode()


def _of(session: Session, model: Any, patient: Patient) -> Any:
    return session.scalars(sa.select(model).where(model.patient_id == patient.id).order_by(model.id)).all()


def _record(session: Session, patient: Patient, wholes: list[record.Record]) -> dict[str, Any]:
    ids = [whole.procedure.id for whole in wholes]

    def of_procedures(model: Any) -> list[Any]:
        return [one.document() for one in session.scalars(sa.select(model).where(model.procedure_id.in_(ids)).order_by(model.id))]

    lists: dict[str, Any] = {
        "scars": Scar,
        "photos": Photo,
        "photo_consents": PhotoConsent,
        "rating_pairs": RatingPair,
        "visits": Visit,
        "reminders": Reminder,
        "calls": Call,
        "answers": Answer,
        "alerts": Alert,
        "assessments": Assessment,
        "responses": Response,
        "scores": Score,
        "findings": Finding,
        "scar_measurements": ScarMeasurement,
        "redness": Redness,
    }
    return {
        "patient": patient.document(),
        "procedures": [record.whole(whole) for whole in wholes],
        "signatures": of_procedures(Signature),
        "addenda": of_procedures(Addendum),
        "erasures": [one.document() for one, _ in erasure.of_patient(session, patient.id)],
        "photo_grades": [one.document() for one in session.scalars(_grades(patient))],
        "ratings": [one.document() for one in session.scalars(_ratings(patient))],
        **{name: [one.document() for one in _of(session, model, patient)] for name, model in lists.items()},
    }


def _grades(patient: Patient) -> sa.Select[PhotoGrade]:
    of_hers = sa.select(Photo.id).where(Photo.patient_id == patient.id)
    return sa.select(PhotoGrade).where(PhotoGrade.photo_id.in_(of_hers)).order_by(PhotoGrade.id)


def _ratings(patient: Patient) -> sa.Select[Rating]:
    of_hers = sa.select(RatingPair.id).where(RatingPair.patient_id == patient.id)
    return sa.select(Rating).where(Rating.pair_id.in_(of_hers)).order_by(Rating.id)


def _history(session: Session, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the journal about any record of the document, in order."""
    rows = [document["patient"], *(row for rows in document.values() if isinstance(rows, list) for row in rows)]
    rows += [entry for procedure in document["procedures"] for entry in procedure["entries"]]
    ids = [uuid.UUID(row["id"]) for row in rows]
    parts = [history(session, ids[start : start + _AT_A_TIME], limit=_MOST_ROWS) for start in range(0, len(ids), _AT_A_TIME)]
    return [row.document() for row in sorted((row for part in parts for row in part), key=lambda row: row.seq)]


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
