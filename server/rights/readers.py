"""Who has read a patient's record, which tablets hold it, and what of it has left the clinic."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.reading_words import Reading
from server.canonical import instant
from server.clinics.models import Device, User
from server.followup.models import PATIENT, Attempt, Outcome, Reminder
from server.journal.access import DISCLOSURES, AccessRow


@dataclass(frozen=True)
class Read:
    """One reading, with names."""

    row: AccessRow
    person: str | None
    tablet: str | None

    @property
    def id(self) -> uuid.UUID:
        """Of the row."""
        return self.row.id

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.row.id),
            "at": instant(self.row.at),
            "person": self.person,
            "tablet": self.tablet,
            "reading": str(self.row.reading),
            "record_id": str(self.row.record_id) if self.row.record_id else None,
            "outcome": str(self.row.outcome),
            "emergency_id": str(self.row.emergency_id) if self.row.emergency_id else None,
            "disclosure": self.row.reading in DISCLOSURES,
        }


def _named() -> sa.Select[AccessRow, str, str]:
    return (
        sa.select(AccessRow, User.name, Device.name)
        .outerjoin(User, sa.and_(User.clinic_id == AccessRow.clinic_id, User.id == AccessRow.user_id))
        .outerjoin(Device, sa.and_(Device.clinic_id == AccessRow.clinic_id, Device.id == AccessRow.device_id))
        .order_by(AccessRow.id.desc())
    )


def readings(session: Session, patient_id: uuid.UUID, *, after: uuid.UUID | None, limit: int) -> list[Read]:
    """Up to `limit` readings of this patient's record, the newest first."""
    query = _named().where(AccessRow.patient_id == patient_id).limit(limit)
    if after:
        query = query.where(AccessRow.id < after)
    return [Read(row, person, tablet) for row, person, tablet in session.execute(query)]


def tablets(session: Session) -> Sequence[dict[str, Any]]:
    """Tablets that have synchronised: each holds a copy of all patients' records, encrypted or wiped as its makers promise."""

    def at(order: sa.UnaryExpression[uuid.UUID] | Any) -> sa.ScalarSelect[datetime]:
        """Of its first or last time, by the index; what it did in between is read by nobody."""
        synced = (AccessRow.clinic_id == Device.clinic_id, AccessRow.device_id == Device.id, AccessRow.reading == Reading.SYNC)
        return sa.select(AccessRow.at).where(*synced).order_by(order).limit(1).scalar_subquery()

    query = sa.select(Device, at(AccessRow.id).label("first_at"), at(AccessRow.id.desc()).label("last_at")).order_by(Device.name, Device.id)
    return [
        {"id": str(one.id), "name": one.name, "state": str(one.state), "first_at": instant(first_at), "last_at": instant(last_at)}
        for one, first_at, last_at in session.execute(query)
        if first_at
    ]


@dataclass(frozen=True)
class Disclosure:
    """Something of the record that left the clinic: a file that somebody fetched, or a message to the patient that a provider took."""

    id: uuid.UUID
    at: datetime
    kind: str
    person: str | None
    channel: str | None
    record_id: uuid.UUID | None

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "at": instant(self.at),
            "kind": self.kind,
            "person": self.person,
            "channel": self.channel,
            "record_id": str(self.record_id) if self.record_id else None,
        }


def disclosures(session: Session, patient_id: uuid.UUID) -> list[Disclosure]:
    """All of them, the newest first."""
    files = session.execute(_named().where(AccessRow.patient_id == patient_id, AccessRow.reading.in_(DISCLOSURES)))
    found = [Disclosure(row.id, row.at, str(row.reading), person, None, row.record_id) for row, person, _ in files]
    sent = (
        sa.select(Attempt.id, Attempt.ended_at, Reminder.channel, Reminder.id)
        .join(Reminder, sa.and_(Reminder.clinic_id == Attempt.clinic_id, Reminder.id == Attempt.reminder_id))
        .where(Reminder.patient_id == patient_id, Reminder.recipient == PATIENT, Attempt.outcome == Outcome.ACCEPTED)
    )
    found += [Disclosure(one, at, "message", None, str(channel), reminder) for one, at, channel, reminder in session.execute(sent)]
    return sorted(found, key=lambda one: (one.at, str(one.id)), reverse=True)
