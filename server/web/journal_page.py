"""The journal in words: who changed what, when and on which tablet, the newest first; and how it is verified."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for

from schemas.common import Page
from schemas.fields import Choice, Id
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.clinics.models import Device, User
from server.clinics.service import people
from server.http import cursor_of, number_behind, person, session
from server.journal import checkpoints, feed
from server.journal.listing import Wanted, newest_first
from server.journal.models import JournalRow
from server.patients.models import Patient
from server.procedures.models import Procedure
from server.procedures.note.words import capital
from server.reads import reads, saw
from server.web import journal_words as words
from server.web import queries
from server.web.blueprint import pages
from server.web.forms import filters, kept


class Filters(Page):
    """What the address of the journal may say."""

    collection = Choice(tuple(words.COLLECTIONS))
    person = Id()
    record = Id()


@pages.get("/journal")
@allow(Permission.READ_JOURNAL)
@reads(Reading.HISTORY)
def journal() -> str:
    """Its newest rows, and its newest checkpoint."""
    asked = filters(Filters())
    before = number_behind(asked)
    wanted = Wanted(asked.get("collection"), asked.get("person"), asked.get("record"))
    rows = newest_first(session(), wanted, before=before, limit=asked["limit"] + 1)
    shown = rows[: asked["limit"]]
    same = kept("collection", "person", "record", "limit")
    newest, written = checkpoints.newest(session()), feed.position(session())
    return render_template(
        "journal.html",
        lines=_lines(shown),
        asked=asked,
        collections=words.COLLECTIONS,
        people=people(session()),
        checkpoint=newest,
        signed=words.CHECKPOINT,
        written=written,
        clinic_id=person().clinic_id,
        further=before is not None,
        first=url_for("web.journal", **same),
        following=url_for("web.journal", **same, cursor=cursor_of(str(shown[-1].seq))) if len(rows) > len(shown) else None,
    )


def _lines(rows: Sequence[JournalRow]) -> list[dict[str, Any]]:
    """Rows in words, each with the patient whom it is about, who is thereby seen."""
    bodies = [json.loads(row.body) if row.body else {} for row in rows]
    procedures = _patients_of({_id(body, "procedure_id") for body in bodies})
    about = [_patient(row, body, procedures) for row, body in zip(rows, bodies, strict=True)]
    names = queries.names(session(), User, {row.actor_id for row in rows})
    tablets = queries.names(session(), Device, {row.device_id for row in rows})
    patients = {one.id: one for one in session().scalars(sa.select(Patient).where(Patient.id.in_({one for one in about if one})))}
    saw(patients)
    return [
        {
            "row": row,
            "who": names.get(row.actor_id, "The system"),
            "tablet": queries.tablet(row.device_id, tablets),
            "what": f"{words.COLLECTIONS.get(row.collection, capital(row.collection))} {words.action(row.action)}",
            "patient": patients.get(whose) if whose else None,
            "erased": row.body is None,
        }
        for row, whose in zip(rows, about, strict=True)
    ]


def _patient(row: JournalRow, body: dict[str, Any], procedures: dict[uuid.UUID | None, uuid.UUID]) -> uuid.UUID | None:
    if row.collection == "patients":
        return row.record_id
    return _id(body, "patient_id") or procedures.get(_id(body, "procedure_id"))


def _id(body: dict[str, Any], name: str) -> uuid.UUID | None:
    return uuid.UUID(body[name]) if body.get(name) else None


def _patients_of(procedures: set[uuid.UUID | None]) -> dict[uuid.UUID | None, uuid.UUID]:
    query = sa.select(Procedure.id, Procedure.patient_id).where(Procedure.id.in_(procedures - {None}))
    return {one: patient_id for one, patient_id in session().execute(query)}  # noqa: C416  reason: rows are no pairs to mypy
