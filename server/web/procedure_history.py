"""The journal of one procedure and its patient's record in words: who changed what, when and on which tablet."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.clinics.models import Device, User
from server.journal.models import JournalRow
from server.procedures.note.words import capital, plain
from server.procedures.service.record import Record
from server.web import queries

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
_SHOWN = (
    *(JournalRow.at, JournalRow.actor_id, JournalRow.device_id, JournalRow.action, JournalRow.collection, JournalRow.record_id),
    JournalRow.body.is_(None).label("erased"),
)
"""Without the bodies, which nobody reads here."""


def changes(session: Session, whole: Record) -> list[dict[str, Any]]:
    """Its newest changes, the newest first, at most `MOST`; a body that is no longer there says that it was erased."""
    signed = [whole.signature.id] if whole.signature else []
    added = [one.id for one in whole.addenda]
    pictures = [uuid.UUID(str(one.id)) for one in whole.pictures]
    ids = [whole.patient.id, whole.procedure.id, *(fact["id"] for fact in whole.facts), *signed, *added, *pictures]
    of_it = (JournalRow.clinic_id == session.info["clinic_id"], JournalRow.record_id.in_(ids))
    rows = session.execute(sa.select(*_SHOWN).where(*of_it).order_by(JournalRow.seq.desc()).limit(MOST)).all()
    people = queries.names(session, User, {row.actor_id for row in rows})
    tablets = queries.names(session, Device, {row.device_id for row in rows})
    numbers = {fact["id"]: number for number, fact in enumerate(whole.facts, 1)}
    return [
        {
            "at": row.at,
            "who": people.get(row.actor_id, "the system"),
            "tablet": queries.tablet(row.device_id, tablets),
            "what": _what(row, numbers),
            "erased": ERASED if row.erased else None,
        }
        for row in rows
    ]


def _what(row: Any, numbers: dict[uuid.UUID, int]) -> str:
    thing = f"entry {numbers[row.record_id]}" if row.record_id in numbers else _THINGS.get(row.collection, plain(row.collection))
    return f"{capital(plain(row.action))}: {thing}"
