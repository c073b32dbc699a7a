"""A patient's access report: who has read the record, which tablets hold it, what has left the clinic."""

import uuid

from flask import render_template, url_for

from schemas.common import Page
from schemas.reading_words import Outcome, Reading
from server.access import Permission, allow
from server.db import find
from server.http import after_id, cursor_of, found, session
from server.patients.models import Patient
from server.reads import reads
from server.rights import erasure, readers
from server.web.blueprint import pages
from server.web.forms import filters
from server.web.words import Said
from server.web.worklist_words import CHANNELS

READINGS = {
    Reading.RECORD: "Record",
    Reading.LIST: "In a list or search result",
    Reading.PHOTO: "Photograph",
    Reading.NOTE: "Operation note",
    Reading.NOTE_FILE: "Operation note as a file",
    Reading.HISTORY: "History of changes",
    Reading.SYNC: "Copy on a tablet",
    Reading.ACCESS: "This report",
    Reading.EXPORT: "Everything, exported",
}
OUTCOMES = {
    Outcome.GIVEN: Said("Shown", "disc"),
    Outcome.NOT_ALLOWED: Said("Refused, not allowed", "cross", open=True),
    Outcome.NOT_FOUND: Said("Not found", "slashed"),
}


@pages.get("/patients/<uuid:patient_id>/access")
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def access_report(patient_id: uuid.UUID) -> str:
    """The report; newest first."""
    patient = found(find(session(), Patient, patient_id))
    asked = filters(Page())
    after = after_id(asked)
    rows = readers.readings(session(), patient.id, after=after, limit=asked["limit"] + 1)
    shown = rows[: asked["limit"]]
    return render_template(
        "access.html",
        patient=patient,
        rows=shown,
        tablets=readers.tablets(session()),
        gone=readers.disclosures(session(), patient.id),
        erasures=erasure.of_patient(session(), patient.id),
        readings=READINGS,
        outcomes=OUTCOMES,
        channels=CHANNELS,
        further=after is not None,
        first=url_for("web.access_report", patient_id=patient.id),
        following=url_for("web.access_report", patient_id=patient.id, cursor=cursor_of(str(shown[-1].id)))
        if len(rows) > len(shown)
        else None,
    )
