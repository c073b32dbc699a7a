"""Which protocol is in force, which versions there are, and which one a visit was scheduled under."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import VisitState
from server.clinics.models import Clinic
from server.followup.models import ProtocolVersion, Visit
from server.followup.protocol import BUILT_IN as BUILT_INS
from server.followup.protocol import DEFAULT, DEFAULT_VERSION, Protocol, from_content, to_content

_read: dict[uuid.UUID, Protocol] = {}
"""Versions never change, so each is read from its JSON once in a process."""
_KEEP = 500
BUILT_IN: dict[str, Any] = {
    "id": None,
    "version": DEFAULT_VERSION,
    "content": to_content(DEFAULT),
    "note": None,
    "created_by": None,
    "created_at": None,
}
"""Wire form of the version that every clinic begins with."""


def newest(session: Session) -> ProtocolVersion | None:
    """The clinic's newest version, or None while it uses the built-in default."""
    return session.scalar(sa.select(ProtocolVersion).order_by(ProtocolVersion.number.desc()).limit(1))


def in_force(session: Session) -> Protocol:
    """The protocol that new procedures are scheduled under."""
    row = newest(session)
    return _parsed(row.id, row.label, row.content) if row else DEFAULT


def of_version(session: Session, label: str) -> Protocol:
    """The protocol that a visit names; the default for one that is not known."""
    if not label.isdigit():
        return BUILT_INS.get(label, DEFAULT)
    row = session.scalar(sa.select(ProtocolVersion).where(ProtocolVersion.number == int(label)))
    return _parsed(row.id, row.label, row.content) if row else DEFAULT


def document(session: Session) -> dict[str, Any]:
    """Wire form of the version in force."""
    row = newest(session)
    return row.document() if row else BUILT_IN


def history(session: Session, *, before: int | None, limit: int) -> Sequence[ProtocolVersion]:
    """Up to `limit` stored versions, newest first, below number `before`; the built-in one has no row."""
    query = sa.select(ProtocolVersion).order_by(ProtocolVersion.number.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(ProtocolVersion.number < before)).all()


def in_use(session: Session) -> list[dict[str, Any]]:
    """How many procedures with visits still to come each version has."""
    to_come = Visit.state.in_((VisitState.PLANNED, VisitState.DUE, VisitState.BOOKED))
    counted = sa.func.count(sa.distinct(Visit.procedure_id))
    query = sa.select(Visit.protocol_version, counted).where(to_come).group_by(Visit.protocol_version)
    rows = sorted(session.execute(query), key=lambda row: (not row[0].isdigit(), -int(row[0]) if row[0].isdigit() else 0))
    return [{"version": version, "procedures": procedures} for version, procedures in rows]


def lock(session: Session) -> None:
    """One change of a clinic's protocol at a time; whoever waited sees what the other one did."""
    session.scalar(
        sa.select(Clinic.id).where(Clinic.id == session.info["clinic_id"]).with_for_update(key_share=True)
    )  # rows that refer to the clinic may be written meanwhile


def keep_in_force(session: Session) -> None:
    """What is in force stays so until this transaction ends: whoever plans by it is not missed by a change that is under way."""
    session.scalar(sa.select(Clinic.id).where(Clinic.id == session.info["clinic_id"]).with_for_update(read=True))


def _parsed(key: uuid.UUID, label: str, content: dict[str, Any]) -> Protocol:
    found = _read.get(key)
    if found is None:
        if len(_read) >= _KEEP:
            _read.clear()
        found = _read[key] = from_content(content, label)
    return found
