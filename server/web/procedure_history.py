"""The journal of one procedure and its patient's record in words: who changed what, when and on which tablet."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.clinics.models import Device, User
from server.journal.models import JournalRow
from server.procedures.note.words import capital, plain
from server.procedures.service.record import Record

MOST = 500
_THINGS = {
    "patients": "the patient's record",
    "procedures": "the procedure",
    "entries": "an entry",
    "signatures": "the signature",
    "addenda": "an addendum",
    "photos": "a photograph",
}
ERASED = "erased on request"


def changes(session: Session, whole: Record) -> list[dict[str, Any]]:
    """Its newest changes, the newest first, at most `MOST`; a body that is no longer there says that it was erased."""
    signed = [whole.signature.id] if whole.signature else []
    added = [one.id for one in whole.addenda]
    pictures = [uuid.UUID(str(one.id)) for one in whole.pictures]
    ids = [whole.patient.id, whole.procedure.id, *(fact["id"] for fact in whole.facts), *signed, *added, *pictures]
    of_it = (JournalRow.clinic_id == session.info["clinic_id"], JournalRow.record_id.in_(ids))
    rows = session.scalars(sa.select(JournalRow).where(*of_it).order_by(JournalRow.seq.desc()).limit(MOST)).all()
    people = _names(session, User, {row.actor_id for row in rows})
    tablets = _names(session, Device, {row.device_id for row in rows})
    numbers = {fact["id"]: number for number, fact in enumerate(whole.facts, 1)}
    return [
        {
            "at": row.at,
            "who": people.get(row.actor_id, "the system"),
            "tablet": tablets.get(row.device_id, "a tablet not known here") if row.device_id else None,
            "what": _what(row, numbers),
            "erased": ERASED if row.body is None else None,
        }
        for row in rows
    ]


def _names(session: Session, model: type[User] | type[Device], ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    found = session.execute(sa.select(model.id, model.name).where(model.id.in_(ids - {None})))
    return {one: name for one, name in found}  # noqa: C416  reason: rows are no pairs to mypy


def _what(row: JournalRow, numbers: dict[uuid.UUID, int]) -> str:
    thing = f"entry {numbers[row.record_id]}" if row.record_id in numbers else _THINGS.get(row.collection, plain(row.collection))
    return f"{capital(plain(row.action))}: {thing}"
