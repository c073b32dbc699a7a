"""The journal in words: who changed what, when and on which tablet, the newest first; and how it is verified."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from schemas.common import Page
from schemas.fields import Choice, Id
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.clinics.models import Device, User
from server.clinics.service import people
from server.http import cursor_of, person, read_cursor, session
from server.journal import checkpoints, feed
from server.journal.listing import Wanted, newest_first
from server.journal.models import JournalRow
from server.patients.models import Patient
from server.problems import bad_cursor
from server.procedures.models import Procedure
from server.procedures.note.words import capital
from server.reads import reads, saw
from server.web import journal_words as words
from server.web.blueprint import pages
from server.web.forms import filters

MOST_SEQ = 2**63
_KEPT = frozenset({"collection", "person", "record", "limit"})


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
    before = _before(asked)
    wanted = Wanted(asked.get("collection"), asked.get("person"), asked.get("record"))
    rows = newest_first(session(), wanted, before=before, limit=asked["limit"] + 1)
    shown = rows[: asked["limit"]]
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in _KEPT and value}
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
        first=url_for("web.journal", **kept),
        following=url_for("web.journal", **kept, cursor=cursor_of(str(shown[-1].seq))) if len(rows) > len(shown) else None,
    )


def _before(asked: dict[str, Any]) -> int | None:
    if "cursor" not in asked:
        return None
    text = read_cursor(asked["cursor"], 1)[0]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SEQ)) and int(text) < MOST_SEQ):
        raise bad_cursor()
    return int(text)


def _lines(rows: Sequence[JournalRow]) -> list[dict[str, Any]]:
    """Rows in words, each with the patient whom it is about, who is thereby seen."""
    bodies = [json.loads(row.body) if row.body else {} for row in rows]
    procedures = _found(Procedure.id, Procedure.patient_id, {_id(body, "procedure_id") for body in bodies})
    about = [_patient(row, body, procedures) for row, body in zip(rows, bodies, strict=True)]
    names, tablets = (
        _found(User.id, User.name, {row.actor_id for row in rows}),
        _found(Device.id, Device.name, {row.device_id for row in rows}),
    )
    patients = {one.id: one for one in session().scalars(sa.select(Patient).where(Patient.id.in_({one for one in about if one})))}
    saw(patients)
    return [
        {
            "row": row,
            "who": names.get(row.actor_id, "The system"),
            "tablet": tablets.get(row.device_id, "a tablet not known here") if row.device_id else None,
            "what": f"{words.COLLECTIONS.get(row.collection, capital(row.collection))} {words.action(row.action)}",
            "patient": patients.get(whose) if whose else None,
            "erased": row.body is None,
        }
        for row, whose in zip(rows, about, strict=True)
    ]


def _patient(row: JournalRow, body: dict[str, Any], procedures: dict[uuid.UUID | None, Any]) -> uuid.UUID | None:
    if row.collection == "patients":
        return row.record_id
    whose: uuid.UUID | None = _id(body, "patient_id") or procedures.get(_id(body, "procedure_id"))
    return whose


def _id(body: dict[str, Any], name: str) -> uuid.UUID | None:
    return uuid.UUID(body[name]) if body.get(name) else None


def _found(key: Any, value: Any, ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, Any]:
    """`value` of the rows with these ids."""
    return {one: said for one, said in session().execute(sa.select(key, value).where(key.in_(ids - {None})))}  # noqa: C416  reason: rows are no pairs to mypy
